"""Applies the gates of the configuration to what was measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from components.evaluator import gate_notes
from components.evaluator.intervals import Interval
from components.evaluator.slice_metrics import Comparison, Metrics, SliceMetrics
from components.evaluator.slices import SliceKey, slice_key, slice_name
from config.base import Block
from config.evaluation import Gate, OnBaselineProblem
from config.metrics import metric_of

Status = Literal["passed", "failed", "not enough data", "not applied"]
# In the order of importance.
_ORDER: tuple[Status, ...] = ("failed", "passed", "not applied", "not enough data")


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
    gates: Sequence[Gate], comparison: Comparison, on_problem: OnBaselineProblem
) -> list[Outcome]:
    """Applies all gates.

    Args:
      gates: The gates.
      comparison: The candidate, beside the baseline. Where there is no baseline,
        bounds on a change are not applied.
      on_problem: Effect of bounds on a change where the baseline cannot be
        measured.

    Returns:
      An outcome for each bound of each gate on each slice that it looks at.
    """
    return [
        outcome
        for gate in gates
        for key in _slices_of(gate, comparison.candidate.metrics)
        for outcome in _apply(gate, key, comparison, on_problem)
    ]


def passes(outcomes: Iterable[Outcome]) -> bool:
    """Returns True if no gate failed, and one that was applied had enough data."""
    applied = [each.status for each in outcomes if each.status != "not applied"]
    return not applied or ("failed" not in applied and "passed" in applied)


def in_order(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """The outcomes, failed ones first, and last those without enough data."""
    return sorted(outcomes, key=lambda each: _ORDER.index(each.status))


def _slices_of(gate: Gate, metrics: Metrics) -> list[SliceKey]:
    if gate.slice is not None:
        return [slice_key(gate.slice.items())]
    features = set(gate.every or ())
    found = [key for key in metrics if {feature for feature, _ in key} == features]
    # Without any slice the gate is still listed, as "not enough data".
    return found or [slice_key((feature, "*") for feature in features)]


def _apply(
    gate: Gate, key: SliceKey, comparison: Comparison, on_problem: OnBaselineProblem
) -> Iterator[Outcome]:
    for bound in _bounds(gate, key, comparison):
        status, reason = _judge(gate, key, bound, comparison, on_problem)
        yield Outcome(
            slice=slice_name(key),
            condition=bound.condition,
            status=status,
            reason=reason,
            # What a model did not meet asked something of it.
            note=None if status == "failed" else bound.note,
        )


def _judge(
    gate: Gate,
    key: SliceKey,
    bound: _Bound,
    comparison: Comparison,
    on_problem: OnBaselineProblem,
) -> tuple[Status, str]:
    """Status and reason of a bound."""
    excuse = _not_enough(gate, comparison.candidate.metrics.get(key, {}))
    if excuse is None and math.isnan(comparison.candidate.value(key, gate.metric)):
        # A model that predicts NaN must not pass for want of figures.
        return "failed", f"{gate.metric} cannot be computed"
    missing = _no_baseline(comparison) if bound.on_change else None
    blocks = comparison.baseline_problem is not None and on_problem == "block"
    if missing is not None and not blocks:
        return "not applied", missing
    if excuse is not None:
        return "not enough data", excuse
    if missing is not None:
        return "failed", missing
    if math.isnan(bound.value):
        return "not enough data", f"the baseline has no {gate.metric}"
    reason = _figures(gate.metric, key, bound, comparison)
    return ("passed" if bound.met else "failed"), reason


def _no_baseline(comparison: Comparison) -> str | None:
    """Why there is no change to bound, or None where there is one."""
    if comparison.baseline_problem is not None:
        return f"the baseline cannot be measured: {comparison.baseline_problem}"
    return "no baseline" if comparison.baseline is None else None


def _not_enough(gate: Gate, measured: SliceMetrics) -> str | None:
    """Why a slice is too small to tell, or None where it is not."""
    examples = measured.get("examples", 0)
    if examples < gate.min_examples:
        return f"{examples:,.0f} examples, {gate.min_examples:,} are needed"
    mean_label = measured.get("mean_label")
    if mean_label in metric_of(gate.metric).undefined_at:
        return f"all labels are {mean_label:.0f}"
    if gate.metric == "gauc":
        return _not_enough_in_groups(gate, measured)
    return None


def _not_enough_in_groups(gate: Gate, measured: SliceMetrics) -> str | None:
    """The same for GAUC, in which only groups with both labels have a say."""
    examples = measured["examples"]
    counted = round(examples * measured.get("gauc_coverage", 1.0))
    if counted >= gate.min_examples:
        return None
    return (
        f"{examples:,.0f} examples, of which {counted:,} are in groups with both "
        f"labels; {gate.min_examples:,} are needed"
    )


def _figures(metric: str, key: SliceKey, bound: _Bound, comparison: Comparison) -> str:
    """The figures behind a bound: `auc is 0.7421 (95% interval 0.7305 to 0.7537)`."""
    candidate, baseline = comparison.candidate, comparison.baseline
    words = f"{metric} is {candidate.value(key, metric):.4f}"
    if not bound.on_change:
        return words + _in_words(candidate.interval(key, metric), "{:.4f}")
    assert baseline is not None
    assert comparison.change is not None
    words += f", the baseline's {baseline.value(key, metric):.4f}"
    words += f": a change of {bound.value:+.4f}"
    return words + _in_words(comparison.change.interval(key, metric), "{:+.4f}")


def _in_words(interval: Interval | None, form: str) -> str:
    if interval is None:
        return ""
    low, high = (form.format(end) for end in interval)
    return f" (95% interval {low} to {high})"


def _bounds(gate: Gate, key: SliceKey, comparison: Comparison) -> Iterator[_Bound]:
    """The bounds of a gate on a slice."""
    metric = gate.metric
    value = comparison.candidate.value(key, metric)
    mean_label = comparison.candidate.value(key, "mean_label")
    if gate.min is not None:
        note = gate_notes.lower_bound_note(metric, gate.min, mean_label)
        yield _Bound(f"{metric} >= {gate.min:g}", value, value >= gate.min, note)
    if gate.max is not None:
        note = gate_notes.upper_bound_note(metric, gate.max, mean_label)
        yield _Bound(f"{metric} <= {gate.max:g}", value, value <= gate.max, note)
    change = comparison.change.value(key, metric) if comparison.change else math.nan
    if gate.min_change is not None:
        words = f"change of {metric} >= {gate.min_change:g}"
        note = gate_notes.change_note(metric, -gate.min_change)
        yield _Bound(words, change, change >= gate.min_change, note, on_change=True)
    if gate.max_change is not None:
        words = f"change of {metric} <= {gate.max_change:g}"
        note = gate_notes.change_note(metric, gate.max_change)
        yield _Bound(words, change, change <= gate.max_change, note, on_change=True)
