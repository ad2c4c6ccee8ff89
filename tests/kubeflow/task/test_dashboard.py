"""Outputs of a report that Kubeflow's dashboard shows."""

from __future__ import annotations

import math

from google.protobuf import struct_pb2

from components.evaluation_report.content import Report
from components.evaluator.curves import Curve, Curves, SliceCurves
from components.evaluator.record import Evaluation
from kubeflow.compile.spec_builder import METRICS, PAGE
from kubeflow.task.dashboard import (
    classification_of,
    metrics_of,
    shown_suffix,
    write_shown,
)

CURVE = Curve(
    roc=[(0.0, 0.0), (0.375, 0.5), (1.0, 1.0)],
    thresholds=[1.0, 0.2, 0.0],
    precision_recall=[],
    calibration=[],
    histogram=[],
)


def report(curves=True, **overall):
    evaluation = Evaluation(gates=[], candidate={"overall": overall})
    found = Curves({"overall": SliceCurves(candidate=CURVE)})
    return Report.model_construct(
        evaluation=evaluation, curves=found if curves else None
    )


def test_metrics_are_numbers_that_are_defined():
    overall = {"auc": 0.75, "gauc": None, "log_loss": math.inf, "examples": 1000.0}

    assert metrics_of(report(**overall)) == {"auc": 0.75, "examples": 1000.0}


def test_the_roc_curve_has_a_threshold_for_each_point():
    shown = classification_of(report(examples=1000.0, mean_label=0.2))

    assert shown.keys() == {"confidenceMetrics"}
    assert shown["confidenceMetrics"] == [
        {"confidenceThreshold": 1.0, "falsePositiveRate": 0.0, "recall": 0.0},
        {"confidenceThreshold": 0.2, "falsePositiveRate": 0.375, "recall": 0.5},
        {"confidenceThreshold": 0.0, "falsePositiveRate": 1.0, "recall": 1.0},
    ]
    # As the executor's output has it.
    struct_pb2.Struct().update(shown)


def test_the_confusion_matrix_follows_from_precision_and_recall():
    """Of 1,000 examples with 200 clicks, 400 are predicted, 100 of them rightly."""
    undefined = {"precision_at_0.9": None, "recall_at_0.9": 0.0}
    at = {"precision_at_0.2": 0.25, "recall_at_0.2": 0.5}
    shown = classification_of(
        report(curves=False, examples=1000.0, mean_label=0.2, **undefined, **at)
    )

    assert [row["row"] for row in shown["confusionMatrix"]["rows"]] == [
        [500, 300],
        [100, 100],
    ]
    labels = [
        each["displayName"] for each in shown["confusionMatrix"]["annotationSpecs"]
    ]
    assert labels == ["no click", "click"]


def test_a_run_without_an_evaluation_has_no_figures():
    stopped = Report.model_construct(evaluation=None, curves=None)

    assert metrics_of(stopped) == classification_of(stopped) == {}


def test_the_page_of_a_report_is_one_file(tmp_path):
    (tmp_path / "report.html").write_text("<html>")
    assert write_shown(str(tmp_path), PAGE, str(tmp_path / "page" / "one")) == {}
    assert (tmp_path / "page" / "one").read_text() == "<html>"


def test_outputs_that_the_driver_adds_are_not_shown():
    assert shown_suffix("executor-logs") is None
    assert shown_suffix("report_metrics") == METRICS
