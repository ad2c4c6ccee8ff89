"""Notes on gates that any model would pass."""

from __future__ import annotations

from config.metrics import metric_of, threshold_of


def lower_bound_note(name: str, bound: float, mean_label: float) -> str | None:
    """Note on `metric >= bound` where a model without features would meet it.

    Args:
      name: The metric.
      bound: The bound.
      mean_label: Mean label of the slice; NaN where there is none.
    """
    metric = metric_of(name)
    if metric.of_examples:
        return _of_examples(name)
    if bound <= 0:
        return f"cannot fail: {name} is never below 0"
    if metric.best == "lowest":
        return None
    value, note = _trivial(name, mean_label)
    return note if bound <= value else None


def upper_bound_note(name: str, bound: float, mean_label: float) -> str | None:
    """Note on `metric <= bound` where a model without features would meet it."""
    metric = metric_of(name)
    if metric.of_examples:
        return _of_examples(name)
    if metric.is_share and bound >= 1:
        return f"cannot fail: {name} is never above 1"
    if metric.best != "lowest":
        return None
    value, note = _trivial(name, mean_label)
    return note if bound >= value else None


def change_note(name: str, largest: float) -> str | None:
    """Note on a bound on a change that cannot fail.

    Args:
      name: The metric.
      largest: The change that is allowed in the direction that is bounded.
    """
    metric = metric_of(name)
    if metric.of_examples:
        return _of_examples(name)
    if metric.is_share and largest >= 1:
        return f"cannot fail: {name} never changes by more than 1"
    return None


def _of_examples(name: str) -> str:
    return f"requires nothing of the model: {name} depends on the examples only"


def _trivial(name: str, mean_label: float) -> tuple[float, str]:
    """The value that a model without features reaches, and the note that it does."""
    how, value_at = metric_of(name).without_features
    value = value_at(mean_label, threshold_of(name))
    return value, f"is passed by any model: {how} has {name} {value:.4f}"
