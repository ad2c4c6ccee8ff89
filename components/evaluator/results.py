"""Reads what TFMA computed."""

from __future__ import annotations

import base64
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow_model_analysis as tfma

from components.evaluator.curves import Curve
from components.evaluator.eval_config import CURVES
from components.evaluator.intervals import Interval, interval
from components.evaluator.score_counts import Floats
from components.evaluator.score_metrics import WITHOUT_EACH
from components.evaluator.slice_metrics import Measured, SliceMetrics
from components.evaluator.slices import SliceKey, slice_key
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

    metrics: SliceMetrics
    without_each: Mapping[str, Floats]
    curve: Curve | None = None


Result = Mapping[SliceKey, SliceResult]


def load_results(output_path: str, models: Collection[str]) -> dict[str, Result]:
    """Reads what was computed of each model.

    Args:
      output_path: Folder of TFMA's output.
      models: `CANDIDATE`, and `BASELINE` where there was one.
    """
    # TFMA leaves a model's name out where there is but one.
    only_one = len(models) == 1
    return {name: _load(output_path, None if only_one else name) for name in models}


def measured(result: Result) -> Measured:
    """The metrics of a model, with intervals that end where a metric can."""
    found = _measured(result)
    within = {
        key: {name: _possible(name, ends) for name, ends in intervals.items()}
        for key, intervals in found.intervals.items()
    }
    return Measured(metrics=found.metrics, intervals=within)


def change(candidate: Result, baseline: Result) -> Measured:
    """The changes from the baseline to the candidate, with intervals."""
    return _measured(
        {
            key: _difference(candidate[key], baseline[key])
            for key in candidate
            if key in baseline
        }
    )


def _measured(result: Result) -> Measured:
    return Measured(
        metrics={key: of_slice.metrics for key, of_slice in result.items()},
        intervals={key: _intervals(of_slice) for key, of_slice in result.items()},
    )


def _possible(metric: str, ends: Interval) -> Interval:
    """The part of an interval of a metric that the metric can reach."""
    low, high = ends
    most = 1.0 if metric_of(metric).is_share else math.inf
    return max(low, 0.0), min(high, most)


def _difference(candidate: SliceResult, baseline: SliceResult) -> SliceResult:
    return SliceResult(
        metrics={
            name: value - baseline.metrics[name]
            for name, value in candidate.metrics.items()
            if name in baseline.metrics
        },
        without_each={
            name: figures - baseline.without_each[name]
            for name, figures in candidate.without_each.items()
            if name in baseline.without_each
        },
    )


def _intervals(result: SliceResult) -> dict[str, Interval]:
    found = {
        name: interval(result.metrics[name], figures)
        for name, figures in result.without_each.items()
    }
    return {name: ends for name, ends in found.items() if ends is not None}


def _load(output_path: str, model: str | None) -> Result:
    result = tfma.load_eval_result(output_path, model_name=model)
    return {
        slice_key(key): _slice_result(metrics[""][""])
        for key, metrics in result.slicing_metrics
    }


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
