"""The Evaluator on a tiny exported model, held against scikit-learn and numpy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk
from tfx.types import standard_artifacts

from components.evaluator.executor import EVALUATION_FILE, EvaluatorExecutor
from pipeline.config.evaluation import Gate
from pipeline.config.parts.evaluator import EvaluatorPart

# TFMA computes areas from 10,000 thresholds: predictions between two of them are equal.
# And it interpolates precision as Davis and Goadrich do, scikit-learn linearly. Both
# matter where examples are few.
AREAS = {"auc": 2e-3, "pr_auc": 0.01}
AREAS_OF_FEW = {"auc": 0.05, "pr_auc": 0.1}
FEW = 100
# TFMA adds float32 figures.
EXACT = 1e-5


@dataclass
class Evaluated:
    """What the Evaluator left."""

    report: dict[str, Any]
    blessing: Any


@pytest.fixture(scope="module")
def evaluate(tiny, tiny_models, tmp_path_factory, write_records):
    """Evaluates a kind of model with gates, beside a baseline or not."""

    def _evaluate(rows, gates=(), baseline=None):
        folder = tmp_path_factory.mktemp("evaluation")
        write_records(folder / "examples/Split-eval/x.gz", tiny.as_examples(rows))
        examples = _artifact(standard_artifacts.Examples, folder / "examples")
        examples.split_names = '["eval"]'
        inputs = {
            "examples": [examples],
            "schema": [_artifact(standard_artifacts.Schema, tiny.schema)],
            "model": [_model(tiny_models("wide_deep"), 7)],
            "baseline_model": [_model(baseline, 8)] if baseline else [],
        }
        evaluation = _artifact(standard_artifacts.ModelEvaluation, folder / "out")
        blessing = _artifact(standard_artifacts.ModelBlessing, folder / "blessing")
        part = EvaluatorPart.of(tiny.config).model_copy(update={"gates": gates})
        context = EvaluatorExecutor.Context(
            beam_pipeline_args=["--direct_running_mode=in_memory"],
            tmp_dir=str(folder / "tmp"),
            unique_id="1",
        )
        EvaluatorExecutor(context).Do(
            inputs,
            {"evaluation": [evaluation], "blessing": [blessing]},
            {"part": part.model_dump_json(), "code": ""},
        )
        text = Path(evaluation.uri, EVALUATION_FILE).read_text()
        return Evaluated(json.loads(text, parse_constant=pytest.fail), blessing)

    return _evaluate


def _artifact(kind, folder):
    artifact = kind()
    artifact.uri = str(folder)
    return artifact


def _model(trained, artifact_id):
    model = _artifact(standard_artifacts.Model, trained.uri)
    model.id = artifact_id
    return model


@pytest.fixture(scope="module")
def compared(tiny, tiny_models, evaluate):
    """A candidate that passes, beside a baseline."""
    gates = (
        Gate(metric="auc", min=0.5, min_change=-1.0),
        Gate(metric="auc", every=("city",), min=0.9999, min_examples=100_000),
    )
    return evaluate(tiny.rows, gates, tiny_models("embedding_mlp"))


@pytest.fixture(scope="module")
def alone(tiny, evaluate):
    """A candidate that fails, without a baseline."""
    gates = (
        Gate(metric="log_loss", max=0.01, min_change=-1.0),
        Gate(metric="auc", slice={"city": "Ghost Town"}, min=0.99, min_examples=1),
    )
    return evaluate(tiny.rows, gates)


def _expected(labels, probabilities, thresholds=(0.3, 0.5)):
    one_class = len(set(labels)) == 1
    figures = {
        "auc": None if one_class else sk.roc_auc_score(labels, probabilities),
        "pr_auc": None if one_class else _area_under_precision(labels, probabilities),
        "log_loss": sk.log_loss(labels, probabilities, labels=[0, 1]),
        "calibration": sum(probabilities) / sum(labels) if sum(labels) else None,
        "mean_label": np.mean(labels),
        "mean_prediction": np.mean(probabilities),
        "examples": len(labels),
    }
    for threshold in thresholds:
        positive = probabilities > threshold
        hits = np.sum(positive & (labels == 1))
        # TFMA takes a share of nothing for undefined.
        precision = hits / positive.sum() if positive.any() else None
        recall = hits / labels.sum() if labels.any() else None
        figures[f"precision_at_{threshold:g}"] = precision
        figures[f"recall_at_{threshold:g}"] = recall
    return figures


def _area_under_precision(labels, probabilities):
    precision, recall, _ = sk.precision_recall_curve(labels, probabilities)
    return sk.auc(recall, precision)


def _assert_close(figures, expected):
    assert set(figures) == set(expected)
    for name, value in expected.items():
        areas = AREAS if figures["examples"] > FEW else AREAS_OF_FEW
        tolerance = areas.get(name, EXACT)
        if value is None:
            assert figures[name] is None, name
        else:
            assert figures[name] == pytest.approx(value, abs=tolerance), name


def _slices(tiny):
    """The rows of each slice by its name, without looking at our own naming."""
    quoted = {"a, b=c": '"a, b=c"'}
    names = {"overall": np.ones(len(tiny.rows), bool)}
    for index, row in enumerate(tiny.rows):
        city = quoted.get(row["city"][0], row["city"][0])
        mine = [f"city={city}", f"city={city}, device={row['device'][0]}"]
        mine += [f"age={age:.0f}" for age in row["age"]]
        for name in mine:
            names.setdefault(name, np.zeros(len(tiny.rows), bool))[index] = True
    return names


@pytest.mark.parametrize("which", ["candidate", "baseline"])
def test_metrics_are_those_of_scikit_learn_on_every_slice(
    which, compared, tiny, tiny_models
):
    kind = "wide_deep" if which == "candidate" else "embedding_mlp"
    probabilities = tiny_models(kind).probabilities(tiny.transformed)
    labels = np.array([row["click"][0] for row in tiny.rows])
    slices = _slices(tiny)

    measured = compared.report[which]
    assert set(measured) == set(slices)
    assert 'city="a, b=c", device=phone' in measured
    for name, rows in slices.items():
        _assert_close(measured[name], _expected(labels[rows], probabilities[rows]))


def test_without_a_baseline_the_candidate_is_measured_the_same(compared, alone):
    assert alone.report["baseline"] is None
    assert set(alone.report["candidate"]) == set(compared.report["candidate"])
    for name, figures in compared.report["candidate"].items():
        for metric, value in figures.items():
            other = alone.report["candidate"][name][metric]
            assert other == pytest.approx(value, abs=1e-6), (name, metric)


def test_a_slice_of_one_class_has_null_for_what_is_undefined(alone):
    figures = alone.report["candidate"]["city=Ghost Town"]

    assert figures["examples"] > 10
    assert figures["mean_label"] == 0
    undefined = {name for name, value in figures.items() if value is None}
    assert undefined >= {"auc", "pr_auc", "calibration", "recall_at_0.5"}
    assert figures["log_loss"] > 0


def test_a_candidate_that_meets_the_gates_is_blessed(compared):
    statuses = [
        (gate["slice"], gate["condition"], gate["status"])
        for gate in compared.report["gates"]
    ]

    assert compared.report["passed"] is True
    assert sorted(statuses) == [
        ('city="a, b=c"', "auc >= 0.9999", "not enough data"),
        ("city=Ghost Town", "auc >= 0.9999", "not enough data"),
        ("city=Rome", "auc >= 0.9999", "not enough data"),
        ("overall", "auc >= 0.5", "passed"),
        ("overall", "change of auc >= -1", "passed"),
    ]
    assert [path.name for path in Path(compared.blessing.uri).iterdir()] == ["BLESSED"]
    assert compared.blessing.get_int_custom_property("blessed") == 1
    assert compared.blessing.get_int_custom_property("current_model_id") == 7


def test_a_candidate_that_fails_a_gate_is_not_blessed(alone):
    statuses = [
        (gate["slice"], gate["condition"], gate["status"])
        for gate in alone.report["gates"]
    ]

    assert alone.report["passed"] is False
    assert statuses == [
        ("overall", "log_loss <= 0.01", "failed"),
        ("city=Ghost Town", "auc >= 0.99", "not enough data"),
    ]
    names = [path.name for path in Path(alone.blessing.uri).iterdir()]
    assert names == ["NOT_BLESSED"]
    assert alone.blessing.get_int_custom_property("blessed") == 0
