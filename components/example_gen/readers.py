"""Reads files as Arrow tables, a bounded number of rows at a time."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.csv as pa_csv
import tensorflow as tf
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from components.example_gen.records import decode_examples
from config.errors import InputError
from config.files import csv_files
from config.files.compression import GZIP, codec_of, decompressed
from config.files.example_files import (
    errors_of,
    folder_columns,
    read_parquet,
    with_folder_columns,
)
from config.parts import ExampleGenPart

# Large enough to keep the per-batch cost small, small enough that memory does not
# grow with the file.
_CSV_BLOCK_BYTES = 16 << 20
_ROWS = 65_536
_BLOCK_BYTES = 1 << 20
# A TFRecord's length and the two checksums.
_FRAME_BYTES = 16

_ENCODING = "set examples.csv.encoding, such as latin-1, or convert the file to UTF-8"
# TensorFlow's text around its messages.
_GRAPH_NOISE = re.compile(r"{{.*?}}|\[Op:.*", re.DOTALL)


def read_tables(path: str, part: ExampleGenPart) -> Iterator[pa.Table]:
    """Reads the needed columns of a file on any file system that TensorFlow knows.

    Yields:
      Tables with at least the wanted columns, in the file's order of rows. A column
      that the file does not have may be in the names of its folders.

    Raises:
      InputError: The file lacks a column, is cut short or is not of that format.
    """
    wanted = wanted_columns(part)
    in_folders = folder_columns(path, part.missing_values)
    with errors_of(path, _ENCODING):
        for table in _READERS[part.format](path, part, in_folders):
            yield with_folder_columns(table, in_folders, wanted)


def read_records(path: str, count: int) -> Iterator[list[bytes]]:
    """Reads a TFRecord file, at most `count` records at a time.

    Raises:
      InputError: The file is cut short or is not of that format.
    """
    with errors_of(path):
        yield from _records(path, count)


def wanted_columns(part: ExampleGenPart) -> list[str]:
    """The columns of the files that are needed, without repetition."""
    label = part.label.columns if part.label else ()
    by_row = part.hash_split or part.time_split
    split = (by_row.column,) if by_row and by_row.column else ()
    return list(dict.fromkeys([*part.columns, *label, *split]))


def _read_csv(
    path: str, part: ExampleGenPart, in_folders: Collection[str]
) -> Iterator[pa.Table]:
    wanted = wanted_columns(part)

    def choose(header: list[str]) -> pa_csv.ConvertOptions:
        names = _columns_of_file(wanted, header, in_folders)
        return pa_csv.ConvertOptions(
            include_columns=names,
            column_types={name: _csv_type(name, part) for name in names},
            null_values=list(part.missing_values),
            strings_can_be_null=True,
        )

    with _open(path) as file:
        yield from csv_files.read_tables(file, part.csv, choose, _CSV_BLOCK_BYTES)


def _csv_type(name: str, part: ExampleGenPart) -> pa.DataType:
    """Labels are read as numbers, all that is not plainly a number as text."""
    is_label = part.label is not None and name in part.label.columns
    column = part.columns.get(name)
    if is_label or (column is not None and column.is_plain_number):
        return pa.float64()
    return pa.string()


def _read_parquet(
    path: str, part: ExampleGenPart, in_folders: Collection[str]
) -> Iterator[pa.Table]:
    wanted = wanted_columns(part)

    def choose(names: list[str]) -> list[str]:
        return _columns_of_file(wanted, names, in_folders)

    with _open(path) as file:
        yield from read_parquet(file, choose, _ROWS)


def _read_tfrecord(
    path: str, part: ExampleGenPart, in_folders: Collection[str]
) -> Iterator[pa.Table]:
    wanted = [name for name in wanted_columns(part) if name not in in_folders]
    rows = 0
    for records in _records(path, _ROWS):
        table = pa.Table.from_batches([decode_examples(records, rows)])
        rows += len(records)
        yield _with_absent_as_null(table, wanted)


def _records(path: str, count: int) -> Iterator[list[bytes]]:
    records = tf.data.TFRecordDataset(path, compression_type=_compression(path))
    size = 0
    try:
        for batch in records.batch(count).as_numpy_iterator():
            size += sum(len(record) + _FRAME_BYTES for record in batch)
            yield list(batch)
    except tf.errors.OpError as error:
        reason = _GRAPH_NOISE.sub("", str(error)).replace(f"{path}; ", "").strip()
        raise InputError(f"cannot be read: {reason}") from error
    if size != _content_bytes(path):
        # TensorFlow takes a cut in a record's frame for the end of the file.
        raise InputError("the file is cut short; copy or write it again")


def _compression(path: str) -> str:
    """TensorFlow's name of a file's compression."""
    with _open(path) as file:
        codec = codec_of(file.read(16))
    if codec not in (None, GZIP):
        raise InputError(
            f"a TFRecord file compressed by {codec} is not read; allowed: gzip, or no "
            "compression"
        )
    return codec.upper() if codec else ""


def _content_bytes(path: str) -> int:
    """The size without compression; Arrow raises where a gzip stream is cut short."""
    with _open(path) as file, decompressed(file) as stream:
        return sum(map(len, iter(lambda: stream.read(_BLOCK_BYTES), b"")))


def _with_absent_as_null(table: pa.Table, wanted: list[str]) -> pa.Table:
    """tf.Examples leave missing features out, so a batch may lack a column."""
    present = [name for name in wanted if name in table.column_names]
    if not present:
        _check_columns(wanted, table.column_names)
    for name in set(wanted) - set(present):
        table = table.append_column(name, pa.nulls(table.num_rows))
    return table


_Reader = Callable[[str, ExampleGenPart, Collection[str]], Iterator[pa.Table]]
_READERS: Mapping[str, _Reader] = {
    "csv": _read_csv,
    "parquet": _read_parquet,
    "tfrecord": _read_tfrecord,
}


@contextmanager
def _open(path: str) -> Iterator[pa.NativeFile]:
    """Opens a file on any file system that Beam knows."""
    # Arrow does the decompression, by content, and notices where a stream is cut short.
    raw = FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)
    with raw, pa.PythonFile(raw, mode="r") as stream:
        yield stream


def _columns_of_file(
    wanted: list[str], found: list[str], in_folders: Collection[str]
) -> list[str]:
    """The wanted columns that are not in the names of folders alone."""
    names = [name for name in wanted if name in found or name not in in_folders]
    _check_columns(names, found)
    return names or found[:1]  # To Arrow none would be all columns of a CSV file.


def _check_columns(wanted: list[str], found: list[str]) -> None:
    counts = Counter(found)
    missing = [name for name in wanted if not counts[name]]
    if missing:
        raise InputError(
            f"no column {', '.join(map(repr, missing))}; "
            f"the file has {', '.join(itertools.islice(found, 50)) or 'none'}"
        )
    repeated = [name for name in wanted if counts[name] > 1]
    if repeated:
        raise InputError(f"two columns are named {repeated[0]!r}; rename or remove one")
