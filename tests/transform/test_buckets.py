"""Buckets of numeric features: boundaries, quantiles, and their upper bound."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from config.columns import bucket_name, id_columns
from config.features import Numeric
from transform import numeric

ROWS = 1000
EXTREMES = [-3.4e38, -1e-40, -0.0, 0.0, 1e-40, 3.4e38, math.inf, -math.inf, math.nan]


@pytest.fixture(scope="module")
def data() -> dict[str, tuple[Numeric, np.ndarray]]:
    """Features with their values; NaN is missing."""
    rng = np.random.default_rng(0)
    zeros = np.zeros(ROWS)
    zeros[:80] = np.arange(1, 81)
    at_random = rng.permutation(ROWS)
    few = Numeric(buckets=2)
    return {
        "uniform": (Numeric(buckets=10), np.arange(ROWS)[at_random]),
        "zeros": (Numeric(buckets=8), zeros[at_random]),
        "clicked": (Numeric(buckets=20), np.arange(ROWS) % 2),
        "constant": (few, np.full(ROWS, 7.0)),
        "never": (few, np.full(ROWS, np.nan)),
        "skewed": (Numeric(buckets=50), np.round(rng.lognormal(0, 3, ROWS), 1)),
        "signed": (Numeric(buckets=5), rng.integers(-3, 3, ROWS)),
        "fine": (Numeric(buckets=1500), rng.normal(size=ROWS)),
    }


@pytest.fixture(scope="module")
def analysis(
    analyze: Callable[..., Any], data: dict[str, tuple[Numeric, np.ndarray]]
) -> Any:
    rows = [
        {name: float(values[n]) for name, (_, values) in data.items()}
        for n in range(ROWS)
    ]
    return analyze({name: feature for name, (feature, _) in data.items()}, rows)


def test_value_equal_to_a_boundary_is_above_it():
    feature = Numeric(boundaries=[0.1, 3])
    numbers = tf.constant(
        [-5, 0.0999, 0.1, 2.9999, 3, 9, math.nan, math.inf, -math.inf]
    )
    columns = tf.cast(numbers, tf.float32)[tf.newaxis]
    buckets = numeric.bucketized(columns, {"age": feature})["age"]
    assert buckets.numpy().tolist() == [1, 1, 2, 2, 3, 3, 0, 0, 0]


def test_uniform_column_fills_the_buckets_evenly(analysis: Any, data: Any):
    buckets = Counter(analysis.column("uniform_bucket"))
    assert sorted(buckets) == list(range(1, 11))
    assert all(abs(count - 100) <= 5 for count in buckets.values())
    values = data["uniform"][1]
    by_value = np.array(analysis.column("uniform_bucket"))[np.argsort(values)]
    assert (np.diff(by_value) >= 0).all()


def test_dominant_zeros_have_a_bucket_of_their_own(analysis: Any, data: Any):
    values = data["zeros"][1]
    buckets = np.array(analysis.column("zeros_bucket"))
    (zero,) = set(buckets[values == 0])
    others = Counter(buckets[values > 0])
    assert zero not in others
    # 80 other values in 8 buckets.
    assert 7 <= len(others) <= 9
    assert max(others.values()) <= 15


def test_two_values_have_a_bucket_each(analysis: Any, data: Any):
    values = data["clicked"][1]
    buckets = np.array(analysis.column("clicked_bucket"))
    (low,), (high,) = set(buckets[values == 0]), set(buckets[values == 1])
    assert low < high


def test_constant_column_has_one_bucket(analysis: Any):
    assert len(set(analysis.column("constant_bucket"))) == 1


def test_column_without_values_is_missing(analysis: Any):
    assert set(analysis.column("never_bucket")) == {0}
    assert analysis.serve([{"never": 5.0}])["never_bucket"] != [0]


def test_ids_stay_below_the_size_of_the_column(analysis: Any, data: Any):
    features = {name: feature for name, (feature, _) in data.items()}
    served = analysis.serve([dict.fromkeys(data, value) for value in EXTREMES] + [{}])
    for column in id_columns(features, []):
        ids = analysis.column(column.name) + served[column.name]
        assert min(ids) >= 0
        assert max(ids) < column.size


def test_only_missing_numbers_have_id_0_while_serving(analysis: Any):
    served = analysis.serve([{"skewed": value} for value in EXTREMES] + [{}])
    missing = [bucket == 0 for bucket in served["skewed_bucket"]]
    assert missing == [False] * 6 + [True] * 4


float32s = st.floats(width=32, allow_nan=False, allow_infinity=False)
weighted = st.lists(
    st.tuples(float32s | st.integers(-2, 2), st.integers(1, 999)), max_size=30
)


@given(weighted=weighted, buckets=st.integers(2, 2000), others=st.lists(float32s))
def test_any_column_keeps_ids_below_its_size(
    weighted: list[tuple[float, int]], buckets: int, others: list[float]
):
    """With all that quantiles can be: 999 ascending numbers, or NaN for no value."""
    values, weights = zip(*weighted, strict=True) if weighted else ([np.nan], [1])
    repeated = np.sort(np.repeat(np.float32(values), weights))
    grid = repeated[np.arange(999) * len(repeated) // 999]
    feature = Numeric(buckets=buckets)
    numbers = np.float32([*values, *others, *EXTREMES])
    with mock.patch("tensorflow_transform.quantiles", return_value=tf.constant([grid])):
        columns = tf.constant(numbers)[tf.newaxis]
        ids = numeric.bucketized(columns, {"age": feature})["age"].numpy()
    (column,) = id_columns({"age": feature}, [])
    assert column.name == bucket_name("age")
    assert ((ids == 0) == ~np.isfinite(numbers)).all()
    assert ids.max() < column.size
    there = np.isfinite(numbers)
    assert (np.diff(ids[there][np.argsort(numbers[there])]) >= 0).all()
