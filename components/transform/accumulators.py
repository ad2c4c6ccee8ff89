"""Accumulators: inputs of analyzers, reduced batch by batch."""

from __future__ import annotations

from typing import Any, Protocol

import numpy.typing as npt
import pyarrow as pa
from tensorflow_transform.analyzer_nodes import Combiner

Values = npt.NDArray[Any]

# Rows that are kept before they are counted together.
_UNCOUNTED = 1_000_000


class Accumulator(Protocol):
    """The inputs of one analyzer, reduced."""

    def add(self, *values: Values) -> None:
        """Adds the inputs of a batch."""

    def state(self) -> Any:
        """What `merge` takes; it can be pickled."""

    def merge(self, state: Any) -> None:
        """Adds the inputs of another accumulator, by its state, which is used up."""

    def result(self) -> Any:
        """What the inputs of all batches amount to."""


class Combined:
    """Values reduced by a combiner of TFT: moments, extremes, quantiles."""

    def __init__(self, combiner: Combiner):
        """Starts with what the combiner has for no values."""
        self._combiner = combiner
        self._state = combiner.create_accumulator()

    def add(self, *values: Values) -> None:
        """Reduces the values of a batch."""
        self._state = self._combiner.add_input(self._state, values)

    def state(self) -> Any:
        """The accumulator of the combiner."""
        return self._state

    def merge(self, state: Any) -> None:
        """Adds values that were reduced apart."""
        self._state = self._combiner.merge_accumulators([self._state, state])

    def result(self) -> list[Any]:
        """The outputs of the combiner."""
        return list(self._combiner.extract_output(self._state))


class TermCounts:
    """Terms of a column, with the number of their occurrences."""

    def __init__(self) -> None:
        """Starts without terms."""
        empty = {"term": pa.array([], pa.binary()), "count": pa.array([], pa.int64())}
        self._counted = pa.table(empty)
        self._batches: list[pa.Table] = []
        self._uncounted = 0

    def add(self, *values: Values) -> None:
        """Adds the distinct terms of a batch, and the count of each."""
        terms, counts = values
        self.merge(pa.table({"term": pa.array(terms, pa.binary()), "count": counts}))

    def state(self) -> pa.Table:
        """The distinct terms, and the count of each."""
        self._count()
        return self._counted

    def merge(self, state: pa.Table) -> None:
        """Adds terms that were counted apart."""
        self._batches.append(state)
        self._uncounted += state.num_rows
        if self._uncounted > max(_UNCOUNTED, self._counted.num_rows):
            self._count()

    def result(self) -> pa.Table:
        """The terms by falling count; of equal counts, by falling bytes."""
        self._count()
        return self._counted.sort_by([("count", "descending"), ("term", "descending")])

    def _count(self) -> None:
        if not self._uncounted:
            # Of no rows, Arrow 10 makes groups in a buffer of any size, even gigabytes.
            return
        counted = pa.concat_tables([self._counted, *self._batches])
        sums = counted.group_by("term").aggregate([("count", "sum")])
        self._counted = pa.table({"term": sums["term"], "count": sums["count_sum"]})
        self._batches, self._uncounted = [], 0
