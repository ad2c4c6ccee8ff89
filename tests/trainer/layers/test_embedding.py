"""Embedding and pooling, against hand-computed figures."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from trainer.layers.embedding import PooledEmbedding

# Row 0, of a missing value, must not show in a vector that is pooled of others.
TABLE = np.array([[100.0, 200.0], [1.0, 2.0], [3.0, 6.0], [8.0, 4.0]])


def _layer(**settings):
    layer = PooledEmbedding("ad", num_ids=4, size=2, **settings)
    layer(tf.constant([0]))
    layer.set_weights([TABLE])
    return layer


def test_single_ids_become_their_rows():
    vectors = _layer()(tf.constant([2, 0, 3]))

    np.testing.assert_allclose(vectors, [[3, 6], [100, 200], [8, 4]])


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        # Of (1, 2) and (3, 6); of (8, 4) twice; of nothing.
        ("mean", [[2, 4], [8, 4], [100, 200]]),
        ("sum", [[4, 8], [16, 8], [100, 200]]),
        ("sqrtn", [[4 / 2**0.5, 8 / 2**0.5], [16 / 2**0.5, 8 / 2**0.5], [100, 200]]),
    ],
)
def test_lists_are_pooled_without_their_padding(pooling, expected):
    ids = tf.constant([[1, 2, 0], [3, 0, 3], [0, 0, 0]])

    np.testing.assert_allclose(_layer(pooling=pooling)(ids), expected)


def test_a_batch_of_empty_lists_gets_the_vector_of_a_missing_value():
    vectors = _layer()(tf.zeros([2, 0], tf.int64))

    np.testing.assert_allclose(vectors, [[100, 200], [100, 200]])


def test_columns_of_the_same_ids_share_the_table():
    layer = _layer(shared_by=["past"])

    assert layer.columns == ("ad", "past")
    np.testing.assert_allclose(layer(tf.constant([3])), [[8, 4]])
    np.testing.assert_allclose(layer(tf.constant([[1, 2, 0]])), [[2, 4]])
    assert len(layer.weights) == 1


def test_l2_pulls_at_the_looked_up_rows_only():
    layer = _layer(l2=0.5)
    with tf.GradientTape() as tape:
        layer(tf.constant([1, 3]), training=True)
        (penalty,) = layer.losses
    table = layer.trainable_variables[0].value
    gradient = tf.convert_to_tensor(tape.gradient(penalty, table)).numpy()

    # 0.5 * (1 + 4 + 64 + 16) for a batch of two.
    assert float(penalty) == pytest.approx(0.5 * 85 / 2)
    np.testing.assert_allclose(gradient, [[0, 0], [0.5, 1], [0, 0], [4, 2]])


def test_each_row_has_an_l2_strength_of_its_own():
    layer = _layer(l2=np.array([9.0, 0.5, 9.0, 0.25]))
    layer(tf.constant([[1, 3, 0], [3, 0, 0]]), training=True)
    (penalty,) = layer.losses

    # 0.5 * (1 + 4) + 0.25 * (64 + 16) twice, for a batch of two; padding has none.
    assert float(penalty) == pytest.approx((2.5 + 20 + 20) / 2)


def test_the_gradient_has_the_rows_of_the_batch_only():
    layer = _layer()
    assert layer.losses == []
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(tf.constant([1, 3, 1])))
    gradient = tape.gradient(total, layer.table.value)

    assert isinstance(gradient, tf.IndexedSlices)
    assert gradient.indices.numpy().tolist() == [1, 3, 1]
