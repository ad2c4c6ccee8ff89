"""Configuration of TFMA."""

from __future__ import annotations

import json

from tensorflow_model_analysis.proto import config_pb2

from components.evaluator.score_metrics import (
    ScoreCurves,
    ScoredExamples,
    ScoreMetric,
)
from config.metrics import SCORE_METRICS, at_thresholds
from config.parts import EvaluatorPart
from config.signatures import PROBABILITY, SERVING_DEFAULT

CANDIDATE = "candidate"
BASELINE = "baseline"
CURVES = "curves"


def eval_config(part: EvaluatorPart, has_baseline: bool) -> config_pb2.EvalConfig:
    """Builds TFMA's configuration: all metrics, for all examples and each slice.

    GAUC is not among them: `gauc_evaluator` adds it.

    Args:
      part: Slices, thresholds, groups and the label.
      has_baseline: True if there is a second model to evaluate.
    """
    names = [CANDIDATE, BASELINE] if has_baseline else [CANDIDATE]
    return config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(
                name=name,
                is_baseline=name == BASELINE,
                signature_name=SERVING_DEFAULT,
                prediction_key=PROBABILITY,
                label_key=part.label,
            )
            for name in names
        ],
        slicing_specs=[
            config_pb2.SlicingSpec(),
            *(config_pb2.SlicingSpec(feature_keys=spec) for spec in part.slices),
        ],
        metrics_specs=[config_pb2.MetricsSpec(metrics=_metrics(part))],
    )


def _metrics(part: EvaluatorPart) -> list[config_pb2.MetricConfig]:
    names = [*SCORE_METRICS, *at_thresholds(part.thresholds)]
    of_names = {"examples": ScoredExamples, CURVES: ScoreCurves}
    of_names |= dict.fromkeys(names, ScoreMetric)
    return [
        config_pb2.MetricConfig(
            class_name=metric.__name__,
            module=metric.__module__,
            config=json.dumps({"name": name, "thresholds": part.thresholds}),
        )
        for name, metric in of_names.items()
    ]
