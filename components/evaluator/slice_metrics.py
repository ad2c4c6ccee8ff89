"""Metrics of two models by slice, with intervals, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.evaluator.intervals import Interval
from components.evaluator.slices import SliceKey

SliceMetrics = Mapping[str, float]
Metrics = Mapping[SliceKey, SliceMetrics]
Intervals = Mapping[SliceKey, Mapping[str, Interval]]


@dataclass(frozen=True)
class Measured:
    """The metrics of a model, or their changes.

    Attributes:
      metrics: By slice and name; what is undefined is NaN.
      intervals: Their 95% intervals, where there are some.
    """

    metrics: Metrics
    intervals: Intervals = field(default_factory=dict)

    def value(self, key: SliceKey, metric: str) -> float:
        """A metric on a slice; NaN where it is undefined or there is no such slice."""
        return self.metrics.get(key, {}).get(metric, float("nan"))

    def interval(self, key: SliceKey, metric: str) -> Interval | None:
        """The interval of a metric on a slice, if it has one."""
        return self.intervals.get(key, {}).get(metric)


@dataclass(frozen=True)
class Comparison:
    """A candidate beside the model that was released last.

    Attributes:
      candidate: The candidate.
      baseline: The baseline; None where there is none, or where it has a problem.
      change: Candidate minus baseline; None without a baseline.
      baseline_problem: Why the baseline cannot be measured.
    """

    candidate: Measured
    baseline: Measured | None = None
    change: Measured | None = None
    baseline_problem: str | None = None
