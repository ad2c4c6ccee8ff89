"""Columns of all types, as features; and the label."""

from __future__ import annotations

import decimal
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.example_gen.canonical import canonical_batch, label_values
from config.errors import InputError
from config.examples import Label
from config.features import NumberFormat, RawColumn
from config.values.lists import flat, lists

NUMBER = RawColumn(type="float")
PRICE = RawColumn(
    type="float",
    missing_values=("NA",),
    number_format=NumberFormat(thousands=","),
)
TEXT = RawColumn(type="string")
COUNTRY = RawColumn(type="string", missing_values=("NA",))
TEXTS = RawColumn(type="string", many=True)
SPLIT = RawColumn(type="string", many=True, delimiter="|")


@pytest.fixture
def convert(make_part: Callable[..., Any]) -> Callable[..., list[Any]]:
    """A column as the lists of values of its rows; None where a feature is absent."""

    def _convert(data: Any, column: RawColumn) -> list[Any]:
        part = make_part(columns={"x": column}, label=None)
        return canonical_batch(pa.table({"x": data}), part).to_pydict()["x"]

    return _convert


@pytest.mark.parametrize(
    ("data", "column", "expected"),
    [
        (pa.array([1, None, 0]), NUMBER, [[1.0], None, [0.0]]),
        (pa.array([True, False]), NUMBER, [[1.0], [0.0]]),
        (pa.array(["1.5", "-2"]), NUMBER, [[1.5], [-2.0]]),
        (pa.array(["True", "false", "2"]), NUMBER, [[1.0], [0.0], [2.0]]),
        (pa.array([b"1.5", None]), NUMBER, [[1.5], None]),
        (pa.array([decimal.Decimal("2.50")]), NUMBER, [[2.5]]),
        (pa.array([3.0, 3.0]).dictionary_encode(), NUMBER, [[3.0], [3.0]]),
        (pa.array([[1.0], [], None, [None]]), NUMBER, [[1.0], None, None, None]),
        # Infinite as float32.
        (pa.array([1e300]), NUMBER, [None]),
        (pa.nulls(2), NUMBER, [None, None]),
        (pa.array(["a", "", None]), TEXT, [[b"a"], None, None]),
        (pa.array([7, None, 0]), TEXT, [[b"7"], None, [b"0"]]),
        (pa.array([True, False]), TEXT, [[b"true"], [b"false"]]),
        (pa.array([1.0, 2.5]), TEXT, [[b"1"], [b"2.5"]]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), TEXT, [[b"a"], [b"b"], [b"a"]]),
        (pa.array(["a"], pa.large_string()), TEXT, [[b"a"]]),
        (pa.array([b"\xff", b""]), TEXT, [[b"\xff"], None]),
        (pa.array([["a"], [], [""], None]), TEXT, [[b"a"], None, None, None]),
        (pa.nulls(2), TEXT, [None, None]),
        (
            pa.array([["a", "b"], ["", "c"], [None, "d"], [], None]),
            TEXTS,
            [[b"a", b"b"], [b"c"], [b"d"], None, None],
        ),
        (pa.array([[1, 2], [3]]), TEXTS, [[b"1", b"2"], [b"3"]]),
        (pa.array([["a"]], pa.large_list(pa.string())), TEXTS, [[b"a"]]),
        (pa.array(["a|b", "c"]), TEXTS, [[b"a|b"], [b"c"]]),
        (
            pa.array(["a|b", "a||b", "|", "", None, "a"]),
            SPLIT,
            [[b"a", b"b"], [b"a", b"b"], None, None, None, [b"a"]],
        ),
        (pa.array([["a|b", "c"], [None]]), SPLIT, [[b"a", b"b", b"c"], None]),
        (
            pa.array(["1,909", "712", "NA", None]),
            PRICE,
            [[1909.0], [712.0], None, None],
        ),
        (pa.array([b"1,909.5"]), PRICE, [[1909.5]]),
        (pa.array(["1,909"]).dictionary_encode(), PRICE, [[1909.0]]),
        (pa.array([1909.0]), PRICE, [[1909.0]]),
        (pa.array(["NA", "a", "NAN"]), COUNTRY, [None, [b"a"], [b"NAN"]]),
    ],
    ids=str,
)
def test_column_becomes_a_feature(
    convert: Callable[..., list[Any]], data: pa.Array, column: RawColumn, expected: Any
):
    assert convert(data, column) == expected


def test_numbers_that_are_not_finite_are_missing(convert: Callable[..., list[Any]]):
    data = pa.array([math.nan, math.inf, -math.inf, 1.0])
    assert convert(data, NUMBER) == [None, None, None, [1.0]]


def test_minus_zero_is_zero(convert: Callable[..., list[Any]]):
    assert repr(convert(pa.array([-0.0]), NUMBER)) == "[[0.0]]"


def test_delimiter_is_no_pattern(convert: Callable[..., list[Any]]):
    column = RawColumn(type="string", many=True, delimiter=".*")
    assert convert(pa.array(["a.*b", "cd"]), column) == [[b"a", b"b"], [b"cd"]]


def test_values_behind_a_null_are_not_there(convert: Callable[..., list[Any]]):
    """As in a table that was filtered without being copied."""
    offsets = pa.py_buffer(np.array([0, 1, 3, 4], np.int32).tobytes())
    only_first_and_last = pa.py_buffer(bytes([0b101]))
    data = pa.ListArray.from_buffers(
        pa.list_(pa.string()),
        3,
        [only_first_and_last, offsets],
        children=[pa.array(["a", "hidden", "hidden", "b"])],
    )
    assert convert(data, TEXTS) == [[b"a"], None, [b"b"]]


@pytest.mark.parametrize(
    ("data", "column", "received"),
    [
        (pa.array(["1", "old"]), NUMBER, "'old'"),
        (pa.array([{"a": 1}]), TEXT, "struct"),
        (pa.array([[["a"]]]), TEXTS, "list"),
        (pa.array([[1.0, 2.0]]), NUMBER, "several"),
        (pa.array([["a"], ["b", "c"]]), TEXT, "several"),
    ],
)
def test_an_error_names_the_column_and_the_value(
    convert: Callable[..., list[Any]], data: pa.Array, column: RawColumn, received: str
):
    with pytest.raises(InputError, match=f"^column 'x': .*{received}"):
        convert(data, column)


@pytest.mark.parametrize(
    "clicks",
    [
        pa.array([0, 1, 1], pa.uint8()),
        pa.array([0.0, 1.0, 1.0]),
        pa.array([False, True, True]),
        pa.array(["0", "1", "1.0"]),
        pa.array(["False", "TRUE", "true"]),
        pa.array([b"false", b"1", b"True"]),
        pa.array(["False", "True", "True"]).dictionary_encode(),
        pa.array([0, 1, 1]).dictionary_encode(),
        pa.array([[0], [1], [1]]),
    ],
    ids=lambda clicks: str(clicks.type),
)
def test_label_of_any_type(clicks: pa.Array):
    labels = label_values(pa.table({"click": clicks}), Label(column="click"))
    assert labels.type == pa.int64()
    assert labels.to_pylist() == [0, 1, 1]


def test_label_by_a_threshold():
    table = pa.table({"tips": [0.0, 0.01, -1.0, 5.0]})
    label = Label(column="tips", greater_than=0)
    assert label_values(table, label).to_pylist() == [0, 1, 0, 1]


def test_label_by_a_threshold_times_a_column():
    table = pa.table({"tips": [2.0, 2.01, 0.0], "fare": [10.0, 10.0, 0.0]})
    label = Label(column="tips", greater_than=0.2, times="fare")
    assert label_values(table, label).to_pylist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("wrong", "received"),
    [(None, "no value"), (math.nan, "no value"), (math.inf, "inf"), (2.0, "2")],
)
def test_wrong_labels_are_counted_and_the_first_is_named(wrong: Any, received: str):
    table = pa.table({"click": pa.array([1.0, wrong, 0.5], pa.float64())})
    with pytest.raises(InputError, match=rf"'click': 2 of 3 rows .* {received}; "):
        label_values(table, Label(column="click"))


@pytest.mark.parametrize(
    ("tips", "fare"),
    [(None, 1.0), (math.nan, 1.0), (math.inf, 1.0), (1.0, None), (1.0, -math.inf)],
)
def test_label_cannot_be_derived_from_missing_or_infinite(tips: Any, fare: Any):
    table = pa.table(
        {
            "tips": pa.array([1.0, tips], pa.float64()),
            "fare": pa.array([1.0, fare], pa.float64()),
        }
    )
    with pytest.raises(InputError, match="1 of 2 rows"):
        label_values(table, Label(column="tips", greater_than=0.2, times="fare"))


def test_a_label_with_several_values_is_an_error():
    with pytest.raises(InputError, match="column 'click': "):
        label_values(pa.table({"click": [[0, 1]]}), Label(column="click"))


def test_derived_label_has_a_name_of_its_own(make_part: Callable[..., Any]):
    part = make_part(columns={}, label=Label(column="tips", greater_than=1))
    batch = canonical_batch(pa.table({"tips": [1.0, 2.0]}), part)
    assert batch.to_pydict() == {"label": [[0], [1]]}


rows_of_values = st.lists(st.none() | st.lists(st.none() | st.integers(0, 9)))


@given(
    rows=rows_of_values,
    cuts=st.lists(st.integers(0, 10), max_size=3),
    drop=st.integers(0, 3),
)
def test_lists_take_back_what_flat_makes(rows: list[Any], cuts: list[int], drop: int):
    """However the column is chunked and sliced."""
    ends = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    whole = pa.array(rows, pa.list_(pa.int64()))
    chunks = [whole.slice(a, b - a) for a, b in itertools.pairwise(ends)]
    data = pa.chunked_array(chunks, whole.type).slice(drop)
    flat_rows, values = flat(data)
    back = lists(flat_rows, values, len(data)).to_pylist()
    expected = [
        [one for one in row or [] if one is not None] or None for row in rows[drop:]
    ]
    assert back == expected
