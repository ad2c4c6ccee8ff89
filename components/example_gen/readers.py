"""Reads files as Arrow tables, a bounded number of rows at a time."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import tensorflow as tf
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from tfx_bsl.coders import example_coder

from pipeline.config.parts.example_gen import ExampleGenPart
from pipeline.errors import InputError

# Large enough to keep the per-batch cost small, small enough that memory does not
# grow with the file.
_CSV_BLOCK_BYTES = 16 << 20
_ROWS = 65_536


def read_tables(path: str, part: ExampleGenPart) -> Iterator[pa.Table]:
    """Reads the needed columns of a file.

    Args:
      path: The file, on any file system that TensorFlow knows.
      part: Its format and the columns wanted.

    Yields:
      Tables with at least the wanted columns, in the file's order of rows.

    Raises:
      InputError: The file lacks a column, is cut short or is not of that format.
    """
    with _errors_of(path):
        yield from _READERS[part.format](path, part)


def wanted_columns(part: ExampleGenPart) -> list[str]:
    """The columns of the files that are needed, without repetition."""
    label = part.label.columns if part.label else ()
    split = (part.hash_split.column,) if part.hash_split else ()
    return list(dict.fromkeys([*part.columns, *label, *split]))


def _read_csv(path: str, part: ExampleGenPart) -> Iterator[pa.Table]:
    wanted = wanted_columns(part)
    _check_columns(path, wanted, _csv_header(path))
    convert = pa_csv.ConvertOptions(
        include_columns=wanted,
        column_types={name: _csv_type(name, part) for name in wanted},
        null_values=list(part.missing_values),
        strings_can_be_null=True,
    )
    read = pa_csv.ReadOptions(block_size=_CSV_BLOCK_BYTES)
    parse = pa_csv.ParseOptions(newlines_in_values=True)
    with _open(path) as stream:
        for batch in pa_csv.open_csv(stream, read, parse, convert):
            yield pa.Table.from_batches([batch])


def _csv_type(name: str, part: ExampleGenPart) -> pa.DataType:
    """Labels are read as numbers, all that is not a number as text."""
    is_label = part.label is not None and name in part.label.columns
    column = part.columns.get(name)
    if is_label or (column is not None and column.type == "float"):
        return pa.float64()
    return pa.string()


def _csv_header(path: str) -> list[str]:
    with _open(path) as stream:
        first = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        header = next(csv.reader(first), None)
    if not header:
        raise InputError(f"{path}: the file is empty; a header line is expected")
    return header


def _read_parquet(path: str, part: ExampleGenPart) -> Iterator[pa.Table]:
    wanted = wanted_columns(part)
    with _open(path) as file:
        parquet = pq.ParquetFile(file)
        _check_columns(path, wanted, parquet.schema_arrow.names)
        for batch in parquet.iter_batches(_ROWS, columns=wanted):
            yield pa.Table.from_batches([batch])


def _read_tfrecord(path: str, part: ExampleGenPart) -> Iterator[pa.Table]:
    wanted = wanted_columns(part)
    compression = "GZIP" if path.endswith(".gz") else ""
    records = tf.data.TFRecordDataset(path, compression_type=compression)
    decoder = example_coder.ExamplesToRecordBatchDecoder()
    for batch in records.batch(_ROWS).as_numpy_iterator():
        table = pa.Table.from_batches([decoder.DecodeBatch(list(batch))])
        yield _with_absent_as_null(path, table, wanted)


def _with_absent_as_null(path: str, table: pa.Table, wanted: list[str]) -> pa.Table:
    """tf.Examples leave missing features out, so a batch may lack a column."""
    present = [name for name in wanted if name in table.column_names]
    if not present:
        _check_columns(path, wanted, table.column_names)
    for name in set(wanted) - set(present):
        table = table.append_column(name, pa.nulls(table.num_rows))
    return table


_READERS: Mapping[str, Callable[[str, ExampleGenPart], Iterator[pa.Table]]] = {
    "csv": _read_csv,
    "parquet": _read_parquet,
    "tfrecord": _read_tfrecord,
}


@contextmanager
def _open(path: str) -> Iterator[pa.NativeFile]:
    """Opens a file on any file system that Beam knows."""
    # Arrow does the decompression, since it notices where a stream is cut short.
    raw = FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)
    with raw, pa.PythonFile(raw, mode="r") as stream:
        if path.endswith(".gz"):
            stream = pa.CompressedInputStream(stream, "gzip")
        yield stream


def _check_columns(path: str, wanted: list[str], found: list[str]) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        raise InputError(
            f"{path}: no column {', '.join(map(repr, missing))}; "
            f"the file has {', '.join(itertools.islice(found, 50)) or 'none'}"
        )


@contextmanager
def _errors_of(path: str) -> Iterator[None]:
    """Turns what the format libraries raise into one line about the file."""
    try:
        yield
    except (pa.ArrowException, tf.errors.OpError, UnicodeDecodeError, OSError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: cannot be read: {reason}") from error
