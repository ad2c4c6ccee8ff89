"""Applies the gates of the configuration to metrics that TFMA computed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from pipeline.config.base import Block
from pipeline.config.evaluation import Gate

OVERALL = "overall"

Status = Literal["passed", "failed", "not enough data"]
SliceMetrics = Mapping[str, float]
Metrics = Mapping[str, SliceMetrics]


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


def slice_name(values: Mapping[str, object]) -> str:
    """The name of a slice: `overall`, or such as `city=Rome, device=phone`."""
    if not values:
        return OVERALL
    return ", ".join(f"{key}={value}" for key, value in sorted(values.items()))


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
        for name in _slices_of(gate, candidate)
        for outcome in _apply(gate, name, candidate, baseline)
    ]


def _slices_of(gate: Gate, metrics: Metrics) -> list[str]:
    if gate.slice is not None:
        return [slice_name(gate.slice)]
    if gate.every is None:
        return [OVERALL]
    features = sorted(gate.every)
    return [name for name in metrics if _features_of(name) == features]


def _features_of(name: str) -> list[str]:
    if name == OVERALL:
        return []
    return [part.partition("=")[0] for part in name.split(", ")]


def _apply(
    gate: Gate, name: str, candidate: Metrics, baseline: Metrics | None
) -> Iterator[Outcome]:
    measured = candidate.get(name, {})
    value = measured.get(gate.metric, math.nan)
    examples = measured.get("examples", 0)
    reference = (baseline or {}).get(name, {}).get(gate.metric, math.nan)
    for condition, bounded, met in _bounds(gate, value, reference, baseline is None):
        if examples < gate.min_examples:
            status: Status = "not enough data"
            reason = f"{examples:,.0f} examples, {gate.min_examples:,} are needed"
        elif math.isnan(bounded):
            status, reason = "not enough data", f"{gate.metric} cannot be computed"
        else:
            status = "passed" if met else "failed"
            reason = f"{gate.metric} is {value:.4f}"
            if not math.isnan(reference):
                reason += f", the baseline's {reference:.4f}"
        yield Outcome(slice=name, condition=condition, status=status, reason=reason)


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
