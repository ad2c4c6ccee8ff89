"""Parquet files as Arrow tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

# Chooses columns of a file.
Choose = Callable[[list[str]], Sequence[str]]


def read_tables(file: pa.NativeFile, choose: Choose, rows: int) -> Iterator[pa.Table]:
    """Reads rows, a bounded number at a time.

    Args:
      file: The file.
      choose: Chooses columns.
      rows: Rows to read at a time.

    Raises:
      ArrowException, OSError: The file cannot be read.
    """
    with pq.ParquetFile(file) as parquet:
        columns = list(choose(parquet.schema_arrow.names))
        for batch in parquet.iter_batches(rows, columns=columns):
            yield pa.Table.from_batches([batch])
