"""Models to release, and a clock that stands still."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.releases import writer
from serving.releases.records import ReleaseRecord
from serving.releases.versions import model_digest
from serving.releases.writer import release_model


@pytest.fixture
def model_dir(tmp_path):
    return tmp_path / "models" / "ads"


@pytest.fixture
def make_model(tmp_path):
    """Makes a SavedModel, as far as copying it is concerned."""

    def _make(name="model", files=3):
        folder = tmp_path / name
        (folder / "variables").mkdir(parents=True)
        for number in range(files):
            (folder / "variables" / f"part-{number}").write_text(f"{name} {number}")
        (folder / "saved_model.pb").write_text(name)
        return str(folder)

    return _make


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless it is set."""

    class Clock:
        now = 1_000.5

    monkeypatch.setattr(writer.time, "time", lambda: Clock.now)
    return Clock


@pytest.fixture
def release(model_dir):
    """Releases a SavedModel, of which the folder is the source."""

    def _release(saved_model):
        return release_model(saved_model, str(model_dir), record_of(saved_model))

    return _release


@pytest.fixture
def contents():
    """The files of a model by name, without what a release adds."""
    return _contents


def record_of(saved_model):
    """The record of a model; one that is gone has that of its name."""
    gone = not Path(saved_model).exists()
    return ReleaseRecord(
        status="released",
        run=f"run of {Path(saved_model).name}",
        digest="gone" if gone else model_digest(saved_model),
        model_uri=saved_model,
    )


def _contents(folder):
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in Path(folder).rglob("*")
        if path.is_file() and "assets.extra" not in path.parts
    }
