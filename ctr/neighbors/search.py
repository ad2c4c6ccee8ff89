"""Nearest vectors by cosine similarity: exactly, and by an index that may miss some."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from config.errors import InputError

# Similarities that are worked out at a time, which bounds the memory: 256 MB.
_BLOCK = 1 << 26

# Of the index: links of each vector, and candidates looked at in a search. More of
# either finds more neighbours and takes longer.
_LINKS = 32
_CANDIDATES = 128

# Two ways to add up the same products differ by as much.
_ROUNDING = 1e-5


class Found(NamedTuple):
    """The nearest vectors of some, the nearest first, without the vector itself.

    Attributes:
      rows: Their rows, int64 [queries, top]; -1 where an index found no more.
      similarities: Cosine similarities, float32 [queries, top].
    """

    rows: npt.NDArray[np.int64]
    similarities: npt.NDArray[np.float32]


class Search(Protocol):
    """Finds the nearest of some vectors."""

    def nearest(self, queries: npt.NDArray[np.int64], top: int) -> Found:
        """The nearest vectors to those in some rows."""


class ExactSearch:
    """Compares with every vector."""

    def __init__(self, vectors: npt.NDArray[np.float32]):
        """Holds vectors, float32 [rows, size]."""
        self._units = _units(vectors)

    def nearest(self, queries: npt.NDArray[np.int64], top: int) -> Found:
        """The nearest vectors to those in some rows.

        Args:
          queries: The rows, int64 [queries].
          top: How many are wanted; fewer are found where there are no more.
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


class ApproximateSearch:
    """Follows a graph of near vectors (HNSW, Malkov and Yashunin 2016), by Faiss.

    Attributes:
      build_seconds: How long it took to build the graph.
    """

    def __init__(self, vectors: npt.NDArray[np.float32]):
        """Builds the index of vectors, float32 [rows, size].

        Raises:
          InputError: Faiss is not installed.
        """
        try:
            import faiss
        except ImportError as error:
            raise InputError(
                "the approximate index needs Faiss: install it by pip install "
                "faiss-cpu, or search exactly"
            ) from error
        started = time.perf_counter()
        self._units = _units(vectors)
        size = self._units.shape[1]
        self._index = faiss.IndexHNSWFlat(size, _LINKS, faiss.METRIC_INNER_PRODUCT)
        self._index.hnsw.efSearch = _CANDIDATES
        self._index.add(self._units)
        self.build_seconds = time.perf_counter() - started

    def nearest(self, queries: npt.NDArray[np.int64], top: int) -> Found:
        """The nearest vectors to those in some rows that the index leads to.

        Args:
          queries: The rows, int64 [queries].
          top: How many are wanted; fewer are found where there are no more.
        """
        top = min(top, len(self._units) - 1)
        # One more than wanted, since a vector is the nearest to itself.
        similarities, rows = self._index.search(self._units[queries], top + 1)
        is_other = rows != queries[:, np.newaxis]
        # Others first, in their order; the last of top + 1 goes.
        order = np.argsort(~is_other, axis=1, kind="stable")[:, :top]
        return Found(
            np.take_along_axis(rows, order, axis=1),
            np.take_along_axis(similarities, order, axis=1),
        )


def similarity_by_chance(rows: int, size: int, sample: int = 50) -> float:
    """How similar a random vector's nearest is, on average.

    Vectors that training hardly moved have neighbours that are no nearer than that.

    Args:
      rows: Number of vectors.
      size: Their length.
      sample: Over how many of them, at least, the average is taken.
    """
    random = np.random.default_rng(0)
    queries = np.arange(min(sample, rows))
    nearest = [
        ExactSearch(random.standard_normal((rows, size), dtype=np.float32))
        .nearest(queries, 1)
        .similarities.mean()
        for _ in range(math.ceil(sample / rows))
    ]
    return float(np.mean(nearest))


@dataclass(frozen=True)
class Recall:
    """How well an approximate search does.

    Attributes:
      recall: Share of the nearest vectors that it finds.
      top: How many nearest vectors were looked for.
      queries: For how many vectors, drawn at random.
      exact_ms: Milliseconds that an exact search takes.
      approximate_ms: Milliseconds that the approximate one takes.
    """

    recall: float
    top: int
    queries: int
    exact_ms: float
    approximate_ms: float


def measure_recall(
    exact: Search, approximate: Search, rows: int, top: int, sample: int = 200
) -> Recall:
    """Compares an approximate search with the exact one.

    A vector counts as found where it is as near as the last of the exact ones: which
    one of several equally near vectors is listed is no matter.

    Args:
      exact: The exact search.
      approximate: The one that is measured.
      rows: Number of vectors in both.
      top: How many nearest vectors to look for.
      sample: For how many vectors at most.
    """
    sample = min(sample, rows)
    queries = np.random.default_rng(0).choice(rows, sample, replace=False)
    wanted, exact_ms = _timed(exact, queries, top)
    found, approximate_ms = _timed(approximate, queries, top)
    last = wanted.similarities[:, -1:] - _ROUNDING
    hits = (found.rows >= 0) & (found.similarities >= last)
    return Recall(
        recall=float(hits.mean()),
        top=wanted.rows.shape[1],
        queries=sample,
        exact_ms=exact_ms,
        approximate_ms=approximate_ms,
    )


def _timed(
    search: Search, queries: npt.NDArray[np.int64], top: int
) -> tuple[Found, float]:
    """What is found, and the milliseconds for each query."""
    started = time.perf_counter()
    found = search.nearest(queries, top)
    return found, (time.perf_counter() - started) * 1000 / len(queries)


def _units(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Vectors of length 1; one of length 0, which has no direction, stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: npt.NDArray[np.float32] = vectors / np.where(lengths > 0, lengths, 1)
    return units
