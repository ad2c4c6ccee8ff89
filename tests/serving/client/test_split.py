"""A user always falls into the same share, and shares are what they are said to be."""

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


@given(keys, shares, shares)
def test_a_larger_share_only_moves_users_to_it(key, one, other):
    small, large = sorted((one, other))
    if Split({"canary": small}).label_of(key) == "canary":
        assert Split({"canary": large}).label_of(key) == "canary"


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


@pytest.mark.parametrize("share", [0.01, 0.05, 0.5])
@pytest.mark.parametrize("salt", ["", "exp1", "exp2"])
def test_shares_are_within_binomial_bounds(share, salt):
    users = 40_000
    split = Split({"canary": share}, salt=salt)
    found = sum(split.label_of(f"user{n}") == "canary" for n in range(users))
    # Five standard deviations.
    assert abs(found - users * share) < 5 * (users * share * (1 - share)) ** 0.5


def test_another_salt_deals_anew():
    users = [f"user{n}" for n in range(20_000)]
    one, two = (Split({"canary": 0.5}, salt=salt) for salt in ("one", "two"))
    both = sum(one.label_of(each) == two.label_of(each) for each in users)
    assert abs(both - 10_000) < 5 * (20_000 * 0.25) ** 0.5


def test_several_labels_have_their_shares():
    split = Split({"a": 0.2, "b": 0.3}, default="c")
    found = [split.label_of(n) for n in range(40_000)]
    assert split.labels == ("a", "b", "c")
    for label, share in (("a", 0.2), ("b", 0.3), ("c", 0.5)):
        bound = 5 * (40_000 * share * (1 - share)) ** 0.5
        assert abs(found.count(label) - 40_000 * share) < bound


def test_a_number_is_as_its_digits_and_nobody_has_the_default():
    split = Split({"canary": 0.5})
    for number in range(100):
        assert split.label_of(number) == split.label_of(str(number))
        assert split.label_of(number) == split.label_of(str(number).encode())
    assert split.label_of(None) == "stable"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"canary": 1.5}, "split: canary: got 1.5; allowed: 0 to 1"),
        ({"canary": -0.1}, "split: canary: got -0.1"),
        ({"canary": float("nan")}, "split: canary: got nan"),
        ({"a": 0.6, "b": 0.6}, "the shares sum up to 1.2; allowed: up to 1"),
        ({"stable": 0.5}, "got 'stable'; allowed: labels other than that of the rest"),
        ({"": 0.5}, "got ''"),
    ],
)
def test_wrong_shares_are_one_line(wrong, words):
    with pytest.raises(InputError, match=words):
        Split(wrong)


@pytest.mark.parametrize("key", [1.5, True, ["u"]])
def test_what_is_no_id_is_one_line(key):
    with pytest.raises(InputError, match="as id; allowed: text or a whole number"):
        Split({"canary": 0.5}).label_of(key)
