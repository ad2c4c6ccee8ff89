"""Labels stay with their versions, whatever is released or rolled back."""

from __future__ import annotations

import os

import pytest

from config.errors import ReleaseError
from serving.releases.labels import LABELS_FILE, change_labels, labels_of, read_labels


@pytest.fixture
def versions(store, clock):
    """A directory with the versions 1000 to 1003."""
    store.release_all("abcd")
    return str(store.dir)


def test_labels_are_given_moved_and_removed(versions):
    assert read_labels(versions) == {}
    change_labels(versions, {"stable": 1001, "canary": 1003})
    assert read_labels(versions) == {"canary": 1003, "stable": 1001}
    assert labels_of(read_labels(versions), 1003) == ["canary"]

    change_labels(versions, {"stable": 1003, "canary": None})
    assert read_labels(versions) == {"stable": 1003}
    assert labels_of(read_labels(versions), 1003) == ["stable"]


def test_a_missing_directory_has_no_labels(tmp_path):
    assert read_labels(str(tmp_path / "nowhere")) == {}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"canary": 9}, ["'canary'", "9", "1000, 1001, 1002, 1003"]),
        *(({name: 1000}, [repr(name)]) for name in ("", "7", "a/b", "a b")),
        ({"old": None}, ["'old'", "stable"]),
    ],
)
def test_a_wrong_change_changes_nothing(versions, changes, named):
    change_labels(versions, {"stable": 1000})
    with pytest.raises(ReleaseError) as caught:
        change_labels(versions, {"canary": 1001, **changes})
    assert all(word in str(caught.value) for word in named)
    assert read_labels(versions) == {"stable": 1000}


def test_a_change_that_is_interrupted_changes_nothing(store, versions, monkeypatch):
    change_labels(versions, {"stable": 1000})

    def crash(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            change_labels(versions, {"stable": 1001})
    assert read_labels(versions) == {"stable": 1000}
    change_labels(versions, {"stable": 1001})
    others = {each for each in store.names if not each.isdigit()}
    assert others == {".lock", LABELS_FILE}


@pytest.mark.parametrize("text", ["", "[]", '{"canary": "new"}', "{"])
def test_a_malformed_file_is_named(store, versions, text):
    (store.dir / LABELS_FILE).write_text(text)
    with pytest.raises(ReleaseError, match=str(store.dir / LABELS_FILE)):
        read_labels(versions)


def test_a_version_with_a_label_is_kept_beside_the_others(store, versions):
    change_labels(versions, {"stable": 1000, "old": 1000})
    store.remove_old(keep=1)
    assert store.versions == [1000, 1002, 1003]

    change_labels(versions, {"stable": None, "old": None})
    store.remove_old(keep=1)
    assert store.versions == [1002, 1003]


def test_a_version_with_a_label_is_not_rolled_back(store, versions):
    change_labels(versions, {"stable": 1003, "canary": 1003})
    command = "ctr release label canary=1002 stable=1002"
    with pytest.raises(ReleaseError, match=f"1003.*{command}"):
        store.roll_back()
    assert store.versions == [1000, 1001, 1002, 1003]

    change_labels(versions, {"stable": 1002, "canary": None})
    assert store.roll_back().version == 1004
    assert read_labels(versions) == {"stable": 1002}


def test_a_version_that_was_rolled_back_gets_no_label(store, versions):
    store.roll_back()
    with pytest.raises(ReleaseError, match=r"'canary'.* 1003 "):
        change_labels(versions, {"canary": 1003})
    change_labels(versions, {"canary": 1004})
    assert read_labels(versions) == {"canary": 1004}


def test_a_version_that_someone_else_copied_may_have_a_label(store, versions):
    (store.dir / "2000").mkdir()
    change_labels(versions, {"theirs": 2000})
    assert read_labels(versions) == {"theirs": 2000}
