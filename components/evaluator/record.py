"""The content of evaluation.json: what was measured, and what the gates say."""

from __future__ import annotations

import math
from typing import Literal

from components.evaluator.gates import Outcome, in_order, passes
from components.evaluator.intervals import Interval
from components.evaluator.slice_metrics import Comparison, Intervals, Measured, Metrics
from components.evaluator.slices import slice_name
from components.shared.artifact_file import ArtifactFile

# More conditions without enough data than these are told in one line.
MOST_SMALL = 5

Which = Literal["candidate", "baseline", "change"]
_MetricsByName = dict[str, dict[str, float | None]]
_IntervalsByName = dict[str, dict[str, Interval]]


class Evaluation(ArtifactFile):
    """An evaluation, by the names of slices and metrics.

    Attributes:
      passed: True if the candidate passed its gates.
      gates: Result of each gate on each slice.
      candidate: Its metrics; null for what is undefined.
      baseline: Its metrics, where there is one that could be measured.
      baseline_problem: Why the baseline could not be measured.
      change: Candidate minus baseline.
      intervals: 95% intervals, of the metrics and slices that have them.
    """

    FILE = "evaluation.json"

    passed: bool
    gates: list[Outcome]
    candidate: _MetricsByName
    baseline: _MetricsByName | None = None
    baseline_problem: str | None = None
    change: _MetricsByName | None = None
    intervals: dict[Which, _IntervalsByName] = {}

    @classmethod
    def of(cls, comparison: Comparison, outcomes: list[Outcome]) -> Evaluation:
        """The evaluation of what was measured, with what the gates say of it."""
        sides: dict[Which, Measured | None] = {
            "candidate": comparison.candidate,
            "baseline": comparison.baseline,
            "change": comparison.change,
        }
        there = {of: side for of, side in sides.items() if side is not None}
        metrics = {of: _metrics_by_name(side.metrics) for of, side in there.items()}
        return cls(
            passed=passes(outcomes),
            gates=outcomes,
            candidate=metrics["candidate"],
            baseline=metrics.get("baseline"),
            baseline_problem=comparison.baseline_problem,
            change=metrics.get("change"),
            intervals={
                of: _intervals_by_name(side.intervals) for of, side in there.items()
            },
        )

    def value(self, which: Which, name: str, metric: str) -> float | None:
        """A metric on a slice; None where it is undefined or was not measured."""
        metrics = {
            "candidate": self.candidate,
            "baseline": self.baseline,
            "change": self.change,
        }[which]
        return (metrics or {}).get(name, {}).get(metric)

    def interval(self, which: Which, name: str, metric: str) -> Interval | None:
        """The 95% interval of a metric on a slice, where it was computed."""
        return self.intervals.get(which, {}).get(name, {}).get(metric)

    def reasons(self) -> list[str]:
        """Why the candidate passed or not, in words: failed gates first."""
        reasons = _listed(in_order(self.gates))
        statuses = {gate.status for gate in self.gates}
        if not statuses:
            reasons.append(
                "no gate is configured, so nothing was required of the model"
            )
        elif statuses == {"not applied"}:
            reasons.append("no gate was applied, so nothing was required of the model")
        elif not self.passed and "failed" not in statuses:
            reasons.append("no gate had enough data, so none was passed")
        if self.baseline_problem is not None:
            reasons.append(f"baseline not evaluated: {self.baseline_problem}")
        elif self.baseline is None:
            reasons.append("no baseline: no other model was released to compare with")
        return reasons


def _listed(gates: list[Outcome]) -> list[str]:
    """A line for each outcome, but one for many without enough data."""
    small = [gate for gate in gates if gate.status == "not enough data"]
    if len(small) <= MOST_SMALL:
        return [gate.in_words() for gate in gates]
    told = [gate.in_words() for gate in gates if gate.status != "not enough data"]
    slices = len({gate.slice for gate in small})
    return [
        *told,
        f"not enough data: {len(small):,} conditions on {slices:,} slices; the report "
        "lists them",
    ]


def _metrics_by_name(metrics: Metrics) -> _MetricsByName:
    return {
        slice_name(key): {
            metric: value if math.isfinite(value) else None
            for metric, value in values.items()
        }
        for key, values in sorted(metrics.items())
    }


def _intervals_by_name(intervals: Intervals) -> _IntervalsByName:
    return {
        slice_name(key): dict(values)
        for key, values in sorted(intervals.items())
        if values
    }
