"""Metrics of a training, read once an epoch."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

# Bins of log-odds from -32 to 32, each 1/4096 wide.
_LARGEST = 32.0
_BINS_FOR_ONE = 4096
_BINS = int(2 * _LARGEST * _BINS_FOR_ONE)


class LogOddsAuc(keras.metrics.Metric):
    """AUC from counts of examples in bins of equal width in log-odds.

        AUC = sum over bins of P_b * (N_<b + N_b / 2) / (P * N)

    where P_b and N_b are the positives and negatives in bin b: examples in one bin
    count as equally scored. The error is at most half the share of pairs of a positive
    and a negative that are in one bin; it vanishes for the spread of any model that
    tells examples apart, at any click rate. `keras.metrics.AUC` has bins of equal width
    in probability, all but the first of which are empty at a click rate of 0.001.

    NaN where a class is missing. Use it with `ClassifierModel` of `trainer.fit.model`,
    since computing the result costs more than a batch.

    Example:
        >>> metric = LogOddsAuc()
        >>> metric.update_state([[0.0], [1.0], [0.0]], [[-9.0], [-8.5], [-8.0]])
        >>> float(metric.result())
        0.5
    """

    def __init__(self, name: str = "auc"):
        """Builds the metric of logits."""
        super().__init__(name=name)
        # As float64, which counts beyond 2^24.
        self.counts = self.add_variable(
            (2, _BINS), initializer="zeros", dtype="float64", name="counts"
        )

    def update_state(
        self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: Any = None
    ) -> None:
        """Counts a batch.

        Args:
          y_true: Labels, 0 or 1, [batch, 1].
          y_pred: Logits, float32 [batch, 1].
          sample_weight: Not used; each example counts once.
        """
        del sample_weight
        labels = tf.cast(tf.reshape(y_true, [-1]), tf.int64)
        logits = tf.cast(tf.reshape(y_pred, [-1]), tf.float32)
        # A logit that is not a number has a loss that is none, which ends training.
        logits = tf.where(tf.math.is_nan(logits), 0.0, logits)
        bins = tf.floor((logits + _LARGEST) * _BINS_FOR_ONE)
        bins = tf.cast(tf.clip_by_value(bins, 0, _BINS - 1), tf.int64)
        tf.raw_ops.ResourceScatterNdAdd(
            ref=self.counts.value.handle,
            indices=tf.stack([labels, bins], axis=1),
            updates=tf.ones_like(logits, tf.float64),
        )

    def result(self) -> tf.Tensor:
        """Returns the AUC of the examples counted, float64 []."""
        negatives, positives = tf.unstack(tf.convert_to_tensor(self.counts.value))
        below = tf.cumsum(negatives) - negatives / 2
        pairs = tf.reduce_sum(positives) * tf.reduce_sum(negatives)
        return tf.reduce_sum(positives * below) / pairs
