"""AdaGrad, FTRL and Adam with sparse updates of embedding tables.

Keras's own optimizers update a whole table although the gradient of a lookup has only
the rows of the batch. These update those rows in place where a gradient is
`tf.IndexedSlices`, with Keras's results (for Adam in its lazy form), so that a step
costs the same for any size of the table. The table must be looked up by
`tf.nn.embedding_lookup` on the variable: reading it as a whole makes an update copy it.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import keras
import tensorflow as tf

Gradient: TypeAlias = tf.Tensor | tf.IndexedSlices


class _Step(NamedTuple):
    """Distinct rows, int [rows], with gradients, [rows, size], and a learning rate."""

    rows: tf.Tensor
    gradients: tf.Tensor
    learning_rate: tf.Tensor


class _RowOptimizer(keras.optimizers.Optimizer):
    """Base class: dispatches the gradients of lookups to updates of rows."""

    def update_step(
        self, gradient: Gradient, variable: Any, learning_rate: tf.Tensor
    ) -> None:
        """Updates a variable, or the rows of it that have a gradient."""
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        step = _Step(*sum_of_rows(gradient), learning_rate)
        self._update_rows(variable, self._get_variable_index(variable), step)

    def _update_rows(self, variable: Any, index: int, step: _Step) -> None:
        """Updates distinct rows of a variable, whose slots have that index."""
        raise NotImplementedError


class SparseAdagrad(_RowOptimizer, keras.optimizers.Adagrad):
    """AdaGrad (Duchi et al. 2011): each weight has a learning rate of its own.

    Use it for embeddings of skewed ids: rare ones keep a high learning rate.

    >>> table = keras.Variable(tf.ones([3, 1]))
    >>> gradient = tf.IndexedSlices(tf.ones([1, 1]), indices=tf.constant([2]))
    >>> optimizer = SparseAdagrad(0.1, initial_accumulator_value=0.0)
    >>> optimizer.apply([gradient], [table])
    >>> [round(float(row[0]), 2) for row in table.value]
    [1.0, 1.0, 0.9]
    """

    def _update_rows(self, variable: Any, index: int, step: _Step) -> None:
        tf.raw_ops.ResourceSparseApplyAdagradV2(
            var=variable.handle,
            accum=self._accumulators[index].value.handle,
            lr=step.learning_rate,
            # TensorFlow adds it outside of the square root, Keras inside; beside the
            # initial accumulator both are negligible.
            epsilon=0.0,
            grad=step.gradients,
            indices=step.rows,
        )


class SparseFtrl(_RowOptimizer, keras.optimizers.Ftrl):
    """FTRL-Proximal (McMahan et al. 2013), with L1 and L2.

    Use it for the weights of a wide part: L1 sets those of rare ids to exactly 0.

    >>> SparseFtrl(0.1, l1_regularization_strength=0.5).l1_regularization_strength
    0.5
    """

    def _update_rows(self, variable: Any, index: int, step: _Step) -> None:
        tf.raw_ops.ResourceSparseApplyFtrlV2(
            var=variable.handle,
            accum=self._accumulators[index].value.handle,
            linear=self._linears[index].value.handle,
            grad=step.gradients,
            indices=step.rows,
            lr=step.learning_rate,
            l1=self.l1_regularization_strength,
            l2=self.l2_regularization_strength + self.beta / (2.0 * step.learning_rate),
            l2_shrinkage=self.l2_shrinkage_regularization_strength,
            lr_power=self.learning_rate_power,
        )

    def start_from(self, variable: keras.Variable) -> None:
        """Initialises the slots from weights that were assigned.

        FTRL derives the weights from sums of gradients; with sums of 0, the first step
        would reset an assigned weight to about 0.
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
    """Lazy Adam (Kingma and Ba 2015): rows without a gradient keep their moments.

    Adam itself goes on moving a row until its moments have decayed; for sparse lookups
    the lazy form is usual (tfa.optimizers.LazyAdam of TensorFlow Addons). Use it where
    AdaGrad's learning rates decay too early.

    >>> table = keras.Variable(tf.ones([3, 1]))
    >>> gradient = tf.IndexedSlices(tf.ones([1, 1]), indices=tf.constant([2]))
    >>> LazyAdam(0.1).apply([gradient], [table])
    >>> [round(float(row[0]), 2) for row in table.value]
    [1.0, 1.0, 0.9]
    """

    def _update_rows(self, variable: Any, index: int, step: _Step) -> None:
        momentum = self._momentums[index].value
        velocity = self._velocities[index].value
        rows, gradients, learning_rate = step
        number = tf.cast(self.iterations + 1, gradients.dtype)
        rate = learning_rate * tf.sqrt(1.0 - tf.pow(self.beta_2, number))
        rate /= 1.0 - tf.pow(self.beta_1, number)
        first = (
            self.beta_1 * tf.gather(momentum, rows) + (1.0 - self.beta_1) * gradients
        )
        second = self.beta_2 * tf.gather(velocity, rows)
        second += (1.0 - self.beta_2) * tf.square(gradients)
        _scatter(tf.raw_ops.ResourceScatterUpdate, momentum, rows, first)
        _scatter(tf.raw_ops.ResourceScatterUpdate, velocity, rows, second)
        change = rate * first / (tf.sqrt(second) + self.epsilon)
        _scatter(tf.raw_ops.ResourceScatterSub, variable, rows, change)


SparseOptimizer: TypeAlias = SparseAdagrad | SparseFtrl | LazyAdam


def sum_of_rows(gradient: tf.IndexedSlices) -> tuple[tf.Tensor, tf.Tensor]:
    """Sums the gradients of each row.

    A batch looks some ids up several times, and an update is not linear in gradients.

    Returns:
      Distinct rows, int [rows], and the sums of their gradients, [rows, size].
    """
    rows, positions = tf.unique(gradient.indices)
    count = tf.shape(rows)[0]
    return rows, tf.math.unsorted_segment_sum(gradient.values, positions, count)


def _scatter(op: Any, variable: Any, rows: tf.Tensor, values: tf.Tensor) -> None:
    op(resource=variable.handle, indices=rows, updates=values)
