"""Applies the gates of the configuration to metrics that TFMA computed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from components.evaluator.slices import SliceKey, slice_key, slice_name
from pipeline.config.base import Block
from pipeline.config.evaluation import Gate

Status = Literal["passed", "failed", "not enough data"]
SliceMetrics = Mapping[str, float]
Metrics = Mapping[SliceKey, SliceMetrics]

# Mean labels at which a metric cannot be computed, whatever the model is like.
_UNDEFINED_AT = {"auc": (0.0, 1.0), "pr_auc": (0.0, 1.0), "calibration": (0.0,)}


class Outcome(Block):
    """What became of one gate on one slice.

    Attributes:
      slice: The slice.
      condition: The gate in words, such as `auc >= 0.7`.
      status: Whether the slice meets it.
      reason: The figures behind it, in words.
    """

    slice: str
    condition: str
    status: Status
    reason: str


def is_undefined(metric: str, mean_label: float | None) -> bool:
    """Whether the labels leave a metric undefined."""
    return mean_label in _UNDEFINED_AT.get(metric, ())


def apply_gates(
    gates: Sequence[Gate], candidate: Metrics, baseline: Metrics | None
) -> list[Outcome]:
    """Applies all gates.

    Args:
      gates: The gates.
      candidate: Metrics of the candidate by slice.
      baseline: Metrics of the baseline by slice; None where there is no baseline,
        in which case no bound on a change can fail.

    Returns:
      An outcome for each bound of each gate on each slice that it looks at.
    """
    return [
        outcome
        for gate in gates
        for key in _slices_of(gate, candidate)
        for outcome in _apply(gate, key, candidate, baseline)
    ]


def _slices_of(gate: Gate, metrics: Metrics) -> list[SliceKey]:
    if gate.slice is not None:
        return [slice_key(gate.slice.items())]
    features = set(gate.every or ())
    found = [key for key in metrics if {feature for feature, _ in key} == features]
    # Without any slice the gate is still listed, as "not enough data".
    return found or [slice_key((feature, "*") for feature in features)]


def _apply(
    gate: Gate, key: SliceKey, candidate: Metrics, baseline: Metrics | None
) -> Iterator[Outcome]:
    measured = candidate.get(key, {})
    value = measured.get(gate.metric, math.nan)
    reference = (baseline or {}).get(key, {}).get(gate.metric, math.nan)
    excuse = _not_enough(gate, measured)
    for condition, bounded, met in _bounds(gate, value, reference, baseline is None):
        if excuse is not None:
            status: Status = "not enough data"
            reason = excuse
        elif math.isnan(value):
            # A model that predicts NaN must not pass for want of figures.
            status, reason = "failed", f"{gate.metric} cannot be computed"
        elif math.isnan(bounded):
            status, reason = "not enough data", f"the baseline has no {gate.metric}"
        else:
            status = "passed" if met else "failed"
            reason = f"{gate.metric} is {value:.4f}"
            if not math.isnan(reference):
                reason += f", the baseline's {reference:.4f}"
        name = slice_name(key)
        yield Outcome(slice=name, condition=condition, status=status, reason=reason)


def _not_enough(gate: Gate, measured: SliceMetrics) -> str | None:
    """Why a slice is too small to tell, or None where it is not."""
    examples = measured.get("examples", 0)
    if examples < gate.min_examples:
        return f"{examples:,.0f} examples, {gate.min_examples:,} are needed"
    if is_undefined(gate.metric, measured.get("mean_label")):
        return f"all labels are {measured['mean_label']:.0f}"
    return None


def _bounds(
    gate: Gate, value: float, reference: float, no_baseline: bool
) -> Iterator[tuple[str, float, bool]]:
    """The bounds of a gate: in words, the number that is bounded, and whether it fits.

    Without a baseline there is no change to bound.
    """
    if gate.min is not None:
        yield f"{gate.metric} >= {gate.min:g}", value, value >= gate.min
    if gate.max is not None:
        yield f"{gate.metric} <= {gate.max:g}", value, value <= gate.max
    if no_baseline:
        return
    change = value - reference
    if gate.min_change is not None:
        words = f"change of {gate.metric} >= {gate.min_change:g}"
        yield words, change, change >= gate.min_change
    if gate.max_change is not None:
        words = f"change of {gate.metric} <= {gate.max_change:g}"
        yield words, change, change <= gate.max_change
