"""Distances between statistics, computed by hand."""

from __future__ import annotations

import pytest
from tensorflow_metadata.proto.v0 import statistics_pb2

from config.features import RawColumn
from ctr.skew.compare import columns_of, compare
from ctr.skew.statistics import Served
from ctr.skew.text import as_text

COLUMNS = {"device": RawColumn(type="string"), "age": RawColumn(type="float")}
Statistics = statistics_pb2.DatasetFeatureStatisticsList


def statistics(examples, devices, ages, **counts):
    """Of examples with so many of each device, and of ages in decades from 0 on."""
    made = Statistics()
    dataset = made.datasets.add(num_examples=examples)
    device = dataset.features.add(type=statistics_pb2.FeatureNameStatistics.STRING)
    device.path.step.append("device")
    _count(device.string_stats.common_stats, examples, sum(devices.values()))
    device.string_stats.unique = len(devices)
    for rank, (label, count) in enumerate(
        sorted(devices.items(), key=lambda each: -each[1])
    ):
        device.string_stats.rank_histogram.buckets.add(
            low_rank=rank, high_rank=rank, label=label, sample_count=count
        )
    age = dataset.features.add(type=statistics_pb2.FeatureNameStatistics.FLOAT)
    age.path.step.append("age")
    _count(age.num_stats.common_stats, examples, sum(ages))
    if sum(ages):
        histogram = age.num_stats.histograms.add()
        for decade, count in enumerate(ages):
            histogram.buckets.add(
                low_value=10.0 * decade,
                high_value=10.0 * (decade + 1),
                sample_count=count,
            )
    for name in counts:
        other = dataset.features.add(type=statistics_pb2.FeatureNameStatistics.INT)
        other.path.step.append(name)
        _count(other.num_stats.common_stats, examples, counts[name])
    return made


def _count(common, examples, there):
    common.num_non_missing = there
    common.num_missing = examples - there
    common.tot_num_values = there


TRAINING = statistics(1000, {"phone": 600, "tablet": 400}, [500, 500], click=1000)


def skew(served, unknown=None, **thresholds):
    return compare(
        TRAINING, Served(2, served, unknown or {}), COLUMNS, thresholds, 7, "run1"
    )


def feature(found, name):
    (one,) = (each for each in found.features if each.feature == name)
    return one


def test_the_same_shares_are_no_skew():
    found = skew(statistics(100, {"phone": 60, "tablet": 40}, [50, 50]))
    assert not found.is_skewed
    for each in found.features:
        assert each.distance == pytest.approx(0.0, abs=1e-9)
        assert (each.too_far, each.moved) == (False, ())
    assert as_text(found).splitlines()[-1].startswith("no skew")


def renamed(made, name):
    """The statistics, with another name of the device."""
    made = Statistics.FromString(made.SerializeToString())
    made.datasets[0].features[0].path.step[0] = name
    return made


@pytest.mark.parametrize("name", ["Device.Type", "it's", "城市"])
def test_the_skew_of_a_feature_of_any_name_is_found(name):
    served = renamed(statistics(100, {"phone": 10, "tablet": 90}, [50, 50]), name)
    found = compare(
        renamed(TRAINING, name),
        Served(2, served, {}),
        {name: COLUMNS["device"], "age": COLUMNS["age"]},
        {},
        7,
        "run1",
    )
    assert feature(found, name).distance == pytest.approx(0.5)
    assert feature(found, name).too_far
    assert found.is_skewed


def test_the_distance_of_texts_is_the_largest_difference_of_a_share():
    """0.6, 0.4 and 0 in training, 0.5, 0.25 and 0.25 in serving: 0.25 for watch."""
    served = statistics(200, {"phone": 100, "tablet": 50, "watch": 50}, [100, 100])
    found = skew(served)
    device = feature(found, "device")
    assert found.is_skewed
    assert (device.measure, device.allowed) == ("L-infinity", 0.1)
    assert device.distance == pytest.approx(0.25)
    assert [
        (each.value, each.training, pytest.approx(each.serving))
        for each in device.moved
    ] == [("watch", 0.0, 0.25), ("tablet", 0.4, 0.25), ("phone", 0.6, 0.5)]
    assert found.features[0] == device
    line = next(
        line for line in as_text(found).splitlines() if line.startswith("device: ")
    )
    figures = ["0.2500", "0.1:", "watch", "25.0%", "tablet", "40.0%", "phone", "60.0%"]
    assert [word for word in figures if word not in line] == []


def test_a_distance_at_the_threshold_is_no_skew():
    at_most = statistics(1000, {"phone": 699, "tablet": 301}, [500, 500])
    beyond = statistics(1000, {"phone": 701, "tablet": 299}, [500, 500])
    assert not skew(at_most).is_skewed
    assert skew(beyond).is_skewed


def test_numbers_have_another_distance():
    """Halves against all in the first: JSD = H(3/4) - H(1/2) / 2 = 0.311 bits."""
    found = skew(statistics(100, {"phone": 60, "tablet": 40}, [100, 0]))
    age = feature(found, "age")
    assert (age.measure, age.allowed) == ("Jensen-Shannon", 0.05)
    assert age.distance == pytest.approx(0.3113, abs=1e-3)
    assert age.too_far
    assert not feature(found, "device").too_far
    assert {each.training for each in age.moved} != {each.serving for each in age.moved}


def test_the_configuration_says_what_is_allowed():
    """As in a run, it bounds the Jensen-Shannon divergence."""
    served = statistics(200, {"phone": 100, "tablet": 50, "watch": 50}, [100, 100])
    device = feature(skew(served, device=0.9), "device")
    assert (device.measure, device.allowed) == ("Jensen-Shannon", 0.9)
    assert not device.too_far
    assert 0.0 < device.distance < 0.9
    assert feature(skew(served, device=0.01), "device").too_far


def test_more_missing_values_are_a_skew():
    served = statistics(100, {"phone": 48, "tablet": 32}, [50, 50])
    found = skew(served)
    device = feature(found, "device")
    assert device.distance == pytest.approx(0.0, abs=1e-9)
    assert (device.training_missing, device.serving_missing) == (0.0, 0.2)
    assert device.is_missing
    assert found.is_skewed
    assert "20.0%" in as_text(found)
    assert not skew(served, device=0.3).is_skewed


def test_a_feature_without_any_value_has_no_distance():
    found = skew(statistics(100, {}, [50, 50]))
    device = feature(found, "device")
    assert (device.distance, device.too_far) == (None, False)
    assert device.serving_missing == 1.0
    assert found.is_skewed
    assert found.features[0] == device


def test_a_column_unknown_to_the_model_is_named_and_no_skew():
    served = statistics(100, {"phone": 60, "tablet": 40}, [50, 50])
    found = skew(served, unknown={"country": 1234, "click": 5})
    assert found.unknown == {"country": 1234}, "click is in the training examples"
    assert not found.is_skewed
    assert "country: in 1,234 examples" in as_text(found)


def test_chance_is_named_for_few_examples():
    few = skew(statistics(100, {"phone": 60, "tablet": 40}, [50, 50]))
    assert "10% by chance" in as_text(few)
    many = skew(statistics(10_000, {"phone": 6000, "tablet": 4000}, [5000, 5000]))
    assert "chance" not in as_text(many)


def test_values_cannot_break_lines():
    served = statistics(100, {"a\nno skew\x1b[2J" + "b" * 100: 100}, [50, 50])
    text = as_text(skew(served))
    assert "\x1b" not in text
    assert "a no skew" in text
    assert "b" * 41 not in text


def test_features_unknown_to_the_model_are_not_compared():
    columns = {**COLUMNS, "new": RawColumn(type="string")}
    assert columns_of(TRAINING, columns) == COLUMNS
