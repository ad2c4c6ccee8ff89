"""Outputs of a report that Kubeflow's dashboard shows on the page of a run.

The page itself, and two artifacts without files, whose metadata the dashboard shows and
compares between runs: system.Metrics as a row for each number, and
system.ClassificationMetrics as ROC curve and confusion matrix (`frontend/src/lib` and
`frontend/src/components/viewers` of github.com/kubeflow/pipelines).
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any

from tfx.dsl.io import fileio
from tfx.utils import io_utils

from components.evaluation_report.content import Report, read_content
from components.evaluation_report.files import PAGE_FILE
from components.evaluator.record import Evaluation
from components.evaluator.slices import OVERALL_NAME
from kubeflow.compile.spec_builder import METRICS, PAGE, SHOWN_OF_REPORT

_LABELS = ("no click", "click")


def shown_suffix(key: str) -> str | None:
    """Returns which of `SHOWN_OF_REPORT` the name of an output ends in, if any."""
    return next((each for each in SHOWN_OF_REPORT if key.endswith(each)), None)


def write_shown(report: str, suffix: str, path: str) -> Mapping[str, Any]:
    """Writes an output that the dashboard shows, and returns its metadata.

    Args:
      report: Folder of the report.
      path: File of the output; only the page has one.
    """
    if suffix == PAGE:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with fileio.open(os.path.join(report, PAGE_FILE), "rb") as file:
            io_utils.write_bytes_file(path, file.read())
        return {}
    content = read_content(report)
    return metrics_of(content) if suffix == METRICS else classification_of(content)


def metrics_of(report: Report) -> dict[str, float]:
    """Returns the metrics of all examples; without those that are undefined."""
    if report.evaluation is None:
        return {}
    overall = report.evaluation.candidate[OVERALL_NAME]
    return {
        name: value
        for name, value in overall.items()
        if value is not None and math.isfinite(value)
    }


def classification_of(report: Report) -> dict[str, Any]:
    """Returns the ROC curve of all examples, and a confusion matrix.

    The matrix is at the first of `evaluation.thresholds` at which precision and recall
    are defined; rows are labels, columns predictions.
    """
    metrics: dict[str, Any] = {}
    if report.curves is not None and (curves := report.curves.root.get(OVERALL_NAME)):
        curve = curves.candidate
        metrics["confidenceMetrics"] = [
            {
                "confidenceThreshold": threshold,
                "falsePositiveRate": false_positive_rate,
                "recall": recall,
            }
            for threshold, (false_positive_rate, recall) in zip(
                curve.thresholds, curve.roc, strict=True
            )
        ]
    if report.evaluation is not None:
        counts = _confusion_matrix(report.evaluation)
        if counts is not None:
            metrics["confusionMatrix"] = {
                "annotationSpecs": [{"displayName": label} for label in _LABELS],
                "rows": [{"row": row} for row in counts],
            }
    return metrics


def _confusion_matrix(evaluation: Evaluation) -> list[list[int]] | None:
    """Returns numbers of examples, [label, prediction]."""
    overall = evaluation.candidate[OVERALL_NAME]
    examples, mean_label = overall.get("examples"), overall.get("mean_label")
    for name, recall in overall.items():
        kind, at, threshold = name.partition("_at_")
        precision = overall.get(f"precision_at_{threshold}")
        if kind != "recall" or not at or not recall or not precision:
            continue
        assert examples is not None
        assert mean_label is not None
        clicks = examples * mean_label
        hits = recall * clicks
        alarms = hits / precision - hits
        table = [[examples - clicks - alarms, alarms], [clicks - hits, hits]]
        return [[round(count) for count in row] for row in table]
    return None
