"""Numeric features: scaled values, buckets and missing indicators."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import tensorflow as tf
import tensorflow_transform as tft

from config.columns import MISSING_ID
from config.features import Numeric

# Quantiles that boundaries are read off.
_GRID = 1000


class _Moments(NamedTuple):
    """Moments of the finite values of a feature in the training split: scalars."""

    mean: tf.Tensor
    deviation: tf.Tensor
    low: tf.Tensor
    high: tf.Tensor


def scaled(
    numbers: Mapping[str, tf.Tensor], features: Mapping[str, Numeric]
) -> dict[str, tf.Tensor]:
    """Fills and normalises features.

    All at once, since every analysis costs a fixed time that exceeds that of the
    data by far.

    Args:
      numbers: The values by feature, float32 [batch]; NaN and infinite ones count as
        missing.
      features: The settings by feature.

    Returns:
      By feature float32 [batch], all finite.
    """
    shaped = {name: _shape(numbers[name], features[name]) for name in features}
    moments = _moments(list(shaped.values())) if shaped else []
    return {
        name: _scale(shaped[name], features[name], of_feature)
        for name, of_feature in zip(shaped, moments, strict=True)
    }


def missing(numbers: tf.Tensor) -> tf.Tensor:
    """1 where a feature is missing, else 0: float32 [batch]."""
    return tf.cast(~tf.math.is_finite(numbers), tf.float32)


def bucketized(numbers: tf.Tensor, feature: Numeric, name: str) -> tf.Tensor:
    """Cuts a feature into buckets.

    Args:
      numbers: float32 [batch]; NaN and infinite ones count as missing.
      feature: The settings; it is bucketised.
      name: Names the analysis.

    Returns:
      int64 [batch]: 1 + the number of boundaries that are not above the value, and
      `MISSING_ID` where it is missing.
    """
    present = tf.math.is_finite(numbers)
    if feature.boundaries is not None:
        boundaries = tf.constant(feature.boundaries, tf.float32)
    else:
        assert feature.buckets is not None
        known = tf.boolean_mask(numbers, present)
        boundaries = _quantile_boundaries(known, feature.buckets, name)
    bucket = tf.searchsorted(boundaries, numbers, side="right", out_type=tf.int64)
    return tf.where(present, bucket + 1, tf.cast(MISSING_ID, tf.int64))


def _quantile_boundaries(known: tf.Tensor, buckets: int, name: str) -> tf.Tensor:
    """Boundaries that do not collapse where one value dominates.

    Plain quantiles of a column that is nine tenths zeros are all zero. Here a value
    that would fill a whole bucket gets a bucket to itself, and the quantiles of the
    other values make the other boundaries. Both are read off one fine grid of
    quantiles, so the data is passed over once.

    Args:
      known: The finite values, float32 [any].
      buckets: The number of quantile buckets.
      name: Names the analysis.

    Returns:
      Ascending boundaries, float32 [at most 3 * buckets - 1].
    """
    grid = _quantile_grid(known, name)
    values, at, counts = tf.unique_with_counts(grid)
    dominates = counts * buckets >= _GRID
    dominant = tf.boolean_mask(values, dominates)
    others = tf.boolean_mask(grid, ~tf.gather(dominates, at))
    steps = tf.range(1, buckets) * tf.size(others) // buckets
    # Without any other value there is nothing to cut.
    steps = tf.boolean_mask(steps, tf.fill([buckets - 1], tf.size(others) > 0))
    cuts = [tf.gather(others, steps), dominant, _next_number(dominant)]
    boundaries, _ = tf.unique(tf.sort(tf.concat(cuts, axis=0)))
    return boundaries


def _quantile_grid(known: tf.Tensor, name: str) -> tf.Tensor:
    """Ascending quantiles of the training split, float32 [at most _GRID - 1]."""
    quantiles = tft.quantiles(
        known, num_buckets=_GRID, epsilon=0.25 / _GRID, name=f"{name}_quantiles"
    )
    flat = tf.reshape(quantiles, [-1])
    # Of no values at all the quantiles are NaN.
    return tf.boolean_mask(flat, tf.math.is_finite(flat))


def _next_number(numbers: tf.Tensor) -> tf.Tensor:
    """The next float32 that the processor tells apart: it takes subnormals for 0."""
    smallest = tf.constant(tf.float32.as_numpy_dtype(1.1754944e-38))
    above = tf.math.nextafter(numbers, tf.constant(float("inf"), tf.float32))
    return tf.where(tf.abs(numbers) < smallest, smallest, above)


def _shape(numbers: tf.Tensor, feature: Numeric) -> tf.Tensor:
    if feature.normalize == "log1p":
        return tf.sign(numbers) * tf.math.log1p(tf.abs(numbers))
    return numbers


def _moments(shaped: list[tf.Tensor]) -> list[_Moments]:
    """Moments of each feature, analysed together."""
    stacked = tf.stack(shaped, axis=1)
    both_ways = tf.concat([-stacked, stacked], axis=1)
    # Means and variances leave NaN and infinity out by themselves, maxima do not.
    extremes = tft.max(
        tf.where(tf.math.is_finite(both_ways), both_ways, -math.inf),
        reduce_instance_dims=False,
    )
    # Squares of large numbers leave float32's range. Both ways here too: of a single
    # column of doubles, TFT's results lack the shape.
    doubles = tf.cast(both_ways, tf.float64)
    means = tft.mean(doubles, reduce_instance_dims=False)
    deviations = tf.sqrt(tft.var(doubles, reduce_instance_dims=False))
    means, deviations = (tf.cast(x, tf.float32) for x in (means, deviations))
    count = len(shaped)
    return [
        _Moments(means[i], deviations[i], -extremes[i - count], extremes[i])
        for i in range(count, 2 * count)
    ]


def _scale(shaped: tf.Tensor, feature: Numeric, moments: _Moments) -> tf.Tensor:
    if feature.fill is None:
        fill = _finite(moments.mean)
    else:
        fill = _shape(tf.constant(feature.fill, tf.float32), feature)
    filled = tf.where(tf.math.is_finite(shaped), shaped, fill)
    if feature.normalize == "none":
        return filled
    if feature.normalize == "min_max":
        offset, scale = moments.low, moments.high - moments.low
    else:
        offset, scale = moments.mean, moments.deviation
    # A constant becomes 0; rounding alone may give it a deviation.
    usable = (moments.low < moments.high) & (scale > 0) & tf.math.is_finite(scale)
    # Far from the training split, the quotient may leave float32's range.
    limit = filled.dtype.max
    quotient = tf.clip_by_value((filled - offset) / scale, -limit, limit)
    return tf.where(usable, quotient, tf.zeros_like(quotient))


def _finite(number: tf.Tensor) -> tf.Tensor:
    """The mean of no values is 0 here, not NaN."""
    return tf.where(tf.math.is_finite(number), number, tf.zeros_like(number))
