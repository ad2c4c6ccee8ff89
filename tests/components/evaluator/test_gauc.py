"""GAUC through Beam, by hand and compared with scikit-learn in a loop over groups."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.slicer.slicer_lib import slice_keys_to_numpy_array

from components.evaluator.extractors import GROUPS, SLICES
from components.evaluator.gauc import gauc_evaluator
from components.evaluator.score_counts import BLOCKS, block_of

from .conftest import gauc_of

OVERALL = ()


def example(user, position, label, *predictions):
    """An example, in the slice of its position."""
    return user, position, label, predictions


def batch(examples):
    """A batch as the extractors leave it, in all and in the slices of positions."""
    users, positions, labels, predictions = zip(*examples, strict=True)
    slices = [(OVERALL, (("position", position),)) for position in positions]
    by_model = [np.array(each) for each in zip(*predictions, strict=True)]
    return {
        GROUPS: np.array([user.encode() if user else None for user in users], object),
        SLICES: slice_keys_to_numpy_array(slices),
        constants.LABELS_KEY: np.array(labels),
        # Several models are by name.
        constants.PREDICTIONS_KEY: by_model[0]
        if len(by_model) == 1
        else {f"m{number}": each for number, each in enumerate(by_model)},
    }


def evaluate(examples, *names):
    """Evaluates examples, in batches: by slice, the metrics by (model, name)."""
    batches = [batch(examples[at : at + 5]) for at in range(0, len(examples), 5)]
    found = batches | gauc_evaluator(names).ptransform
    return {
        key: {(k.model_name, k.name): value for k, value in metrics.items()}
        for key, metrics in found[constants.METRICS_KEY]
    }


def test_a_user_counts_in_a_slice_with_what_is_in_that_slice():
    # In position 1, user a's click is ranked first; in position 2, last. Over both
    # positions 2 of a's 4 pairs are right. User b has both labels over both only.
    found = evaluate(
        [
            example("a", 1, 1, 0.9),
            example("a", 1, 0, 0.3),
            example("a", 2, 1, 0.1),
            example("a", 2, 0, 0.2),
            example("b", 1, 1, 0.8),
            example("b", 2, 0, 0.4),
        ],
        "m0",
    )

    assert found[OVERALL]["", "gauc"] == pytest.approx((4 * 2 / 4 + 2 * 1) / 6)
    assert found[OVERALL]["", "gauc_coverage"] == 1
    first, second = found[("position", 1),], found[("position", 2),]
    assert (first["", "gauc"], second["", "gauc"]) == (1, 0)
    assert first["", "gauc_coverage"] == second["", "gauc_coverage"] == 2 / 3


def test_groups_of_one_label_and_examples_without_a_group_are_left_out():
    found = evaluate(
        [
            example("a", 1, 1, 0.5),
            example("a", 1, 0, 0.5),
            example("all clicks", 1, 1, 0.1),
            example("no click", 1, 0, 0.9),
            example(None, 1, 1, 0.1),
            example(None, 1, 0, 0.9),
            example(None, 2, 0, 0.9),
        ],
        "m0",
    )

    assert found[OVERALL]["", "gauc"] == 0.5
    assert found[OVERALL]["", "gauc_coverage"] == 2 / 7
    assert found[("position", 1),]["", "gauc_coverage"] == 2 / 6
    assert math.isnan(found[("position", 2),]["", "gauc"])
    assert found[("position", 2),]["", "gauc_coverage"] == 0


def test_a_model_that_predicts_nan_has_no_gauc():
    found = evaluate([example("a", 1, 1, math.nan), example("a", 1, 0, 0.5)], "m0")

    assert math.isnan(found[OVERALL]["", "gauc"])


def test_gauc_of_two_models_is_that_of_a_loop_over_the_users():
    rng = np.random.default_rng(0)
    size = 1000
    users = np.array([f"u{n}" if n else None for n in rng.integers(0, 150, size)])
    positions = rng.integers(1, 4, size)
    labels = (rng.random(size) < 0.3).astype(int)
    # With ties; the second model knows more.
    one = rng.random(size).round(1)
    two = (0.3 * labels + 0.7 * rng.random(size)).round(1)
    rows = list(zip(users, positions.tolist(), labels, one, two, strict=True))
    found = evaluate([example(*row) for row in rows], "m0", "m1")

    chosen = {
        OVERALL: np.ones(size, bool),
        **{(("position", n),): positions == n for n in (1, 2, 3)},
    }
    for name, predictions in (("m0", one), ("m1", two)):
        for key, rows in chosen.items():
            gauc, coverage = gauc_of(users[rows], labels[rows], predictions[rows])
            assert found[key][name, "gauc"] == pytest.approx(gauc)
            assert found[key][name, "gauc_coverage"] == pytest.approx(coverage)
        without_each = found[OVERALL][name, "gauc_without_each_block"]
        for block in (0, 7, BLOCKS - 1):
            others = ~np.isin(users, [u for u in users if u and in_block(u, block)])
            gauc, _ = gauc_of(users[others], labels[others], predictions[others])
            assert without_each[block] == pytest.approx(gauc)


def in_block(user, block):
    return block_of(user.encode()) == block


def test_few_groups_have_no_interval():
    found = evaluate([example("a", 1, 1, 0.9), example("a", 1, 0, 0.3)], "m0")

    assert set(found[OVERALL]) == {("", "gauc"), ("", "gauc_coverage")}
