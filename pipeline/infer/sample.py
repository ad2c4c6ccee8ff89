"""Reads a bounded sample of the user's files, whatever their format."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from pipeline.config.examples import FileFormat
from pipeline.errors import InputError
from pipeline.infer.placeholders import as_numbers, find_placeholders

MOST_ROWS = 100_000
MOST_FILES = 20

_NOT_READABLE = (
    pa.ArrowException,
    OSError,
    EOFError,
    UnicodeError,
    csv.Error,
    zlib.error,
)


@dataclass(frozen=True)
class Sample:
    """The first rows of the files.

    Attributes:
      format: What the files are.
      columns: The values of each column, in the files' order.
      rows: Number of rows read.
      placeholders: Words that stand for a missing value, as NA does, in CSV.
    """

    format: FileFormat
    columns: dict[str, pa.Array]
    rows: int
    placeholders: tuple[str, ...]


def read_sample(files: Sequence[Path]) -> Sample:
    """Reads up to `MOST_ROWS` rows, spread over at most `MOST_FILES` of the files.

    Args:
      files: The files, all of one format and with the same columns.

    Returns:
      The sample; numbers written in CSV are numbers in it.

    Raises:
      InputError: A file is missing, empty, unreadable or unlike the others.
    """
    file_format = _common_format(files)
    chosen = _spread(files, MOST_FILES)
    limit = -(-MOST_ROWS // len(chosen))
    tables = [_read(path, file_format, limit) for path in chosen]
    for path, table in zip(chosen, tables, strict=True):
        _check_columns(path, table, chosen[0], tables[0])
    table = _concatenate(tables, chosen)
    columns = {name: _one_array(table.column(name)) for name in table.column_names}
    if file_format != "csv":
        return Sample(file_format, columns, table.num_rows, ())
    found = find_placeholders(columns)
    columns = {name: as_numbers(values, found) for name, values in columns.items()}
    return Sample(file_format, columns, table.num_rows, tuple(found))


def _common_format(files: Sequence[Path]) -> FileFormat:
    if not files:
        raise InputError("no files given; expected CSV, Parquet or TFRecord files")
    formats = [_format_of(path) for path in files]
    for path, file_format in zip(files, formats, strict=True):
        if file_format != formats[0]:
            raise InputError(
                f"{path} is {file_format} but {files[0]} is {formats[0]}; "
                "give files of one format"
            )
    return formats[0]


def _format_of(path: Path) -> FileFormat:
    with _explained(path), path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise InputError(f"{path}: the file is empty")
    if start[:2] == b"\x1f\x8b" and not _is_gzipped(path):
        raise InputError(f"{path}: gzip-compressed, so its name should end in .gz")
    if start == b"PAR1":
        return "parquet"
    return "tfrecord" if "tfrecord" in path.name.lower() else "csv"


def _spread(files: Sequence[Path], most: int) -> Sequence[Path]:
    """At most so many of the files, evenly apart, with the first and the last."""
    if len(files) <= most:
        return files
    return [files[i * (len(files) - 1) // (most - 1)] for i in range(most)]


def _read(path: Path, file_format: FileFormat, limit: int) -> pa.Table:
    readers: dict[FileFormat, Callable[[Path, int], pa.Table]] = {
        "csv": _read_csv,
        "parquet": _read_parquet,
        "tfrecord": _read_tfrecord,
    }
    with _explained(path):
        table = readers[file_format](path, limit)
    if not table.num_rows:
        raise InputError(f"{path}: the file has columns but no rows")
    return table


def _read_csv(path: Path, limit: int) -> pa.Table:
    header = _csv_header(path)
    # As text: a type guessed from the first block would fail on a later one.
    options = pa_csv.ConvertOptions(
        column_types={name: pa.string() for name in header},
        null_values=[""],
        strings_can_be_null=True,
    )
    parse = pa_csv.ParseOptions(newlines_in_values=True)
    with _open_binary(path) as file:
        reader = pa_csv.open_csv(file, parse_options=parse, convert_options=options)
        return _first_rows(reader, reader.schema, limit)


def _csv_header(path: Path) -> list[str]:
    with _open_binary(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        header = next(csv.reader(text), [])
    for other in ("\t", ";", "|"):
        if len(header) == 1 and other in header[0]:
            raise InputError(
                f"{path}: columns seem to be separated by {other!r}; "
                "CSV is read with ',' only"
            )
    for name in header:
        if not name:
            raise InputError(f"{path}: a column has no name in the header line")
        if header.count(name) > 1:
            raise InputError(f"{path}: two columns are named {name!r}")
    return header


def _is_gzipped(path: Path) -> bool:
    return path.name.endswith(".gz")


def _open_binary(path: Path) -> IO[bytes]:
    compression = "gzip" if _is_gzipped(path) else None
    stream: IO[bytes] = pa.input_stream(str(path), compression=compression)
    return stream


def _read_parquet(path: Path, limit: int) -> pa.Table:
    with pq.ParquetFile(path) as file:
        batches = file.iter_batches(batch_size=min(limit, 10_000))
        return _first_rows(batches, file.schema_arrow, limit)


def _read_tfrecord(path: Path, limit: int) -> pa.Table:
    try:
        from pipeline.infer.tfrecord import read_tfrecord
    except ImportError as error:
        raise InputError(
            f"{path}: reading TFRecords needs TensorFlow, which is not installed"
        ) from error
    return read_tfrecord(path, limit)


def _first_rows(batches: Iterable[Any], schema: pa.Schema, limit: int) -> pa.Table:
    kept, rows = [], 0
    for batch in batches:
        kept.append(batch)
        rows += batch.num_rows
        if rows >= limit:
            break
    return pa.Table.from_batches(kept, schema).slice(0, limit)


def _check_columns(
    path: Path, table: pa.Table, first_path: Path, first: pa.Table
) -> None:
    names, expected = set(table.column_names), set(first.column_names)
    if names != expected:
        odd = ", ".join(sorted(names ^ expected))
        raise InputError(
            f"{path} and {first_path} do not have the same columns; "
            f"only one of them has: {odd}"
        )


def _concatenate(tables: Sequence[pa.Table], files: Sequence[Path]) -> pa.Table:
    first = tables[0]
    alike = []
    for path, table in zip(files, tables, strict=True):
        try:
            alike.append(table.select(first.column_names).cast(first.schema))
        except pa.ArrowException as error:
            raise InputError(
                f"{path} and {files[0]} have columns of different types: "
                f"{_one_line(error)}"
            ) from error
    return pa.concat_tables(alike)


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except _NOT_READABLE as error:
        reason = getattr(error, "strerror", None) or _one_line(error)
        raise InputError(f"{path}: cannot be read ({reason})") from error


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else text[:200] + "..."
