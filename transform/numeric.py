"""Numeric features: scaled values, buckets and missing indicators."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import tensorflow as tf
import tensorflow_transform as tft

from config.columns import MISSING_ID
from config.features import Numeric
from config.names import tensor_name

# Quantiles that boundaries are read off.
_GRID = 1000


class _Moments(NamedTuple):
    """Moments of the finite values of features in training: [features, 1]."""

    mean: tf.Tensor
    deviation: tf.Tensor
    low: tf.Tensor
    high: tf.Tensor


def scaled(numbers: tf.Tensor, features: Sequence[Numeric]) -> tf.Tensor:
    """Fills and normalises features.

    All at once, since every analysis costs a fixed time that exceeds that of the
    data by far, and so does every operation in a request.

    Args:
      numbers: The values, float32 [features, batch]; NaN and infinite ones count as
        missing.
      features: The settings of each.

    Returns:
      float32 [features, batch], all finite.
    """
    shaped = _shape(numbers, features)
    moments = _moments(shaped)
    fills = tf.constant([[feature.fill or 0.0] for feature in features])
    fill = tf.where(
        [[feature.fill is None] for feature in features],
        _finite(moments.mean),
        _shape(fills, features),
    )
    filled = tf.where(tf.math.is_finite(numbers), shaped, fill)
    return _scale(filled, features, moments)


def missing(numbers: tf.Tensor) -> tf.Tensor:
    """1 where a feature is missing, else 0: float32 of the same shape."""
    return tf.cast(~tf.math.is_finite(numbers), tf.float32)


def bucketized(
    numbers: tf.Tensor, features: Mapping[str, Numeric]
) -> dict[str, tf.Tensor]:
    """Cuts features into buckets.

    Args:
      numbers: float32 [features, batch]; NaN and infinite ones count as missing.
      features: The settings of each by name.

    Returns:
      Of each that is bucketised, int64 [batch]: 1 + the number of boundaries that are
      not above the value, and `MISSING_ID` where it is missing.
    """
    chosen = [n for n, each in enumerate(features.values()) if each.is_bucketized]
    if not chosen:
        return {}
    columns = numbers if len(chosen) == len(features) else tf.gather(numbers, chosen)
    present = tf.math.is_finite(columns)
    names = [[*features][n] for n in chosen]
    boundaries = [
        _boundaries(
            tf.boolean_mask(columns[n], present[n]), features[name], tensor_name(name)
        )
        for n, name in enumerate(names)
    ]
    longest = tf.reduce_max([tf.size(each) for each in boundaries])
    # No value is above infinity.
    padded = [
        tf.pad(each, [[0, longest - tf.size(each)]], constant_values=math.inf)
        for each in boundaries
    ]
    buckets = 1 + tf.raw_ops.UpperBound(
        sorted_inputs=tf.stack(padded), values=columns, out_type=tf.int64
    )
    ids = tf.where(present, buckets, tf.cast(MISSING_ID, tf.int64))
    return dict(zip(names, tf.unstack(ids), strict=True))


def _boundaries(known: tf.Tensor, feature: Numeric, name: str) -> tf.Tensor:
    if feature.boundaries is not None:
        return tf.constant(feature.boundaries, tf.float32)
    assert feature.buckets is not None
    return _quantile_boundaries(known, feature.buckets, name)


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


def _shape(numbers: tf.Tensor, features: Sequence[Numeric]) -> tf.Tensor:
    logarithms = tf.sign(numbers) * tf.math.log1p(tf.abs(numbers))
    return tf.where(_normalized(features, "log1p"), logarithms, numbers)


def _normalized(features: Sequence[Numeric], kind: str) -> list[list[bool]]:
    return [[feature.normalize == kind] for feature in features]


def _moments(shaped: tf.Tensor) -> _Moments:
    """Moments of the features, float32 [features, batch], analysed together."""
    # Analyses take examples as rows.
    both_ways = tf.transpose(tf.concat([-shaped, shaped], axis=0))
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
    means, deviations, extremes = (
        tf.cast(each, tf.float32)[:, tf.newaxis]
        for each in (means, deviations, extremes)
    )
    count = shaped.shape[0]
    return _Moments(
        means[count:], deviations[count:], -extremes[:count], extremes[count:]
    )


def _scale(
    filled: tf.Tensor, features: Sequence[Numeric], moments: _Moments
) -> tf.Tensor:
    is_range, is_plain = (_normalized(features, kind) for kind in ("min_max", "none"))
    offset = tf.where(is_range, moments.low, moments.mean)
    scale = tf.where(is_range, moments.high - moments.low, moments.deviation)
    # A constant becomes 0; rounding alone may give it a deviation.
    usable = (moments.low < moments.high) & (scale > 0) & tf.math.is_finite(scale)
    offset, scale = tf.where(is_plain, 0.0, offset), tf.where(is_plain, 1.0, scale)
    # Far from the training split, the quotient may leave float32's range.
    limit = filled.dtype.max
    quotient = tf.clip_by_value((filled - offset) / scale, -limit, limit)
    return tf.where(usable | is_plain, quotient, 0.0)


def _finite(number: tf.Tensor) -> tf.Tensor:
    """The mean of no values is 0 here, not NaN."""
    return tf.where(tf.math.is_finite(number), number, tf.zeros_like(number))
