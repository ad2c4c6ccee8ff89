"""Calibration of the logit, after training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

Floats = npt.NDArray[np.float64]


class CalibratedLogit(keras.layers.Layer):
    """Increasing function of the logit, plus offsets for the values of some columns.

        c(logit) + o_1[id_1] + o_2[id_2] + ...

    c is linear between its knots, and beyond the first and the last as between the
    two next to them. Input: logit, float32 [batch, 1], and ids, int64 [batch] each.

    >>> curve = np.array([0.0, 1.0, 2.0]), np.array([0.0, 2.0, 3.0])
    >>> layer = CalibratedLogit(*curve, [np.array([0.0, 0.5])])
    >>> layer(tf.constant([[-1.0], [1.5]]), [tf.constant([0, 1])]).numpy().ravel()
    array([-2.,  3.], dtype=float32)
    """

    def __init__(
        self,
        inputs: Floats,
        outputs: Floats,
        offsets: Sequence[Floats] = (),
        **kwargs: Any,
    ):
        """Builds the layer.

        Args:
          inputs: Logits of the knots of c, two or more, strictly increasing.
          outputs: Values of c at the knots, strictly increasing.
          offsets: An offset for each id of each column.
          **kwargs: Passed to the base layer.
        """
        super().__init__(trainable=False, **kwargs)
        self._knots = self._constant("inputs", inputs)
        self._values = self._constant("outputs", outputs)
        self._slopes = self._constant("slopes", np.diff(outputs) / np.diff(inputs))
        self._offsets = [
            self._constant(f"offsets_{number}", each)
            for number, each in enumerate(offsets)
        ]

    def _constant(self, name: str, values: Any) -> keras.Variable:
        constants = np.asarray(values, np.float32)
        return self.add_weight(
            shape=constants.shape,
            initializer=lambda *_, **__: constants,
            trainable=False,
            name=name,
        )

    def call(self, logit: tf.Tensor, ids: Sequence[tf.Tensor]) -> tf.Tensor:
        """Returns the calibrated logit, float32 [batch, 1]."""
        inner = self._knots[1:-1]
        line = tf.reduce_sum(tf.cast(logit >= inner, tf.int32), axis=1, keepdims=True)
        start, value, slope = (
            tf.gather(tf.convert_to_tensor(constants), line)
            for constants in (self._knots, self._values, self._slopes)
        )
        calibrated = value + slope * (logit - start)
        for offsets, column in zip(self._offsets, ids, strict=True):
            calibrated += tf.gather(tf.convert_to_tensor(offsets), column)[:, None]
        return calibrated
