"""Splits by a hash of a column or a row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.example_gen.canonical import canonical_batch
from components.example_gen.readers import read_tables
from components.example_gen.splits import _row_keys, split_rows
from config.errors import InputError
from config.examples import HashSplit
from config.features import RawColumn

SPLIT = HashSplit(pattern="*", column="user", train=4, eval=1)
BY_ROW = HashSplit(pattern="*", train=1, eval=1)
# Where a column is hashed, the examples are not looked at.
NO_BATCH = pa.RecordBatch.from_pydict({})


def trains(users: Any, split: HashSplit = SPLIT) -> list[bool]:
    table = pa.table({"user": users})
    return split_rows(table, NO_BATCH, split)["train"].tolist()


@given(
    users=st.lists(st.none() | st.text()),
    train=st.integers(1, 9),
    evals=st.integers(1, 9),
)
def test_each_row_falls_into_one_split_by_its_value(
    users: list[str | None], train: int, evals: int
):
    split = HashSplit(pattern="*", column="user", train=train, eval=evals)
    table = pa.table({"user": pa.array(users, pa.string())})
    masks = split_rows(table, NO_BATCH, split)
    assert set(masks) == {"train", "eval"}
    assert (masks["train"] ^ masks["eval"]).all()
    by_value = dict(zip(users, masks["train"], strict=True))
    assert [by_value[user] for user in users] == masks["train"].tolist()
    alone = {user: trains(pa.array([user], pa.string()), split)[0] for user in users}
    assert alone == by_value


def test_split_is_that_of_sha256():
    users = [f"user {n}" for n in range(200)]
    digests = [hashlib.sha256(user.encode()).hexdigest() for user in users]
    assert trains(users) == [int(digest, 16) % 5 < 4 for digest in digests]


def test_shares_are_about_those_asked_for():
    assert np.mean(trains(list(range(10_000)))) == pytest.approx(0.8, abs=0.02)


@given(ids=st.lists(st.integers(-(10**9), 10**9), min_size=1))
def test_type_of_the_column_does_not_matter(ids: list[int]):
    texts = [str(one) for one in ids]
    expected = trains(texts)
    assert trains(ids) == expected
    assert trains([text.encode() for text in texts]) == expected
    assert trains(pa.array(ids).dictionary_encode()) == expected
    assert trains([[one] for one in ids]) == expected


@pytest.mark.parametrize("name", ["u.csv", "u.parquet", "u.tfrecord.gz"])
@pytest.mark.parametrize("users", [list(range(99)), [f"user {n}" for n in range(99)]])
def test_format_of_the_file_does_not_matter(
    write: Callable[[str, pa.Table], Path],
    make_part: Callable[..., Any],
    name: str,
    users: list[Any],
):
    path = write(name, pa.table({"user": users, "click": [0] * 99}))
    part = make_part(name, columns={}, hash_split=SPLIT)
    (table,) = read_tables(str(path), part)
    masks = split_rows(table, NO_BATCH, SPLIT)
    assert masks["train"].tolist() == trains(users)


ROWS = pa.table(
    {
        "age": [float(n % 7) if n % 5 else None for n in range(200)],
        "city": [f"city {n}" if n % 3 else None for n in range(200)],
        "click": [n % 2 for n in range(200)],
    }
)


def trains_by_row(table: pa.Table, part: Any) -> list[bool]:
    batch = canonical_batch(table, part)
    return split_rows(table, batch, BY_ROW)["train"].tolist()


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.tfrecord.gz"])
def test_row_is_split_alike_in_every_format(
    write: Callable[[str, pa.Table], Path], make_part: Callable[..., Any], name: str
):
    (table,) = read_tables(str(write(name, ROWS)), make_part(name))
    assert trains_by_row(table, make_part(name)) == trains_by_row(ROWS, make_part())


def test_equal_rows_are_dealt_out(make_part: Callable[..., Any]):
    """Together, the clicked ones of a combination would miss from a split."""
    equal = pa.concat_tables([ROWS.slice(0, 1)] * 400)
    assert np.mean(trains_by_row(equal, make_part())) == pytest.approx(0.5, abs=0.1)


def test_row_is_split_alike_in_blocks_of_every_size(make_part: Callable[..., Any]):
    batch = canonical_batch(ROWS, make_part())
    in_blocks = [
        split_rows(ROWS, batch.slice(first, 30), BY_ROW, first)["train"]
        for first in range(0, ROWS.num_rows, 30)
    ]
    in_one = trains_by_row(ROWS, make_part())
    assert np.concatenate(in_blocks).tolist() == in_one


def test_order_of_the_columns_does_not_matter(make_part: Callable[..., Any]):
    part = make_part()
    reverse = dict(reversed(part.columns.items()))
    reordered = ROWS.select(["click", "city", "age"])
    assert trains_by_row(reordered, make_part(columns=reverse)) == trains_by_row(
        ROWS, part
    )


@given(
    rows=st.lists(
        st.tuples(st.lists(st.text(max_size=3), max_size=3), st.text(max_size=3)),
        unique_by=lambda row: (tuple(filter(None, row[0])), row[1]),
    )
)
def test_other_rows_have_other_keys(make_part: Callable[..., Any], rows: list[Any]):
    """No value can pass for the end of one and the start of the next."""
    columns = {
        "tags": RawColumn(type="string", many=True),
        "city": RawColumn(type="string"),
    }
    table = pa.table(
        {
            "tags": pa.array([row[0] for row in rows], pa.list_(pa.string())),
            "city": pa.array([row[1] for row in rows], pa.string()),
        }
    )
    batch = canonical_batch(table, make_part(columns=columns, label=None))
    keys = [_row_keys(batch.slice(row, 1), 0)[0].as_py() for row in range(len(rows))]
    assert len(set(keys)) == len(rows)


def test_value_that_is_not_utf8_has_a_split():
    assert trains([b"\xff", b"\xff"]) in ([True, True], [False, False])


@pytest.mark.parametrize("users", [[["a", "b"]], [{"id": 1}]])
def test_lists_and_structs_have_no_split(users: list[Any]):
    with pytest.raises(InputError, match="'user'"):
        trains(users)
