"""Splits by time: the past trains, the latest evaluates."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.example_gen import times
from components.example_gen.splits import split_by_time
from components.example_gen.times import choose_start, histogram, merged, time_keys
from config.errors import InputError

DAY = dt.datetime(2024, 1, 31, 23, 59)


def keys(data: Any) -> list[int]:
    return time_keys("t", pa.chunked_array([pa.array(data)]))[1].tolist()


def trains(data: Any, share: float = 0.2) -> list[bool]:
    table = pa.table({"t": data})
    start = choose_start(histogram(*time_keys("t", table.column("t"))), share)
    return split_by_time(table, "t", start)["train"].tolist()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_keys_are_in_the_order_of_numbers(numbers: list[float]):
    in_order = sorted(numbers)
    assert keys(in_order) == sorted(keys(numbers))
    distinct = len({number + 0.0 for number in numbers})
    assert len(set(keys(numbers))) == distinct


@pytest.mark.parametrize(
    "data",
    [
        [14102100, 14102123, 14102200],  # YYMMDDHH, as in Avazu.
        [1.7e9, 1.7e9 + 0.5, 1.7e9 + 1],
        ["2024-01-31 23:59:00", "2024-01-31 23:59:00.5", "2024-02-01 00:00:00"],
        [
            "2024-01-31T23:59:00Z",
            "2024-02-01T00:30:00+00:00",
            "2024-02-01T00:30:00-01:00",
        ],
        [DAY, DAY + dt.timedelta(microseconds=1), DAY + dt.timedelta(1)],
        [DAY.date(), DAY.date() + dt.timedelta(1), DAY.date() + dt.timedelta(2)],
        [b"2024-01-31", b"2024-02-01", b"2024-12-01"],
    ],
    ids=str,
)
def test_latest_evaluates(data: list[Any]):
    earliest, middle, latest = data
    shuffled = [latest, earliest, middle, middle, earliest]
    assert trains(shuffled) == [False, True, True, True, True]


def test_rows_of_one_time_stay_together():
    # By hand: from 3 on .1 of the rows, from 2 on .4; .2 is closer to .1.
    data = [1] * 6 + [2] * 3 + [3]
    assert trains(data, 0.2) == [True] * 9 + [False]
    assert trains(data, 0.3) == [True] * 6 + [False] * 4
    assert trains([1] + [2] * 99, 0.01) == [True] + [False] * 99


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([1, None, 3], "1 of 3 rows"),
        ([1.0, float("nan")], "nan"),
        (["31/01/2024", "01/02/2024"], "'31/01/2024'; allowed"),
        (["2024-01-31", "soon"], "allowed"),
        ([dt.time(7), dt.time(8)], "time64"),
    ],
)
def test_a_column_without_times_is_an_error(data: list[Any], expected: str):
    with pytest.raises(InputError, match=expected):
        keys(data)


def test_one_time_or_times_in_two_forms_are_an_error():
    with pytest.raises(InputError, match="same time"):
        trains([7, 7])
    one, other = (
        histogram(*time_keys("t", pa.chunked_array([data])))
        for data in (["20240131"], ["2024-01-31"])
    )
    with pytest.raises(InputError, match=r"a number.* a time"):
        merged([one, other])


@given(
    parts=st.lists(st.lists(st.integers(0, 500), min_size=1), min_size=1),
    bins=st.integers(1, 20),
)
def test_bins_are_bounded_and_do_not_depend_on_the_order(
    parts: list[list[int]], bins: int
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(times, "MOST_BINS", bins)
        pieces = [histogram("number", np.array(part)) for part in parts]
        total, reverse = merged(pieces), merged(reversed(pieces))
    assert total is not None
    assert len(total.bins) <= bins
    assert total.counts.sum() == sum(map(len, parts))
    assert (total.shift, total.bins.tolist()) == (reverse.shift, reverse.bins.tolist())
    assert total.counts.tolist() == reverse.counts.tolist()
    whole = np.concatenate([np.array(part) for part in parts])
    assert set(whole >> total.shift) == set(total.bins.tolist())


def test_the_start_is_written_as_in_the_column():
    for data, text in (
        ([14102100, 14102123], "14102123"),
        (["2024-01-31", "2024-02-01 12:00:00"], "2024-02-01 12:00:00"),
    ):
        start = choose_start(
            histogram(*time_keys("t", pa.chunked_array([data]))), share=0.5
        )
        assert (start.text, start.share) == (text, 0.5)
