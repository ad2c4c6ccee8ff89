"""Releases as TensorFlow Serving sees them: whole versions, in ascending order."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from config.errors import ReleaseError
from serving.releases import writer
from serving.releases.records import ReleaseHistory
from serving.releases.versions import version_records


def test_versions_are_numeric_folders(store):
    assert store.versions == []
    for name in ("10", "9", ".incoming-11", "11²", "old", ".lock"):
        (store.dir / name).mkdir(parents=True)
    assert store.versions == [9, 10]


# --- A release


def test_the_whole_model_is_copied(store, clock):
    (store.dir / "README").mkdir(parents=True)

    assert store.release().version == 1000
    assert store.contents(1000) == store.files("model")
    assert store.names == {"1000", "README", ".lock"}


def test_a_version_has_its_record(store, clock):
    details = {
        "model_uri": "artifacts/model/7",
        "report_digest": "abc",
        "by": "Ann",
        "note": "fine",
    }
    released = store.release(**details)

    assert version_records(str(store.dir)) == [released]
    assert store.record(1000) == {
        "status": "released",
        "version": 1000,
        "run": "run of model",
        "digest": store.digest(),
        **details,
        "at": released.at.isoformat().replace("+00:00", "Z"),
    }


def test_a_malformed_record_is_named(store):
    version = store.release().version
    file = store.dir / str(version) / "assets.extra" / "release.json"
    file.write_text('{"version": 7, "source": "artifacts/model/7"}')
    with pytest.raises(ReleaseError, match=str(file)):
        store.release("b")
    assert store.versions == [version]
    file.unlink()
    assert store.release("c").version > version


def test_a_model_other_than_recorded_is_not_released(store):
    digest = store.digest()
    (store.model() / "saved_model.pb").write_text("another")
    with pytest.raises(ReleaseError, match="run of model"):
        store.release(digest=digest)
    assert store.versions == []


def test_the_digest_is_of_the_content_and_not_of_the_place(store):
    digest = store.digest()
    shutil.move(store.model(), store.model().with_name("moved"))
    assert store.digest("moved") == digest

    (store.model("moved") / "variables" / "part-0").write_text("another")
    assert store.digest("moved") != digest


def test_the_index_stands_for_the_values_of_variables(store):
    variables = store.model() / "variables"
    (variables / "variables.index").write_text("1")
    digest = store.digest()
    (variables / "variables.data-00000-of-00001").write_text("values")
    assert store.digest() == digest

    (variables / "variables.index").write_text("2")
    assert store.digest() != digest


def test_the_newest_model_is_not_copied_again(store, clock):
    first = store.release()
    clock.now += 60
    assert store.release() == first

    # Nor has it to be there any more.
    digest = store.digest()
    (store.model() / "saved_model.pb").unlink()
    assert store.release(digest=digest) == first
    assert store.versions == [1000]


def test_another_model_in_the_same_place_is_released(store, clock):
    """A work directory that was deleted counts its artifacts from 1 again."""
    store.release()
    (store.model() / "saved_model.pb").write_text("another model")
    assert store.release().version == 1001


def test_an_older_model_becomes_a_newer_version(store, clock):
    for name in ("old", "new", "old"):
        clock.now += 60
        store.release(name)

    assert store.versions == [1060, 1120, 1180]
    assert store.contents(1180) == store.files("old")


def test_versions_ascend_even_if_the_clock_does_not(store, clock):
    assert store.release_all("ab") == [1000, 1001]
    clock.now = 10
    assert store.release("c").version == 1002
    # One that someone else copied there counts as well.
    (store.dir / "5000").mkdir()
    assert store.release("d").version == 5001


def test_a_full_disk_changes_nothing_that_is_seen(store, monkeypatch):
    served = store.release("served").version
    copied = []
    copy = shutil.copyfile

    def failing(source, target):
        if len(copied) == 2:
            raise OSError(28, "No space left on device")
        copied.append(target)
        return copy(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", failing)
        with pytest.raises(OSError, match="No space left"):
            store.release("next")
    assert len(copied) == 2
    assert store.versions == [served]

    released = store.release("next").version
    assert store.contents(released) == store.files("next")
    # What the failed one left is gone.
    assert store.names == {str(served), str(released), ".lock"}


def test_a_server_that_polls_sees_whole_versions_only(store):
    """As TensorFlow Serving: any numeric directory is a version to load."""
    names = [f"model{number}" for number in range(10)]
    for name in names:
        store.model(name, files=20)
    whole = len(store.files(names[0]))
    seen, broken, ended = set(), [], threading.Event()

    def poll():
        while not ended.is_set():
            newest = store.versions[-1]
            seen.add(newest)
            try:
                is_whole = len(store.contents(newest)) == whole
            except FileNotFoundError:
                is_whole = False
            # It may be old by now, and removed.
            if not is_whole and (store.dir / str(newest)).exists():
                broken.append(newest)

    store.release(names[0])
    watcher = threading.Thread(target=poll)
    watcher.start()
    try:
        for name in names[1:]:
            store.release(name)
            store.roll_back()
            store.remove_old(keep=1)
    finally:
        ended.set()
        watcher.join()

    assert broken == []
    assert len(seen) > 1


@pytest.mark.parametrize("gone", ["model", "warm-up"])
def test_nothing_is_released_without_all_files(store, gone):
    digest, warm_up = store.digest(), store.model() / gone
    if gone == "model":
        warm_up = None
        (store.model() / "saved_model.pb").unlink()

    with pytest.raises(ReleaseError, match=str(warm_up or store.model())):
        store.release(digest=digest, warm_up=str(warm_up or ""))
    assert store.versions == []


def test_two_writers_wait_for_each_other(store):
    names = [f"model{number}" for number in range(6)]
    for name in names:
        store.model(name, files=50)

    with ThreadPoolExecutor(len(names)) as pool:
        versions = [each.version for each in pool.map(store.release, names)]

    assert sorted(versions) == store.versions
    for name, version in zip(names, versions, strict=True):
        assert store.contents(version) == store.files(name)


# --- A roll back


def test_a_roll_back_releases_the_version_before_the_newest(store, clock):
    old, new = store.release_all("ab")
    clock.now += 60
    restored = store.roll_back()

    assert restored.version == 1060
    assert store.contents(1060) == store.files("a")
    assert store.record(1060) == {
        **store.record(old),
        "version": 1060,
        "by": "Ann",
        "withdraws": store.record(new)["digest"],
        "at": restored.at.isoformat().replace("+00:00", "Z"),
    }


def test_a_roll_back_goes_back_and_never_forth(store):
    versions = store.release_all("abc")
    versions += [store.roll_back().version for _ in range(2)]

    assert store.contents(versions[3]) == store.files("b")
    assert store.contents(versions[4]) == store.files("a")
    with pytest.raises(ReleaseError):
        store.roll_back()
    assert store.versions == versions


def test_a_release_after_a_roll_back_is_rolled_back_to_it(store):
    store.release_all("ab")
    restored = store.roll_back()
    store.release("c")

    assert store.roll_back().digest == restored.digest == store.digest("a")


@pytest.mark.parametrize("names", ["", "a"])
def test_there_is_no_roll_back_without_an_older_version(store, names):
    before = store.release_all(names)
    with pytest.raises(ReleaseError, match=str(store.dir)):
        store.roll_back()
    assert store.versions == before


def test_a_roll_back_takes_no_space(store, monkeypatch):
    def no_links(*_):
        raise OSError(95, "Operation not supported")

    old, _ = store.release_all("ab")
    restored = store.roll_back().version
    graphs = [store.dir / str(each) / "saved_model.pb" for each in (old, restored)]
    assert len({graph.stat().st_ino for graph in graphs}) == 1
    # But each version has a record of its own.
    assert store.record(old)["version"] == old

    # Where there are no links, files are copied.
    monkeypatch.setattr(os, "link", no_links)
    store.release("c")
    assert store.contents(store.roll_back().version) == store.files("a")


def test_a_model_is_withdrawn_until_it_is_released_again(store):
    store.release_all("abc")

    def refusals():
        history = ReleaseHistory(version_records(str(store.dir)))
        return [history.refusal(store.digest(name)) for name in "abc"]

    assert refusals() == [None, None, None]
    first = store.roll_back()
    assert refusals() == [None, None, first]
    second = store.roll_back()
    assert refusals() == [None, second, first]
    store.release("c")
    assert refusals() == [None, second, None]


def test_a_roll_back_passes_over_refused_models(store):
    store.release_all("abc")
    refused = {store.digest("b")}
    assert store.roll_back(refused).digest == store.digest("a")
    with pytest.raises(ReleaseError):
        store.roll_back(refused)


# --- Old versions


def test_so_many_old_versions_are_kept(store):
    made = store.release_all("abcde")
    for _ in range(2):
        store.remove_old(keep=2)
        assert store.names == {*map(str, made[-3:]), ".lock"}


def test_what_can_be_rolled_back_to_is_kept_longest(store):
    a, *_ = store.release_all("abc")
    restored = store.roll_back().version
    store.remove_old(keep=1)

    # Neither what was taken back, nor what the newest one is a copy of.
    assert store.versions == [a, restored]
    assert store.contents(store.roll_back().version) == store.files("a")


def test_a_version_that_someone_else_copied_is_kept(store):
    (store.dir / "7").mkdir(parents=True)
    (store.dir / "7" / "saved_model.pb").write_text("by hand")
    made = store.release_all("abc")
    store.remove_old(keep=1)
    assert store.versions == [7, *made[1:]]

    store.roll_back()
    assert store.contents(store.roll_back().version) == {"saved_model.pb": "by hand"}


def test_a_release_loads_without_tensorflow():
    """A roll back takes less time than TensorFlow takes to be imported."""
    code = f"import sys, {writer.__name__}; print(*sys.modules)"
    modules = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert {"tensorflow", "tfx"} & set(modules) == set()
