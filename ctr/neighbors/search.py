"""Nearest vectors by cosine similarity."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

# Similarities that are computed at a time, which bounds the memory: 256 MB.
_BLOCK = 1 << 26


class Found(NamedTuple):
    """The nearest vectors of some, the nearest first, without the vector itself.

    Attributes:
      rows: Their rows, int64 [queries, top].
      similarities: Cosine similarities, float32 [queries, top].
    """

    rows: npt.NDArray[np.int64]
    similarities: npt.NDArray[np.float32]


class Search:
    """Compares a vector with every other."""

    def __init__(self, vectors: npt.NDArray[np.float32]):
        """Holds vectors, float32 [rows, size]."""
        self._units = _units(vectors)

    def nearest(self, queries: npt.NDArray[np.int64], top: int) -> Found:
        """The nearest vectors to those in some rows.

        Args:
          queries: The rows, int64 [queries].
          top: Maximum number of neighbours; fewer are found where there are no more.
        """
        top = min(top, len(self._units) - 1)
        size = max(1, _BLOCK // len(self._units))
        found = [
            self._nearest(queries[start : start + size], top)
            for start in range(0, len(queries), size)
        ]
        return Found(*(np.concatenate(parts) for parts in zip(*found, strict=True)))

    def _nearest(self, queries: npt.NDArray[np.int64], top: int) -> Found:
        similarities = self._units[queries] @ self._units.T
        similarities[np.arange(len(queries)), queries] = -np.inf
        rows = np.argpartition(-similarities, top - 1, axis=1)[:, :top]
        best = np.take_along_axis(similarities, rows, axis=1)
        order = np.argsort(-best, axis=1, kind="stable")
        return Found(
            np.take_along_axis(rows, order, axis=1),
            np.take_along_axis(best, order, axis=1),
        )


def similarity_by_chance(rows: int, size: int, sample: int = 50) -> float:
    """Returns the mean similarity of a random vector to its nearest one.

    Vectors that training hardly moved have neighbours that are no nearer than that.

    Args:
      rows: Number of vectors.
      size: Their length.
      sample: Over how many of them, at least, the average is taken.
    """
    random = np.random.default_rng(0)
    queries = np.arange(min(sample, rows))
    nearest = [
        Search(random.standard_normal((rows, size), dtype=np.float32))
        .nearest(queries, 1)
        .similarities.mean()
        for _ in range(math.ceil(sample / rows))
    ]
    return float(np.mean(nearest))


def _units(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Scales vectors to length 1, but for zeros, which have no direction."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: npt.NDArray[np.float32] = vectors / np.where(lengths > 0, lengths, 1)
    return units
