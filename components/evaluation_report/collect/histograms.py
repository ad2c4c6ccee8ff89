"""Histograms of features, from the statistics of TensorFlow Data Validation."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.evaluation_report.content import Histograms

_Feature: TypeAlias = statistics_pb2.FeatureNameStatistics
_Floats = npt.NDArray[np.float64]

# The number of buckets in the statistics.
_BINS = 10
# Bars of a text, one for each of the most frequent values.
_BARS = 20
# Only the most frequent values of a text are shown: beside all others, counted
# together, those of an id would be too small to see.
_VALUES = 12


def bars(feature: _Feature) -> tuple[float, ...]:
    """The values of a feature as bars, as shares of the highest one."""
    if feature.HasField("num_stats"):
        heights = _rebinned(feature, _edges([feature]))
    else:
        shares = sorted(value_shares(feature).values(), reverse=True)
        heights = np.array(shares[:_BARS], np.float64)
    highest = heights.max(initial=0.0)
    return tuple((heights / highest).tolist()) if highest else ()


def compared(now: _Feature, then: _Feature) -> Histograms:
    """The values of a feature in two sets of examples, as shares of each."""
    if now.HasField("num_stats"):
        edges = _edges([now, then])
        labels = list(itertools.starmap(_range, itertools.pairwise(edges)))
        shares = [_shares(_rebinned(each, edges)) for each in (now, then)]
    else:
        by_value = [value_shares(each) for each in (now, then)]
        largest = {
            value: max(each.get(value, 0.0) for each in by_value)
            for value in {**by_value[0], **by_value[1]}
        }
        labels = heapq.nlargest(_VALUES, largest, key=lambda value: largest[value])
        shares = [[each.get(value, 0.0) for value in labels] for each in by_value]
    return Histograms(labels=tuple(labels), now=tuple(shares[0]), then=tuple(shares[1]))


def _range(low: float, high: float) -> str:
    return f"{low:.4g} to {high:.4g}" if low < high else f"{low:.4g}"


def value_shares(feature: _Feature) -> dict[str, float]:
    """The shares of the most frequent values of a text, which are 1 in sum."""
    buckets = feature.string_stats.rank_histogram.buckets
    total = sum(bucket.sample_count for bucket in buckets)
    return {bucket.label: bucket.sample_count / total for bucket in buckets}


def _edges(features: Sequence[_Feature]) -> _Floats:
    """Edges of bins for all values: one bin for a constant, none for no values."""
    bounds = [
        bound
        for feature in features
        for bucket in _buckets(feature)
        for bound in (bucket.low_value, bucket.high_value)
        if math.isfinite(bound)
    ]
    if not bounds:
        return np.zeros(1)
    low, high = min(bounds), max(bounds)
    return np.linspace(low, high, 1 + (_BINS if high > low else 1))


def _buckets(feature: _Feature) -> Sequence[statistics_pb2.Histogram.Bucket]:
    """The buckets of equal width; none where the feature has no values."""
    for histogram in feature.num_stats.histograms:
        if histogram.type == statistics_pb2.Histogram.STANDARD:
            buckets: Sequence[statistics_pb2.Histogram.Bucket] = histogram.buckets
            return buckets
    return []


def _rebinned(feature: _Feature, edges: _Floats) -> _Floats:
    """Counts between other edges, as if values were spread evenly in a bucket."""
    counts = np.zeros(len(edges) - 1)
    for bucket in _buckets(feature):
        low, high = bucket.low_value, bucket.high_value
        if high > low and math.isfinite(high - low):
            below = np.clip((edges - low) / (high - low), 0.0, 1.0)
        else:
            below = (edges > low).astype(np.float64)
            below[-1] = 1.0
        counts += bucket.sample_count * np.diff(below)
    return counts


def _shares(counts: _Floats) -> list[float]:
    total = counts.sum()
    shares: list[float] = (counts / total if total else counts).tolist()
    return shares
