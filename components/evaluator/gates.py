"""Applies the gates of the configuration to what was measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from components.evaluator import gate_notes
from components.evaluator.intervals import Interval
from components.evaluator.record import Evaluation, Metrics, Outcome, Status, Which
from components.evaluator.slices import (
    slice_key,
    slice_name,
    slicing_name,
    slicing_of,
)
from config.evaluation import Gate, OnBaselineProblem
from config.metrics import metric_of

# Of a slice, by metric; None for what is undefined.
_Figures = Mapping[str, float | None]


class _Bound(NamedTuple):
    """One bound of a gate.

    Attributes:
      condition: The bound in words.
      value: The number that is bounded.
      met: True if the value is within the bound.
      note: Why any model would meet it, if so.
      on_change: True for a bound on a change.
    """

    condition: str
    value: float
    met: bool
    note: str | None
    on_change: bool = False


def apply_gates(
    gates: Sequence[Gate], evaluation: Evaluation, on_problem: OnBaselineProblem
) -> list[Outcome]:
    """Applies all gates.

    Args:
      gates: The gates.
      evaluation: What was measured. Where there is no baseline, bounds on a change
        are not applied.
      on_problem: Effect of bounds on a change where the baseline cannot be
        measured.

    Returns:
      An outcome for each bound of each gate on each slice that it looks at.
    """
    return [
        outcome
        for gate in gates
        for name in _slices_of(gate, evaluation.candidate)
        for outcome in _apply(gate, name, evaluation, on_problem)
    ]


def _slices_of(gate: Gate, metrics: Metrics) -> list[str]:
    if gate.slice is not None:
        return [slice_name(slice_key(gate.slice.items()))]
    features = gate.every or ()
    slicing = slicing_name(features)
    found = [name for name in metrics if slicing_of(name) == slicing]
    # Without any slice the gate is still listed, as "not enough data".
    return found or [slice_name(slice_key((feature, "*") for feature in features))]


def _apply(
    gate: Gate, name: str, evaluation: Evaluation, on_problem: OnBaselineProblem
) -> Iterator[Outcome]:
    for bound in _bounds(gate, name, evaluation):
        status, reason = _judge(gate, name, bound, evaluation, on_problem)
        yield Outcome(
            slice=name,
            condition=bound.condition,
            status=status,
            reason=reason,
            # What a model did not meet asked something of it.
            note=None if status == "failed" else bound.note,
        )


def _judge(
    gate: Gate,
    name: str,
    bound: _Bound,
    evaluation: Evaluation,
    on_problem: OnBaselineProblem,
) -> tuple[Status, str]:
    """Status and reason of a bound."""
    excuse = _not_enough(gate, evaluation.candidate.get(name, {}))
    if excuse is None and evaluation.value("candidate", name, gate.metric) is None:
        # A model that predicts NaN must not pass for want of figures.
        return "failed", f"{gate.metric} cannot be computed"
    missing = _no_baseline(evaluation) if bound.on_change else None
    blocks = evaluation.baseline_problem is not None and on_problem == "block"
    if missing is not None and not blocks:
        return "not applied", missing
    if excuse is not None:
        return "not enough data", excuse
    if missing is not None:
        return "failed", missing
    if math.isnan(bound.value):
        return "not enough data", f"the baseline has no {gate.metric}"
    reason = _figures(gate.metric, name, bound, evaluation)
    return ("passed" if bound.met else "failed"), reason


def _no_baseline(evaluation: Evaluation) -> str | None:
    """Why there is no change to bound, or None where there is one."""
    if evaluation.baseline_problem is not None:
        return f"the baseline cannot be measured: {evaluation.baseline_problem}"
    return "no baseline" if evaluation.baseline is None else None


def _not_enough(gate: Gate, measured: _Figures) -> str | None:
    """Why a slice is too small to tell, or None where it is not."""
    examples = measured.get("examples") or 0
    if examples < gate.min_examples:
        return f"{examples:,.0f} examples, {gate.min_examples:,} are needed"
    mean_label = measured.get("mean_label")
    if mean_label is not None and mean_label in metric_of(gate.metric).undefined_at:
        return f"all labels are {mean_label:.0f}"
    if gate.metric == "gauc":
        return _not_enough_in_groups(gate, measured)
    return None


def _not_enough_in_groups(gate: Gate, measured: _Figures) -> str | None:
    """The same for GAUC, in which only groups with both labels have a say."""
    examples = measured.get("examples") or 0
    counted = round(examples * (measured.get("gauc_coverage") or 0.0))
    if counted >= gate.min_examples:
        return None
    return (
        f"{examples:,.0f} examples, of which {counted:,} are in groups with both "
        f"labels; {gate.min_examples:,} are needed"
    )


def _figures(metric: str, name: str, bound: _Bound, evaluation: Evaluation) -> str:
    """The figures behind a bound: `auc is 0.7421 (95% interval 0.7305 to 0.7537)`."""
    words = f"{metric} is {_value(evaluation, 'candidate', name, metric):.4f}"
    if not bound.on_change:
        interval = evaluation.interval("candidate", name, metric)
        return words + _in_words(interval, "{:.4f}")
    words += f", the baseline's {_value(evaluation, 'baseline', name, metric):.4f}"
    words += f": a change of {bound.value:+.4f}"
    return words + _in_words(evaluation.interval("change", name, metric), "{:+.4f}")


def _in_words(interval: Interval | None, form: str) -> str:
    if interval is None:
        return ""
    low, high = (form.format(end) for end in interval)
    return f" (95% interval {low} to {high})"


def _bounds(gate: Gate, name: str, evaluation: Evaluation) -> Iterator[_Bound]:
    """The bounds of a gate on a slice."""
    metric = gate.metric
    value = _value(evaluation, "candidate", name, metric)
    mean_label = _value(evaluation, "candidate", name, "mean_label")
    if gate.min is not None:
        note = gate_notes.lower_bound_note(metric, gate.min, mean_label)
        yield _Bound(f"{metric} >= {gate.min:g}", value, value >= gate.min, note)
    if gate.max is not None:
        note = gate_notes.upper_bound_note(metric, gate.max, mean_label)
        yield _Bound(f"{metric} <= {gate.max:g}", value, value <= gate.max, note)
    change = _value(evaluation, "change", name, metric)
    if gate.min_change is not None:
        words = f"change of {metric} >= {gate.min_change:g}"
        note = gate_notes.change_note(metric, -gate.min_change)
        yield _Bound(words, change, change >= gate.min_change, note, on_change=True)
    if gate.max_change is not None:
        words = f"change of {metric} <= {gate.max_change:g}"
        note = gate_notes.change_note(metric, gate.max_change)
        yield _Bound(words, change, change <= gate.max_change, note, on_change=True)


def _value(evaluation: Evaluation, which: Which, name: str, metric: str) -> float:
    """A metric on a slice; NaN where there is none, which meets no bound."""
    value = evaluation.value(which, name, metric)
    return math.nan if value is None else value
