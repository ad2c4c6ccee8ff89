"""How many values there are, and how many would share a bucket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctr.infer.vocabulary import (
    MOST_COLLISIONS,
    buckets_for,
    collision_share,
    estimate_distinct,
)


@pytest.mark.parametrize(
    ("values", "buckets", "expected"),
    [
        (1, 1, 0.0),
        (2, 1, 1.0),
        (2, 2, 0.5),  # The other value has the same bucket in one case of two.
        (3, 2, 0.75),  # 1 - (1/2)^2
        (3, 10, 0.19),  # 1 - (9/10)^2
        (4_082, 8_192, 1 - (8_191 / 8_192) ** 4_081),  # 0.39
    ],
)
def test_expected_share_of_values_that_share_a_bucket(
    values: int, buckets: int, expected: float
):
    assert collision_share(values, buckets) == pytest.approx(expected, rel=1e-9)


@given(st.integers(1, 10**9))
def test_buckets_keep_collisions_rare_and_are_not_many_more(values: int):
    buckets = buckets_for(values)
    assert collision_share(values, buckets) < MOST_COLLISIONS
    assert buckets <= max(2, 112 * values)


def test_what_a_sample_shows_once_stands_for_others():
    counts = [1] * 30 + [2] * 5
    assert estimate_distinct(counts, 1.0) == 35
    # By hand: sqrt(100 / 4) = 5 for each value seen once.
    assert estimate_distinct(counts, 0.04) == 5 * 30 + 5
