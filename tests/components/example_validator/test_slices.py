"""Slices that the configuration names, against statistics of small columns."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_data_validation.statistics import stats_impl

from components.example_validator.slices import check_slices
from components.shared.statistics import Statistics
from config.errors import ConfigError
from config.parts import ExampleValidatorPart
from config.values.canonical_text import number_text

TEXT, NUMBER = pa.list_(pa.binary()), pa.list_(pa.float32())


def statistics(kind: pa.DataType, rows: list[list[Any]]) -> Statistics:
    """Statistics of a column `x`, as StatisticsGen computes them."""
    batch = pa.RecordBatch.from_pydict({"x": pa.array(rows, kind)})
    return stats_impl.generate_statistics_in_memory(batch)


def check(value: str, *splits: Statistics) -> None:
    part = ExampleValidatorPart(
        anomalies=None,
        drift={},
        skew=None,
        slices={"evaluation.slices[0]": ("x",)},
        gated={"gates[1].slice": {"x": value}},
    )
    check_slices(part, splits)


def failure(value: str, *splits: Statistics) -> str:
    with pytest.raises(ConfigError) as caught:
        check(value, *splits)
    line = str(caught.value)
    assert line.startswith(f"gates[1].slice.x: got {value!r}")
    return line


def texts(*values: str) -> Statistics:
    return statistics(TEXT, [[value.encode()] for value in values])


def numbers(*values: float) -> Statistics:
    return statistics(NUMBER, [[value] for value in values])


COUNTRIES = texts("DE", "FR", "DE"), texts("NO", "DE")


@pytest.mark.parametrize("value", ["DE", "FR", "NO"])
def test_value_of_any_split_passes(value: str):
    check(value, *COUNTRIES)


def test_value_of_no_split_is_told_with_those_there_are():
    line = failure("XX", *COUNTRIES)
    assert line.index("'DE'") < line.index("'FR'") < line.index("'NO'")


@pytest.mark.parametrize("typed", ["no", "NOO"])
def test_value_of_no_split_is_told_with_the_closest(typed: str):
    line = failure(typed, *COUNTRIES)
    assert "'NO'" in line
    assert "'FR'" not in line


def test_values_inside_lists_are_values():
    lists = statistics(TEXT, [[b"x", b"y"], [], [b"y", b"z"]])
    check("z", lists)
    assert "'z'" in failure("w", lists)


@pytest.mark.parametrize(("count", "listed"), [(1000, True), (1001, False)])
def test_a_list_that_is_cut_off_tells_nothing(count: int, listed: bool):
    many = texts(*map(str, range(count)))
    if listed:
        failure("none", texts("a"), many)
    else:
        check("none", texts("a"), many)


def test_a_list_without_its_long_text_tells_nothing():
    long = "long " * 300
    check(long, texts("a", "b", long))


@pytest.mark.parametrize("value", ["18", "0.1", "5", "67.5"])
def test_number_in_the_range_of_all_splits_passes(value: str):
    check(value, numbers(0.1, 5.0), numbers(18.0, 67.5))


@pytest.mark.parametrize("value", ["0.05", "68", "-18", "1e+30"])
def test_number_out_of_range_is_told_with_the_range(value: str):
    line = failure(value, numbers(0.1, 5.0), numbers(18.0, 67.5))
    assert "0.1 to 67.5" in line


def test_label_that_no_example_has_is_told():
    labels = statistics(pa.list_(pa.int64()), [[0], [0]])
    check("0", labels)
    assert "0 to 0" in failure("1", labels)


def test_column_with_values_in_one_split_passes():
    check("DE", statistics(TEXT, [[], None]), texts("DE"))
    check("5", statistics(NUMBER, [[], None]), numbers(5.0))


@pytest.mark.parametrize("kind", [TEXT, NUMBER, pa.null()])
def test_column_without_a_value_is_told(kind: pa.DataType):
    empty = statistics(kind, [None, None])
    with pytest.raises(ConfigError, match=r"^evaluation\.slices\[0\]: got 'x'"):
        check("5", empty, empty)


def test_column_that_statistics_lack_is_told():
    with pytest.raises(ConfigError, match=r"^evaluation\.slices\[0\]: got 'x'"):
        check("5", Statistics(datasets=[{"name": "none"}]))


@given(
    values=st.lists(
        st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1
    )
)
@settings(deadline=None, max_examples=30)
def test_number_of_an_example_passes(values: list[float]):
    column = numbers(*values)
    for value in values:
        check(number_text(value), column)


@given(values=st.lists(st.text(min_size=1), min_size=1, max_size=5))
@settings(deadline=None, max_examples=30)
def test_text_of_an_example_passes_and_another_does_not(values: list[str]):
    column = texts(*values)
    for value in values:
        check(value, column)
    failure("".join(values) + "x", column)
