"""preprocessing_fn as a whole: its columns, curated schemas, serving."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from config.columns import id_columns, numeric_columns
from config.errors import InputError, find_user_error
from config.features import Categorical, Cross, Hashed, Numeric
from config.parts import TransformPart
from transform.preprocessing import preprocessing_fn

FEATURES = {
    "city": Categorical(oov_buckets=2),
    "tags": Categorical(multivalued=True),
    "user": Hashed(buckets=4),
    "age": Numeric(boundaries=[30, 50], missing_indicator=True),
    "price": Numeric(normalize="none", fill=-1),
}
CROSSES = [Cross(features=("city", "age"), buckets=9)]
ROWS = [
    {"city": "a", "tags": ["x", "y"], "user": "u", "age": 30.0, "price": 0.0},
    {"city": "b", "tags": ["y", "z"], "user": "", "age": 0.0, "price": 7.0},
    {"city": "", "tags": ["x", ""], "user": "w", "age": 50.0, "price": 2.0},
    {"city": "a", "tags": ["", ""], "user": "u", "price": 2.0},
]
DENSE = {
    "city": tf.io.FixedLenFeature([], tf.string, default_value=""),
    "tags": tf.io.FixedLenFeature([2], tf.string),
    "user": tf.io.FixedLenFeature([1], tf.string),
    "age": tf.io.FixedLenFeature([1], tf.float32, default_value=[math.nan]),
    "price": tf.io.FixedLenFeature([], tf.float32),
}


@pytest.fixture(scope="module")
def analysis(analyze: Callable[..., Any]) -> Any:
    return analyze(FEATURES, ROWS, CROSSES)


def test_columns_are_those_that_the_configuration_lists(analysis: Any):
    listed = [*id_columns(FEATURES, CROSSES), *numeric_columns(FEATURES)]
    assert set(analysis.columns) == {column.name for column in listed} | {"click"}


def test_label_is_passed_on_as_a_number(analysis: Any):
    assert analysis.column("click") == [0.0, 1.0, 2.0, 3.0]


def test_dense_features_of_a_curated_schema_give_the_same(
    analysis: Any, analyze: Callable[..., Any]
):
    dense = analyze(FEATURES, ROWS, CROSSES, spec=DENSE)
    assert dense.columns == analysis.columns
    assert dense.serve(ROWS) == analysis.serve(ROWS)


def test_serving_needs_no_label_and_repeats_training(analysis: Any):
    served = analysis.serve(ROWS)
    assert "click" not in served
    for name, column in served.items():
        assert column == analysis.column(name)


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"city": "Paris", "tags": ["new", "x"], "user": "stranger", "age": -1e30},
        {"age": math.nan, "price": math.inf, "tags": [""]},
    ],
)
def test_unseen_and_missing_values_keep_ids_in_range(analysis: Any, row: dict):
    served = analysis.serve([row])
    for column in id_columns(FEATURES, CROSSES):
        names = column.vocabulary and analysis.vocabulary(column.vocabulary)
        (ids,) = served[column.name]
        for one in ids if column.multivalued else [ids]:
            assert 0 <= one < column.size + len(names or ())
    for column in numeric_columns(FEATURES):
        assert math.isfinite(served[column.name][0])


def test_feature_that_the_schema_lacks_is_named():
    part = TransformPart(features={"age": Numeric()}, crosses=(), label="click")
    with pytest.raises(InputError, match=r"features\.age: the schema has no such"):
        preprocessing_fn({}, {"part": part.model_dump_json()})


def test_number_without_any_value_is_told(analyze: Callable[..., Any]):
    """SchemaGen has seen no value and takes it for text."""
    as_text = {"age": tf.io.VarLenFeature(tf.string)}
    with pytest.raises(Exception) as caught:  # noqa: PT011 (the type is TFT's)
        analyze({"age": Numeric()}, [{}, {}], spec=as_text)
    error = find_user_error(caught.value)
    assert isinstance(error, InputError)
    assert str(error).startswith("features.age: the schema says that this number is ")
