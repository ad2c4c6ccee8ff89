"""Slices of gates that were not measured, looked up in batches of examples."""

from __future__ import annotations

import pyarrow as pa
import pytest

from components.evaluator.absent_slices import absent_slices, check_found, found_in
from components.evaluator.slices import slice_key
from config.errors import ConfigError
from config.evaluation import Gate

BATCH = pa.RecordBatch.from_pydict(
    {
        "city": pa.array([[b"Rome"], [b"Oslo"], None], pa.list_(pa.binary())),
        "tags": pa.array([[b"x", b"y"], [], [b"z"]], pa.large_list(pa.large_binary())),
        "price": pa.array([[0.1], [30.0], [1e10]], pa.list_(pa.float32())),
        "click": pa.array([[0], [1], [1]], pa.list_(pa.int64())),
        "zip": pa.array([None, None, None], pa.list_(pa.binary())),
    }
)


@pytest.mark.parametrize(
    "values",
    [
        {"city": "Rome"},
        {"tags": "y"},
        {"tags": "z"},
        {"price": "0.1"},
        {"price": "10000000000"},
        {"click": "1"},
        {"city": "Oslo", "price": "30", "click": "1"},
        {"tags": "x", "city": "Rome"},
    ],
)
def test_slice_with_an_example_is_found(values: dict[str, str]):
    key = slice_key(values.items())
    assert list(found_in(BATCH, [slice_key([("city", "Paris")]), key])) == [key]


@pytest.mark.parametrize(
    "values",
    [
        {"city": "rome"},
        {"tags": "x, y"},
        {"price": "0.2"},
        {"zip": "01234"},
        # Each has an example; no example has both.
        {"city": "Rome", "price": "30"},
        {"tags": "z", "city": "Oslo"},
        # Not in the schema.
        {"country": "NO"},
    ],
)
def test_slice_without_an_example_is_not_found(values: dict[str, str]):
    assert list(found_in(BATCH, [slice_key(values.items())])) == []


def test_slices_that_were_not_measured_are_named_by_their_gates():
    gates = [
        Gate(metric="auc", min=0.5),
        Gate(metric="auc", min=0.5, slice={"city": "Rome"}),
        Gate(metric="auc", min=0.5, slice={"city": "Oslo"}),
        Gate(metric="auc", min=0.5, every=("city",)),
    ]
    oslo = slice_key([("city", "Oslo")])
    assert absent_slices(gates, {"city=Rome": {"examples": 5}}) == {
        "gates[2].slice": oslo
    }


def test_slice_of_no_split_is_told_with_the_closest_of_the_same_columns():
    metrics = {
        "overall": {"examples": 99.0},
        "user=u1": {"examples": 9.0},
        "city=Oslo": {"examples": 10.0},
        "city=Rome": {"examples": 20.0},
    }
    nowhere = {"gates[3].slice": slice_key([("city", "XX")])}
    with pytest.raises(ConfigError) as caught:
        check_found(nowhere, set(), metrics)
    line = str(caught.value)
    assert line.startswith("gates[3].slice: got 'city=XX'")
    assert line.index("'city=Rome'") < line.index("'city=Oslo'")
    assert "u1" not in line

    check_found(nowhere, set(nowhere.values()), metrics)
