"""Gates on metrics made by hand."""

from __future__ import annotations

import math

import pytest

from components.evaluator.gates import Outcome, apply_gates, passes
from components.evaluator.measured import Comparison, Measured
from components.evaluator.slices import slice_key
from config.evaluation import Gate


def metrics(**figures):
    return {"examples": 1000.0, "mean_label": 0.3, **figures}


def by_slice(*slices):
    """Metrics from pairs of (values of the slice, figures)."""
    return {slice_key(values.items()): metrics(**figures) for values, figures in slices}


def overall(**figures):
    return by_slice(({}, figures))


def compare(candidate, baseline=None, problem=None, intervals=None):
    """A candidate beside a baseline; `intervals` are those of candidate and change."""
    found = intervals or {}
    mine = Measured(candidate, found.get("candidate", {}))
    if baseline is None:
        return Comparison(mine, baseline_problem=problem)
    change = {
        key: {name: value - baseline[key][name] for name, value in metrics.items()}
        for key, metrics in candidate.items()
    }
    return Comparison(
        mine, Measured(baseline), Measured(change, found.get("change", {}))
    )


def outcomes(gate, *compared, on_problem="block", **options):
    return apply_gates([Gate(**gate)], compare(*compared, **options), on_problem)


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
    gate = {"metric": "auc", "min": 0.7, "max": 0.9, "min_change": -0.01}
    found = outcomes(gate, overall(auc=0.75), overall(auc=0.8))

    assert [(o.slice, o.condition, o.status, o.reason) for o in found] == [
        ("overall", "auc >= 0.7", "passed", "auc is 0.7500"),
        ("overall", "auc <= 0.9", "passed", "auc is 0.7500"),
        (
            "overall",
            "change of auc >= -0.01",
            "failed",
            "auc is 0.7500, the baseline's 0.8000: a change of -0.0500",
        ),
    ]


def test_intervals_are_told_in_words():
    gate = {"metric": "auc", "min": 0.7, "min_change": -0.01}
    of_value, of_change = {"auc": (0.73, 0.77)}, {"auc": (-0.06, 0.0211)}
    intervals = {"candidate": {(): of_value}, "change": {(): of_change}}
    value, change = outcomes(
        gate, overall(auc=0.75), overall(auc=0.77), intervals=intervals
    )

    assert value.reason == "auc is 0.7500 (95% interval 0.7300 to 0.7700)"
    assert change.reason == (
        "auc is 0.7500, the baseline's 0.7700: a change of -0.0200 "
        "(95% interval -0.0600 to +0.0211)"
    )


def test_without_a_baseline_a_bound_on_a_change_is_listed_as_not_applied():
    gate = {"metric": "auc", "min": 0.7, "min_change": 0.1, "max_change": 0.2}
    found = outcomes(gate, overall(auc=0.8))

    assert [(o.condition, o.status) for o in found] == [
        ("auc >= 0.7", "passed"),
        ("change of auc >= 0.1", "not applied"),
        ("change of auc <= 0.2", "not applied"),
    ]
    assert found[1].in_words() == (
        "not applied: overall: change of auc >= 0.1 (no baseline)"
    )
    assert passes(found)


@pytest.mark.parametrize("examples", [5.0, 1000.0])
def test_a_first_model_passes_where_only_its_change_is_bounded(examples):
    gate = {"metric": "auc", "min_change": 0.1}
    found = outcomes(gate, overall(auc=0.8, examples=examples))

    assert [outcome.status for outcome in found] == ["not applied"]
    assert passes(found)


def test_a_first_model_that_predicts_nan_passes_no_bound_on_its_change():
    gate = {"metric": "auc", "min_change": 0.1}

    assert only_status(gate, overall(auc=math.nan)) == "failed"


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
    gate = {"metric": "auc", "min": 0.7, "slice": {"city": "Rome"}}
    (outcome,) = outcomes(gate, overall(auc=0.9))

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
        ("normalized_entropy", 1.0, "not enough data"),
        ("recall_at_0.2", 0.0, "not enough data"),
        # What is defined whatever the labels are can only be the model's fault.
        ("log_loss", 0.0, "failed"),
        ("calibration", 1.0, "failed"),
        ("mean_prediction", 0.3, "failed"),
        ("auc", 0.3, "failed"),
        ("recall_at_0.2", 1.0, "failed"),
        ("precision_at_0.2", 0.3, "failed"),
    ],
)
def test_an_undefined_metric_is_excused_by_the_labels_only(metric, mean_label, status):
    candidate = overall(**{metric: math.nan}, mean_label=mean_label)

    assert only_status({"metric": metric, "max": 2.0}, candidate) == status


@pytest.mark.parametrize(
    ("coverage", "status"), [(0.0, "not enough data"), (0.1, "failed")]
)
def test_gauc_is_excused_where_no_group_has_both_labels(coverage, status):
    candidate = overall(gauc=math.nan, gauc_coverage=coverage)

    assert only_status({"metric": "gauc", "min": 0.6}, candidate) == status


@pytest.mark.parametrize(
    ("examples", "coverage", "gauc", "status"),
    [
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


def test_examples_of_other_groups_are_told_apart():
    candidate = overall(gauc=0.3, gauc_coverage=0.084, examples=251.0)
    (outcome,) = outcomes({"metric": "gauc", "min": 0.6}, candidate)

    assert outcome.reason == (
        "251 examples, of which 21 are in groups with both labels; 100 are needed"
    )


def test_a_change_to_an_undefined_metric_of_the_baseline_is_not_enough_data():
    gate = {"metric": "auc", "min_change": 0.0}

    baseline = overall(auc=math.nan)
    assert only_status(gate, overall(auc=0.7), baseline) == "not enough data"


def test_no_gates_have_no_outcomes():
    assert apply_gates([], compare(overall(auc=0.5)), "block") == []


PROBLEM = "it cannot be loaded: no such file"


def test_a_baseline_that_cannot_be_measured_blocks():
    gate = {"metric": "auc", "min": 0.7, "min_change": -0.01}
    value, change = outcomes(gate, overall(auc=0.8), problem=PROBLEM)

    assert (value.status, change.status) == ("passed", "failed")
    assert change.reason == f"the baseline cannot be measured: {PROBLEM}"
    assert not passes([value, change])


def test_a_baseline_that_cannot_be_measured_may_be_let_pass():
    gate = {"metric": "auc", "min": 0.7, "max_change": 0.1}
    value, change = outcomes(
        gate, overall(auc=0.8), problem=PROBLEM, on_problem="release"
    )

    assert (value.status, change.status) == ("passed", "not applied")
    assert change.reason == f"the baseline cannot be measured: {PROBLEM}"
    assert passes([value, change])
    # As where there is nothing to compare with, and nothing else is asked.
    assert passes([change])


def test_a_problem_of_the_baseline_excuses_nothing_else():
    gate = {"metric": "auc", "min": 0.7, "min_change": -0.01}
    small = overall(auc=0.8, examples=5.0)
    found = outcomes(gate, small, problem=PROBLEM, on_problem="release")

    assert [outcome.status for outcome in found] == ["not enough data", "not applied"]
    assert not passes(found)
    broken = overall(auc=math.nan)
    assert set(
        statuses(gate, broken, problem=PROBLEM, on_problem="release").values()
    ) == {"failed"}


def outcome(status):
    return Outcome(slice="overall", condition="", status=status, reason="")


@pytest.mark.parametrize(
    ("found", "passed"),
    [
        ([], True),
        (["passed"], True),
        (["passed", "not enough data"], True),
        (["not enough data"], False),
        (["not applied"], True),
        (["not applied", "not enough data"], False),
        (["passed", "failed"], False),
        (["not applied", "failed"], False),
    ],
)
def test_a_candidate_passes_where_no_gate_failed_and_one_had_enough_data(found, passed):
    assert passes([outcome(status) for status in found]) is passed


def note(gate):
    """The note of a gate that is just met."""
    met = overall(**{gate["metric"]: gate.get("min", gate.get("max", 0.3))})
    (outcome,) = outcomes(gate, met, met)
    assert outcome.status != "failed"
    return outcome.note


CONSTANT = "predicting the mean label for all examples"


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        ({"metric": "auc", "min": 0.5}, f"{CONSTANT} has auc 0.5000"),
        ({"metric": "gauc", "min": 0.4}, f"{CONSTANT} has gauc 0.5000"),
        ({"metric": "pr_auc", "min": 0.3}, f"{CONSTANT} has pr_auc 0.3000"),
        (
            {"metric": "precision_at_0.5", "min": 0.2},
            "predicting a click for all examples has precision_at_0.5 0.3000",
        ),
        (
            {"metric": "recall_at_0.2", "min": 0.9},
            f"{CONSTANT} has recall_at_0.2 1.0000",
        ),
        # -0.3 ln 0.3 - 0.7 ln 0.7
        ({"metric": "log_loss", "max": 0.62}, f"{CONSTANT} has log_loss 0.6109"),
        (
            {"metric": "normalized_entropy", "max": 1.0},
            f"{CONSTANT} has normalized_entropy 1.0000",
        ),
        (
            {"metric": "ece", "max": 0.3},
            "predicting the more frequent label for all examples has ece 0.3000",
        ),
        ({"metric": "calibration", "min": 0.0}, "calibration is never below 0"),
        ({"metric": "auc", "max": 1.0}, "auc is never above 1"),
        ({"metric": "auc", "min_change": -1.0}, "auc never changes by more than 1"),
        (
            {"metric": "pr_auc", "max_change": 1.0},
            "pr_auc never changes by more than 1",
        ),
        ({"metric": "mean_label", "min": 0.1}, "depends on the examples only"),
        ({"metric": "examples", "min_change": 0}, "depends on the examples only"),
    ],
)
def test_a_gate_that_asks_nothing_says_so(gate, expected):
    assert note(gate).endswith(expected)


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
def test_a_gate_that_asks_something_has_no_note(gate):
    assert note(gate) is None


def test_a_gate_that_failed_is_not_said_to_ask_nothing():
    (found,) = outcomes({"metric": "auc", "min": 0.5}, overall(auc=0.4))

    assert (found.status, found.note) == ("failed", None)


def test_a_slice_without_examples_has_no_note():
    gate = {"metric": "log_loss", "max": 0.1, "slice": {"city": "Rome"}}
    (found,) = outcomes(gate, overall(log_loss=0.2))

    assert found.note is None


def test_a_note_is_part_of_the_outcome_in_words():
    (found,) = outcomes({"metric": "auc", "min": 0.5}, overall(auc=0.6))

    assert found.in_words() == (
        "passed: overall: auc >= 0.5 (auc is 0.6000); this gate asks nothing of the "
        f"model: {CONSTANT} has auc 0.5000"
    )
