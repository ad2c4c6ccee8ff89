"""Gates on metrics made by hand."""

from __future__ import annotations

import math

import pytest

from components.evaluator.gates import apply_gates
from components.evaluator.slices import slice_key
from pipeline.config.evaluation import Gate


def metrics(**figures):
    return {"examples": 1000.0, "mean_label": 0.3, **figures}


def by_slice(*slices):
    """Metrics from pairs of (values of the slice, figures)."""
    return {slice_key(values.items()): metrics(**figures) for values, figures in slices}


def overall(**figures):
    return by_slice(({}, figures))


def statuses(gate, candidate, baseline=None):
    """The status of each outcome by slice and condition."""
    outcomes = apply_gates([Gate(**gate)], candidate, baseline)
    return {(o.slice, o.condition): o.status for o in outcomes}


def only_status(gate, candidate, baseline=None):
    (status,) = statuses(gate, candidate, baseline).values()
    return status


@pytest.mark.parametrize(
    ("bound", "auc", "status"),
    [
        ({"min": 0.7}, 0.71, "passed"),
        ({"min": 0.7}, 0.7, "passed"),
        ({"min": 0.7}, 0.69, "failed"),
        ({"max": 0.7}, 0.69, "passed"),
        ({"max": 0.7}, 0.7, "passed"),
        ({"max": 0.7}, 0.71, "failed"),
    ],
)
def test_bounds_on_a_value(bound, auc, status):
    assert only_status({"metric": "auc", **bound}, overall(auc=auc)) == status


@pytest.mark.parametrize(
    ("bound", "auc", "status"),
    [
        ({"min_change": -0.25}, 0.5, "passed"),
        ({"min_change": -0.25}, 0.25, "failed"),
        ({"min_change": 0.125}, 0.875, "passed"),
        ({"min_change": 0.125}, 0.75, "failed"),
        ({"max_change": 0.0}, 0.75, "passed"),
        ({"max_change": 0.0}, 0.875, "failed"),
    ],
)
def test_bounds_on_a_change(bound, auc, status):
    gate = {"metric": "auc", **bound}

    assert only_status(gate, overall(auc=auc), overall(auc=0.75)) == status


def test_each_bound_has_an_outcome_with_its_figures():
    gate = Gate(metric="auc", min=0.7, max=0.9, min_change=-0.01)
    outcomes = apply_gates([gate], overall(auc=0.75), overall(auc=0.8))

    assert [(o.slice, o.condition, o.status, o.reason) for o in outcomes] == [
        ("overall", "auc >= 0.7", "passed", "auc is 0.7500, the baseline's 0.8000"),
        ("overall", "auc <= 0.9", "passed", "auc is 0.7500, the baseline's 0.8000"),
        (
            "overall",
            "change of auc >= -0.01",
            "failed",
            "auc is 0.7500, the baseline's 0.8000",
        ),
    ]


def test_without_a_baseline_there_is_no_change_to_bound():
    gate = {"metric": "auc", "min": 0.7, "min_change": 0.1, "max_change": 0.2}

    assert statuses(gate, overall(auc=0.8)) == {("overall", "auc >= 0.7"): "passed"}


@pytest.mark.parametrize(
    ("given", "measured"),
    [
        ({"city": "Rome"}, {"city": "Rome"}),
        ({"age": 30}, {"age": 30.0}),
        ({"price": 0.1}, {"price": 0.10000000149011612}),
        ({"zip": 10115}, {"zip": "10115"}),
        ({"device": "phone", "city": "Rome"}, {"city": "Rome", "device": "phone"}),
        ({"city": "a, b=c"}, {"city": "a, b=c"}),
    ],
)
def test_a_gate_on_one_slice_looks_at_that_slice_only(given, measured):
    candidate = by_slice(({}, {"auc": 0.9}), (measured, {"auc": 0.5}))
    gate = {"metric": "auc", "min": 0.7, "slice": given}

    assert only_status(gate, candidate) == "failed"


def test_a_gate_on_every_slice_looks_at_each_slice_of_that_spec_only():
    candidate = by_slice(
        ({}, {"auc": 0.1}),
        ({"city": "Rome"}, {"auc": 0.9}),
        ({"city": "Bonn"}, {"auc": 0.6}),
        ({"device": "phone"}, {"auc": 0.1}),
        ({"city": "Rome", "device": "phone"}, {"auc": 0.1}),
    )

    assert statuses({"metric": "auc", "min": 0.7, "every": ["city"]}, candidate) == {
        ("city=Rome", "auc >= 0.7"): "passed",
        ("city=Bonn", "auc >= 0.7"): "failed",
    }


@pytest.mark.parametrize("order", [["city", "device"], ["device", "city"]])
def test_a_gate_on_every_crossed_slice(order):
    candidate = by_slice(
        ({"city": "Rome"}, {"auc": 0.1}),
        ({"city": "Rome", "device": "phone"}, {"auc": 0.9}),
    )

    assert statuses({"metric": "auc", "min": 0.7, "every": order}, candidate) == {
        ("city=Rome, device=phone", "auc >= 0.7"): "passed"
    }


def test_values_that_look_like_a_list_of_slices_are_taken_for_values():
    candidate = by_slice(
        ({"city": "a, b=c"}, {"auc": 0.5}),
        ({"city": "a", "b": "c"}, {"auc": 0.9}),
        ({"city": "x=y"}, {"auc": 0.9}),
    )

    assert statuses({"metric": "auc", "min": 0.7, "every": ["city"]}, candidate) == {
        ('city="a, b=c"', "auc >= 0.7"): "failed",
        ("city=x=y", "auc >= 0.7"): "passed",
    }


@pytest.mark.parametrize(
    ("examples", "status"), [(49.0, "not enough data"), (50.0, "failed")]
)
def test_a_small_slice_neither_passes_nor_fails(examples, status):
    candidate = overall(auc=0.1, examples=examples)
    gate = {"metric": "auc", "min": 0.7, "min_examples": 50}

    assert only_status(gate, candidate) == status


def test_a_slice_without_examples_is_listed():
    gate = Gate(metric="auc", min=0.7, slice={"city": "Rome"})
    (outcome,) = apply_gates([gate], overall(auc=0.9), None)

    assert (outcome.slice, outcome.status) == ("city=Rome", "not enough data")
    assert outcome.reason == "0 examples, 100 are needed"


def test_a_spec_without_slices_is_listed():
    gate = {"metric": "auc", "min": 0.7, "every": ["city", "device"]}

    assert statuses(gate, overall(auc=0.9)) == {
        ("city=*, device=*", "auc >= 0.7"): "not enough data"
    }


@pytest.mark.parametrize(
    ("metric", "mean_label", "status"),
    [
        ("auc", 0.0, "not enough data"),
        ("auc", 1.0, "not enough data"),
        ("pr_auc", 0.0, "not enough data"),
        ("calibration", 0.0, "not enough data"),
        # What is defined whatever the labels are can only be the model's fault.
        ("log_loss", 0.0, "failed"),
        ("calibration", 1.0, "failed"),
        ("mean_prediction", 0.3, "failed"),
        ("auc", 0.3, "failed"),
    ],
)
def test_an_undefined_metric_is_excused_by_the_labels_only(metric, mean_label, status):
    candidate = overall(**{metric: math.nan}, mean_label=mean_label)

    assert only_status({"metric": metric, "max": 2.0}, candidate) == status


def test_a_change_to_an_undefined_metric_of_the_baseline_is_not_enough_data():
    gate = {"metric": "auc", "min_change": 0.0}

    baseline = overall(auc=math.nan)
    assert only_status(gate, overall(auc=0.7), baseline) == "not enough data"


def test_no_gates_have_no_outcomes():
    assert apply_gates([], overall(auc=0.5), None) == []
