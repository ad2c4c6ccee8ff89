"""Reads a bounded sample of the user's files, whatever their format."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from pipeline.config.examples import FileFormat
from pipeline.errors import InputError

MOST_ROWS = 100_000
MOST_FILES = 20

_PLACEHOLDERS = ["NA", "N/A", "null", "NULL", "None", "nan", "NaN", "\\N"]
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
    """The first rows of the files, and in CSV the words that mean a missing value."""

    format: FileFormat
    columns: dict[str, pa.Array]
    placeholders: Sequence[str] = ()


def read_sample(files: Sequence[Path]) -> Sample:
    """Reads up to `MOST_ROWS` rows, spread over at most `MOST_FILES` of the files.

    Args:
      files: The files, all of one format and with the same columns.

    Returns:
      The sample; numbers written in CSV are numbers in it.

    Raises:
      InputError: A file is missing, empty, unreadable or unlike the others.
    """
    check_files(files)
    file_format = _format_of(files[0])
    if any(_format_of(path) != file_format for path in files):
        raise InputError(f"{files[0]} is {file_format}; give files of one format")
    chosen = files[:: -(-len(files) // MOST_FILES)]
    limit = -(-MOST_ROWS // len(chosen))
    tables = {path: _read(path, file_format, limit) for path in chosen}
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
    if file_format == "csv":
        return _with_numbers(columns)
    return Sample(file_format, columns)


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


def _read(path: Path, file_format: FileFormat, limit: int) -> pa.Table:
    readers = {"csv": _read_csv, "parquet": _read_parquet, "tfrecord": _read_tfrecord}
    with _explained(path):
        table = readers[file_format](path, limit)
    if not table.num_rows:
        raise InputError(f"{path}: the file has columns but no rows")
    return table


def _read_csv(path: Path, limit: int) -> pa.Table:
    with _open(path) as file:
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
    with _open(path) as file:
        reader = pa_csv.open_csv(file, parse_options=parse, convert_options=options)
        return _first_rows(reader, reader.schema, limit)


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _read_parquet(path: Path, limit: int) -> pa.Table:
    with pq.ParquetFile(path) as file:
        batches = file.iter_batches(batch_size=min(limit, 10_000))
        return _first_rows(batches, file.schema_arrow, limit)


def _first_rows(batches: Iterable[Any], schema: pa.Schema, limit: int) -> pa.Table:
    kept, rows = [], 0
    for batch in batches:
        kept.append(batch)
        rows += batch.num_rows
        if rows >= limit:
            break
    return pa.Table.from_batches(kept, schema).slice(0, limit)


def _read_tfrecord(path: Path, limit: int) -> pa.Table:
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
    return pa.Table.from_batches([batch]).cast(schema)


def _with_numbers(columns: dict[str, pa.Array]) -> Sample:
    """Takes words such as NA for missing values, and texts of numbers for numbers."""
    texts = pa.chunked_array(list(columns.values()))
    words = texts.filter(pc.is_in(texts, pa.array(_PLACEHOLDERS))).unique()
    numbers = {name: _numbers(values, words) for name, values in columns.items()}
    return Sample("csv", numbers, sorted(words.to_pylist()))


def _numbers(texts: pa.Array, missing: pa.Array) -> pa.Array:
    absent = pa.scalar(None, pa.string())
    texts = pc.if_else(pc.is_in(texts, missing), absent, texts)
    trimmed = pc.utf8_trim_whitespace(texts)
    if pc.any(pc.match_substring_regex(trimmed, r"^[-+]?0\d")).as_py():
        return texts  # 00501 is a code: as a number it would lose its zeros
    for number in (pa.int64(), pa.float64()):
        try:
            return trimmed.cast(number)
        except pa.ArrowInvalid:
            continue
    return texts


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except _NOT_READABLE as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
        raise InputError(f"{path}: cannot be read ({reason})") from error
