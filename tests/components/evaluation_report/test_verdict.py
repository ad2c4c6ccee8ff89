"""What a run came to, in words."""

from __future__ import annotations

import pytest

from components.evaluation_report.verdict import (
    findings,
    gates_to_show,
    headline,
    state,
)
from components.evaluator.gates import Outcome

from .conftest import FAILED, INFRA, INFRA_REFUSED, OUTCOMES


def gate(status):
    return Outcome(slice="overall", condition="auc >= 0.7", status=status, reason="")


@pytest.mark.parametrize(
    ("statuses", "passed", "words"),
    [
        (["passed"], True, "Passed its only condition"),
        (["passed"] * 3, True, "Passed all 3 conditions"),
        (["passed", "failed"], False, "Blocked by 1 of 2 conditions"),
        (["failed"], False, "Blocked by its only condition"),
        (["failed"] * 2, False, "Blocked by both conditions"),
        (
            ["passed", "not enough data"],
            True,
            "Passed 1 of 2 conditions; the rest had too little data",
        ),
        (
            ["passed", "not applied", "not enough data"],
            True,
            "Passed 1 of 3 conditions; the rest could not be applied",
        ),
        (
            ["passed", "not applied"],
            True,
            "Passed 1 of 2 conditions; the rest had no baseline to be held against",
        ),
        (["not applied"], True, "Passed, but no gate could be applied"),
        (["not enough data"], False, "Blocked: no gate had enough data"),
        ([], True, "Nothing was required: no gate is configured"),
    ],
)
def test_the_headline_counts_conditions(make_report, statuses, passed, words):
    report = make_report(gates=[gate(status) for status in statuses], passed=passed)

    assert headline(report) == words
    assert state(report) == ("passed" if passed else "blocked")


@pytest.mark.parametrize(
    ("infra", "statuses", "words"),
    [
        (INFRA, ["passed"], "Passed its only condition"),
        (INFRA, ["failed"], "Blocked by its only condition"),
        (INFRA_REFUSED, ["passed"], "Blocked by infra validation"),
        (INFRA_REFUSED, [], "Blocked by infra validation"),
        (
            INFRA_REFUSED,
            ["failed"],
            "Blocked by its only condition; infra validation failed too",
        ),
    ],
)
def test_infra_validation_is_a_gate(make_report, infra, statuses, words):
    passed = "failed" not in statuses
    report = make_report([gate(each) for each in statuses], passed, infra=infra)

    assert headline(report) == words
    assert state(report) == ("passed" if words.startswith("Passed") else "blocked")


def test_how_the_model_was_served_is_a_sentence(make_report):
    assert findings(make_report(infra=INFRA))[-1] == (
        "Infra validation: the embedded server answers 500 rows as the model itself "
        "does; p99: 1.0 ms by serving_default, 0.9 ms by predict."
    )
    assert findings(make_report(infra=INFRA_REFUSED))[-1] == (
        "Infra validation failed: the embedded server ended with status 1; its log "
        "ends: <out of memory>."
    )


def test_what_is_found_is_said_in_sentences(make_report):
    assert findings(make_report()) == [
        "AUC 0.7500 (95% interval 0.7400 to 0.7600): 0.0100 above version 17, more "
        "than chance explains.",
        "It predicts 2.1% more clicks than there were.",
        "The worst of 4 slices with 100 examples or more is city=Rome, with an AUC of "
        "0.6400.",
        "The gate pr_auc >= 0.05 asks nothing of the model: chance has pr_auc 0.1000 "
        "(overall).",
    ]


def test_a_gate_that_asks_nothing_on_many_slices_is_one_sentence(make_report):
    gates = [
        gate("passed").model_copy(update={"slice": name, "note": "cannot fail"})
        for name in ("city=Oslo", "city=Rome", "city=Bonn")
    ]

    assert findings(make_report(gates=gates))[-1] == (
        "The gate auc >= 0.7 cannot fail (city=Oslo and 2 more slices)."
    )


@pytest.mark.parametrize(
    ("mean_label", "why"),
    [
        (0.0, "the examples have one class only"),
        (0.1, "the model predicts what is not a number"),
    ],
)
def test_why_there_is_no_auc(make_report, mean_label, why):
    report = make_report()
    report.evaluation.candidate["overall"] |= {"auc": None, "mean_label": mean_label}

    assert findings(report)[0] == f"The AUC is undefined: {why}."


def test_a_change_within_its_interval_is_chance(make_report):
    report = make_report()
    report.evaluation.intervals["change"]["overall"]["auc"] = (-0.01, 0.03)

    assert (
        "0.0100 above version 17, no more than chance explains." in findings(report)[0]
    )


def test_without_a_baseline_that_is_said(make_report):
    report = make_report(with_baseline=False, gates=[])

    assert findings(report)[0] == "AUC 0.7500."
    assert findings(report)[-1] == (
        "There is no baseline: nothing was released before."
    )


def test_a_baseline_that_was_not_measured_is_said(make_report):
    report = make_report(gates=[])
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


def test_failed_gates_come_first_and_those_without_data_last(make_report):
    shown, folded = gates_to_show(make_report(gates=[*OUTCOMES, FAILED]).evaluation)

    assert [each.status for each in shown] == [
        "failed",
        "passed",
        "passed",
        "not enough data",
    ]
    assert folded == []


def test_many_without_data_are_folded(make_report):
    small = [gate("not enough data")] * 6
    shown, folded = gates_to_show(make_report(gates=[*small, FAILED]).evaluation)

    assert (shown, folded) == ([FAILED], small)
