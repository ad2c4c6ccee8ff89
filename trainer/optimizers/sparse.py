"""AdaGrad, FTRL and Adam whose steps cost what a batch looks up, not what there is.

Keras's own optimizers compute a step of a whole table although the gradient of a
lookup has only the rows of the batch. These give Keras's results (Adam's in its lazy
form) where a gradient is `tf.IndexedSlices`, by updating those rows in place. A table
must then be looked up by `tf.nn.embedding_lookup` on the variable: what reads it as a
whole makes the update copy it.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import keras
import tensorflow as tf

Gradient: TypeAlias = tf.Tensor | tf.IndexedSlices


class SparseAdagrad(keras.optimizers.Adagrad):
    """AdaGrad (Duchi et al. 2011)."""

    def update_step(
        self, gradient: Gradient, variable: Any, learning_rate: tf.Tensor
    ) -> None:
        """Updates a variable, or the rows of it that have a gradient."""
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        rows, values = _sum_of_rows(gradient)
        accumulator = self._accumulators[self._get_variable_index(variable)]
        tf.raw_ops.ResourceSparseApplyAdagradV2(
            var=variable.handle,
            accum=accumulator.value.handle,
            lr=learning_rate,
            # Added outside of the square root, where Keras adds it inside; both do
            # nothing beside an accumulator that starts at 0.1.
            epsilon=0.0,
            grad=values,
            indices=rows,
        )

    def seen_rows(self, table: keras.Variable) -> tf.Tensor:
        """Which rows have had a gradient: bool [rows]."""
        accumulator = self._accumulators[self._get_variable_index(table)]
        return _any_in_row(accumulator.value > self.initial_accumulator_value)


class SparseFtrl(keras.optimizers.Ftrl):
    """FTRL-Proximal (McMahan et al. 2013), with L1 and L2."""

    def update_step(
        self, gradient: Gradient, variable: Any, learning_rate: tf.Tensor
    ) -> None:
        """Updates a variable, or the rows of it that have a gradient."""
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        rows, values = _sum_of_rows(gradient)
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceSparseApplyFtrlV2(
            var=variable.handle,
            accum=self._accumulators[index].value.handle,
            linear=self._linears[index].value.handle,
            grad=values,
            indices=rows,
            lr=learning_rate,
            l1=self.l1_regularization_strength,
            l2=self.l2_regularization_strength + self.beta / (2.0 * learning_rate),
            l2_shrinkage=self.l2_shrinkage_regularization_strength,
            lr_power=self.learning_rate_power,
        )

    def seen_rows(self, table: keras.Variable) -> tf.Tensor:
        """Which rows have had a gradient: bool [rows]."""
        accumulator = self._accumulators[self._get_variable_index(table)]
        return _any_in_row(accumulator.value > self.initial_accumulator_value)


class LazyAdam(keras.optimizers.Adam):
    """Adam (Kingma and Ba 2015), lazy: rows without a gradient keep their moments.

    Adam itself goes on moving a row for as long as its moments last; for a table that
    is looked up sparsely, the lazy form is the usual one
    (tfa.optimizers.LazyAdam of TensorFlow Addons).
    """

    def update_step(
        self, gradient: Gradient, variable: Any, learning_rate: tf.Tensor
    ) -> None:
        """Updates a variable, or the rows of it that have a gradient."""
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        rows, values = _sum_of_rows(gradient)
        index = self._get_variable_index(variable)
        momentum = self._momentums[index].value
        velocity = self._velocities[index].value
        step = tf.cast(self.iterations + 1, values.dtype)
        rate = learning_rate * (
            tf.sqrt(1.0 - tf.pow(self.beta_2, step)) / (1.0 - tf.pow(self.beta_1, step))
        )
        first = self.beta_1 * tf.gather(momentum, rows) + (1.0 - self.beta_1) * values
        second = self.beta_2 * tf.gather(velocity, rows) + (
            1.0 - self.beta_2
        ) * tf.square(values)
        _scatter(tf.raw_ops.ResourceScatterUpdate, momentum, rows, first)
        _scatter(tf.raw_ops.ResourceScatterUpdate, velocity, rows, second)
        change = rate * first / (tf.sqrt(second) + self.epsilon)
        _scatter(tf.raw_ops.ResourceScatterSub, variable, rows, change)

    def seen_rows(self, table: keras.Variable) -> tf.Tensor:
        """Which rows have had a gradient: bool [rows]."""
        return _any_in_row(
            self._velocities[self._get_variable_index(table)].value > 0.0
        )


SparseOptimizer: TypeAlias = SparseAdagrad | SparseFtrl | LazyAdam


def _sum_of_rows(gradient: tf.IndexedSlices) -> tuple[tf.Tensor, tf.Tensor]:
    """Each row once, with the sum of its gradients.

    A batch looks some ids up several times, and an optimizer is not linear in them.
    """
    rows, positions = tf.unique(gradient.indices)
    count = tf.shape(rows)[0]
    return rows, tf.math.unsorted_segment_sum(gradient.values, positions, count)


def _scatter(op: Any, variable: Any, rows: tf.Tensor, values: tf.Tensor) -> None:
    op(resource=variable.handle, indices=rows, updates=values)


def _any_in_row(where: tf.Tensor) -> tf.Tensor:
    return tf.reduce_any(where, axis=tf.range(1, tf.rank(where)))
