"""Releases as TensorFlow Serving sees them: whole versions, in ascending order."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from serving import release
from serving.release import list_versions, release_model


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
        # Walked before the subfolders: a copy has it first.
        (folder / "saved_model.pb").write_text(name)
        return str(folder)

    return _make


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless it is set."""

    class Clock:
        now = 1_000.5

    monkeypatch.setattr(release.time, "time", lambda: Clock.now)
    return Clock


def _contents(folder):
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in Path(folder).rglob("*")
        if path.is_file() and "assets.extra" not in path.parts
    }


def test_the_whole_model_is_copied(make_model, model_dir, clock):
    model = make_model()
    released = release_model(model, str(model_dir))

    assert (released.version, released.is_new) == (1000, True)
    assert released.path == str(model_dir / "1000")
    assert _contents(released.path) == _contents(model)
    assert [path.name for path in model_dir.iterdir()] == ["1000"]


def test_the_newest_model_is_not_copied_again(make_model, model_dir, clock):
    model = make_model()
    first = release_model(model, str(model_dir))
    clock.now += 60
    again = release_model(model, str(model_dir))

    assert (again.version, again.path) == (first.version, first.path)
    assert not again.is_new
    assert list_versions(str(model_dir)) == [1000]


def test_an_older_model_becomes_a_newer_version(make_model, model_dir, clock):
    old, new = make_model("old"), make_model("new")
    versions = []
    for model in (old, new, old):
        clock.now += 60
        versions.append(release_model(model, str(model_dir)).version)

    assert versions == [1060, 1120, 1180]
    assert _contents(model_dir / "1180") == _contents(old)


def test_versions_of_one_second_do_not_collide(make_model, model_dir, clock):
    versions = [
        release_model(make_model(f"model{n}"), str(model_dir)).version for n in range(3)
    ]

    assert versions == [1000, 1001, 1002]


def test_versions_ascend_even_if_the_clock_does_not(make_model, model_dir, clock):
    release_model(make_model("one"), str(model_dir))
    clock.now = 10
    assert release_model(make_model("two"), str(model_dir)).version == 1001


def test_what_is_no_version_is_left_alone(make_model, model_dir, clock):
    for name in ("README", "labels", "12a", ".hidden"):
        (model_dir / name).mkdir(parents=True)
    release_model(make_model(), str(model_dir))

    assert list_versions(str(model_dir)) == [1000]
    names = {path.name for path in model_dir.iterdir()}
    assert names == {"README", "labels", "12a", ".hidden", "1000"}


def test_a_version_that_someone_else_copied_is_counted(make_model, model_dir, clock):
    (model_dir / "5000").mkdir(parents=True)
    released = release_model(make_model(), str(model_dir))

    assert (released.version, released.is_new) == (5001, True)


def test_versions_are_numbers_in_order(model_dir):
    assert list_versions(str(model_dir)) == []
    for name in ("9", "10", "1"):
        (model_dir / name).mkdir(parents=True)

    assert list_versions(str(model_dir)) == [1, 9, 10]


def test_a_copy_that_fails_half_way_is_never_seen(
    make_model, model_dir, clock, monkeypatch
):
    model = make_model()
    copied = []
    copy = release.fileio.copy

    def failing(source, target, *args, **kwargs):
        if len(copied) == 2:
            raise OSError(28, "No space left on device")
        copied.append(target)
        copy(source, target, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(release.fileio, "copy", failing)
        with pytest.raises(OSError, match="No space left"):
            release_model(model, str(model_dir))
    assert len(copied) == 2
    assert list_versions(str(model_dir)) == []

    released = release_model(model, str(model_dir))
    assert _contents(released.path) == _contents(model)
    # What the failed one left is gone.
    assert [path.name for path in model_dir.iterdir()] == [str(released.version)]


def test_a_failed_copy_leaves_the_served_version_alone(
    make_model, model_dir, clock, monkeypatch
):
    served = release_model(make_model("served"), str(model_dir))
    before = _contents(served.path)

    def failing(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(release.fileio, "rename", failing)
    with pytest.raises(OSError, match="Input/output"):
        release_model(make_model("next"), str(model_dir))

    assert list_versions(str(model_dir)) == [served.version]
    assert _contents(served.path) == before


def test_a_server_that_polls_sees_whole_versions_only(make_model, model_dir):
    """As TensorFlow Serving: any numeric directory is a version to load."""
    models = [make_model(f"model{number}", files=20) for number in range(10)]
    whole = {name: len(_contents(name)) for name in models}
    seen, broken, ended = set(), [], threading.Event()

    def poll():
        while not ended.is_set():
            for path in model_dir.iterdir():
                if path.name.isdigit():
                    seen.add(path.name)
                    if len(_contents(path)) != whole[models[0]]:
                        broken.append(path.name)

    model_dir.mkdir(parents=True)
    watcher = threading.Thread(target=poll)
    watcher.start()
    try:
        for model in models:
            release_model(model, str(model_dir))
    finally:
        ended.set()
        watcher.join()

    assert broken == []
    assert len(list_versions(str(model_dir))) == 10
    assert seen


def test_a_model_that_is_gone_releases_nothing(make_model, model_dir, clock):
    model = make_model()
    shutil.rmtree(model)
    with pytest.raises(FileNotFoundError, match="no SavedModel"):
        release_model(model, str(model_dir))

    assert list_versions(str(model_dir)) == []
