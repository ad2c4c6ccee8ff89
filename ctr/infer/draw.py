"""Random sample of rows from a stream of tables."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa


class Draw:
    """A uniform sample of rows, the same in each process.

    Attributes:
      rows: Number of rows that were added.
      bytes: Their size.
    """

    def __init__(self, size: int):
        """Creates an empty sample.

        Args:
          size: Maximum number of rows.
        """
        self.rows, self.bytes = 0, 0
        self._size = size
        self._rng = np.random.default_rng(0)
        self._tables: list[pa.Table] = []
        self._keys: list[npt.NDArray[np.float64]] = []
        self._bound = 1.0

    def add(self, table: pa.Table) -> None:
        """Adds rows; those with the lowest random keys are kept."""
        self.rows += table.num_rows
        self.bytes += table.nbytes
        self._keep(table, self._rng.random(table.num_rows))
        if sum(map(len, self._keys)) > 2 * self._size:
            self._shrink()

    def table(self) -> pa.Table:
        """Returns the sample, in the order of the rows."""
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
    """Draws at most `size` rows from tables."""
    drawn = Draw(size)
    for table in tables:
        drawn.add(table)
    return drawn.table()
