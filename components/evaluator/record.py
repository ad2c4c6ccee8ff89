"""The content of evaluation.json: what was measured, and what the gates say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import pydantic

from components.evaluator.intervals import Interval
from components.evaluator.slices import OVERALL_NAME
from components.shared.artifact_file import ArtifactFile
from config.base import Block

Status = Literal["passed", "failed", "not enough data", "not applied"]
# In the order of importance.
_ORDER: tuple[Status, ...] = ("failed", "passed", "not applied", "not enough data")

# More conditions without enough data than these are told in one line.
MOST_SMALL = 5

Which = Literal["candidate", "baseline", "change"]
# By the names of slices and metrics; None for what is undefined.
Metrics = dict[str, dict[str, float | None]]


class Outcome(Block):
    """Result of one gate on one slice.

    Attributes:
      slice: The slice.
      condition: The gate in words, such as `auc >= 0.7`.
      status: Result, or why there is none.
      reason: The figures behind it, in words.
      note: Why any model would meet it on this slice, if so.
    """

    slice: str
    condition: str
    status: Status
    reason: str
    note: str | None = None

    def in_words(self) -> str:
        """The outcome as one line."""
        words = f"{self.status}: {self.slice}: {self.condition} ({self.reason})"
        return words if self.note is None else f"{words}; this gate {self.note}"


class Evaluation(ArtifactFile):
    """An evaluation, by the names of slices and metrics.

    Attributes:
      gates: Result of each gate on each slice.
      candidate: Its metrics; null for what is undefined.
      baseline: Its metrics, where there is one that could be measured.
      baseline_problem: Why the baseline could not be measured.
      change: Candidate minus baseline.
      intervals: 95% intervals, of the metrics and slices that have them.
    """

    FILE = "evaluation.json"

    gates: list[Outcome]
    candidate: Metrics
    baseline: Metrics | None = None
    baseline_problem: str | None = None
    change: Metrics | None = None
    intervals: dict[Which, dict[str, dict[str, Interval]]] = {}

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def passed(self) -> bool:
        """True if no gate failed, and one that was applied had enough data."""
        applied = [each.status for each in self.gates if each.status != "not applied"]
        return not applied or ("failed" not in applied and "passed" in applied)

    def value(self, which: Which, name: str, metric: str) -> float | None:
        """A metric on a slice; None where it is undefined or was not measured."""
        metrics: Metrics = getattr(self, which) or {}
        return metrics.get(name, {}).get(metric)

    def interval(self, which: Which, name: str, metric: str) -> Interval | None:
        """The 95% interval of a metric on a slice, where it was computed."""
        return self.intervals.get(which, {}).get(name, {}).get(metric)

    def slice_aucs(self, min_examples: int = 0) -> dict[str, float]:
        """The AUC of each slice that has one, the lowest first.

        Args:
          min_examples: Leaves out slices with fewer examples.
        """
        aucs = {
            name: auc
            for name, metrics in self.candidate.items()
            if name != OVERALL_NAME
            and (auc := metrics.get("auc")) is not None
            and (metrics.get("examples") or 0) >= min_examples
        }
        return dict(sorted(aucs.items(), key=lambda pair: pair[1]))

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


def in_order(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """The outcomes, failed ones first, and last those without enough data."""
    return sorted(outcomes, key=lambda each: _ORDER.index(each.status))


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
