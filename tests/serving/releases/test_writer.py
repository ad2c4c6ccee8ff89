"""Releases as TensorFlow Serving sees them: whole versions, in ascending order."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from config.errors import ReleaseError
from serving.releases import writer
from serving.releases.records import ReleaseHistory, ReleaseRecord
from serving.releases.versions import list_versions, model_digest, version_records
from serving.releases.writer import release_model, remove_old_versions, roll_back


def test_other_folders_than_versions_are_left_out(tmp_path):
    for name in ("10", "9", ".incoming-11", "11²", "old", ".lock"):
        (tmp_path / name).mkdir()
    assert list_versions(str(tmp_path)) == [9, 10]


def record_of(model_dir, version):
    text = (model_dir / str(version) / "assets.extra" / "release.json").read_text()
    return json.loads(text)


def test_the_whole_model_is_copied(make_model, model_dir, clock, release, contents):
    model = make_model()
    released = release(model)

    assert released.version == 1000
    assert contents(model_dir / "1000") == contents(model)
    assert {path.name for path in model_dir.iterdir()} == {"1000", ".lock"}


def test_a_version_has_its_record(make_model, model_dir, clock):
    model = make_model()
    record = ReleaseRecord(
        status="released",
        run="run1",
        digest=model_digest(model),
        model_uri="artifacts/model/7",
        report_digest="abc",
        by="Ann",
        note="fine",
    )
    released = release_model(model, str(model_dir), record)

    assert released == record.model_copy(update={"version": 1000})
    assert version_records(str(model_dir)) == [released]
    assert record_of(model_dir, 1000) == {
        "status": "released",
        "version": 1000,
        "run": "run1",
        "digest": model_digest(model),
        "model_uri": "artifacts/model/7",
        "report_digest": "abc",
        "by": "Ann",
        "note": "fine",
        "at": record.at.isoformat().replace("+00:00", "Z"),
    }


def test_a_malformed_record_is_an_error_that_names_the_file(
    make_model, model_dir, release
):
    version = release(make_model()).version
    file = model_dir / str(version) / "assets.extra" / "release.json"
    file.write_text('{"version": 7, "source": "artifacts/model/7"}')
    with pytest.raises(ReleaseError, match=str(file)):
        release(make_model("b"))
    assert list_versions(str(model_dir)) == [version]
    file.unlink()
    assert release(make_model("c")).version > version


def test_another_model_than_recorded_is_not_released(make_model, model_dir):
    model = make_model()
    record = ReleaseRecord(status="released", run="r1", digest=model_digest(model))
    Path(model, "saved_model.pb").write_text("another")
    with pytest.raises(ReleaseError, match="r1"):
        release_model(model, str(model_dir), record)
    assert list_versions(str(model_dir)) == []


def test_the_digest_is_of_the_content_and_not_of_the_place(make_model):
    model = make_model()
    digest = model_digest(model)
    moved = Path(model).with_name("elsewhere")
    shutil.move(model, moved)
    assert model_digest(str(moved)) == digest

    (moved / "variables" / "part-0").write_text("another")
    assert model_digest(str(moved)) != digest


def test_the_values_of_variables_are_told_by_their_index(make_model):
    model = Path(make_model())
    (model / "variables" / "variables.index").write_text("1")
    digest = model_digest(str(model))
    (model / "variables" / "variables.data-00000-of-00001").write_text("values")
    assert model_digest(str(model)) == digest

    (model / "variables" / "variables.index").write_text("2")
    assert model_digest(str(model)) != digest


def test_the_newest_model_is_not_copied_again(make_model, model_dir, clock, release):
    model = make_model()
    first = release(model)
    clock.now += 60

    assert release(model) == first
    assert list_versions(str(model_dir)) == [1000]


def test_another_model_in_the_same_place_is_released(make_model, clock, release):
    """A work directory that was deleted counts its artifacts from 1 again."""
    model = make_model()
    release(model)
    Path(model, "saved_model.pb").write_text("another model")
    assert release(model).version == 1001


def test_an_older_model_becomes_a_newer_version(
    make_model, model_dir, clock, release, contents
):
    old, new = make_model("old"), make_model("new")
    versions = []
    for model in (old, new, old):
        clock.now += 60
        versions.append(release(model).version)

    assert versions == [1060, 1120, 1180]
    assert contents(model_dir / "1180") == contents(old)


def test_versions_of_one_second_do_not_collide(make_model, clock, release):
    versions = [release(make_model(f"model{n}")).version for n in range(3)]
    assert versions == [1000, 1001, 1002]


def test_versions_ascend_even_if_the_clock_does_not(make_model, clock, release):
    release(make_model("one"))
    clock.now = 10
    assert release(make_model("two")).version == 1001


def test_what_is_no_version_is_left_alone(make_model, model_dir, clock, release):
    others = {"README", "labels", "12a", ".hidden"}
    for name in others:
        (model_dir / name).mkdir(parents=True)
    release(make_model())

    assert list_versions(str(model_dir)) == [1000]
    assert {path.name for path in model_dir.iterdir()} == {*others, "1000", ".lock"}


def test_a_version_that_someone_else_copied_is_counted(
    make_model, model_dir, clock, release
):
    (model_dir / "5000").mkdir(parents=True)
    assert release(make_model()).version == 5001


def test_versions_are_numbers_in_order(model_dir):
    assert list_versions(str(model_dir)) == []
    for name in ("9", "10", "1"):
        (model_dir / name).mkdir(parents=True)

    assert list_versions(str(model_dir)) == [1, 9, 10]


def test_a_full_disk_changes_nothing_that_is_seen(
    make_model, model_dir, clock, release, contents, monkeypatch
):
    served = release(make_model("served"))
    model = make_model("next")
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
            release(model)
    assert len(copied) == 2
    assert list_versions(str(model_dir)) == [served.version]

    released = release(model)
    assert contents(model_dir / str(released.version)) == contents(model)
    # What the failed one left is gone.
    names = {path.name for path in model_dir.iterdir()}
    assert names == {str(served.version), str(released.version), ".lock"}


def test_a_server_that_polls_sees_whole_versions_only(
    make_model, model_dir, release, contents
):
    """As TensorFlow Serving: any numeric directory is a version to load."""
    models = [make_model(f"model{number}", files=20) for number in range(10)]
    whole = len(contents(models[0]))
    seen, broken, ended = set(), [], threading.Event()

    def poll():
        while not ended.is_set():
            newest = model_dir / str(list_versions(str(model_dir))[-1])
            seen.add(newest)
            try:
                is_whole = len(contents(newest)) == whole
            except FileNotFoundError:
                is_whole = False
            # It may be old by now, and removed.
            if not is_whole and newest.exists():
                broken.append(newest)

    release(models[0])
    watcher = threading.Thread(target=poll)
    watcher.start()
    try:
        for model in models[1:]:
            release(model)
            roll_back(str(model_dir), "Ann", "")
            remove_old_versions(str(model_dir), keep=1)
    finally:
        ended.set()
        watcher.join()

    assert broken == []
    assert len(seen) > 1


def test_warm_up_requests_that_are_gone_release_nothing(make_model, model_dir):
    model = make_model("a")
    with pytest.raises(ReleaseError, match="no/file: the warm-up requests are gone"):
        release_model(
            model,
            str(model_dir),
            ReleaseRecord(
                status="released", digest=model_digest(model), warm_up="no/file"
            ),
        )
    assert list_versions(str(model_dir)) == []


def test_a_model_that_is_gone_releases_nothing(make_model, model_dir, clock, release):
    model = make_model()
    shutil.rmtree(model)
    with pytest.raises(ReleaseError, match=f"{model}: the model is gone"):
        release(model)

    assert list_versions(str(model_dir)) == []


def test_the_newest_model_need_not_be_there_any_more(
    make_model, model_dir, clock, release
):
    model = make_model()
    first = release(model)
    shutil.rmtree(model)
    assert release_model(model, str(model_dir), first) == first


@pytest.fixture
def versions(make_model, clock, release):
    """Releases models by name, a second after each other; gives their versions."""
    made = {}

    def _versions(names):
        for name in names:
            made.setdefault(name, make_model(name))
            clock.now += 1
            release(made[name])
        return list(range(int(clock.now) - len(names) + 1, int(clock.now) + 1))

    return _versions


def test_a_roll_back_makes_the_version_before_the_newest(
    versions, model_dir, clock, contents
):
    old, new = versions("ab")
    clock.now += 60
    restored = roll_back(str(model_dir), "Ann", "")

    assert restored.version == 1062
    assert contents(model_dir / "1062") == contents(model_dir / str(old))
    assert contents(model_dir / str(new)) != contents(model_dir / str(old))
    assert record_of(model_dir, 1062) == {
        **record_of(model_dir, old),
        "version": 1062,
        "by": "Ann",
        "withdraws": record_of(model_dir, new)["digest"],
        "at": restored.at.isoformat().replace("+00:00", "Z"),
    }


def test_a_roll_back_goes_back_and_never_forth(versions, model_dir, clock, contents):
    a, b, c = versions("abc")
    first = roll_back(str(model_dir), "Ann", "").version
    second = roll_back(str(model_dir), "Ann", "").version

    assert contents(model_dir / str(first)) == contents(model_dir / str(b))
    assert contents(model_dir / str(second)) == contents(model_dir / str(a))
    with pytest.raises(ReleaseError, match="no version to roll back to"):
        roll_back(str(model_dir), "Ann", "")
    assert list_versions(str(model_dir)) == [a, b, c, first, second]


def test_after_a_roll_back_a_new_release_is_rolled_back_to_it(
    versions, model_dir, clock, contents
):
    a, _ = versions("ab")
    restored = roll_back(str(model_dir), "Ann", "")
    clock.now += 1
    versions("c")
    again = roll_back(str(model_dir), "Ann", "")

    assert contents(model_dir / str(again.version)) == contents(model_dir / str(a))
    assert restored.digest == again.digest


@pytest.mark.parametrize("names", ["", "a"])
def test_without_an_older_version_there_is_no_roll_back(versions, model_dir, names):
    versions(names)
    before = list_versions(str(model_dir))
    with pytest.raises(ReleaseError, match="there is no version to roll back to"):
        roll_back(str(model_dir), "Ann", "")
    assert list_versions(str(model_dir)) == before


def test_a_version_that_someone_else_copied_can_be_rolled_back_to(
    versions, model_dir, clock, contents
):
    (model_dir / "500").mkdir(parents=True)
    (model_dir / "500" / "saved_model.pb").write_text("by hand")
    versions("a")
    restored = roll_back(str(model_dir), "Ann", "")

    assert contents(model_dir / str(restored.version)) == {"saved_model.pb": "by hand"}


def test_a_roll_back_takes_neither_space_nor_time(versions, model_dir):
    old, _ = versions("ab")
    restored = roll_back(str(model_dir), "Ann", "")

    graph = (model_dir / str(restored.version) / "saved_model.pb").stat()
    assert graph.st_ino == (model_dir / str(old) / "saved_model.pb").stat().st_ino
    # But each version has a record of its own.
    assert record_of(model_dir, old)["version"] == old


def test_where_there_are_no_links_files_are_copied(
    versions, model_dir, contents, monkeypatch
):
    def no_links(*_):
        raise OSError(95, "Operation not supported")

    old, _ = versions("ab")
    monkeypatch.setattr(os, "link", no_links)
    restored = roll_back(str(model_dir), "Ann", "")
    assert contents(model_dir / str(restored.version)) == contents(model_dir / str(old))


def test_a_model_is_withdrawn_until_it_is_released_again(
    versions, model_dir, release, tmp_path
):
    versions("abc")
    digests = [model_digest(str(tmp_path / name)) for name in "abc"]

    def found():
        history = ReleaseHistory(version_records(str(model_dir)))
        return [history.refusal(digest) for digest in digests]

    assert found() == [None, None, None]
    first = roll_back(str(model_dir), "Ann", "")
    assert found() == [None, None, first]
    second = roll_back(str(model_dir), "Ann", "")
    assert found() == [None, second, first]
    release(str(tmp_path / "c"))
    assert found() == [None, second, None]


def test_a_roll_back_passes_over_refused_models(versions, model_dir, tmp_path):
    versions("abc")
    a, b = (model_digest(str(tmp_path / name)) for name in "ab")
    assert roll_back(str(model_dir), "Ann", "", {b}).digest == a
    with pytest.raises(ReleaseError, match="no version to roll back to"):
        roll_back(str(model_dir), "Ann", "", {b})


def test_only_so_many_old_versions_are_kept(versions, model_dir):
    made = versions("abcde")
    remove_old_versions(str(model_dir), keep=2)

    assert list_versions(str(model_dir)) == made[-3:]
    names = {path.name for path in model_dir.iterdir()}
    assert names == {*map(str, made[-3:]), ".lock"}
    remove_old_versions(str(model_dir), keep=2)
    assert list_versions(str(model_dir)) == made[-3:]


def test_what_can_be_rolled_back_to_is_kept_longest(versions, model_dir, contents):
    a, *_ = versions("abc")
    restored = roll_back(str(model_dir), "Ann", "").version
    remove_old_versions(str(model_dir), keep=1)

    # Neither what was taken back, nor what the newest one is a copy of.
    assert list_versions(str(model_dir)) == [a, restored]
    again = roll_back(str(model_dir), "Ann", "").version
    assert contents(model_dir / str(again))["saved_model.pb"] == "a"


def test_a_version_that_someone_else_copied_is_never_removed(
    model_dir, make_model, release
):
    (model_dir / "7").mkdir(parents=True)
    for name in "abc":
        release(make_model(name))
    remove_old_versions(str(model_dir), keep=1)
    assert list_versions(str(model_dir))[0] == 7
    assert len(list_versions(str(model_dir))) == 3


def test_two_writers_wait_for_each_other(make_model, model_dir, release, contents):
    models = [make_model(f"model{number}", files=50) for number in range(6)]
    failed = []

    def work(model):
        try:
            release(model)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=[model]) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    made = [contents(model_dir / str(v)) for v in list_versions(str(model_dir))]
    assert sorted(map(str, made)) == sorted(str(contents(model)) for model in models)


def test_what_a_release_uses_loads_without_tensorflow():
    """A roll back takes less time than TensorFlow takes to be imported."""
    code = f"import sys, {writer.__name__}; print(*sys.modules)"
    modules = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert {"tensorflow", "tfx"} & set(modules) == set()
