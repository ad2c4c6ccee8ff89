"""Gradient clipping."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from trainer.optimizers.clipping import clip_by_norm

# Row 5 is looked up twice: its gradient is (3, 0). With row 2 and the dense gradient,
# the norm of all is sqrt(9 + 16 + 144) = 13.
TABLE = tf.IndexedSlices(
    tf.constant([[1.0, 0.0], [0.0, 4.0], [2.0, 0.0]]),
    tf.constant([5, 2, 5]),
    tf.constant([9, 2]),
)
KERNEL = tf.constant([12.0])


@pytest.mark.parametrize(("most", "factor"), [(6.5, 0.5), (13.0, 1.0), (100.0, 1.0)])
def test_all_gradients_are_scaled_to_the_norm_of_the_sums_of_rows(most, factor):
    table, kernel = clip_by_norm([TABLE, KERNEL], most)

    np.testing.assert_allclose(kernel, KERNEL.numpy() * factor, rtol=1e-6)
    np.testing.assert_allclose(table.values, TABLE.values.numpy() * factor, rtol=1e-6)


def test_sparse_gradients_stay_sparse():
    @tf.function
    def clipped():
        return clip_by_norm([TABLE, KERNEL], 1.0)

    table, kernel = clipped()

    assert isinstance(table, tf.IndexedSlices)
    assert table.indices.numpy().tolist() == [5, 2, 5]
    assert isinstance(kernel, tf.Tensor)


def test_what_is_not_finite_stays_so():
    """The training then ends with an error, instead of going on with zeros."""
    (clipped,) = clip_by_norm([tf.constant([np.nan, 1.0])], 1.0)

    assert np.isnan(clipped.numpy()).all()
