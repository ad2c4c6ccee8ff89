"""Attention over a sequence, against a computation in NumPy."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.layers.attention import AttentionPooling

SIZE = 3
IDS = np.array([[5, 2, 9, 0], [7, 0, 0, 0], [0, 0, 0, 0], [4, 0, 4, 6]])


@pytest.fixture
def attend():
    """A function from settings to a layer with random weights, and its inputs."""

    def attend(units=(5, 4), **settings):
        rng = np.random.default_rng(0)
        target = rng.normal(size=(len(IDS), SIZE)).astype("float32")
        vectors = rng.normal(size=(len(IDS), 1 + IDS.shape[1], SIZE)).astype("float32")
        layer = AttentionPooling(units, **settings)
        layer(target, vectors, IDS)
        layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
        return layer, target, vectors

    return attend


def _weights(layer, target, vectors, softmax=False):
    """Weights of the items, by loops."""
    by_position, *hidden, last, bias = layer.get_weights()
    result = np.zeros(IDS.shape)
    for row, column in zip(*np.nonzero(IDS), strict=True):
        t, e = target[row], vectors[row, 1 + column]
        after = np.count_nonzero(IDS[row, column + 1 :])
        values = np.concatenate([t, e, t - e, t * e])
        for kernel, shift, slope in zip(*[iter(hidden)] * 3, strict=True):
            values = values @ kernel + shift
            values = np.where(values > 0, values, slope[0] * values)
        (score,) = values @ last + bias
        position = by_position[round(4 * np.log2(1 + after))]
        result[row, column] = score + position if softmax else score * position
    if softmax:
        powers = np.where(IDS > 0, np.exp(result), 0.0)
        result = powers / np.maximum(powers.sum(axis=1, keepdims=True), 1e-30)
    return result


@pytest.mark.parametrize("units", [(5, 4), (6,), ()])
@pytest.mark.parametrize("softmax", [False, True])
def test_the_target_weighs_the_items(attend, units, softmax):
    layer, target, vectors = attend(units, softmax=softmax)
    expected = _weights(layer, target, vectors, softmax)
    pooled, weights = layer(target, vectors, IDS)

    np.testing.assert_allclose(weights, expected, rtol=1e-4, atol=1e-6)
    sums = np.einsum("bi,bis->bs", expected, vectors[:, 1:])
    rows = [0, 1, 3]
    np.testing.assert_allclose(pooled.numpy()[rows], sums[rows], rtol=1e-4, atol=1e-5)


def test_the_position_of_an_item_counts_from_the_most_recent_one(attend):
    layer, target, vectors = attend(())
    positions, kernel, _ = layer.get_weights()
    layer.set_weights([np.arange(len(positions)), 0 * kernel, np.ones(1)])

    _, weights = layer(target, vectors, IDS)
    expected = [[6, 4, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [6, 0, 4, 0]]
    np.testing.assert_array_equal(weights, expected)


def test_items_of_long_ago_share_a_position(attend):
    layer, target, _ = attend(())
    positions, kernel, _ = layer.get_weights()
    layer.set_weights([np.arange(len(positions)), 0 * kernel, np.ones(1)])

    ids = np.ones([len(target), 70_000], int)
    vectors = np.zeros([len(target), 1 + ids.shape[1], SIZE], "float32")
    _, weights = layer(target, vectors, ids)
    rows = weights.numpy()[0, ::-1]
    assert rows[:9].tolist() == [0, 4, 6, 8, 9, 10, 11, 12, 13]
    assert (np.diff(rows) >= 0).all()
    assert rows[-1] == len(positions) - 1


def test_an_empty_sequence_has_a_vector_of_its_own(attend):
    layer, target, vectors = attend()
    pooled, weights = layer(target, vectors, IDS)

    np.testing.assert_array_equal(pooled[2], vectors[2, 0])
    assert not weights.numpy()[2].any()


def test_a_batch_without_any_item_is_one_of_empty_sequences(attend):
    layer, target, vectors = attend()
    pooled, weights = layer(target, vectors[:, :1], IDS[:, :0])

    np.testing.assert_array_equal(pooled, vectors[:, 0])
    assert weights.shape == (4, 0)


@pytest.mark.parametrize("softmax", [False, True])
def test_padding_changes_nothing_and_learns_nothing(attend, softmax):
    layer, target, vectors = attend(softmax=softmax)
    padded = tf.constant(np.pad(vectors, [(0, 0), (0, 2), (0, 0)], constant_values=7))
    ids = np.pad(IDS, [(0, 0), (0, 2)])
    with tf.GradientTape() as tape:
        tape.watch(padded)
        pooled, _ = layer(target, padded, ids)
    gradient = tape.gradient(pooled, padded).numpy()[:, 1:]

    expected, _ = layer(target, vectors, IDS)
    np.testing.assert_allclose(pooled, expected, rtol=1e-5)
    assert np.isfinite(gradient).all()
    assert (np.abs(gradient).sum(axis=2) > 0).tolist() == (ids > 0).tolist()


def test_kernels_are_regularised(attend):
    layer, *inputs = attend((4,), kernel_regularizer=keras.regularizers.L2(0.5))
    layer(*inputs, IDS)
    _, *others = layer.get_weights()
    kernels = [w for w in others if w.ndim == 2 and len(w) > 1]

    expected = 0.5 * sum(np.square(kernel).sum() for kernel in kernels)
    assert float(sum(layer.losses)) == pytest.approx(expected, rel=1e-5)
