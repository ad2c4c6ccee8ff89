"""Draws a bounded number of rows from tables that come one by one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa


class Draw:
    """A sample of rows, each as likely as another; the same in each process.

    Attributes:
      rows: How many rows came.
      bytes: How many bytes these took.
    """

    def __init__(self, size: int):
        """Draws nothing yet.

        Args:
          size: Most rows.
        """
        self.rows, self.bytes = 0, 0
        self._size = size
        self._rng = np.random.default_rng(0)
        self._tables: list[pa.Table] = []
        self._keys: list[npt.NDArray[np.float64]] = []
        self._bound = 1.0

    def add(self, table: pa.Table) -> None:
        """Keeps those of more rows that have low random keys."""
        self.rows += table.num_rows
        self.bytes += table.nbytes
        self._keep(table, self._rng.random(table.num_rows))
        if sum(map(len, self._keys)) > 2 * self._size:
            self._shrink()

    def table(self) -> pa.Table:
        """The rows drawn, in the order in which they came."""
        if not self._tables:
            return pa.table({})
        self._shrink()
        return self._tables[0]

    def _keep(self, table: pa.Table, keys: npt.NDArray[np.float64]) -> None:
        is_low = keys < self._bound
        self._tables.append(table.filter(pa.array(is_low)))
        self._keys.append(keys[is_low])

    def _shrink(self) -> None:
        table, keys = pa.concat_tables(self._tables), np.concatenate(self._keys)
        if len(keys) > self._size:
            self._bound = float(np.partition(keys, self._size)[self._size])
        self._tables, self._keys = [], []
        self._keep(table, keys)


def draw(tables: Iterable[pa.Table], size: int) -> pa.Table:
    """Draws up to so many rows from all tables."""
    drawn = Draw(size)
    for table in tables:
        drawn.add(table)
    return drawn.table()
