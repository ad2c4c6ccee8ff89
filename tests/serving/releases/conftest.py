"""Models to release, a directory of versions, and a clock that stands still."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from serving.releases import writer
from serving.releases.records import ReleaseRecord
from serving.releases.versions import list_versions, model_digest
from serving.releases.writer import release_model, remove_old_versions, roll_back


class Store:
    """A directory of versions, and models to release there, by name.

    Attributes:
      dir: The directory.
    """

    def __init__(self, folder):
        self._folder = folder
        self.dir = folder / "models" / "ads"

    def model(self, name="model", files=3):
        """A SavedModel, as far as copying it is concerned."""
        path = self._folder / name
        if not path.exists():
            (path / "variables").mkdir(parents=True)
            for number in range(files):
                (path / "variables" / f"part-{number}").write_text(f"{name} {number}")
            (path / "saved_model.pb").write_text(name)
        return path

    def digest(self, name="model"):
        return model_digest(str(self.model(name)))

    def release(self, name="model", **changes):
        """Releases a model, with some changes of its record."""
        digest = changes.pop("digest", None) or self.digest(name)
        record = {"status": "released", "run": f"run of {name}", **changes}
        record = ReleaseRecord(digest=digest, **record)
        return release_model(str(self.model(name)), str(self.dir), record)

    def release_all(self, names):
        """The versions of models that are released after each other."""
        return [self.release(name).version for name in names]

    def roll_back(self, refused=()):
        return roll_back(str(self.dir), "Ann", "", refused)

    def remove_old(self, keep):
        remove_old_versions(str(self.dir), keep)

    @property
    def versions(self):
        return list_versions(str(self.dir))

    @property
    def names(self):
        """Of all files and folders in the directory."""
        return {path.name for path in self.dir.iterdir()}

    def record(self, version):
        path = self.dir / str(version) / "assets.extra" / "release.json"
        return json.loads(path.read_text())

    def contents(self, version):
        """The files of a version."""
        return files_of(self.dir / str(version))

    def files(self, name):
        """The files of a model."""
        return files_of(self.model(name))


def files_of(folder):
    """The files of a model by name, without what a release adds."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in Path(folder).rglob("*")
        if path.is_file() and "assets.extra" not in path.parts
    }


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless it is set."""

    class Clock:
        now = 1_000.5

    monkeypatch.setattr(writer.time, "time", lambda: Clock.now)
    return Clock
