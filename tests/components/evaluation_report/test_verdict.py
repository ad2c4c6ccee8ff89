"""What a run came to, in words."""

from __future__ import annotations

import pytest

from components.evaluation_report.verdict import (
    findings,
    headline,
    sorted_gates,
    state,
)
from components.evaluator.gates import Outcome

from .conftest import FAILED, OUTCOMES


def gate(status):
    return Outcome(slice="overall", condition="auc >= 0.7", status=status, reason="")


@pytest.mark.parametrize(
    ("statuses", "passed", "words"),
    [
        (["passed"], True, "Passed its only gate"),
        (["passed"] * 3, True, "Passed all 3 gates"),
        (["passed", "failed"], False, "Blocked by 1 of 2 gates"),
        (["failed"], False, "Blocked by its only gate"),
        (["failed"] * 2, False, "Blocked by both gates"),
        (
            ["passed", "not enough data"],
            True,
            "Passed 1 of 2 gates; the rest had too little data",
        ),
        (["not enough data"], False, "Blocked: no gate had enough data"),
        (["not enough data"], True, "Passed, but no gate could be applied"),
        ([], True, "Nothing was required: no gate is configured"),
    ],
)
def test_the_headline_counts_gates(make_report, statuses, passed, words):
    report = make_report(gates=[gate(status) for status in statuses], passed=passed)

    assert headline(report) == words
    assert state(report) == ("passed" if passed else "blocked")


def test_what_is_found_is_said_in_sentences(make_report):
    assert findings(make_report()) == [
        "AUC 0.7500 (95% interval 0.7400 to 0.7600): 0.0100 above version 17, more "
        "than chance explains.",
        "It predicts 2.1% more clicks than there were.",
        "The worst of 4 slices with 100 examples or more is city=Rome, with an AUC of "
        "0.6400.",
    ]


def test_a_change_within_its_interval_is_chance(make_report):
    report = make_report()
    report.evaluation.intervals["change"]["overall"]["auc"] = (-0.01, 0.03)

    assert (
        "0.0100 above version 17, no more than chance explains." in findings(report)[0]
    )


def test_without_a_baseline_that_is_said(make_report):
    report = make_report(with_baseline=False)

    assert findings(report)[0] == "AUC 0.7500."
    assert findings(report)[-1] == (
        "There is no baseline: nothing was released before."
    )


def test_a_baseline_that_was_not_measured_is_said(make_report):
    report = make_report()
    problem = {"baseline": None, "change": None, "baseline_problem": "it needs 'x'"}
    evaluation = report.evaluation.model_copy(update=problem)

    assert findings(report.model_copy(update={"evaluation": evaluation}))[-1] == (
        "The baseline was not measured: it needs 'x'."
    )


@pytest.mark.parametrize(
    ("calibration", "words"),
    [
        (0.9, "It predicts 10.0% fewer clicks than there were."),
        (1.0001, "It predicts as many clicks as there were."),
        (None, None),
    ],
)
def test_calibration_in_words(make_report, calibration, words):
    report = make_report()
    report.evaluation.candidate["overall"]["calibration"] = calibration

    said = [
        each for each in findings(report) if "clicks than" in each or "as many" in each
    ]
    assert said == ([words] if words else [])


def test_a_run_that_stopped_says_why(stopped):
    assert (state(stopped), headline(stopped)) == ("stopped", "Stopped before training")
    assert findings(stopped) == [stopped.stopped_by]


def test_failed_gates_come_first(make_report):
    gates = sorted_gates(make_report(gates=[*OUTCOMES, FAILED]).evaluation)

    assert [each.status for each in gates] == [
        "failed",
        "not enough data",
        "passed",
        "passed",
    ]
