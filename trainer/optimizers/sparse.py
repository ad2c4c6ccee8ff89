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


class _RowOptimizer(keras.optimizers.Optimizer):
    """What the three have in common: the rows of a lookup are updated, each once."""

    def update_step(
        self, gradient: Gradient, variable: Any, learning_rate: tf.Tensor
    ) -> None:
        """Updates a variable, or the rows of it that have a gradient."""
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        rows, values = sum_of_rows(gradient)
        index = self._get_variable_index(variable)
        self._update_rows(variable, index, rows, values, learning_rate)

    def _update_rows(
        self,
        variable: Any,
        index: int,
        rows: tf.Tensor,
        values: tf.Tensor,
        learning_rate: tf.Tensor,
    ) -> None:
        """Updates rows of a variable, each once, whose slots have that index."""
        raise NotImplementedError


class SparseAdagrad(_RowOptimizer, keras.optimizers.Adagrad):
    """AdaGrad (Duchi et al. 2011)."""

    def _update_rows(
        self,
        variable: Any,
        index: int,
        rows: tf.Tensor,
        values: tf.Tensor,
        learning_rate: tf.Tensor,
    ) -> None:
        tf.raw_ops.ResourceSparseApplyAdagradV2(
            var=variable.handle,
            accum=self._accumulators[index].value.handle,
            lr=learning_rate,
            # Added outside of the square root, where Keras adds it inside; both do
            # nothing beside what the accumulator starts with.
            epsilon=0.0,
            grad=values,
            indices=rows,
        )


class SparseFtrl(_RowOptimizer, keras.optimizers.Ftrl):
    """FTRL-Proximal (McMahan et al. 2013), with L1 and L2."""

    def _update_rows(
        self,
        variable: Any,
        index: int,
        rows: tf.Tensor,
        values: tf.Tensor,
        learning_rate: tf.Tensor,
    ) -> None:
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

    def start_from(self, variable: keras.Variable) -> None:
        """Makes weights that were set count.

        FTRL works the weights out of sums of gradients; from sums of 0, the first step
        would take a weight that was set back to about 0.
        """
        index = self._get_variable_index(variable)
        rate = tf.cast(self.learning_rate.value, variable.dtype)
        accumulated = self._accumulators[index].value
        curvature = tf.pow(accumulated, -self.learning_rate_power) + self.beta
        curvature = curvature / rate + 2.0 * self.l2_regularization_strength
        weight = tf.convert_to_tensor(variable.value)
        threshold = tf.sign(weight) * self.l1_regularization_strength
        self._linears[index].assign(-weight * curvature - threshold)


class LazyAdam(_RowOptimizer, keras.optimizers.Adam):
    """Adam (Kingma and Ba 2015), lazy: rows without a gradient keep their moments.

    Adam itself goes on moving a row for as long as its moments last; for a table that
    is looked up sparsely, the lazy form is the usual one
    (tfa.optimizers.LazyAdam of TensorFlow Addons).
    """

    def _update_rows(
        self,
        variable: Any,
        index: int,
        rows: tf.Tensor,
        values: tf.Tensor,
        learning_rate: tf.Tensor,
    ) -> None:
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


SparseOptimizer: TypeAlias = SparseAdagrad | SparseFtrl | LazyAdam


def sum_of_rows(gradient: tf.IndexedSlices) -> tuple[tf.Tensor, tf.Tensor]:
    """Each row once, with the sum of its gradients.

    A batch looks some ids up several times, and an optimizer is not linear in them.
    """
    rows, positions = tf.unique(gradient.indices)
    count = tf.shape(rows)[0]
    return rows, tf.math.unsorted_segment_sum(gradient.values, positions, count)


def _scatter(op: Any, variable: Any, rows: tf.Tensor, values: tf.Tensor) -> None:
    op(resource=variable.handle, indices=rows, updates=values)
