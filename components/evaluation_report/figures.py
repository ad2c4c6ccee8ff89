"""Single figures of an evaluation."""

from __future__ import annotations

from components.evaluator.intervals import Interval
from components.evaluator.record import Evaluation, Which


def value_of(
    evaluation: Evaluation, which: Which, name: str, metric: str
) -> float | None:
    """A metric on a slice; None where it is undefined or was not measured."""
    figures = {
        "candidate": evaluation.candidate,
        "baseline": evaluation.baseline,
        "change": evaluation.change,
    }[which]
    return (figures or {}).get(name, {}).get(metric)


def bounds_of(
    evaluation: Evaluation, which: Which, name: str, metric: str
) -> Interval | None:
    """The 95% interval of a metric on a slice, where it was computed."""
    return evaluation.intervals.get(which, {}).get(name, {}).get(metric)
