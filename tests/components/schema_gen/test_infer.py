"""The schema of small training tables, and others compared with it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2

from components.example_validator.descriptions import by_name, describe, in_words
from components.example_validator.severities import apply_severities
from components.schema_gen.infer import infer_schema
from config.evaluation import Severities

from ..artifacts import statistics_of

ROWS = 200
TRAIN = pd.DataFrame(
    {
        "city": ["a", "b"] * 100,
        "code": ["1", "2"] * 100,
        "shown": ["true", "false"] * 100,
        "user": [f"u{row}" for row in range(ROWS)],
        "account": [str(row) for row in range(ROWS)],
        "price": np.arange(ROWS, dtype=np.float32) / 10,
        "seen.at": ["x"] * ROWS,
        "age": np.float32(20.0),
        "empty": pd.Series([None] * ROWS, dtype=object),
        "none": pd.Series([None] * ROWS, dtype=object),
        "label": [0, 1] * 100,
    }
)
# A quarter of the cities are new, half of the codes; one price is too low, a tenth of
# them too high.
EVAL = TRAIN.assign(
    city=["a", "b", "b", "Rome"] * 50,
    code=["1", "7"] * 100,
    shown=["true", "maybe"] * 100,
    user=[f"v{row}" for row in range(ROWS)],
    account=[str(-row) for row in range(ROWS)],
    price=np.array([-1.5, *[10.0] * 179, *[40.0] * 20], np.float32),
    age=np.array([20.0, np.nan] * 100, np.float32),
    empty=["y"] * ROWS,
    none=["y"] * ROWS,
).drop(columns="seen.at")


KINDS = {
    "new_values": {"city", "code", "shown", "empty"},
    "out_of_range": {"price"},
    "missing_values": {"age", "seen.at"},
    "new_types": {"none"},
}


@pytest.fixture(scope="module")
def train():
    return statistics_of(TRAIN.drop(columns="none"))


@pytest.fixture(scope="module")
def schema(train):
    return infer_schema(train)


@pytest.fixture(scope="module")
def unlike():
    return statistics_of(EVAL)


def validated(seen, schema):
    """What TFDV finds, described."""
    anomalies = tfdv.validate_statistics(seen, schema)
    describe(anomalies, seen, schema)
    return anomalies


@pytest.fixture
def found(unlike, schema):
    return validated(unlike, schema)


def words(found):
    return {name: in_words(info) for name, info in by_name(found).items()}


def numbers(text):
    """The numbers in a text."""
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


def test_few_values_are_all_there_are_and_numbers_have_a_range(schema):
    features = {feature.name: feature for feature in schema.feature}
    values = {
        name: list(feature.string_domain.value) for name, feature in features.items()
    }
    assert values["city"] == ["a", "b"]
    assert values["code"] == ["1", "2"]
    assert values["shown"] == ["false", "true"]
    assert not values["user"]
    assert not values["account"]
    price = features["price"].float_domain
    assert (price.min, price.max) == (0.0, np.float32(19.9))


def test_the_training_split_fits_its_own_schema(train, schema):
    assert not tfdv.validate_statistics(train, schema).anomaly_info


def test_all_that_is_new_is_told_with_its_share(found):
    told = words(found)
    assert set(told) == set().union(*KINDS.values())
    assert told["city"].startswith("25% ")
    assert "'Rome' (25%)" in told["city"]
    assert "'7' (50%)" in told["code"]
    assert "'maybe' (50%)" in told["shown"]
    assert told["empty"].startswith("100% ")
    low, high = sorted(told["price"].split("; "), key=lambda each: "above" in each)
    # One of 200: no more than two of the ten ranges, as these are cut.
    assert 0.5 <= numbers(low)[0] <= 20
    assert numbers(low)[1:] == [0.0, -1.5]
    least, most = numbers(high)[:2]
    assert least <= 10 <= most <= least + 20
    assert numbers(high)[2:] == [19.9, 40.0]


@pytest.mark.parametrize("kind", KINDS)
def test_each_severity_decides_on_its_kind(found, kind):
    others = dict.fromkeys(KINDS, "warning")
    apply_severities(found, Severities(**{**others, kind: "error"}))
    errors = {
        name
        for name, info in by_name(found).items()
        if info.severity == anomalies_pb2.AnomalyInfo.ERROR
    }
    assert errors == KINDS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_ignored_is_not_told(found, kind):
    before = set(by_name(found))
    apply_severities(found, Severities(**{kind: "ignore"}))
    assert set(by_name(found)) == before - KINDS[kind]


def test_another_type_is_an_error_by_default(schema):
    found = tfdv.validate_statistics(statistics_of(EVAL.assign(city=1.5)), schema)
    apply_severities(found, Severities())
    assert by_name(found)["city"].severity == anomalies_pb2.AnomalyInfo.ERROR


def test_numbers_where_training_has_no_value_are_a_new_type(schema):
    now = statistics_of(TRAIN.assign(empty=np.float32(1.0)).drop(columns="none"))
    found = validated(now, schema)
    apply_severities(found, Severities())
    (info,) = by_name(found).values()
    assert info.severity == anomalies_pb2.AnomalyInfo.ERROR
    assert "training" in in_words(info)


def test_of_many_new_values_the_most_frequent_are_named(schema):
    many = TRAIN.assign(city=["Rome"] * 100 + [f"city {row}" for row in range(100)])
    now = statistics_of(many)
    found = validated(now, schema)
    told = words(found)["city"]
    assert told.startswith("100% ")
    assert told.index("'Rome' (50%)") < told.index("'city ")
    assert told.count("'city ") == 4


def test_a_feature_with_two_anomalies_keeps_the_one_that_is_not_ignored(schema):
    ages = np.array([30.0, np.nan] * 100, np.float32)
    now = statistics_of(TRAIN.assign(age=ages))
    found = validated(now, schema)
    apply_severities(found, Severities(missing_values="ignore"))
    (info,) = (each for name, each in by_name(found).items() if name == "age")
    assert info.severity == anomalies_pb2.AnomalyInfo.WARNING
    assert [reason.type for reason in info.reason] == [
        anomalies_pb2.AnomalyInfo.FLOAT_TYPE_BIG_FLOAT
    ]
