"""Outcomes of gates."""

from __future__ import annotations

import pytest

from components.evaluator.gates import apply_gates
from components.evaluator.record import Evaluation
from components.evaluator.slices import slice_key, slice_name
from config.evaluation import Gate


def metrics(**figures):
    return {"examples": 1000.0, "mean_label": 0.3, **figures}


def by_slice(*slices):
    """Metrics from pairs of (values of the slice, figures)."""
    return {
        slice_name(slice_key(values.items())): metrics(**figures)
        for values, figures in slices
    }


def overall(**figures):
    return by_slice(({}, figures))


def evaluation(candidate, baseline=None, problem=None, intervals=None):
    """A candidate, beside a baseline that has the same slices and metrics."""
    change = baseline and {
        name: {
            metric: None if None in (value, before) else value - before
            for (metric, value), before in zip(
                figures.items(), baseline[name].values(), strict=True
            )
        }
        for name, figures in candidate.items()
    }
    return Evaluation(
        gates=[],
        candidate=candidate,
        baseline=baseline,
        baseline_problem=problem,
        change=change,
        intervals=intervals or {},
    )


def passes(outcomes):
    return Evaluation(gates=outcomes, candidate={}).passed


def outcomes(gate, *compared, on_problem="block", **options):
    return apply_gates([Gate(**gate)], evaluation(*compared, **options), on_problem)


def statuses(gate, *compared, **options):
    """The status of each outcome by slice and condition."""
    return {
        (o.slice, o.condition): o.status for o in outcomes(gate, *compared, **options)
    }


def only_status(gate, *compared, **options):
    (status,) = statuses(gate, *compared, **options).values()
    return status


@pytest.mark.parametrize(
    ("bound", "auc", "status"),
    [
        ({"min": 0.75}, 0.75, "passed"),
        ({"min": 0.75}, 0.74, "failed"),
        ({"max": 0.75}, 0.75, "passed"),
        ({"max": 0.75}, 0.76, "failed"),
        # The baseline has 0.75.
        ({"min_change": -0.25}, 0.5, "passed"),
        ({"min_change": -0.25}, 0.25, "failed"),
        ({"max_change": 0.125}, 0.875, "passed"),
        ({"max_change": 0.0}, 0.875, "failed"),
    ],
)
def test_a_bound_is_met_up_to_its_value(bound, auc, status):
    gate = {"metric": "auc", **bound}

    assert only_status(gate, overall(auc=auc), overall(auc=0.75)) == status


def test_each_bound_has_an_outcome_with_figures_and_intervals():
    gate = {"metric": "auc", "min": 0.7, "min_change": -0.01}
    of_value, of_change = {"auc": (0.73, 0.77)}, {"auc": (-0.06, 0.0211)}
    intervals = {"candidate": {"overall": of_value}, "change": {"overall": of_change}}
    for found in (None, intervals):
        value, change = outcomes(
            gate, overall(auc=0.75), overall(auc=0.8), intervals=found
        )
        assert (value.condition, value.status) == ("auc >= 0.7", "passed")
        assert (change.condition, change.status) == ("change of auc >= -0.01", "failed")
        for figure in ("0.7500", "0.8000", "-0.0500"):
            assert figure in change.reason
        assert ("0.7300 to 0.7700" in value.reason) == (found is not None)
        assert ("-0.0600 to +0.0211" in change.reason) == (found is not None)


def test_without_a_baseline_a_bound_on_a_change_is_listed_as_not_applied():
    gate = {"metric": "auc", "min": 0.7, "min_change": 0.1, "max_change": 0.2}
    found = outcomes(gate, overall(auc=0.8))

    assert [(o.condition, o.status) for o in found] == [
        ("auc >= 0.7", "passed"),
        ("change of auc >= 0.1", "not applied"),
        ("change of auc <= 0.2", "not applied"),
    ]
    line = found[1].in_words()
    assert line.startswith("not applied: overall: change of auc >= 0.1 (")
    assert passes(found)


def test_a_first_model_passes_a_bound_on_its_change_unless_it_predicts_nan():
    gate = {"metric": "auc", "min_change": 0.1}

    assert only_status(gate, overall(auc=0.8, examples=5.0)) == "not applied"
    assert only_status(gate, overall(auc=None)) == "failed"


@pytest.mark.parametrize(
    ("given", "measured"),
    [
        ({"price": 0.1}, {"price": 0.10000000149011612}),
        ({"zip": 10115}, {"zip": "10115"}),
        ({"device": "phone", "city": "Rome"}, {"city": "Rome", "device": "phone"}),
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
def test_a_gate_on_every_crossed_slice_looks_at_these_only(order):
    candidate = by_slice(
        ({"city": "Rome"}, {"auc": 0.1}),
        ({"city": "a, b=c", "device": "phone"}, {"auc": 0.9}),
    )

    assert statuses({"metric": "auc", "min": 0.7, "every": order}, candidate) == {
        ('city="a, b=c", device=phone', "auc >= 0.7"): "passed"
    }


@pytest.mark.parametrize(
    ("examples", "status"), [(49.0, "not enough data"), (50.0, "failed")]
)
def test_a_small_slice_neither_passes_nor_fails(examples, status):
    candidate = overall(auc=0.1, examples=examples)
    gate = {"metric": "auc", "min": 0.7, "min_examples": 50}

    assert only_status(gate, candidate) == status


def test_a_slice_without_examples_is_listed():
    gate = {"metric": "auc", "min": 0.7, "slice": {"city": "Rome"}}
    (outcome,) = outcomes(gate, overall(auc=0.9))

    assert (outcome.slice, outcome.status) == ("city=Rome", "not enough data")
    assert outcome.reason.startswith("0 examples, 100 ")


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
        ("calibration", 0.0, "not enough data"),
        ("normalized_entropy", 1.0, "not enough data"),
        ("recall_at_0.2", 0.0, "not enough data"),
        # What is defined whatever the labels are can only be the model's fault.
        ("log_loss", 0.0, "failed"),
        ("calibration", 1.0, "failed"),
        ("auc", 0.3, "failed"),
        ("recall_at_0.2", 1.0, "failed"),
        ("precision_at_0.2", 0.3, "failed"),
    ],
)
def test_an_undefined_metric_is_excused_by_the_labels_only(metric, mean_label, status):
    candidate = overall(**{metric: None}, mean_label=mean_label)

    assert only_status({"metric": metric, "max": 2.0}, candidate) == status


@pytest.mark.parametrize(
    ("examples", "coverage", "gauc", "status"),
    [
        (1000.0, 0.0, None, "not enough data"),
        (1000.0, 0.1, None, "failed"),
        # 251 * .084 = 21 examples have a say.
        (251.0, 0.084, 0.3, "not enough data"),
        (100_000.0, 0.0004, 1.0, "not enough data"),
        (1000.0, 0.1, 0.3, "failed"),
        (1000.0, 0.1, 0.7, "passed"),
    ],
)
def test_gauc_counts_examples_of_groups_with_both_labels(
    examples, coverage, gauc, status
):
    candidate = overall(gauc=gauc, gauc_coverage=coverage, examples=examples)

    assert only_status({"metric": "gauc", "min": 0.6}, candidate) == status


def test_the_reason_counts_the_examples_of_groups_with_both_labels():
    candidate = overall(gauc=0.3, gauc_coverage=0.084, examples=251.0)
    (outcome,) = outcomes({"metric": "gauc", "min": 0.6}, candidate)

    for count in ("251", "21", "100"):
        assert count in outcome.reason


def test_a_change_to_an_undefined_metric_of_the_baseline_is_not_enough_data():
    gate = {"metric": "auc", "min_change": 0.0}

    baseline = overall(auc=None)
    assert only_status(gate, overall(auc=0.7), baseline) == "not enough data"


PROBLEM = "it cannot be loaded: no such file"


@pytest.mark.parametrize(
    ("on_problem", "status"), [("block", "failed"), ("release", "not applied")]
)
def test_a_baseline_that_cannot_be_measured_blocks_unless_configured(
    on_problem, status
):
    gate = {"metric": "auc", "min": 0.7, "min_change": -0.01}
    options = {"problem": PROBLEM, "on_problem": on_problem}
    value, change = outcomes(gate, overall(auc=0.8), **options)

    assert (value.status, change.status) == ("passed", status)
    assert PROBLEM in change.reason
    assert passes([value, change]) == (on_problem == "release")
    # It excuses nothing else.
    found = outcomes(gate, overall(auc=0.8, examples=5.0), **options)
    assert found[0].status == "not enough data"
    assert not passes(found)
    broken = statuses(gate, overall(auc=None), **options)
    assert set(broken.values()) == {"failed"}


def note(gate):
    """The note of a gate that is just met."""
    met = overall(**{gate["metric"]: gate.get("min", gate.get("max", 0.3))})
    (outcome,) = outcomes(gate, met, met)
    assert outcome.status != "failed"
    return outcome.note


@pytest.mark.parametrize(
    ("gate", "figure"),
    [
        ({"metric": "auc", "min": 0.5}, "auc 0.5000"),
        ({"metric": "gauc", "min": 0.4}, "gauc 0.5000"),
        ({"metric": "pr_auc", "min": 0.3}, "pr_auc 0.3000"),
        ({"metric": "precision_at_0.5", "min": 0.2}, "precision_at_0.5 0.3000"),
        ({"metric": "recall_at_0.2", "min": 0.9}, "recall_at_0.2 1.0000"),
        # -0.3 ln 0.3 - 0.7 ln 0.7
        ({"metric": "log_loss", "max": 0.62}, "log_loss 0.6109"),
        ({"metric": "normalized_entropy", "max": 1.0}, "normalized_entropy 1.0000"),
        ({"metric": "ece", "max": 0.3}, "ece 0.3000"),
        ({"metric": "calibration", "min": 0.0}, "0"),
        ({"metric": "auc", "max": 1.0}, "1"),
        ({"metric": "pr_auc", "max_change": 1.0}, "1"),
        ({"metric": "mean_label", "min": 0.1}, "examples only"),
        ({"metric": "examples", "min_change": 0}, "examples only"),
    ],
)
def test_a_gate_that_any_model_passes_has_a_note(gate, figure):
    assert note(gate).endswith(figure)


@pytest.mark.parametrize(
    "gate",
    [
        {"metric": "auc", "min": 0.51},
        {"metric": "auc", "max": 0.95},
        {"metric": "pr_auc", "min": 0.31},
        {"metric": "precision_at_0.5", "min": 0.31},
        {"metric": "recall_at_0.3", "min": 0.01},
        {"metric": "log_loss", "max": 0.61},
        {"metric": "normalized_entropy", "max": 0.99},
        {"metric": "ece", "max": 0.29},
        {"metric": "calibration", "min": 0.8},
        {"metric": "calibration", "max": 1.2},
        {"metric": "auc", "min_change": -0.01},
        {"metric": "log_loss", "max_change": 1.0},
    ],
)
def test_a_gate_that_a_model_may_fail_has_no_note(gate):
    assert note(gate) is None


def test_a_gate_that_failed_or_has_no_examples_has_no_note():
    (failed,) = outcomes({"metric": "auc", "min": 0.5}, overall(auc=0.4))
    assert (failed.status, failed.note) == ("failed", None)

    gate = {"metric": "log_loss", "max": 0.1, "slice": {"city": "Rome"}}
    (absent,) = outcomes(gate, overall(log_loss=0.2))
    assert absent.note is None


def test_a_note_is_part_of_the_outcome_in_words():
    (found,) = outcomes({"metric": "auc", "min": 0.5}, overall(auc=0.6))

    line = found.in_words()
    assert line.startswith("passed: overall: auc >= 0.5 (auc is 0.6000); ")
    assert line.endswith(found.note)
