"""Notes on gates that any model would pass."""

from __future__ import annotations

import numpy as np

from components.evaluator.metrics import entropy
from config.evaluation import UNBOUNDED_METRICS

# Figures of the examples alone.
_OF_EXAMPLES = ("examples", "mean_label", "gauc_coverage")

_CONSTANT = "predicting the mean label for all examples"
_EVERYTHING = "predicting a click for all examples"
_COMMON = "predicting the more frequent label for all examples"


def lower_bound_note(metric: str, bound: float, mean_label: float) -> str | None:
    """Note on `metric >= bound` where a model without features would meet it.

    Args:
      metric: The metric.
      bound: The bound.
      mean_label: Mean label of the slice; NaN where there is none.
    """
    if metric in _OF_EXAMPLES:
        return _of_examples(metric)
    if bound <= 0:
        return f"cannot fail: {metric} is never below 0"
    reached = _reached(metric, mean_label)
    if reached is not None and bound <= reached[0]:
        return _trivial(metric, *reached)
    return None


def upper_bound_note(metric: str, bound: float, mean_label: float) -> str | None:
    """Note on `metric <= bound` where a model without features would meet it."""
    if metric in _OF_EXAMPLES:
        return _of_examples(metric)
    if metric not in UNBOUNDED_METRICS and bound >= 1:
        return f"cannot fail: {metric} is never above 1"
    stayed = _stayed_at(metric, mean_label)
    if stayed is not None and bound >= stayed[0]:
        return _trivial(metric, *stayed)
    return None


def change_note(metric: str, largest: float) -> str | None:
    """Note on a bound on a change that cannot fail.

    Args:
      metric: The metric.
      largest: The change that is allowed in the direction that is bounded.
    """
    if metric in _OF_EXAMPLES:
        return _of_examples(metric)
    if metric not in UNBOUNDED_METRICS and largest >= 1:
        return f"cannot fail: {metric} never changes by more than 1"
    return None


def _of_examples(metric: str) -> str:
    return f"requires nothing of the model: {metric} depends on the examples only"


def _trivial(metric: str, value: float, how: str) -> str:
    return f"is passed by any model: {how} has {metric} {value:.4f}"


def _reached(metric: str, mean_label: float) -> tuple[float, str] | None:
    """Value of a metric, the higher the better, without features, and how."""
    if metric in ("auc", "gauc"):
        return 0.5, _CONSTANT
    if metric == "pr_auc":
        return mean_label, _CONSTANT
    if metric.startswith("precision_at_"):
        return mean_label, _EVERYTHING
    if metric.startswith("recall_at_"):
        above = mean_label > float(metric.removeprefix("recall_at_"))
        return (1.0 if above else 0.0), _CONSTANT
    return None


def _stayed_at(metric: str, mean_label: float) -> tuple[float, str] | None:
    """Value of a metric, the lower the better, without features, and how."""
    if metric == "log_loss":
        return float(entropy(np.array(mean_label))), _CONSTANT
    if metric == "normalized_entropy":
        return 1.0, _CONSTANT
    if metric == "ece":
        return min(mean_label, 1 - mean_label), _COMMON
    return None
