"""Output layers, between the parts of a logit and the logit."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf


class Bias(keras.layers.Layer):
    """Trainable bias of the logit, for models without a dense layer at the end.

    >>> Bias()(tf.ones([2, 1])).shape
    TensorShape([2, 1])
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the bias."""
        del input_shape
        self.bias = self.add_weight(shape=(1,), initializer="zeros", name="bias")

    def call(self, logit: tf.Tensor) -> tf.Tensor:
        """Returns the logit plus the bias, float32 [batch, 1]."""
        return logit + self.bias


class Sum(keras.layers.Layer):
    """Sum of tensors of one shape, in one operation however many they are.

    >>> Sum()([tf.ones([2, 1]), tf.ones([2, 1]), tf.ones([2, 1])]).shape
    TensorShape([2, 1])
    """

    def call(self, tensors: list[tf.Tensor]) -> tf.Tensor:
        """Returns the sum."""
        return tf.add_n(tensors)


class TakeAll(keras.layers.Layer):
    """Identity of the logit that connects all inputs of a model to its output.

    Keras 3.12 rejects a functional model with an input that is not used. Use it where a
    model ignores some columns.

    >>> TakeAll()(tf.ones([2, 1]), [tf.zeros([2])]).shape
    TensorShape([2, 1])
    """

    def call(self, logit: tf.Tensor, others: list[tf.Tensor]) -> tf.Tensor:
        """Returns the logit."""
        del others
        return logit


class Recalibration(keras.layers.Layer):
    """Correction of the logit for sampled negatives and weighted positives.

        logit + ln(c / w)    in training
        logit                in evaluation and serving

    Training on a share w of the negative examples, with positive ones of weight c,
    multiplies the odds of a click by c / w. With the correction in training alone, the
    model learns the logit of the full data. For c = 1 this is equation
    q = p / (p + (1 - p) / w) of He et al. 2014, section 6.3, where p is the prediction
    of a model of the sampled data. Use it where `training.negative_rate` or
    `training.positive_weight` is not 1.

    >>> layer = Recalibration(negative_rate=0.1, positive_weight=1.0)
    >>> round(float(layer(tf.zeros([1, 1]), training=True)[0, 0]), 4)  # ln 10
    2.3026
    >>> float(layer(tf.zeros([1, 1]))[0, 0])
    0.0
    """

    def __init__(self, negative_rate: float, positive_weight: float, **kwargs: Any):
        """Builds the layer.

        Args:
          negative_rate: Share of the negative examples that are trained on, in (0, 1].
          positive_weight: Weight of a positive example; a negative one has 1.
          **kwargs: Passed to the base layer.
        """
        super().__init__(**kwargs)
        self._shift = math.log(positive_weight / negative_rate)

    def call(self, logit: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Returns the logit, float32 [batch, 1], corrected in training."""
        return logit + self._shift if training else logit
