"""Statistics, anomalies and distances of small tables."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv

from components.evaluation_report.collect.data import collect_data
from components.example_validator.anomalies import Examined
from config.evaluation import Skew
from config.parts import ExampleValidatorPart

from ..artifacts import schema, statistics, statistics_of

TRAIN = pd.DataFrame(
    {"city": ["a"] * 60 + ["b"] * 40, "age": [20.0] * 50 + [None] * 10 + [60.0] * 40}
)
EVAL = pd.DataFrame({"city": ["a", "b", "c", "b"] * 5, "age": [20.0] * 20})
BEFORE = pd.DataFrame({"city": ["a"] * 20 + ["b"] * 80, "age": [20.0, 60.0] * 50})
# TFDV makes histograms from approximate quantiles.
QUANTILES = 0.01
NOTHING = {"anomalies": None, "drift": {}, "skew": None, "slices": {}, "gated": {}}


@pytest.fixture
def collect(tmp_path):
    """What is told of tables, whose schema is that of the training split."""

    def _collect(previous=None, serving=None, train=TRAIN, **part):
        inferred = tfdv.infer_schema(statistics_of(train), infer_feature_shape=False)
        now = {"train": train, "eval": EVAL}
        artifacts = {
            "statistics": [statistics(tmp_path / "now", now)],
            "schema": [schema(tmp_path / "schema", inferred)],
        }
        if previous is not None:
            found = statistics(tmp_path / "then", {"train": previous})
            artifacts["previous_statistics"] = [found]
        if serving is not None:
            found = statistics(tmp_path / "live", {"serving": serving})
            artifacts["serving_statistics"] = [found]
        thresholds = ExampleValidatorPart(**{**NOTHING, **part})
        return collect_data(Examined(artifacts), thresholds)

    return _collect


def divergence(one, other):
    """Jensen-Shannon divergence in bits, directly."""
    one, other = np.array(one), np.array(other)
    middle = (one + other) / 2

    def entropy(shares):
        return -sum(share * math.log2(share) for share in shares if share)

    return entropy(middle) - (entropy(one) + entropy(other)) / 2


def test_features_are_described(collect):
    data = collect()
    age, city = data.features

    assert data.examples == {"eval": 20, "train": 100}
    assert (age.name, age.type, age.distinct) == ("age", "number", None)
    assert age.missing == {"eval": 0.0, "train": 0.1}
    assert age.words == "mean 37.78, median 20, from 20 to 60"
    assert age.bars[0] == 1.0
    assert age.bars[-1] == pytest.approx(0.8, abs=QUANTILES)
    assert (city.name, city.type, city.distinct) == ("city", "text", 2)
    assert city.words == "a 60.0%, b 40.0%"
    assert city.bars == pytest.approx((1.0, 2 / 3))


def test_anomalies_have_their_split(collect):
    (anomaly,) = collect().anomalies

    assert (anomaly.split, anomaly.feature) == ("eval", "city")
    assert anomaly.is_error
    assert "c (~25%)" in anomaly.words


def test_distances_are_those_of_all_features_the_largest_first(collect):
    data = collect(previous=BEFORE, drift={"age": 0.1})
    city, age = data.distances

    assert (city.feature, city.kind, city.allowed) == ("city", "drift", None)
    assert city.value == pytest.approx(divergence([0.6, 0.4], [0.2, 0.8]))
    assert (age.feature, age.allowed) == ("age", 0.1)
    assert age.value < city.value


def test_both_histograms_are_shares(collect):
    city, age = collect(previous=BEFORE).distances

    assert city.histograms.labels == ("b", "a")
    assert city.histograms.now == pytest.approx((0.4, 0.6))
    assert city.histograms.then == pytest.approx((0.8, 0.2))
    assert sum(age.histograms.now) == pytest.approx(1.0)
    assert age.histograms.then[0] == pytest.approx(0.5, abs=QUANTILES)
    assert age.histograms.then[-1] == pytest.approx(0.5, abs=QUANTILES)


def test_histograms_have_the_most_frequent_values(collect):
    many = pd.DataFrame(
        {"city": [f"city {index % 50}" for index in range(100)], "age": [20.0] * 100}
    )
    # Both are as far as can be, so their order depends on rounding.
    distances = {each.feature: each for each in collect(previous=many).distances}
    city = distances["city"]

    assert len(city.histograms.labels) == 12
    assert city.histograms.labels[:2] == ("a", "b")
    assert sum(city.histograms.now) == pytest.approx(1.0)
    assert sum(city.histograms.then) == pytest.approx(0.2)


def test_skew_is_against_what_was_served(collect):
    skew = Skew(pattern="served.csv", thresholds={"city": 0.01})
    distances = collect(serving=BEFORE, skew=skew).distances

    assert [(each.feature, each.kind) for each in distances] == [
        ("city", "skew"),
        ("age", "skew"),
    ]
    assert distances[0].allowed == 0.01


def test_a_drift_that_is_too_large_is_an_anomaly(collect):
    anomalies = collect(previous=BEFORE, drift={"city": 0.01}).anomalies

    assert [(each.split, each.feature) for each in anomalies] == [
        ("eval", "city"),
        ("train", "city"),
    ]


def test_a_feature_that_is_new_has_no_distance(collect):
    distances = collect(previous=BEFORE.drop(columns="city")).distances

    assert [each.feature for each in distances] == ["age"]


NO_VALUES = pd.DataFrame({"city": [None] * 4, "age": [math.nan] * 4})


def test_a_column_without_values_says_so(collect):
    for feature in collect(train=NO_VALUES).features:
        assert (feature.words, feature.type) == ("no values", "unknown")
        assert feature.missing == {"eval": 0.0, "train": 1.0}
        assert feature.bars == ()


def test_a_constant_column_has_one_bar(collect):
    age, city = collect(train=pd.DataFrame({"city": ["a"] * 4, "age": 5.0})).features

    assert age.words == "mean 5, median 5, from 5 to 5"
    assert city.words == "a 100.0%"
    assert age.bars == city.bars == (1.0,)


def test_the_drift_of_a_constant_is_between_two_bars(collect):
    def constant(age):
        return pd.DataFrame({"city": ["a"] * 4, "age": age})

    same, other = (
        {
            each.feature: each
            for each in collect(train=constant(5.0), previous=constant(then)).distances
        }["age"]
        for then in (5.0, 6.0)
    )

    assert (same.value, same.histograms.labels) == (0.0, ("5",))
    assert other.value == 1.0
    assert (other.histograms.now[0], other.histograms.then[-1]) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("train", "previous"), [(NO_VALUES, BEFORE), (TRAIN, NO_VALUES)]
)
@pytest.mark.parametrize("kind", ["drift", "skew"])
def test_a_bound_is_not_met_where_one_side_has_no_values(
    collect, train, previous, kind
):
    """TFDV measures nothing of such a feature, and finds nothing wrong with it."""
    bounds = {"city": 0.5, "age": 0.5}
    if kind == "drift":
        data = collect(train=train, previous=previous, drift=bounds)
    else:
        skew = Skew(pattern="served.csv", thresholds=bounds)
        data = collect(train=train, serving=previous, skew=skew)
    errors = {each.feature for each in data.anomalies if each.split == "train"}

    assert data.distances == ()
    assert errors == {"age", "city"}
    assert all(each.is_error for each in data.anomalies if each.split == "train")


def test_nothing_has_not_moved_from_nothing(collect):
    data = collect(train=NO_VALUES, previous=NO_VALUES, drift={"city": 0.5})

    assert data.distances == ()
    assert not [each for each in data.anomalies if each.split == "train"]
