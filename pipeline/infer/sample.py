"""Reads a bounded sample of the user's files, whatever their format."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from pipeline.config.examples import FileFormat
from pipeline.errors import InputError

MOST_ROWS = 100_000
MOST_FILES = 20

# A TFRecord's length and the two checksums.
_FRAME_BYTES = 16
_WILDCARDS = set("*?[")
_NOT_READABLE = (
    pa.ArrowException,
    OSError,
    EOFError,
    UnicodeError,
    csv.Error,
    zlib.error,
)


class Sample(NamedTuple):
    """The first rows of the files.

    Attributes:
      format: The format of the files.
      columns: The columns; in CSV they are texts, null where they are empty.
      total_rows: How many rows all files have, estimated where they are not read whole.
    """

    format: FileFormat
    columns: dict[str, pa.Array]
    total_rows: int


def read_sample(files: Sequence[Path]) -> Sample:
    """Reads up to `MOST_ROWS` rows, spread over at most `MOST_FILES` of the files.

    Args:
      files: The files, all of one format and with the same columns.

    Returns:
      The sample.

    Raises:
      InputError: A file is missing, empty, unreadable or unlike the others.
    """
    check_files(files)
    file_format = _format_of(files[0])
    if any(_format_of(path) != file_format for path in files):
        raise InputError(f"{files[0]} is {file_format}; give files of one format")
    chosen = files[:: -(-len(files) // MOST_FILES)]
    limit = -(-MOST_ROWS // len(chosen))
    parts = {path: _read(path, file_format, limit) for path in chosen}
    tables = {path: part.table for path, part in parts.items()}
    first = tables[chosen[0]]
    for path, table in tables.items():
        if odd := set(table.column_names) ^ set(first.column_names):
            raise InputError(
                f"{path} and {chosen[0]} do not have the same columns; "
                f"only one of them has: {', '.join(sorted(odd))}"
            )
        with _explained(path):
            tables[path] = table.select(first.column_names).cast(first.schema)
    rows = pa.concat_tables(tables.values())
    columns = {name: pa.concat_arrays(rows[name].chunks) for name in rows.column_names}
    return Sample(file_format, columns, _total_rows(files, parts))


def check_files(files: Sequence[Path]) -> None:
    """Checks that there are files, before anything is read.

    Raises:
      InputError: None is given, or one of them is a folder or is not there.
    """
    if not files:
        raise InputError("no files given; expected CSV, Parquet or TFRecord files")
    for path in files:
        with _explained(path):
            is_folder, is_there = path.is_dir(), path.exists()
        if is_folder:
            raise InputError(f"{path}: is a folder; give files, such as {path}/*.csv")
        if not is_there and _WILDCARDS.intersection(path.name):
            raise InputError(
                f"{path}: there is no such file; give files, or a pattern without "
                "quotes that matches some"
            )
        if not is_there:
            raise InputError(f"{path}: there is no such file")


def _format_of(path: Path) -> FileFormat:
    name = path.name.lower()
    if "tfrecord" in name:
        return "tfrecord"
    return "parquet" if path.suffix in (".parquet", ".pq") else "csv"


class _Part(NamedTuple):
    """The first rows of a file, and about how many it has."""

    table: pa.Table
    rows: int


def _total_rows(files: Sequence[Path], parts: Mapping[Path, _Part]) -> int:
    """The rows of all files, those of the files not read by their size."""
    rows = sum(part.rows for part in parts.values())
    if len(parts) == len(files):
        return rows
    read = sum(path.stat().st_size for path in parts)
    return round(rows * sum(path.stat().st_size for path in files) / read)


def _read(path: Path, file_format: FileFormat, limit: int) -> _Part:
    readers = {"csv": _read_csv, "parquet": _read_parquet, "tfrecord": _read_tfrecord}
    with _explained(path):
        part = readers[file_format](path, limit)
    if not part.table.num_rows:
        raise InputError(f"{path}: the file has columns but no rows")
    return part


def _read_csv(path: Path, limit: int) -> _Part:
    with path.open("rb") as raw, _opened(raw, path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        header = next(csv.reader(text), [])
    if not header:
        raise InputError(f"{path}: the file is empty")
    if len(header) == 1 and (others := set("\t;|").intersection(header[0])):
        other = others.pop()
        raise InputError(
            f"{path}: columns seem to be separated by {other!r}; only ',' is read"
        )
    for name in header:
        if header.count(name) > 1:
            raise InputError(f"{path}: two columns are named {name!r}")
    # As text: a type guessed from the first block would fail on a later one.
    options = pa_csv.ConvertOptions(
        column_types={name: pa.string() for name in header},
        null_values=[""],
        strings_can_be_null=True,
    )
    parse = pa_csv.ParseOptions(newlines_in_values=True)
    with path.open("rb") as raw, _opened(raw, path) as file:
        reader = pa_csv.open_csv(file, parse_options=parse, convert_options=options)
        table = _first_rows(reader, reader.schema, limit)
        bytes_read = raw.tell()
    rows = table.num_rows
    if rows > limit:
        # The reader is a block or two ahead, so the file may have a few more rows.
        rows = max(rows, round(rows * path.stat().st_size / bytes_read))
    return _Part(table.slice(0, limit), rows)


def _opened(raw: IO[bytes], path: Path) -> IO[bytes]:
    return gzip.open(raw) if path.suffix == ".gz" else raw  # type: ignore[return-value]


def _read_parquet(path: Path, limit: int) -> _Part:
    with pq.ParquetFile(path) as file:
        batches = file.iter_batches(batch_size=min(limit, 10_000))
        table = _first_rows(batches, file.schema_arrow, limit)
        return _Part(table.slice(0, limit), file.metadata.num_rows)


def _first_rows(batches: Iterable[Any], schema: pa.Schema, limit: int) -> pa.Table:
    """Whole batches with more rows than the limit, or all rows."""
    kept, rows = [], 0
    for batch in batches:
        kept.append(batch)
        rows += batch.num_rows
        if rows > limit:
            break
    return pa.Table.from_batches(kept, schema)


def _read_tfrecord(path: Path, limit: int) -> _Part:
    # Here, since it takes seconds that other formats do without.
    import tensorflow as tf
    from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

    compression = "GZIP" if path.suffix == ".gz" else ""
    records = tf.data.TFRecordDataset(str(path), compression).take(limit)
    try:
        examples = list(records.as_numpy_iterator())
        batch = ExamplesToRecordBatchDecoder().DecodeBatch(examples)
    except (tf.errors.OpError, RuntimeError) as error:
        raise InputError(f"{path}: not tf.Examples, or a damaged file") from error
    # To pyarrow, what tf.Examples hold besides numbers is bytes.
    bytes_, texts = pa.large_list(pa.large_binary()), pa.large_list(pa.large_string())
    types = [texts if kind == bytes_ else kind for kind in batch.schema.types]
    schema = pa.schema(list(zip(batch.schema.names, types, strict=True)))
    table = pa.Table.from_batches([batch]).cast(schema)
    rows = len(examples)
    if rows == limit:
        # Of a compressed file this is too few.
        record_bytes = sum(map(len, examples)) / rows + _FRAME_BYTES
        rows = max(rows, round(path.stat().st_size / record_bytes))
    return _Part(table, rows)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except _NOT_READABLE as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
        raise InputError(f"{path}: cannot be read ({reason})") from error
