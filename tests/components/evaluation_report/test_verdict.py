"""The verdict on a candidate and the findings, in words.

The wording of all of them is in tests/golden/verdicts.txt.
"""

from __future__ import annotations

import pytest

from components.evaluation_report.verdict import (
    findings,
    gates_to_show,
    headline,
    state,
)
from components.evaluator.record import Outcome

from .conftest import FAILED, INFRA, INFRA_REFUSED, OUTCOMES


def gate(status):
    return Outcome(slice="overall", condition="auc >= 0.7", status=status, reason="")


# Statuses of the conditions, infra validation, and the figures of the headline.
HEADLINES = [
    ("passed", None, ""),
    ("passed passed passed", None, "3"),
    ("passed failed", None, "1 of 2"),
    ("failed", None, ""),
    ("failed failed", None, "both"),
    ("passed, not enough data", None, "1 of 2"),
    ("passed, not applied, not enough data", None, "1 of 3"),
    ("passed, not applied", None, "1 of 2"),
    ("not applied", None, ""),
    ("not enough data", None, ""),
    ("", None, ""),
    ("passed", INFRA, ""),
    ("failed", INFRA, ""),
    ("passed", INFRA_REFUSED, "infra"),
    ("", INFRA_REFUSED, "infra"),
    ("failed", INFRA_REFUSED, "infra"),
]


def judged(make_report, words, infra):
    statuses = words.split(", ") if "," in words or "not" in words else words.split()
    return make_report([gate(each) for each in statuses], infra=infra)


@pytest.mark.parametrize(("statuses", "infra", "figures"), HEADLINES)
def test_a_failed_gate_or_infra_validation_blocks(
    make_report, statuses, infra, figures
):
    report = judged(make_report, statuses, infra)
    is_passed = report.evaluation.passed and infra is not INFRA_REFUSED

    assert state(report) == ("passed" if is_passed else "blocked")
    assert headline(report).startswith("Blocked") != is_passed
    assert figures in headline(report)


def changed(make_report, gates=(), intervals=None, **figures):
    """The report with other figures of all examples."""
    report = make_report(gates=[gate(each) for each in gates])
    report.evaluation.candidate["overall"] |= figures
    report.evaluation.intervals["change"]["overall"] |= intervals or {}
    return report


def unmeasured(make_report):
    report = make_report(gates=[])
    problem = {"baseline": None, "change": None, "baseline_problem": "it needs 'x'"}
    evaluation = report.evaluation.model_copy(update=problem)
    return report.model_copy(update={"evaluation": evaluation})


def idle(make_report):
    names = ("city=Oslo", "city=Rome", "city=Bonn")
    passed = gate("passed").model_copy(update={"note": "cannot fail"})
    return make_report([passed.model_copy(update={"slice": name}) for name in names])


# Reports by name, and the words of one of their findings.
FINDINGS = {
    "all": (changed, "0.0100 above version 17"),
    "one class": (lambda make: changed(make, auc=None, mean_label=0.0), "one class"),
    "NaN": (lambda make: changed(make, auc=None), "not a number"),
    "chance": (
        lambda make: changed(make, intervals={"auc": (-0.01, 0.03)}),
        "no more than chance",
    ),
    "no baseline": (lambda make: make(with_baseline=False, gates=[]), "no baseline"),
    "baseline not measured": (unmeasured, "it needs 'x'"),
    "too few clicks": (lambda make: changed(make, calibration=0.9), "10.0% fewer"),
    "as many clicks": (lambda make: changed(make, calibration=1.0001), "as many"),
    "a gate that cannot fail": (idle, "city=Oslo and 2 more slices"),
    "served": (lambda make: make(infra=INFRA), "500 rows"),
    "not served": (lambda make: make(infra=INFRA_REFUSED), "<out of memory>"),
}


@pytest.mark.parametrize("name", FINDINGS)
def test_a_finding_has_its_figures(make_report, name):
    make, words = FINDINGS[name]

    assert any(words in finding for finding in findings(make(make_report)))


def test_the_wording_of_verdicts(make_report, golden):
    texts = [
        f"{statuses or 'no gates'}{f', {infra.reasons}' if infra else ''}\n"
        f"    {headline(judged(make_report, statuses, infra))}\n"
        for statuses, infra, _ in HEADLINES
    ]
    for name, (make, _) in FINDINGS.items():
        lines = [f"    {finding}\n" for finding in findings(make(make_report))]
        texts.append(f"{name}\n{''.join(lines)}")

    golden("verdicts.txt", "".join(texts))


def test_a_calibration_that_is_undefined_is_no_finding(make_report):
    report = changed(make_report, calibration=None)

    assert not any("clicks" in finding for finding in findings(report))


def test_a_stopped_run_has_one_finding(stopped):
    assert state(stopped) == "stopped"
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


def test_many_gates_without_data_are_folded(make_report):
    small = [gate("not enough data")] * 6
    shown, folded = gates_to_show(make_report(gates=[*small, FAILED]).evaluation)

    assert (shown, folded) == ([FAILED], small)
