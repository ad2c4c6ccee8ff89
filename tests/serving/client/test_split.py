"""A user always falls into the same share, and shares have their sizes."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import InputError
from serving.client import Split

shares = st.floats(0.0, 1.0)
keys = st.one_of(st.text(), st.binary(), st.integers())


@given(keys, shares, st.text())
def test_a_user_stays(key, share, salt):
    first, second = (Split({"canary": share}, salt=salt) for _ in range(2))
    assert first.label_of(key) == second.label_of(key)
    assert first.label_of(key) in ("canary", "stable")


@given(keys, shares, shares, shares)
def test_raising_the_last_share_moves_users_from_the_default_only(key, first, a, b):
    small, large = (each * (1.0 - first) for each in sorted((a, b)))
    before = Split({"one": first, "two": small}).label_of(key)
    after = Split({"one": first, "two": large}).label_of(key)
    assert after == before or (before, after) == ("stable", "two")


@given(keys)
def test_nobody_and_everybody(key):
    assert Split({"canary": 0.0}).label_of(key) == "stable"
    assert Split({"canary": 1.0}).label_of(key) == "canary"
    assert Split({}, default="all").label_of(key) == "all"


def test_the_share_is_a_known_hash():
    """As the documentation says, for clients in other languages."""
    digest = hashlib.sha256(b"exp1user-7").digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    below, above = place - 1e-9, place + 1e-9
    assert Split({"canary": below}, salt="exp1").label_of("user-7") == "stable"
    assert Split({"canary": above}, salt="exp1").label_of("user-7") == "canary"


def test_labels_have_their_shares():
    users = 40_000
    split = Split({"a": 0.02, "b": 0.3}, default="c")
    found = [split.label_of(n) for n in range(users)]
    assert split.labels == ("a", "b", "c")
    for label, share in (("a", 0.02), ("b", 0.3), ("c", 0.68)):
        # Five standard deviations.
        bound = 5 * (users * share * (1 - share)) ** 0.5
        assert abs(found.count(label) - users * share) < bound


def test_another_salt_is_independent():
    users = [f"user{n}" for n in range(20_000)]
    one, two = (Split({"canary": 0.5}, salt=salt) for salt in ("one", "two"))
    both = sum(one.label_of(each) == two.label_of(each) for each in users)
    assert abs(both - 10_000) < 5 * (20_000 * 0.25) ** 0.5


def test_a_number_is_as_its_digits_and_nobody_has_the_default():
    split = Split({"canary": 0.5})
    for number in range(100):
        assert split.label_of(number) == split.label_of(str(number))
        assert split.label_of(number) == split.label_of(str(number).encode())
    assert split.label_of(None) == "stable"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"canary": 1.5}, ["canary", "1.5", "0 to 1"]),
        ({"canary": -0.1}, ["canary", "-0.1"]),
        ({"canary": float("nan")}, ["canary", "nan"]),
        ({"a": 0.6, "b": 0.6}, ["1.2"]),
        ({"stable": 0.5}, ["'stable'"]),
        ({"": 0.5}, ["''"]),
    ],
)
def test_wrong_shares_are_rejected(wrong, named):
    with pytest.raises(InputError) as caught:
        Split(wrong)
    assert all(word in str(caught.value) for word in named)


@pytest.mark.parametrize("key", [1.5, True, ["u"]])
def test_only_texts_and_whole_numbers_are_ids(key):
    with pytest.raises(InputError) as caught:
        Split({"canary": 0.5}).label_of(key)
    assert repr(key) in str(caught.value)
