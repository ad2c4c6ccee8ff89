"""Samples of single files, spread over their rows.

Files are often sorted, by user, by time or by label, so their first rows are not
representative.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from config.errors import InputError
from config.examples import CsvFormat
from config.files import csv_files
from config.files.compression import codec_of

_BLOCK_BYTES = 1 << 20
_BATCH_ROWS = 10_000
_RECORDS = 1_000
# Neighbours may be alike, but each place costs a seek.
_ROWS_A_PLACE = 50
_MOST_GROUPS = 20
# A TFRecord's length and the two checksums.
_FRAME_BYTES = 16


class Limits(NamedTuple):
    """Limits of a sample.

    Attributes:
      rows: Maximum number of rows.
      bytes: About the maximum of uncompressed bytes to draw from.
    """

    rows: int
    bytes: int


class Part(NamedTuple):
    """A sample of a file.

    Attributes:
      table: The rows, in the order of the file.
      rows: About how many rows the file has.
      is_start: True if they are drawn from its start only.
    """

    table: pa.Table
    rows: int
    is_start: bool = False


class Draw:
    """A uniform sample of rows, the same in each process.

    Attributes:
      rows: Number of rows that were added.
      bytes: Their size.
    """

    def __init__(self, size: int):
        """Creates a sample of at most so many rows."""
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

    def add_all(self, tables: Iterable[pa.Table], most_bytes: int) -> bool:
        """Adds tables; returns True if enough was read, and the rest left out."""
        for table in tables:
            self.add(table)
            if self.bytes >= most_bytes and self.rows >= self._size:
                return True
        return False

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


def sample_csv(path: Path, limits: Limits, csv_format: CsvFormat) -> Part:
    """Samples a CSV file: of large ones lines at many places, or their start.

    Raises:
      InputError: It is no such file.
      ArrowException, OSError, UnicodeError: It cannot be read.
    """
    size = path.stat().st_size
    # Lines can be found from any position of it.
    has_places = (
        codec_of(_first_bytes(path)) is None and csv_format.encoding != "utf-16"
    )
    if size > limits.bytes and has_places:
        header, text = _lines_at_places(path, limits, csv_format)
        table = _table_of_lines(header, text, csv_format)
        if table is not None:
            rows = round(table.num_rows * size / len(text))
            drawn = Draw(limits.rows)
            drawn.add(table)
            return Part(drawn.table(), rows)
    with path.open("rb") as raw, pa.PythonFile(raw, mode="r") as file:
        drawn = Draw(limits.rows)
        tables = csv_files.read_tables(file, csv_format, _as_text, _BLOCK_BYTES)
        is_start = drawn.add_all(tables, limits.bytes)
        # The file, read in part, is still open.
        share = raw.tell() / size if is_start else 1.0
    return Part(drawn.table(), round(drawn.rows / share), is_start)


def _lines_at_places(
    path: Path, limits: Limits, csv_format: CsvFormat
) -> tuple[bytes, bytes]:
    """Reads the header of a file, and whole lines from places all over it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(_BLOCK_BYTES)
        header = b"" if csv_format.columns else start[: start.find(b"\n") + 1]
        line_bytes = len(start) // max(1, start.count(b"\n")) + 1
        # Of the first and the last line only a part is there.
        place_bytes = (_ROWS_A_PLACE + 1) * line_bytes
        places = min(-(-limits.rows // _ROWS_A_PLACE), limits.bytes // place_bytes)
        # Of each part of the file one place, which ends in it.
        width = size / max(1, places)
        rng = np.random.default_rng(0)
        lines = []
        for part in range(places):
            file.seek(int(part * width + rng.uniform(0, width - place_bytes)))
            text = file.read(place_bytes)
            lines.append(text[text.find(b"\n") + 1 : text.rfind(b"\n") + 1])
    return header, b"".join(lines)


def _table_of_lines(
    header: bytes, lines: bytes, csv_format: CsvFormat
) -> pa.Table | None:
    """Parses lines; None if they are not one row each.

    Then values have line breaks, and a line may be inside of one; or the file is
    damaged, which reading it from its start reports.
    """
    file = pa.BufferReader(header + lines)
    tables = csv_files.read_tables(file, csv_format, _as_text, _BLOCK_BYTES)
    try:
        table = pa.concat_tables(tables)
    except (InputError, pa.ArrowInvalid):
        return None
    return table if table.num_rows == lines.count(b"\n") > 0 else None


def _as_text(header: list[str]) -> pa_csv.ConvertOptions:
    """Reads texts: a type guessed from the first block would fail on a later one."""
    return pa_csv.ConvertOptions(
        column_types={name: pa.string() for name in header},
        null_values=[""],
        strings_can_be_null=True,
    )


def sample_parquet(path: Path, limits: Limits) -> Part:
    """Samples a Parquet file: of large ones the starts of row groups spread over it.

    Raises:
      ArrowException, OSError: It cannot be read.
    """
    with pa.OSFile(str(path)) as file, pq.ParquetFile(file) as parquet:
        metadata = parquet.metadata
        numbers = range(metadata.num_row_groups)
        size = sum(metadata.row_group(number).total_byte_size for number in numbers)
        share = min(1.0, limits.bytes / max(1, size))
        if share < 1:
            numbers = numbers[:: -(-len(numbers) // _MOST_GROUPS)]
        most = max(limits.rows, share * metadata.num_rows) / max(1, len(numbers))
        drawn = Draw(limits.rows)
        drawn.add(parquet.schema_arrow.empty_table())
        is_cut = False
        for number in numbers:
            before = drawn.rows
            for batch in parquet.iter_batches(_BATCH_ROWS, row_groups=[number]):
                drawn.add(pa.Table.from_batches([batch]))
                if drawn.rows - before >= most:
                    break
            is_cut |= drawn.rows - before < metadata.row_group(number).num_rows
        is_start = is_cut and len(numbers) == 1
        return Part(drawn.table(), metadata.num_rows, is_start)


def sample_tfrecord(path: Path, limits: Limits) -> Part:
    """Samples a TFRecord file of tf.Examples: all of it, or its start.

    Raises:
      InputError: It is no such file.
      ArrowException, OSError: It cannot be read.
    """
    # Here, since it takes seconds that other formats do without.
    from components.example_gen.records import decode_examples

    drawn = Draw(limits.rows)
    is_start = drawn.add_all(_records(path), limits.bytes)
    batch = decode_examples(drawn.table()["record"].to_pylist())
    # To pyarrow, what tf.Examples hold besides numbers is bytes.
    bytes_, texts = pa.large_list(pa.large_binary()), pa.large_list(pa.large_string())
    types = [texts if kind == bytes_ else kind for kind in batch.schema.types]
    schema = pa.schema(list(zip(batch.schema.names, types, strict=True)))
    rows = drawn.rows
    if is_start:
        # Of a compressed file this is too few.
        record_bytes = drawn.bytes / rows + _FRAME_BYTES
        rows = max(rows, round(path.stat().st_size / record_bytes))
    return Part(pa.Table.from_batches([batch]).cast(schema), rows, is_start)


def _records(path: Path) -> Iterator[pa.Table]:
    import tensorflow as tf

    compression = "GZIP" if codec_of(_first_bytes(path)) else ""
    records = tf.data.TFRecordDataset(str(path), compression).batch(_RECORDS)
    try:
        for batch in records.as_numpy_iterator():
            yield pa.table({"record": pa.array(batch, pa.large_binary())})
    except tf.errors.OpError as error:
        raise InputError("not tf.Examples, or a damaged file") from error


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16)
