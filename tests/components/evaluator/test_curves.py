"""Curves of scored examples, compared with scikit-learn and NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from components.evaluator.curves import Curves, SliceCurves, curve_of
from components.evaluator.score_counts import Bins

BINS = Bins([0.1])

# Few clicks and low probabilities, as is usual, and many.
MEANS = pytest.mark.parametrize("mean", [0.003, 0.1, 0.6])


@pytest.fixture
def curve(draw, count):
    """Draws examples: labels, predictions and their curve."""

    def _curve(mean, size=20_000):
        labels, predictions = draw(0, size, mean)
        sample = count(labels, predictions, bins=BINS)
        return labels, predictions, curve_of(sample, BINS)

    return _curve


def assert_rising(numbers):
    assert (np.diff(numbers) >= 0).all()


@MEANS
def test_roc(curve, mean):
    labels, predictions, found = curve(mean)
    rates = np.array(found.roc)
    all_false, all_true, _ = sk.roc_curve(labels, predictions, drop_intermediate=False)

    assert 50 < len(rates) <= 100
    assert (rates[0].tolist(), rates[-1].tolist()) == ([0, 0], [1, 1])
    assert_rising(rates[:, 0])
    assert_rising(rates[:, 1])
    # Each point is one of the full curve, and the points are close enough to draw it.
    for rate in rates:
        distance = np.hypot(all_false - rate[0], all_true - rate[1])
        assert distance.min() < 1e-5
    assert sk.auc(*rates.T) == pytest.approx(
        sk.roc_auc_score(labels, predictions), abs=2e-3
    )
    assert np.abs(np.diff(rates, axis=0)).sum(axis=1).max() < 0.1


@MEANS
def test_thresholds_of_roc(curve, mean):
    labels, predictions, found = curve(mean)

    assert len(found.thresholds) == len(found.roc)
    for threshold, rates in zip(found.thresholds, found.roc, strict=True):
        chosen = predictions > threshold
        measured = (chosen[labels == 0].mean(), chosen[labels == 1].mean())
        assert rates == pytest.approx(measured, abs=1e-5)


@MEANS
def test_precision_and_recall(curve, mean):
    labels, predictions, found = curve(mean)
    points = np.array(found.precision_recall)
    precision, recall, _ = sk.precision_recall_curve(labels, predictions)

    assert 30 < len(points) <= 100
    assert_rising(points[:, 0])
    assert points[-1, 0] == 1
    for x, y in points:
        assert np.hypot(recall - x, precision - y).min() < 1e-5


@MEANS
def test_calibration(curve, mean):
    labels, predictions, found = curve(mean)
    predicted, clicked, sizes = np.array(found.calibration).T

    assert len(sizes) == 20
    assert sizes.sum() == len(labels)
    assert sizes == pytest.approx(len(labels) / 20, rel=0.1)
    assert_rising(predicted)
    order = np.sort(predictions)
    first = order[: int(sizes[0])]
    assert predicted[0] == pytest.approx(first.mean(), rel=1e-5)
    assert clicked @ sizes == pytest.approx(labels.sum(), rel=1e-4)


@MEANS
def test_histogram(curve, mean):
    _, predictions, found = curve(mean)
    low, high, sizes = np.array(found.histogram).T

    assert 20 <= len(sizes) <= 40
    assert low[1:].tolist() == high[:-1].tolist()
    sides = zip(low, high, strict=True)
    inside = [((a < predictions) & (predictions <= b)).sum() for a, b in sides]
    # The sides are rounded to six digits.
    assert sizes == pytest.approx(np.array(inside), abs=3)
    assert sizes.sum() == len(predictions)
    assert sizes.max() < len(predictions) / 5


def test_one_prediction_for_all(count):
    sample = count([0, 1, 0, 0], [0.2] * 4, bins=BINS)
    found = curve_of(sample, BINS)

    assert found.roc == [(0, 0), (1, 1)]
    assert found.precision_recall == [(0, 0.25), (1, 0.25)]
    assert found.calibration == [(0.2, 0.25, 4)]
    ((low, high, size),) = found.histogram
    assert low < 0.2 <= high < low + 0.01
    assert size == 4


def test_the_file_keeps_everything(curve, tmp_path):
    _, _, found = curve(0.1, 500)
    written = Curves(
        {
            "overall": SliceCurves(candidate=found, baseline=found),
            'city="a, b=c"': SliceCurves(candidate=found),
        }
    )
    written.write(str(tmp_path))

    assert Curves.read(str(tmp_path)) == written
