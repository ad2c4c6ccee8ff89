"""Embedding and pooling, against hand-computed figures."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.models.layers import PooledEmbedding, mlp

# Row 0 must never show in a pooled vector.
TABLE = np.array([[100.0, 100.0], [1.0, 2.0], [3.0, 6.0], [8.0, 4.0]])


def _layer(**settings):
    layer = PooledEmbedding(num_ids=4, size=2, **settings)
    layer(tf.constant([0]))
    layer.set_weights([TABLE])
    return layer


def test_single_ids_become_their_rows():
    vectors = _layer()(tf.constant([2, 0, 3]))

    np.testing.assert_allclose(vectors, [[3, 6], [100, 100], [8, 4]])


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        # Of (1, 2) and (3, 6); of (8, 4) twice; of nothing.
        ("mean", [[2, 4], [8, 4], [0, 0]]),
        ("sum", [[4, 8], [16, 8], [0, 0]]),
    ],
)
def test_lists_are_pooled_without_their_padding(pooling, expected):
    ids = tf.constant([[1, 2, 0], [3, 0, 3], [0, 0, 0]])

    np.testing.assert_allclose(_layer(pooling=pooling)(ids), expected)


@pytest.mark.parametrize("pooling", ["mean", "sum"])
def test_a_batch_of_empty_lists_becomes_zeros(pooling):
    vectors = _layer(pooling=pooling)(tf.zeros([2, 0], tf.int64))

    np.testing.assert_allclose(vectors, np.zeros((2, 2)))


def test_wider_padding_changes_nothing():
    narrow, wide = tf.constant([[1, 2]]), tf.constant([[1, 2, 0, 0, 0]])

    np.testing.assert_allclose(_layer()(narrow), _layer()(wide))


def test_l2_pulls_at_the_looked_up_rows_only():
    layer = _layer(l2=0.5)
    with tf.GradientTape() as tape:
        layer(tf.constant([1, 3]))
        (penalty,) = layer.losses
    table = layer.trainable_variables[0].value
    gradient = tf.convert_to_tensor(tape.gradient(penalty, table)).numpy()

    # 0.5 * (1 + 4 + 64 + 16) for a batch of two.
    assert float(penalty) == pytest.approx(0.5 * 85 / 2)
    np.testing.assert_allclose(gradient, [[0, 0], [0.5, 1], [0, 0], [4, 2]])


def test_without_l2_there_is_no_penalty():
    layer = _layer()
    layer(tf.constant([1]))

    assert layer.losses == []


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_mlp_gives_the_last_layers_units(batch_norm, dropout):
    tensor = keras.Input((3,))
    hidden = mlp(tensor, (5, 4), dropout=dropout, batch_norm=batch_norm)
    layers = [type(layer).__name__ for layer in keras.Model(tensor, hidden).layers]

    assert hidden.shape == (None, 4)
    assert layers.count("Dense") == 2
    assert layers.count("BatchNormalization") == (2 if batch_norm else 0)
    assert layers.count("Dropout") == (2 if dropout else 0)


def test_mlp_penalises_large_kernels():
    tensor = keras.Input((1,))
    hidden = mlp(tensor, (1,), dropout=0, batch_norm=False, kernel_l2=0.1)
    model = keras.Model(tensor, hidden)
    model.layers[1].set_weights([np.array([[3.0]]), np.array([7.0])])

    assert float(sum(model.losses)) == pytest.approx(0.1 * 9)
