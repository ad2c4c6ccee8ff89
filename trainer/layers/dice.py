"""Dice, an activation that adapts to the data."""

from __future__ import annotations

import keras
import tensorflow as tf

from trainer.layers.batch import batch_norm


class Dice(keras.layers.Layer):
    """Data-adaptive activation of Zhou et al. 2018, section 5.2.

        f(s) = p(s) s + (1 - p(s)) alpha s
        p(s) = sigmoid((s - mean) / sqrt(variance + epsilon))

    PReLU, with a smooth step where the data of the batch are instead of a sharp one at
    0. In serving, mean and variance are the moving ones of training; alpha is learned,
    one for each unit. Use it for the hidden layers of `din`, as the paper does.

    >>> Dice()(tf.ones([2, 8])).shape
    TensorShape([2, 8])
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the slopes and the moving statistics."""
        self._norm = batch_norm("norm", center=False, scale=False)
        self._norm.build(input_shape)
        self.alpha = self.add_weight(
            shape=input_shape[-1:], initializer="zeros", name="alpha"
        )

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Returns the activations, float32 [batch, units] as the inputs."""
        share = tf.sigmoid(self._norm(inputs, training=training))
        return inputs * (share + (1.0 - share) * self.alpha)
