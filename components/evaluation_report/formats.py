"""Figures and findings as people read them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from config.metrics import metric_of

if TYPE_CHECKING:
    from components.evaluator.intervals import Interval


def metric_name(metric: str) -> str:
    """A metric as a heading."""
    return metric_of(metric).title or metric.replace("_", " ")


def figure(metric: str, value: float | None) -> str:
    """A metric's value."""
    if value is None:
        return "undefined"
    return f"{value:,.0f}" if metric == "examples" else f"{value:.4f}"


def signed(metric: str, value: float | None) -> str:
    """A change of a metric."""
    if value is None:
        return "undefined"
    return f"{value:+,.0f}" if metric == "examples" else f"{value:+.4f}"


def interval(bounds: Interval | None) -> str:
    """A 95% interval; empty where there is none."""
    return "" if bounds is None else f"{bounds[0]:.4f} to {bounds[1]:.4f}"


def judgement(
    metric: str,
    candidate: float | None,
    baseline: float | None,
    change: Interval | None,
) -> str:
    """Judges a change as better or worse, as far as its interval tells."""
    if candidate is None or baseline is None or change is None:
        return ""
    if candidate == baseline:  # as with what depends on the examples only
        return ""
    if change[0] <= 0.0 <= change[1]:
        return "no clear change"
    is_higher = candidate > baseline
    best = metric_of(metric).best
    if best is None:
        return "higher" if is_higher else "lower"
    if best == "1":
        is_better = abs(candidate - 1) < abs(baseline - 1)
    else:
        is_better = is_higher == (best == "highest")
    return "better" if is_better else "worse"


def odds(weight: float) -> str:
    """Formats the factor by which a weight multiplies the odds."""
    # Beyond, the factor may leave a float's range.
    return f"{math.exp(weight):.3g}" if abs(weight) < 100 else f"e^{weight:.0f}"


def divergence(value: float) -> str:
    """A Jensen-Shannon divergence in words; 0 is the same, 1 nothing in common."""
    if value < 0.001:
        return "the same"
    if value < 0.01:
        return "nearly the same"
    if value < 0.05:
        return "a little different"
    return "different" if value < 0.2 else "very different"


def difference(value: float | None) -> str:
    """Formats the distance of answers from the expected ones."""
    return "not a number" if value is None else f"{value:.1e}"
