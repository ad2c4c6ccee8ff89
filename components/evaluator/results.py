"""From the output of TFMA to an evaluation."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow_model_analysis as tfma

from components.evaluator.curves import Curve
from components.evaluator.eval_config import BASELINE, CANDIDATE, CURVES
from components.evaluator.intervals import Interval, interval
from components.evaluator.record import Evaluation, Metrics
from components.evaluator.score_counts import Floats
from components.evaluator.score_metrics import WITHOUT_EACH
from components.evaluator.slices import slice_key, slice_name
from config.metrics import metric_of


@dataclass(frozen=True)
class SliceResult:
    """Metrics of a model on a slice.

    Attributes:
      metrics: By name; what is undefined is NaN.
      without_each: By name, the metric without each block of examples; only where all
        blocks have examples.
      curve: None where the slice has not enough examples.
    """

    metrics: Mapping[str, float]
    without_each: Mapping[str, Floats]
    curve: Curve | None = None


# By the names of the slices.
Result = Mapping[str, SliceResult]


def load_results(output_path: str, models: Collection[str]) -> dict[str, Result]:
    """Reads what was computed of each model.

    Args:
      output_path: Folder of TFMA's output.
      models: `CANDIDATE`, and `BASELINE` where there was one.
    """
    # TFMA leaves a model's name out where there is but one.
    only_one = len(models) == 1
    return {name: _load(output_path, None if only_one else name) for name in models}


def evaluation_of(
    results: Mapping[str, Result], baseline_problem: str | None = None
) -> Evaluation:
    """The evaluation of what was measured, before the gates.

    Args:
      results: What was computed of each model.
      baseline_problem: Why the baseline cannot be measured.
    """
    evaluation = Evaluation(
        gates=[],
        candidate=_metrics(results[CANDIDATE]),
        intervals={"candidate": _intervals(results[CANDIDATE], _clipped)},
        baseline_problem=baseline_problem,
    )
    if BASELINE in results:
        change = _difference(results[CANDIDATE], results[BASELINE])
        evaluation.baseline = _metrics(results[BASELINE])
        evaluation.change = _metrics(change)
        evaluation.intervals["baseline"] = _intervals(results[BASELINE], _clipped)
        evaluation.intervals["change"] = _intervals(change, lambda _, ends: ends)
    return evaluation


def _metrics(result: Result) -> Metrics:
    return {
        name: {
            metric: value if math.isfinite(value) else None
            for metric, value in of_slice.metrics.items()
        }
        for name, of_slice in result.items()
    }


def _intervals(
    result: Result, limited: Callable[[str, Interval], Interval]
) -> dict[str, dict[str, Interval]]:
    """The intervals of the metrics and slices that have them."""
    found = {
        name: {
            metric: limited(metric, ends)
            for metric, figures in of_slice.without_each.items()
            if (ends := interval(of_slice.metrics[metric], figures)) is not None
        }
        for name, of_slice in result.items()
    }
    return {name: intervals for name, intervals in found.items() if intervals}


def _clipped(metric: str, ends: Interval) -> Interval:
    """The part of an interval of a metric that the metric can reach."""
    low, high = ends
    most = 1.0 if metric_of(metric).is_share else math.inf
    return max(low, 0.0), min(high, most)


def _difference(candidate: Result, baseline: Result) -> Result:
    """The changes from the baseline to the candidate."""
    return {
        name: SliceResult(
            _subtract(of_slice.metrics, baseline[name].metrics),
            _subtract(of_slice.without_each, baseline[name].without_each),
        )
        for name, of_slice in candidate.items()
        if name in baseline
    }


def _subtract(figures: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    return {name: figures[name] - others[name] for name in figures if name in others}


def _load(output_path: str, model: str | None) -> Result:
    result = tfma.load_eval_result(output_path, model_name=model)
    by_key = {
        slice_key(key): metrics[""][""] for key, metrics in result.slicing_metrics
    }
    return {slice_name(key): _slice_result(by_key[key]) for key in sorted(by_key)}


def _slice_result(values: Mapping[str, Mapping[str, Any]]) -> SliceResult:
    """From what TFMA has of one slice, by name."""
    metrics, without_each, curve = {}, {}, None
    for name, value in values.items():
        if name.endswith("_diff"):
            continue  # `change` has it, with its interval
        if name == CURVES:
            curve = Curve.model_validate_json(base64.b64decode(value["bytesValue"]))
        elif name.endswith(WITHOUT_EACH):
            figures = np.array(value["arrayValue"]["float64Values"], np.float64)
            without_each[name.removesuffix(WITHOUT_EACH)] = figures
        elif "doubleValue" in value:
            number = float(value["doubleValue"])
            # Over nothing, such as the calibration where nobody clicked.
            metrics[name] = number if math.isfinite(number) else math.nan
    return SliceResult(metrics, without_each, curve)
