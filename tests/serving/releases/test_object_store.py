"""Releases into a store that has no folders to rename: the graph comes last."""

from __future__ import annotations

import os
import shutil

import pytest
from tfx.dsl.io import fileio, filesystem_registry
from tfx.dsl.io.plugins.local import LocalFilesystem

from config.errors import ReleaseError
from serving.releases.records import ReleaseRecord
from serving.releases.versions import list_versions, model_digest, version_records
from serving.releases.writer import release_model, remove_old_versions, roll_back

SCHEME = "bucket://"


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """A store whose objects are files of a folder; `log` has each that was written."""
    log = []

    def below(path):
        return os.path.join(tmp_path, str(path).removeprefix(SCHEME))

    class Bucket(LocalFilesystem):
        SUPPORTED_SCHEMES = [SCHEME]
        open = staticmethod(lambda path, mode="r": _open(path, mode))
        copy = staticmethod(
            lambda source, target, overwrite=False: _copy(source, target)
        )
        exists = staticmethod(lambda path: os.path.exists(below(path)))
        isdir = staticmethod(lambda path: os.path.isdir(below(path)))
        # As stores end the names of what they take for a folder.
        listdir = staticmethod(lambda path: [f"{n}/" for n in os.listdir(below(path))])
        makedirs = staticmethod(lambda path: os.makedirs(below(path), exist_ok=True))
        remove = staticmethod(lambda path: os.remove(below(path)))
        rmtree = staticmethod(lambda path: shutil.rmtree(below(path)))
        walk = staticmethod(lambda top, **_: _walk(top))

    def _open(path, mode):
        if "w" in mode:
            log.append(path)
        return open(below(path), mode)

    def _copy(source, target):
        log.append(target)
        shutil.copyfile(below(source), below(target))

    def _walk(top):
        for parent, folders, files in os.walk(below(top)):
            yield SCHEME + os.path.relpath(parent, tmp_path), folders, files

    registry = filesystem_registry.FilesystemRegistry()
    registry.register(LocalFilesystem, priority=1)
    registry.register(Bucket, priority=1)
    monkeypatch.setattr(filesystem_registry, "DEFAULT_FILESYSTEM_REGISTRY", registry)
    return log


@pytest.fixture
def release(bucket):
    def _release(model):
        record = ReleaseRecord(status="released", digest=model_digest(model), run="run")
        return release_model(model, f"{SCHEME}models", record)

    return _release


def graphs():
    """The graph of each version that a server can load."""
    return [
        fileio.open(f"{SCHEME}models/{record.version}/saved_model.pb").read()
        for record in version_records(f"{SCHEME}models")
    ]


def test_the_graph_comes_last(make_model, bucket, release):
    model = make_model()
    released = release(model)

    path = f"{SCHEME}models/{released.version}"
    assert bucket == [
        *(f"{path}/variables/part-{number}" for number in range(3)),
        f"{path}/assets.extra/release.json",
        f"{path}/saved_model.pb",
    ]
    assert graphs() == ["model"]
    assert release(model) == released


def test_roll_back_and_keep(make_model, release):
    for name in "abc":
        release(make_model(name))
    assert roll_back(f"{SCHEME}models", "Ann", "").version > 0
    assert graphs() == ["a", "b", "c", "b"]
    assert roll_back(f"{SCHEME}models", "Ann", "").version > 0
    with pytest.raises(ReleaseError):
        roll_back(f"{SCHEME}models", "Ann", "")
    remove_old_versions(f"{SCHEME}models", keep=2)
    assert len(list_versions(f"{SCHEME}models")) == 3
    assert graphs()[-1] == "a"


def test_a_release_that_was_cut_short_is_no_version(
    make_model, tmp_path, release, clock
):
    old = release(make_model("old"))
    new = release(make_model("new"))
    (tmp_path / "models" / str(new.version) / "saved_model.pb").unlink()
    assert graphs() == ["old"]

    # Its number is taken all the same.
    again = release(str(tmp_path / "new"))
    assert again.version == new.version + 1 == old.version + 2
    assert graphs() == ["old", "new"]


def test_a_model_is_read_from_a_store_as_well(make_model, tmp_path, release):
    make_model()
    shutil.move(tmp_path / "model", tmp_path / "artifacts")
    release(f"{SCHEME}artifacts")
    assert graphs() == ["model"]
