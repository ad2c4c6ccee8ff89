"""Verdict on a run, in words."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from components.evaluation_report import formats
from components.evaluation_report.content import Report
from components.evaluation_report.tables import empty_slicings
from components.evaluator.record import MOST_SMALL, Evaluation, Outcome, in_order
from components.evaluator.slices import FEWEST_EXAMPLES, OVERALL_NAME

State = Literal["passed", "blocked", "stopped"]


def state(report: Report) -> State:
    """Verdict of the gates."""
    if report.evaluation is None:
        return "stopped"
    passed = report.evaluation.passed and not _infra_failed(report)
    return "passed" if passed else "blocked"


def _infra_failed(report: Report) -> bool:
    return report.infra is not None and not report.infra.passed


def headline(report: Report) -> str:
    """The verdict in a few words."""
    if report.evaluation is None:
        return "Stopped before training"
    if not _infra_failed(report):
        return _of_the_gates(report.evaluation)
    if report.evaluation.passed:
        return "Blocked by infra validation"
    return f"{_of_the_gates(report.evaluation)}; infra validation failed too"


def _of_the_gates(evaluation: Evaluation) -> str:
    statuses = Counter(gate.status for gate in evaluation.gates)
    number, passed = statuses.total(), statuses["passed"]
    if not number:
        return "Nothing was required: no gate is configured"
    if statuses["failed"]:
        return f"Blocked by {_of_all(statuses['failed'], number)}"
    if not evaluation.passed:
        return "Blocked: no gate had enough data"
    if not passed:
        return "Passed, but no gate could be applied"
    if passed == number:
        return f"Passed {_of_all(passed, number)}"
    if not statuses["not applied"]:
        why = "had too little data"
    elif not statuses["not enough data"]:
        why = "had no baseline to compare with"
    else:
        why = "could not be applied"
    return f"Passed {passed} of {number} conditions; the rest {why}"


def _of_all(some: int, number: int) -> str:
    """A gate has a condition for each of its bounds on each of its slices."""
    if number == 1:
        return "its only condition"
    if some == number:
        return "both conditions" if number == 2 else f"all {number} conditions"
    return f"{some} of {number} conditions"


def findings(report: Report) -> list[str]:
    """Summarises the run in sentences, the most important first."""
    if report.evaluation is None:
        return [report.stopped_by or ""]
    evaluation = report.evaluation
    sentences = [
        _auc(report, evaluation),
        _calibration(evaluation),
        _worst_slice(evaluation),
        *_empty_slicings(report, evaluation),
        _comparison(report, evaluation),
        *_passed_by_any_model(evaluation),
        *_without_values(report),
        *_infra(report),
        _anomalies(report),
    ]
    return [sentence for sentence in sentences if sentence]


def _anomalies(report: Report) -> str:
    """All warnings: an error leaves no candidate to evaluate."""
    found = report.data.anomalies
    if not found:
        return ""
    names = dict.fromkeys(each.feature or "the data set" for each in found)
    return f"Anomalies of warning severity: {', '.join(names)}; see Data."


def _auc(report: Report, evaluation: Evaluation) -> str:
    auc = evaluation.value("candidate", OVERALL_NAME, "auc")
    if auc is None:
        return _no_auc(evaluation)
    bounds = evaluation.interval("candidate", OVERALL_NAME, "auc")
    known = f" (95% interval {formats.interval(bounds)})" if bounds else ""
    return f"AUC {auc:.4f}{known}{_change(report, evaluation)}."


def _no_auc(evaluation: Evaluation) -> str:
    if evaluation.value("candidate", OVERALL_NAME, "mean_label") in (0.0, 1.0):
        return "The AUC is undefined: the examples have one class only."
    return "The AUC is undefined: the model predicts what is not a number."


def _change(report: Report, evaluation: Evaluation) -> str:
    change = evaluation.value("change", OVERALL_NAME, "auc")
    if change is None:
        return ""
    release = report.lineage.baseline
    name = f"version {release.version}" if release else "the baseline"
    difference = f": {abs(change):.4f} {'above' if change >= 0 else 'below'} {name}"
    bounds = evaluation.interval("change", OVERALL_NAME, "auc")
    if bounds is None:
        return difference
    if bounds[0] <= 0.0 <= bounds[1]:
        return f"{difference}, no more than chance explains"
    return f"{difference}, more than chance explains"


def _calibration(evaluation: Evaluation) -> str:
    calibration = evaluation.value("candidate", OVERALL_NAME, "calibration")
    if calibration is None:
        return ""
    off = calibration - 1.0
    if abs(off) < 0.0005:
        return "It predicts as many clicks as there were."
    which = "more" if off > 0 else "fewer"
    return f"It predicts {abs(off):.1%} {which} clicks than there were."


def _worst_slice(evaluation: Evaluation) -> str:
    aucs = evaluation.slice_aucs(FEWEST_EXAMPLES)
    if not aucs:
        return ""
    worst, auc = next(iter(aucs.items()))
    which = "only slice" if len(aucs) == 1 else f"worst of {len(aucs)} slices"
    return (
        f"The {which} with {FEWEST_EXAMPLES} examples or more is {worst}, with an AUC "
        f"of {auc:.4f}."
    )


def _without_values(report: Report) -> list[str]:
    found = {
        split: [each.name for each in report.data.features if each.lacks_values(split)]
        for split in report.data.examples
    }
    return [
        f"No example of the {split} split has a value of {', '.join(names)}."
        for split, names in found.items()
        if names
    ]


def _empty_slicings(report: Report, evaluation: Evaluation) -> list[str]:
    configured = report.lineage.config["evaluation"]["slices"]
    return [
        f"No example of the eval split is in a slice by {name}: values are missing."
        for name in empty_slicings(evaluation, configured)
    ]


def _comparison(report: Report, evaluation: Evaluation) -> str:
    if evaluation.baseline_problem is not None:
        return f"The baseline was not measured: {evaluation.baseline_problem}."
    if report.lineage.baseline is None:
        return "There is no baseline: nothing was released before."
    return ""


def _infra(report: Report) -> list[str]:
    if report.infra is None:
        return []
    if report.infra.passed:
        return [f"Infra validation: {report.infra.summary()}."]
    return [f"Infra validation failed: {reason}." for reason in report.infra.reasons]


def _passed_by_any_model(evaluation: Evaluation) -> list[str]:
    """The conditions that any model meets, each with its slices."""
    slices: dict[str, list[Outcome]] = {}
    for gate in evaluation.gates:
        if gate.note is not None:
            slices.setdefault(gate.condition, []).append(gate)
    return [
        f"The gate {condition} {gates[0].note} ({_where(gates)})."
        for condition, gates in slices.items()
    ]


def _where(gates: list[Outcome]) -> str:
    others = len(gates) - 1
    more = f" and {others:,} more slice{'s' if others > 1 else ''}" if others else ""
    return gates[0].slice + more


def gates_to_show(evaluation: Evaluation) -> tuple[list[Outcome], list[Outcome]]:
    """The outcomes, the failed ones first, and those to fold: many without data."""
    gates = in_order(evaluation.gates)
    small = [gate for gate in gates if gate.status == "not enough data"]
    if len(small) <= MOST_SMALL:
        return gates, []
    return gates[: -len(small)], small
