"""GAUC through Beam, by hand and held against scikit-learn in a loop over groups."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics as sk
from tensorflow_model_analysis import constants

from components.evaluator.gauc import gauc_evaluator
from components.evaluator.scores import BLOCKS, block_of

OVERALL = ()


def extract(user, position, label, *predictions):
    """An example as TFMA's extractors leave it, in all and in its position's slice."""
    slices = np.empty(2, object)
    slices[:] = [OVERALL, (("position", position),)]
    values = [] if user is None else [user.encode()]
    return {
        constants.FEATURES_KEY: {"user": np.array(values, object)},
        constants.LABELS_KEY: by_model([label] * len(predictions)),
        constants.PREDICTIONS_KEY: by_model(predictions),
        constants.SLICE_KEY_TYPES_KEY: slices,
    }


def by_model(values):
    """What belongs to several models is by name, what to one is not."""
    arrays = [np.array([value]) for value in values]
    if len(arrays) == 1:
        return arrays[0]
    return {f"m{number}": array for number, array in enumerate(arrays)}


def evaluate(extracts, *names):
    """Evaluates examples: by slice, the metrics by (model, name)."""
    found = extracts | gauc_evaluator(names, "user").ptransform
    return {
        key: {(k.model_name, k.name): value for k, value in metrics.items()}
        for key, metrics in found[constants.METRICS_KEY]
    }


def test_a_user_counts_in_a_slice_with_what_is_in_that_slice():
    # In position 1, user a's click is ranked first; in position 2, last. Over both
    # positions 2 of a's 4 pairs are right. User b has both labels over both only.
    found = evaluate(
        [
            extract("a", 1, 1, 0.9),
            extract("a", 1, 0, 0.3),
            extract("a", 2, 1, 0.1),
            extract("a", 2, 0, 0.2),
            extract("b", 1, 1, 0.8),
            extract("b", 2, 0, 0.4),
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
            extract("a", 1, 1, 0.5),
            extract("a", 1, 0, 0.5),
            extract("all clicks", 1, 1, 0.1),
            extract("no click", 1, 0, 0.9),
            extract(None, 1, 1, 0.1),
            extract(None, 1, 0, 0.9),
            extract("", 1, 0, 0.9),
            extract(None, 2, 0, 0.9),
        ],
        "m0",
    )

    assert found[OVERALL]["", "gauc"] == 0.5
    assert found[OVERALL]["", "gauc_coverage"] == 2 / 8
    assert found[("position", 1),]["", "gauc_coverage"] == 2 / 7
    assert math.isnan(found[("position", 2),]["", "gauc"])
    assert found[("position", 2),]["", "gauc_coverage"] == 0


def test_a_model_that_predicts_nan_has_no_gauc():
    found = evaluate([extract("a", 1, 1, math.nan), extract("a", 1, 0, 0.5)], "m0")

    assert math.isnan(found[OVERALL]["", "gauc"])


def expected(users, labels, predictions):
    """By a loop over the users."""
    sizes, aucs = [], []
    for user in sorted({user for user in users if user is not None}):
        mine = users == user
        if len(set(labels[mine])) == 2:
            sizes.append(mine.sum())
            aucs.append(sk.roc_auc_score(labels[mine], predictions[mine]))
    return np.average(aucs, weights=sizes), sum(sizes) / len(labels)


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
    found = evaluate([extract(*row) for row in rows], "m0", "m1")

    chosen = {
        OVERALL: np.ones(size, bool),
        **{(("position", n),): positions == n for n in (1, 2, 3)},
    }
    for name, predictions in (("m0", one), ("m1", two)):
        for key, rows in chosen.items():
            gauc, coverage = expected(users[rows], labels[rows], predictions[rows])
            assert found[key][name, "gauc"] == pytest.approx(gauc)
            assert found[key][name, "gauc_coverage"] == pytest.approx(coverage)
        without_each = found[OVERALL][name, "gauc_without_each_block"]
        for block in (0, 7, BLOCKS - 1):
            others = ~np.isin(users, [u for u in users if u and in_block(u, block)])
            gauc, _ = expected(users[others], labels[others], predictions[others])
            assert without_each[block] == pytest.approx(gauc)


def in_block(user, block):
    return block_of(repr([user.encode()]).encode()) == block


def test_few_groups_have_no_interval():
    found = evaluate([extract("a", 1, 1, 0.9), extract("a", 1, 0, 0.3)], "m0")

    assert set(found[OVERALL]) == {("", "gauc"), ("", "gauc_coverage")}
