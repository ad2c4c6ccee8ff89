"""What TFMA is asked to compute, and what it computed, by slice."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import config_pb2

from components.evaluator.gates import Metrics, is_undefined
from components.evaluator.slices import slice_key
from pipeline.config.parts.evaluator import EvaluatorPart

CANDIDATE = "candidate"
BASELINE = "baseline"

_SIGNATURE = "serving_default"
_OUTPUT = "probability"


def eval_config(part: EvaluatorPart, has_baseline: bool) -> config_pb2.EvalConfig:
    """What TFMA computes: all metrics, for all examples and for each slice.

    Args:
      part: Slices, thresholds and the label.
      has_baseline: Whether there is a second model to evaluate.
    """
    names = [CANDIDATE, BASELINE] if has_baseline else [CANDIDATE]
    return config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(
                name=name,
                is_baseline=name == BASELINE,
                signature_name=_SIGNATURE,
                prediction_key=_OUTPUT,
                label_key=part.label,
            )
            for name in names
        ],
        slicing_specs=[
            config_pb2.SlicingSpec(),
            *(config_pb2.SlicingSpec(feature_keys=spec) for spec in part.slices),
        ],
        metrics_specs=[config_pb2.MetricsSpec(metrics=_metrics(part.thresholds))],
    )


def _metrics(thresholds: tuple[float, ...]) -> list[config_pb2.MetricConfig]:
    plain = [
        _metric("AUC", "auc", num_thresholds=10_000),
        _metric("AUCPrecisionRecall", "pr_auc", num_thresholds=10_000),
        _metric("BinaryCrossEntropy", "log_loss"),
        _metric("Calibration", "calibration"),
        _metric("MeanLabel", "mean_label"),
        _metric("MeanPrediction", "mean_prediction"),
        _metric("ExampleCount", "examples"),
    ]
    at_thresholds = [
        _metric(
            class_name, f"{class_name.lower()}_at_{threshold:g}", thresholds=threshold
        )
        for threshold in thresholds
        for class_name in ("Precision", "Recall")
    ]
    return plain + at_thresholds


def _metric(class_name: str, name: str, **settings: float) -> config_pb2.MetricConfig:
    return config_pb2.MetricConfig(
        class_name=class_name, config=json.dumps({"name": name, **settings})
    )


def load_metrics(output_path: str, models: Collection[str]) -> dict[str, Metrics]:
    """Reads the metrics of the models that were evaluated.

    Args:
      output_path: Where TFMA wrote its results.
      models: `CANDIDATE`, and `BASELINE` where there was one.

    Returns:
      For each model, by slice, the metrics by name; one that is undefined is NaN.
    """
    # TFMA leaves a model's name out where there is but one.
    only_one = len(models) == 1
    return {name: _load(output_path, None if only_one else name) for name in models}


def _load(output_path: str, model: str | None) -> Metrics:
    result = tfma.load_eval_result(output_path, model_name=model)
    return {
        slice_key(key): _figures(metrics[""][""])
        for key, metrics in result.slicing_metrics
    }


def _figures(values: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The metrics of a slice, from what TFMA has for it."""
    figures = {
        name: float(value["doubleValue"])
        for name, value in values.items()
        # Beside a baseline, TFMA adds the difference to it.
        if "doubleValue" in value and not name.endswith("_diff")
    }
    for name in figures:
        # TFMA has 0 for the area under the curve of one class.
        if is_undefined(name, figures["mean_label"]):
            figures[name] = math.nan
    return figures
