"""Labels stay with their versions, whatever is released or rolled back."""

from __future__ import annotations

import os

import pytest

from config.errors import ReleaseError
from serving.releases.labels import LABELS_FILE, change_labels, labels_of, read_labels
from serving.releases.versions import list_versions
from serving.releases.writer import remove_old_versions, roll_back


@pytest.fixture
def versions(make_model, model_dir, clock, release):
    """A directory with the versions 1000 to 1003."""
    for number in range(4):
        release(make_model(f"model {number}"))
    return str(model_dir)


def test_labels_are_given_moved_and_removed(versions):
    assert read_labels(versions) == {}
    change_labels(versions, {"stable": 1001, "canary": 1003})
    assert read_labels(versions) == {"canary": 1003, "stable": 1001}
    assert labels_of(read_labels(versions), 1003) == ["canary"]

    change_labels(versions, {"stable": 1003, "canary": None})
    assert read_labels(versions) == {"stable": 1003}
    assert labels_of(read_labels(versions), 1003) == ["stable"]


def test_a_directory_that_is_not_there_has_no_labels(tmp_path):
    assert read_labels(str(tmp_path / "nowhere")) == {}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"canary": 9}, "label 'canary': .* has no version 9; there is: 1000, 1001, "),
        ({"": 1000}, "label '': allowed: a letter, then letters, digits"),
        ({"7": 1000}, "label '7': allowed: a letter"),
        ({"a/b": 1000}, "label 'a/b': allowed: a letter"),
        ({"a b": 1000}, "label 'a b': allowed: a letter"),
        ({"old": None}, "there is no label 'old' to remove; there is: stable"),
    ],
)
def test_what_is_refused_changes_nothing(versions, changes, words):
    change_labels(versions, {"stable": 1000})
    with pytest.raises(ReleaseError, match=words):
        change_labels(versions, {"canary": 1001, **changes})
    assert read_labels(versions) == {"stable": 1000}


def test_a_change_that_was_cut_short_is_none(versions, monkeypatch):
    change_labels(versions, {"stable": 1000})

    def crash(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            change_labels(versions, {"stable": 1001})
    assert read_labels(versions) == {"stable": 1000}
    change_labels(versions, {"stable": 1001})
    assert {each for each in os.listdir(versions) if not each.isdigit()} == {
        ".lock",
        LABELS_FILE,
    }


@pytest.mark.parametrize("text", ["", "[]", '{"canary": "new"}', "{"])
def test_a_file_that_a_person_broke_is_said(versions, text):
    with open(os.path.join(versions, LABELS_FILE), "w") as file:
        file.write(text)
    with pytest.raises(ReleaseError, match=r"labels\.json: expected versions by label"):
        read_labels(versions)


def test_a_version_with_a_label_is_kept_beside_the_others(versions):
    change_labels(versions, {"stable": 1000, "old": 1000})
    remove_old_versions(versions, keep=1)
    assert list_versions(versions) == [1000, 1002, 1003]

    change_labels(versions, {"stable": None, "old": None})
    remove_old_versions(versions, keep=1)
    assert list_versions(versions) == [1002, 1003]


def test_what_a_label_serves_is_not_rolled_back(versions):
    change_labels(versions, {"stable": 1003, "canary": 1003})
    with pytest.raises(
        ReleaseError,
        match=r"version 1003 has the label canary, stable; first move it, which takes "
        r"effect within seconds: ctr release label canary=1002 stable=1002",
    ):
        roll_back(versions, "Ann", "")
    assert list_versions(versions) == [1000, 1001, 1002, 1003]

    change_labels(versions, {"stable": 1002, "canary": None})
    assert roll_back(versions, "Ann", "").version == 1004
    assert read_labels(versions) == {"stable": 1002}


def test_what_was_rolled_back_gets_no_label(versions):
    roll_back(versions, "Ann", "")
    with pytest.raises(ReleaseError, match="the model of version 1003 was rolled back"):
        change_labels(versions, {"canary": 1003})
    change_labels(versions, {"canary": 1004})
    assert read_labels(versions) == {"canary": 1004}


def test_what_someone_else_put_there_may_have_a_label(versions):
    os.makedirs(os.path.join(versions, "2000"))
    change_labels(versions, {"theirs": 2000})
    assert read_labels(versions) == {"theirs": 2000}
