"""Counts of scored examples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.evaluator.score_counts import (
    BLOCKS,
    Bins,
    Sample,
    Scores,
    ScoreTable,
    block_of,
)

BINS = Bins([0.05, 0.5])
probabilities = st.floats(0, 1, width=32)
rows = st.tuples(st.sampled_from([0.0, 1.0]), probabilities, st.integers(0, BLOCKS - 1))


def scored(*rows):
    """The scores of rows of a label, a prediction and a block."""
    labels, predictions, blocks = np.array(rows, float).reshape(-1, 3).T
    return Scores.of(labels, predictions, blocks.astype(int), BINS)


@given(st.lists(st.lists(rows, max_size=5), max_size=5))
def test_tables_add_up_in_any_order(parts):
    everything = scored(*(row for part in parts for row in part)).table()
    merged = ScoreTable.merged(scored(*part).table() for part in reversed(parts))

    assert merged.cells.tolist() == everything.cells.tolist()
    assert merged.sums == pytest.approx(everything.sums)


@given(st.lists(probabilities, min_size=2))
def test_bins_keep_the_order_of_predictions(predictions):
    bins = BINS.find(np.sort(predictions))

    assert bins.tolist() == sorted(bins)


@given(probabilities, st.sampled_from(BINS.thresholds))
def test_a_bin_is_above_a_threshold_or_not(prediction, threshold):
    above = BINS.find(np.array(prediction)) >= BINS.above(threshold)

    assert above == (prediction > np.float32(threshold))


def test_columns_leave_out_a_block_each():
    scores = scored((1, 0.2, 0), (0, 0.2, 0), (0, 0.2, 3), (1, 0.7, 3))
    sample = Sample.of(scores.table())

    assert sample.positives[:, [0, 1, 2, 4]].tolist() == [[1, 0, 1, 1], [1, 1, 1, 0]]
    assert sample.negatives[:, [0, 1, 2, 4]].tolist() == [[2, 1, 2, 1], [0, 0, 0, 0]]
    assert sample.predictions[:, 0] == pytest.approx([0.6, 0.7])
    assert sample.losses[4] == pytest.approx(-math.log(0.2) - math.log(0.8))
    assert not sample.fills_blocks
    assert sample.has_both_labels


def test_a_sample_with_nan_is_not_finite():
    scores = scored((1, 0.2, 0), (0, math.nan, 1))

    assert Sample.of(scores.table([0])).is_finite
    assert not Sample.of(scores.table()).is_finite


def test_blocks_are_about_equally_large():
    blocks = [block_of(f"user_{number}".encode()) for number in range(20_000)]

    # Four standard deviations.
    assert np.bincount(blocks, minlength=BLOCKS) == pytest.approx(1000, abs=125)
