"""Kinds of values that all files of a column have to agree on."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from components.example_gen.checks import check_one_kind, first_files, kinds_of
from config.errors import InputError
from config.examples import HashSplit
from config.features import RawColumn

DAY = datetime.datetime(2024, 1, 2)
TEXT = RawColumn(type="string", many=True)


def agree(*columns: pa.Array, make_part: Callable[..., Any]) -> bool:
    """Whether a column may be of these types in different files."""
    part = make_part(columns={"x": TEXT}, label=None)
    kinds = [kinds_of(pa.table({"x": column}), part) for column in columns]
    found = [{each["x"]: f"{n}.parquet"} for n, each in enumerate(kinds) if each]
    try:
        check_one_kind(("x", first_files(found)))
    except InputError:
        return False
    return True


def types_of(columns: list[pa.Array]) -> str:
    """The name of a case."""
    return " beside ".join(str(column.type) for column in columns)


@pytest.mark.parametrize(
    "columns",
    [
        [pa.array([1, None]), pa.array([1.0]), pa.array([Decimal("1.0")])],
        [pa.array([True]), pa.array(["true"]), pa.array([b"x"]).dictionary_encode()],
        # pandas writes a column without values as doubles.
        [pa.array([True]), pa.array([math.nan, None]), pa.nulls(3), pa.array([[]])],
        [pa.array([[1], None]), pa.array([1]).dictionary_encode()],
        [pa.array([DAY], pa.timestamp("s")), pa.array([DAY], pa.timestamp("ns"))],
    ],
    ids=types_of,
)
def test_types_with_one_text_for_a_value_agree(
    columns: list[pa.Array], make_part: Callable[..., Any]
):
    assert agree(*columns, make_part=make_part)


@pytest.mark.parametrize(
    "columns",
    [
        [pa.array([True]), pa.array([1])],
        [pa.array([[False]]), pa.array([0.0]).dictionary_encode()],
        [pa.array([Decimal(1)]), pa.array(["a"]), pa.array([True])],
        [pa.array([DAY], pa.timestamp("s")), pa.array([DAY.date()])],
        [pa.array([DAY], pa.timestamp("s")), pa.array([DAY], pa.timestamp("s", "UTC"))],
    ],
    ids=types_of,
)
def test_types_with_several_texts_for_a_value_do_not(
    columns: list[pa.Array], make_part: Callable[..., Any]
):
    assert not agree(*columns, make_part=make_part)


def test_columns_that_are_compared_as_text_have_a_kind(make_part: Callable[..., Any]):
    table = pa.table({"age": [1], "city": [1], "user": [True], "click": [True]})
    split = HashSplit(pattern="*", column="user")
    assert kinds_of(table, make_part(hash_split=split)) == {
        "city": "numbers",
        "user": "booleans",
    }
    assert kinds_of(table, make_part()) == {"city": "numbers"}
