"""Intervals: by hand, against formulas, and how often they hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.slicer.slicer_lib import slice_keys_to_numpy_array

from components.evaluator import metrics
from components.evaluator.extractors import (
    GROUPS,
    SCORE_TABLES,
    SLICES,
    by_slice,
)
from components.evaluator.intervals import interval
from components.evaluator.score_counts import BLOCKS, Bins, Sample, ScoreTable


def test_the_interval_of_a_mean_is_students(count):
    # Without a block of 50, the mean moves by (block mean - mean) / 19.
    rng = np.random.default_rng(0)
    predictions = rng.uniform(0.1, 0.9, 1000)
    sample = count(np.zeros(1000), predictions)
    block_means = predictions.reshape(-1, BLOCKS).mean(axis=0)
    figure, *without_each = metrics.mean_prediction(sample)

    expected = stats.t.interval(
        0.95, BLOCKS - 1, block_means.mean(), stats.sem(block_means)
    )
    assert interval(figure, np.array(without_each)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("figure", "without_each"),
    [
        (math.nan, np.full(BLOCKS, 0.5)),
        (0.5, np.array([math.nan] + [0.5] * (BLOCKS - 1))),
        (0.5, np.array([math.inf] + [0.5] * (BLOCKS - 1))),
    ],
)
def test_what_is_undefined_has_no_interval(figure, without_each):
    assert interval(figure, without_each) is None


def delong(labels, predictions):
    """The standard error of the AUC by DeLong et al. 1988."""
    positives, negatives = predictions[labels > 0], predictions[labels == 0]
    above = (positives[:, None] > negatives).astype(float)
    above += (positives[:, None] == negatives) / 2
    by_positive, by_negative = above.mean(axis=1), above.mean(axis=0)
    return math.sqrt(
        by_positive.var(ddof=1) / len(positives)
        + by_negative.var(ddof=1) / len(negatives)
    )


def half_width(ends):
    return (ends[1] - ends[0]) / 2


def test_the_width_for_the_auc_is_that_of_delong(draw, count):
    ours, theirs = [], []
    for seed in range(30):
        labels, predictions = draw(seed, 2000)
        figure, *without_each = metrics.auc(count(labels, predictions))
        ours.append(half_width(interval(figure, np.array(without_each))))
        theirs.append(delong(labels, predictions))

    factor = stats.t.ppf(0.975, BLOCKS - 1)
    assert np.mean(ours) == pytest.approx(factor * np.mean(theirs), rel=0.05)


@pytest.mark.parametrize("values", [(4, 3), (20, 10)])
def test_equal_examples_are_dealt_out(values):
    """By content, all clicks of a combination would be in one block."""
    rng = np.random.default_rng(0)
    effects = [rng.normal(0, 1, count) for count in values]
    chosen = [rng.integers(count, size=4000) for count in values]
    log_odds = sum(effect[of] for effect, of in zip(effects, chosen, strict=True)) - 2
    predictions = (1 / (1 + np.exp(-log_odds))).astype(np.float32)
    labels = (rng.random(4000) < predictions).astype(float)
    examples = [f"{row}".encode() for row in zip(*chosen, labels, strict=True)]

    figure, without_each = _measured_auc(labels, predictions, examples)
    expected = stats.t.ppf(0.975, BLOCKS - 1) * delong(labels, predictions)
    assert half_width(interval(figure, without_each)) == pytest.approx(
        expected, rel=0.35
    )


def _measured_auc(labels, predictions, examples):
    """The AUC and what it is without each block, in batches of 1,000 examples."""
    tables = []
    for rows in np.array_split(np.arange(len(labels)), len(labels) // 1000):
        (of_all,) = by_slice(
            {
                constants.LABELS_KEY: labels[rows],
                constants.PREDICTIONS_KEY: predictions[rows],
                constants.INPUT_KEY: np.array(examples, object)[rows],
                SLICES: slice_keys_to_numpy_array([((),)] * len(rows)),
                GROUPS: np.full(len(rows), None),
            },
            Bins(),
        )
        tables.append(of_all[SCORE_TABLES][""])
    figure, *without_each = metrics.auc(Sample.of(ScoreTable.merged(tables)))
    return figure, np.array(without_each)


@pytest.mark.parametrize("name", ["auc", "log_loss", "calibration"])
def test_intervals_hold_the_truth_in_95_of_100(draw, count, name):
    figure = getattr(metrics, name)
    truth = figure(count(*draw(10_000, 200_000)))[0]
    held = []
    for seed in range(200):
        estimate, *without_each = figure(count(*draw(seed, 1000)))
        low, high = interval(estimate, np.array(without_each))
        held.append(low <= truth <= high)

    # Four standard errors of a share of 0.95 in 200.
    assert np.mean(held) == pytest.approx(0.95, abs=0.06)


def test_the_interval_of_a_change_is_paired(draw, count):
    labels, predictions = draw(1)
    noise = np.random.default_rng(1).normal(0, 0.005, len(labels))
    one = metrics.auc(count(labels, predictions))
    other = metrics.auc(count(labels, np.clip(predictions + noise, 0, 1)))

    alone = interval(one[0], one[1:])
    paired = interval(one[0] - other[0], one[1:] - other[1:])
    assert half_width(paired) < half_width(alone) / 4


def holds_the_truth(count, seed, by_user):
    """Whether the interval of the calibration holds 1, where users differ much."""
    rng = np.random.default_rng(seed)
    users = np.repeat(np.arange(200), 10)
    labels = rng.random(2000) < rng.beta(0.5, 1.5, 200)[users]
    blocks = (users if by_user else np.arange(2000)) % BLOCKS
    sample = count(labels.astype(float), np.full(2000, 0.25), blocks)
    figure, *without_each = metrics.calibration(sample)
    low, high = interval(figure, np.array(without_each))
    return low <= 1 <= high


def test_users_have_to_stay_together(count):
    by_user, by_example = (
        np.mean([holds_the_truth(count, seed, apart) for seed in range(120)])
        for apart in (True, False)
    )

    assert by_user == pytest.approx(0.95, abs=0.06)
    assert by_example < 0.85
