"""Figures from counts, compared with scikit-learn and NumPy on the examples."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from components.evaluator import metrics
from components.evaluator.score_counts import BLOCKS, Bins
from config.metrics import SCORE_METRICS

# Predictions in one bin count as equal.
BINNED = 5e-4

pytestmark = pytest.mark.filterwarnings("ignore:invalid value", "ignore:divide by zero")


def expected_ece(labels, predictions):
    """By groups of ten per cent of the ranks; equal predictions have one rank."""
    ranks = stats.rankdata(predictions)
    groups = np.floor(10 * (ranks - 0.5) / len(labels)).astype(int)
    shares = [
        abs(predictions[groups == group].mean() - labels[groups == group].mean())
        * np.mean(groups == group)
        for group in np.unique(groups)
    ]
    return sum(shares)


def entropy(labels):
    return stats.entropy([labels.mean(), 1 - labels.mean()])


def test_auc_of_few_examples(draw, count):
    """Where a tie of two predictions would be seen."""
    labels, predictions = draw(3, 5000, 0.3)
    for rows in np.split(np.arange(5000), 1000):
        if len(set(labels[rows])) == 2:
            sample = count(labels[rows], predictions[rows])
            expected = sk.roc_auc_score(labels[rows], predictions[rows])
            assert metrics.auc(sample)[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("decimals", [None, 2, 1])
@pytest.mark.parametrize("mean", [0.003, 0.1, 0.6])
@pytest.mark.parametrize("seed", [0, 1])
def test_figures_of_random_examples(draw, count, seed, mean, decimals):
    labels, predictions = draw(seed, 5000, mean, decimals)
    sample = count(labels, predictions)
    log_loss = sk.log_loss(labels, np.clip(predictions, 1e-7, 1 - 1e-7))

    assert metrics.auc(sample)[0] == pytest.approx(
        sk.roc_auc_score(labels, predictions), abs=BINNED
    )
    assert metrics.pr_auc(sample)[0] == pytest.approx(
        sk.average_precision_score(labels, predictions), abs=4 * BINNED
    )
    assert metrics.log_loss(sample)[0] == pytest.approx(log_loss, abs=1e-6)
    assert metrics.normalized_entropy(sample)[0] == pytest.approx(
        log_loss / entropy(labels), rel=1e-5
    )
    assert metrics.calibration(sample)[0] == pytest.approx(
        predictions.sum() / labels.sum()
    )
    assert metrics.mean_label(sample)[0] == pytest.approx(labels.mean())
    assert metrics.mean_prediction(sample)[0] == pytest.approx(predictions.mean())
    assert metrics.ece(sample)[0] == pytest.approx(
        expected_ece(labels, predictions), abs=BINNED
    )


@pytest.mark.parametrize("threshold", [0.05, 0.2, 0.3, 1 / 3])
def test_precision_and_recall_are_exact(draw, count, threshold):
    labels, predictions = draw(3, 3000, 0.2, decimals=2)
    bins = Bins([0.1, threshold])
    sample = count(labels, predictions, bins=bins)
    name = f"_at_{threshold:g}"
    # The predictions are float32 numbers.
    positive = predictions > np.float32(threshold)
    hits = (positive & (labels > 0)).sum()

    precision = metrics.metric_named("precision" + name, bins)(sample)
    recall = metrics.metric_named("recall" + name, bins)(sample)
    assert precision[0] == pytest.approx(hits / positive.sum())
    assert recall[0] == pytest.approx(hits / labels.sum())


def test_precision_where_nothing_is_predicted_above_is_undefined(count):
    bins = Bins([0.5])
    sample = count([0, 1], [0.1, 0.5], bins=bins)

    assert math.isnan(metrics.metric_named("precision_at_0.5", bins)(sample)[0])
    assert metrics.metric_named("recall_at_0.5", bins)(sample)[0] == 0


def test_figures_by_hand(count):
    # Predicted 0.2, 0.2, 0.4, 0.8. Of the 3 pairs, two are ranked right, one is a tie.
    sample = count([0, 1, 0, 0], [0.2, 0.2, 0.1, 0.1])

    assert metrics.auc(sample)[0] == pytest.approx((0.5 + 1 + 1) / 3)
    assert metrics.pr_auc(sample)[0] == pytest.approx(1 / 2)
    assert metrics.log_loss(sample)[0] == pytest.approx(
        -(math.log(0.8) + math.log(0.2) + 2 * math.log(0.9)) / 4
    )
    assert metrics.calibration(sample)[0] == pytest.approx(0.6)
    # Two groups: |0.2 - 0.5| and |0.1 - 0|.
    assert metrics.ece(sample)[0] == pytest.approx((0.3 + 0.1) / 2)


@pytest.mark.parametrize(
    ("labels", "predictions", "expected"),
    [
        # One example without a click.
        ([0], [0.1], [None, None, 0.1054, None, None, 0.1, 0, 0.1, None, None]),
        # One with a click.
        ([1], [0.1], [None, None, 2.3026, None, 0.1, 0.9, 1, 0.1, None, 0]),
        # All labels 0, all 1.
        ([0, 0], [0.1, 0.7], [None, None, 0.6547, None, None, 0.4, 0, 0.4, 0, None]),
        ([1, 1], [0.1, 0.7], [None, None, 1.3296, None, 0.4, 0.6, 1, 0.4, 1, 0.5]),
        # A constant prediction, right on the average.
        ([0, 1] * 2, [0.5] * 4, [0.5, 0.5, 0.6931, 1, 1, 0, 0.5, 0.5, None, 0]),
    ],
)
def test_undefined_figures_are_not_finite(count, labels, predictions, expected):
    bins = Bins([0.5])
    sample = count(labels, predictions, bins=bins)
    names = [*SCORE_METRICS, "precision_at_0.5", "recall_at_0.5"]

    for name, wanted in zip(names, expected, strict=True):
        found = metrics.metric_named(name, bins)(sample)[0]
        if wanted is None:
            assert not math.isfinite(found), name
        else:
            assert found == pytest.approx(wanted, abs=1e-4), name


def test_a_prediction_of_0_or_1_has_a_finite_loss(count):
    sample = count([1, 0, 1, 0], [0.0, 1.0, 1.0, 0.0])

    assert metrics.log_loss(sample)[0] == pytest.approx(-math.log(1e-7) / 2, rel=1e-6)


@pytest.mark.parametrize("block", [0, 7, BLOCKS - 1])
@pytest.mark.parametrize(
    "name", ["auc", "pr_auc", "log_loss", "ece", "calibration", "precision_at_0.2"]
)
def test_a_figure_without_a_block_is_that_of_the_other_examples(
    draw, count, block, name
):
    bins = Bins([0.2])
    labels, predictions = draw(5, 1000)
    blocks = np.random.default_rng(5).integers(BLOCKS, size=1000)
    figure = metrics.metric_named(name, bins)
    others = blocks != block

    without = figure(count(labels, predictions, blocks, bins))[1 + block]
    alone = figure(count(labels[others], predictions[others], blocks[others], bins))[0]
    assert without == pytest.approx(alone)


def test_bins_are_small_when_pickled():
    """Beam sends them to every step."""
    bins = Bins([0.1, 0.25])
    sent = pickle.dumps(bins)

    assert len(sent) < 500
    assert np.array_equal(pickle.loads(sent).edges, bins.edges)
