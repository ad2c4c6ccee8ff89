"""From parts of a logit to the logit."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf


class Bias(keras.layers.Layer):
    """Adds one number that is learned; [batch, 1] to [batch, 1]."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the bias."""
        del input_shape
        self.bias = self.add_weight(shape=(1,), initializer="zeros", name="bias")

    def call(self, logit: tf.Tensor) -> tf.Tensor:
        """Adds it."""
        return logit + self.bias


class TakeAll(keras.layers.Layer):
    """Gives the first of its inputs, so that a model may leave others unused.

    Keras 3.12 wants every input of a model to lead to its output.
    """

    def call(self, logit: tf.Tensor, others: list[tf.Tensor]) -> tf.Tensor:
        """Gives the logit."""
        del others
        return logit


class Recalibration(keras.layers.Layer):
    """Makes up for examples that training leaves out or counts several times.

    Where a share w of the negative examples is trained on, and a positive one counts
    c times, the odds of a click in training are c / w times those in the full data.
    Added to the logit in training only, ln(c / w) leaves the model with the logit of
    the full data. For c = 1 this is the formula of He et al. 2014, section 6.3,
    q = p / (p + (1 - p) / w), where p is what a model of the sampled data predicts.
    """

    def __init__(self, negative_rate: float, positive_weight: float, **kwargs: Any):
        """Builds the layer.

        Args:
          negative_rate: Share of the negative examples that are trained on.
          positive_weight: How much a positive example counts.
          **kwargs: Passed to the base layer.
        """
        super().__init__(**kwargs)
        self._shift = math.log(positive_weight / negative_rate)

    def call(self, logit: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Shifts the logit, [batch, 1], in training."""
        return logit + self._shift if training else logit
