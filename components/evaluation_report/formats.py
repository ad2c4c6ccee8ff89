"""Figures and findings as people read them."""

from __future__ import annotations

import math

from components.evaluator.intervals import Interval

_NAMES = {
    "auc": "AUC",
    "pr_auc": "PR AUC",
    "gauc": "GAUC",
    "gauc_coverage": "GAUC coverage",
    "ece": "ECE",
    "normalized_entropy": "normalised entropy",
}
_MEANINGS = {
    "auc": "how often a click scores above a non-click; 0.5 is chance",
    "pr_auc": "area under precision and recall; the mean label is chance",
    "log_loss": "mean penalty of the predicted probabilities; lower is better",
    "calibration": "predicted clicks for each click; 1 is right",
    "mean_label": "share of examples that were clicked",
    "mean_prediction": "mean predicted probability",
    "examples": "number of examples",
    "gauc": "AUC within each group, weighted by examples",
    "gauc_coverage": "share of examples in groups with clicks and non-clicks",
    "ece": "mean distance of predicted from observed rates; lower is better",
    "normalized_entropy": "log loss over that of predicting the mean label for all; "
    "below 1 is better",
}
_HIGHER_IS_BETTER = ("auc", "pr_auc", "gauc")
_LOWER_IS_BETTER = ("log_loss", "ece", "normalized_entropy")


def metric_name(metric: str) -> str:
    """A metric as a heading."""
    return _NAMES.get(metric, metric.replace("_", " "))


def metric_meaning(metric: str) -> str:
    """Explains a metric in a few words; empty where the name does."""
    return _MEANINGS.get(metric, "")


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
    if metric in _HIGHER_IS_BETTER:
        return "better" if candidate > baseline else "worse"
    if metric in _LOWER_IS_BETTER:
        return "better" if candidate < baseline else "worse"
    if metric == "calibration":
        return "better" if abs(candidate - 1) < abs(baseline - 1) else "worse"
    return "higher" if candidate > baseline else "lower"


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
