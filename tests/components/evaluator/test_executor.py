"""The Evaluator on a tiny exported model, compared with scikit-learn and numpy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special, stats
from sklearn import metrics as sk
from tfx.types import standard_artifacts

from components.evaluator.curves import Curves
from components.evaluator.executor import EvaluatorExecutor
from components.evaluator.intervals import interval
from components.evaluator.record import Evaluation
from components.evaluator.score_counts import block_of
from config.errors import ConfigError
from config.evaluation import Gate
from config.parts import EvaluatorPart

from ..artifacts import artifact
from .conftest import gauc_of

# Sums over examples. The other figures go by the bins that the predictions fall into;
# how close that is to the predictions themselves is shown beside the figures.
SUMS = (
    "log_loss",
    "normalized_entropy",
    "calibration",
    "mean_label",
    "mean_prediction",
    "examples",
)
# Predictions of one model for one example, in batches of different sizes.
EXACT = 1e-6


@dataclass
class TinyFolder:
    """Where a model should be."""

    uri: Path


@dataclass
class Evaluated:
    """What the Evaluator left."""

    report: Evaluation
    curves: Curves
    blessing: Any


@pytest.fixture(scope="module")
def evaluate(tiny, tiny_models, tmp_path_factory, write_records):
    """Evaluates a kind of model with gates, beside a baseline or not."""

    def _evaluate(rows, gates=(), baseline=None, train=(), **settings):
        folder = tmp_path_factory.mktemp("evaluation")
        for split, of_split in (("eval", rows), ("train", train)):
            path = folder / f"examples/Split-{split}/x.gz"
            write_records(path, tiny.as_examples(of_split))
        examples = artifact(standard_artifacts.Examples, folder / "examples")
        examples.split_names = '["eval", "train"]'
        inputs = {
            "examples": [examples],
            "schema": [artifact(standard_artifacts.Schema, tiny.schema)],
            "model": [_model(tiny_models("wide_deep"), 7)],
            "baseline_model": [_model(baseline, 8)] if baseline else [],
        }
        evaluation = artifact(standard_artifacts.ModelEvaluation, folder / "out")
        blessing = artifact(standard_artifacts.ModelBlessing, folder / "blessing")
        settings = {"gates": gates, **settings}
        part = EvaluatorPart.of(tiny.config).model_copy(update=settings)
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
        text = Path(evaluation.uri, Evaluation.FILE).read_text()
        json.loads(text, parse_constant=pytest.fail)  # NaN is no JSON
        return Evaluated(
            Evaluation.read(evaluation.uri), Curves.read(evaluation.uri), blessing
        )

    return _evaluate


def _model(trained, artifact_id):
    model = artifact(standard_artifacts.Model, trained.uri)
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
    return evaluate(tiny.rows, gates, group_by="user")


def _bins(probabilities, threshold=0.3):
    """2048 bins for each of log-odds, and a threshold that is the end of one."""
    bins = np.ceil(2048 * special.logit(probabilities.astype(np.float64)))
    return 2 * bins + (probabilities > threshold)


def _expected(labels, probabilities, thresholds=(0.3, 0.5)):
    mean = np.mean(labels)
    one_class = mean in (0, 1)
    bins = _bins(probabilities)
    log_loss = sk.log_loss(labels, probabilities, labels=[0, 1])
    figures = {
        "auc": None if one_class else sk.roc_auc_score(labels, bins),
        "pr_auc": None if one_class else sk.average_precision_score(labels, bins),
        "log_loss": log_loss,
        "normalized_entropy": (
            None if one_class else log_loss / stats.entropy([mean, 1 - mean])
        ),
        "calibration": sum(probabilities) / sum(labels) if sum(labels) else None,
        "ece": _ece(labels, probabilities, bins),
        "mean_label": mean,
        "mean_prediction": np.mean(probabilities),
        "examples": len(labels),
    }
    for threshold in thresholds:
        positive = probabilities > threshold
        hits = np.sum(positive & (labels == 1))
        # A share of nothing is undefined.
        precision = hits / positive.sum() if positive.any() else None
        recall = hits / labels.sum() if labels.any() else None
        figures[f"precision_at_{threshold:g}"] = precision
        figures[f"recall_at_{threshold:g}"] = recall
    return figures


def _ece(labels, probabilities, bins):
    middle = stats.rankdata(bins) - 0.5
    groups = np.floor(10 * middle / len(labels))
    excess = probabilities - labels
    return sum(abs(excess[groups == group].sum()) for group in range(10)) / len(labels)


def _assert_close(figures, expected, names):
    assert set(figures) == set(expected)
    for name in names:
        wanted = expected[name]
        assert figures[name] == (wanted and pytest.approx(wanted, abs=EXACT)), name


def _slices(all_rows):
    """The rows of each slice by its name, without looking at our own naming."""
    quoted = {"a, b=c": '"a, b=c"'}
    names = {"overall": np.ones(len(all_rows), bool)}
    for index, row in enumerate(all_rows):
        city = quoted.get(row["city"][0], row["city"][0])
        mine = [f"city={city}", f"city={city}, device={row['device'][0]}"]
        mine += [f"age={age:.0f}" for age in row["age"]]
        for name in mine:
            names.setdefault(name, np.zeros(len(all_rows), bool))[index] = True
    return names


@pytest.mark.parametrize("which", ["candidate", "baseline"])
def test_metrics_are_those_of_scikit_learn_on_every_slice(
    which, compared, tiny, tiny_models
):
    kind = "wide_deep" if which == "candidate" else "embedding_mlp"
    probabilities = tiny_models(kind).probabilities(tiny.transformed)
    labels = np.array([row["click"][0] for row in tiny.rows])
    slices = _slices(tiny.rows)

    measured = getattr(compared.report, which)
    assert set(measured) == set(slices)
    assert 'city="a, b=c", device=phone' in measured
    at_an_edge = _bins(probabilities - EXACT) != _bins(probabilities + EXACT)
    certain = 0
    for name, rows in slices.items():
        expected = _expected(labels[rows], probabilities[rows])
        names = SUMS if at_an_edge[rows].any() else tuple(expected)
        certain += names != SUMS
        _assert_close(measured[name], expected, names)
    assert certain > len(slices) / 2


def test_without_a_baseline_the_candidate_is_measured_the_same(compared, alone):
    assert alone.report.baseline is None
    assert alone.report.change is None
    assert set(alone.report.candidate) == set(compared.report.candidate)
    for name, figures in compared.report.candidate.items():
        for metric, value in figures.items():
            other = alone.report.candidate[name][metric]
            assert other == pytest.approx(value, abs=1e-6), (name, metric)


def test_gauc_is_that_of_a_loop_over_the_users_on_every_slice(alone, tiny, tiny_models):
    probabilities = tiny_models("wide_deep").probabilities(tiny.transformed)
    labels = np.array([row["click"][0] for row in tiny.rows])
    users = np.array([row["user"][0] for row in tiny.rows])

    for name, rows in _slices(tiny.rows).items():
        gauc, coverage = gauc_of(users[rows], labels[rows], probabilities[rows])
        figures = alone.report.candidate[name]
        assert figures["gauc_coverage"] == pytest.approx(coverage), name
        assert figures["gauc"] == (None if gauc is None else pytest.approx(gauc)), name


def test_the_change_is_the_difference_of_the_models(compared):
    report = compared.report

    assert set(report.change) == set(report.candidate)
    for metric in ("auc", "log_loss", "recall_at_0.5"):
        candidate, baseline = (
            of["city=Rome"][metric] for of in (report.candidate, report.baseline)
        )
        change = report.change["city=Rome"][metric]
        assert change == pytest.approx(candidate - baseline, abs=1e-6)


def test_intervals_of_both_models_and_of_the_change(compared, tiny, tiny_models):
    report = compared.report
    for side in ("candidate", "baseline", "change"):
        for metric, (low, high) in report.intervals[side]["overall"].items():
            value = getattr(report, side)["overall"][metric]
            assert low <= value <= high, (side, metric)
            # An interval of a share ends where the share would.
            if side == "change" or 0.0 < low < high < 1.0:
                assert (low + high) / 2 == pytest.approx(value, abs=1e-9)
    # The blocks are those of the serialized examples with their numbers, of all models.
    blocks = np.array(
        [
            block_of(record + number.to_bytes(8, "little"))
            for number, record in enumerate(tiny.as_examples(tiny.rows))
        ]
    )
    for side, kind in (("candidate", "wide_deep"), ("baseline", "embedding_mlp")):
        probabilities = tiny_models(kind).probabilities(tiny.transformed)
        without_each = [probabilities[blocks != block].mean() for block in range(20)]
        expected = interval(probabilities.mean(), np.array(without_each))
        found = report.intervals[side]["overall"]["mean_prediction"]
        assert found == pytest.approx(expected, abs=1e-5)


def test_few_examples_or_groups_have_no_intervals(compared, alone):
    assert "city=Ghost Town, device=phone" not in compared.report.intervals["candidate"]
    # 20 users do not fill 20 blocks.
    assert "overall" not in alone.report.intervals["candidate"]


def test_curves_of_what_has_enough_examples_of_both_labels(compared, alone):
    drawn = compared.curves.root
    enough = {
        name
        for name, figures in compared.report.candidate.items()
        if figures["examples"] >= 100 and figures["auc"] is not None
    }
    assert set(drawn) == enough
    assert len(enough) > 2
    assert drawn["overall"].baseline.roc != drawn["overall"].candidate.roc
    assert alone.curves.root["overall"].baseline is None
    for evaluated in (alone, compared):
        curve = evaluated.curves.root["overall"].candidate
        measured = evaluated.report.candidate["overall"]
        assert sum(height for *_, height in curve.histogram) == measured["examples"]
        # A hundred points of a curve with more corners.
        area = sk.auc(*np.array(curve.roc).T)
        assert area == pytest.approx(measured["auc"], abs=0.01)


def test_a_baseline_that_cannot_be_loaded_is_reported(tiny, evaluate, tmp_path):
    gone = TinyFolder(tmp_path / "gone")
    gates = (Gate(metric="auc", min=0.5, min_examples=10, min_change=-0.1),)
    found = evaluate(tiny.rows[:50], gates, gone).report

    assert found.passed is False
    assert found.baseline is None
    assert found.change is None
    failed, value, last = found.reasons()
    assert failed.startswith("failed: overall: change of auc >= -0.1 (")
    assert found.baseline_problem in failed
    assert value == found.gates[0].in_words()
    assert last.endswith(found.baseline_problem)


def test_a_slice_of_one_class_has_null_for_what_is_undefined(alone):
    figures = alone.report.candidate["city=Ghost Town"]

    assert figures["examples"] > 10
    assert figures["mean_label"] == 0
    undefined = {name for name, value in figures.items() if value is None}
    assert undefined >= {"auc", "pr_auc", "calibration", "recall_at_0.5"}
    assert figures["log_loss"] > 0


def test_a_slice_that_only_the_training_split_has_is_not_enough_data(tiny, evaluate):
    ghosts = [row for row in tiny.rows if row["city"] == ["Ghost Town"]][:5]
    others = [row for row in tiny.rows if row["city"] != ["Ghost Town"]][:20]
    phone = {"city": "Ghost Town", "device": "phone"}
    gates = (Gate(metric="auc", slice=phone, min=0.5, min_examples=1),)
    assert ["phone"] in [row["device"] for row in ghosts]

    found = evaluate(others, gates, train=ghosts).report

    assert [gate.status for gate in found.gates] == ["not enough data"]


def test_a_slice_that_no_split_has_is_a_mistake_in_the_configuration(tiny, evaluate):
    rows = tiny.rows[:20]
    here = Gate(metric="auc", slice={"city": "Rome"}, min=0.5)
    nowhere = Gate(metric="auc", slice={"city": "Romy"}, min=0.5)

    with pytest.raises(ConfigError) as caught:
        evaluate(rows, (here, nowhere), train=rows)

    line = str(caught.value)
    assert line.startswith("gates[1].slice: got 'city=Romy'")
    assert "'city=Rome'" in line


def test_a_candidate_that_meets_the_gates_is_blessed(compared):
    statuses = [
        (gate.slice, gate.condition, gate.status) for gate in compared.report.gates
    ]

    assert compared.report.passed is True
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
        (gate.slice, gate.condition, gate.status) for gate in alone.report.gates
    ]

    assert alone.report.passed is False
    assert statuses == [
        ("overall", "log_loss <= 0.01", "failed"),
        ("overall", "change of log_loss >= -1", "not applied"),
        ("city=Ghost Town", "auc >= 0.99", "not enough data"),
    ]
    names = [path.name for path in Path(alone.blessing.uri).iterdir()]
    assert names == ["NOT_BLESSED"]
    assert alone.blessing.get_int_custom_property("blessed") == 0
