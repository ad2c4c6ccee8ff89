"""Dice, against a computation in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.layers.dice import Dice

EPSILON = 1e-3


def _dice(values, mean, variance, alpha):
    share = 1 / (1 + np.exp(-(values - mean) / np.sqrt(variance + EPSILON)))
    return share * values + (1 - share) * alpha * values


@pytest.fixture
def values():
    return np.random.default_rng(0).normal([3.0, -2.0], [2.0, 0.5], size=(64, 2))


@pytest.fixture
def layer(values):
    layer = Dice()
    layer(values)
    layer.alpha.assign([0.25, -0.5])
    return layer


def test_the_step_is_where_the_batch_is(layer, values):
    expected = _dice(values, values.mean(axis=0), values.var(axis=0), [0.25, -0.5])

    np.testing.assert_allclose(layer(values, training=True), expected, rtol=1e-4)


def test_serving_has_the_moving_statistics_of_training(layer, values):
    for _ in range(200):
        layer(values, training=True)
    expected = _dice(values, values.mean(axis=0), values.var(axis=0), [0.25, -0.5])

    np.testing.assert_allclose(layer(values[:3]), expected[:3], rtol=1e-3)


def test_a_slope_of_1_is_the_identity(layer, values):
    layer.alpha.assign([1.0, 1.0])

    np.testing.assert_allclose(layer(values, training=True), values, rtol=1e-5)
    assert len(layer.trainable_weights) == 1
