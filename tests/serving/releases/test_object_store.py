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
MODELS = f"{SCHEME}models"


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
def release(bucket, store):
    """Releases a model by name, or by where it is."""

    def _release(name, path=None):
        path = path or str(store.model(name))
        digest = model_digest(path)
        record = ReleaseRecord(status="released", digest=digest, run="run")
        return release_model(path, MODELS, record)

    return _release


def graphs():
    """The graph of each version that a server can load."""
    return [
        fileio.open(f"{MODELS}/{record.version}/saved_model.pb").read()
        for record in version_records(MODELS)
    ]


def test_the_graph_comes_last(bucket, release):
    released = release("model")

    path = f"{MODELS}/{released.version}"
    assert bucket == [
        *(f"{path}/variables/part-{number}" for number in range(3)),
        f"{path}/assets.extra/release.json",
        f"{path}/saved_model.pb",
    ]
    assert graphs() == ["model"]
    assert release("model") == released


def test_versions_are_rolled_back_and_removed(release):
    for name in "abc":
        release(name)
    roll_back(MODELS, "Ann", "")
    assert graphs() == ["a", "b", "c", "b"]
    roll_back(MODELS, "Ann", "")
    with pytest.raises(ReleaseError):
        roll_back(MODELS, "Ann", "")
    remove_old_versions(MODELS, keep=2)
    assert len(list_versions(MODELS)) == 3
    assert graphs()[-1] == "a"


def test_a_release_that_is_interrupted_is_no_version(tmp_path, release, clock):
    old, new = release("old"), release("new")
    (tmp_path / "models" / str(new.version) / "saved_model.pb").unlink()
    assert graphs() == ["old"]

    # Its number is taken all the same.
    again = release("new")
    assert again.version == new.version + 1 == old.version + 2
    assert graphs() == ["old", "new"]


def test_a_model_is_read_from_a_store_as_well(store, tmp_path, release):
    shutil.move(store.model(), tmp_path / "artifacts")
    release("model", f"{SCHEME}artifacts")
    assert graphs() == ["model"]
