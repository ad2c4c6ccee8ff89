"""Estimates of vocabulary sizes and of hash collisions."""

from __future__ import annotations

import math
from collections.abc import Collection

LARGEST_VOCABULARY = 1_000_000
MOST_COLLISIONS = 0.01


def estimate_distinct(counts: Collection[int], share: float) -> int:
    """Estimates the number of distinct values from a sample.

    Values seen once in the sample stand for others like them; the estimate is within
    a factor of the square root of 1 / share (GEE; Charikar et al. 2000, "Towards
    estimation error guarantees for distinct values").

    Args:
      counts: Frequency of each distinct value in the sample.
      share: The share of all rows that the sample has.
    """
    once = sum(count == 1 for count in counts)
    return round(math.sqrt(1 / share) * once) + len(counts) - once


def collision_share(values: int, buckets: int) -> float:
    """Expected share of the values that share their bucket with another value.

    Each of the other values misses the bucket of a value with probability
    1 - 1 / buckets.
    """
    if values < 2 or buckets == 1:
        return float(values > 1)
    return -math.expm1((values - 1) * math.log1p(-1 / buckets))


def buckets_for(values: int) -> int:
    """The fewest buckets, to two digits, that keep collisions rare enough."""
    fewest = max(2.0, (values - 1) / -math.log1p(-MOST_COLLISIONS) + 1)
    unit = 10 ** max(0, math.floor(math.log10(fewest)) - 1)
    return math.ceil(fewest / unit) * unit
