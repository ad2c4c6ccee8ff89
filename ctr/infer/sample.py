"""Reads a bounded sample of the user's files, whatever their format."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from config.csv_format import CsvFormat
from config.errors import InputError
from config.examples import FileFormat
from config.files import csv_files, parquet_files
from config.files.compression import codec_of
from ctr.infer.csv_dialect import guess_csv_format

MOST_ROWS = 100_000
MOST_FILES = 20

_BLOCK_BYTES = 1 << 20
# A TFRecord's length and the two checksums.
_FRAME_BYTES = 16
_WILDCARDS = set("*?[")
_NOT_READABLE = (
    pa.ArrowException,
    OSError,
    UnicodeError,
    csv.Error,
)


class Sample(NamedTuple):
    """The first rows of the files.

    Attributes:
      format: The format of the files.
      csv: How CSV files are written.
      columns: The columns; in CSV they are texts, null where they are empty.
      total_rows: How many rows all files have, estimated where they are not read whole.
    """

    format: FileFormat
    csv: CsvFormat
    columns: dict[str, pa.Array]
    total_rows: int


def read_sample(files: Sequence[Path], label: str) -> Sample:
    """Reads up to `MOST_ROWS` rows, spread over at most `MOST_FILES` of the files.

    Args:
      files: The files, all of one format and with the same columns; some may be empty.
      label: The label that a person named, which tells a header line.

    Returns:
      The sample.

    Raises:
      InputError: A file is missing, unreadable or unlike the others, or all are empty.
    """
    check_files(files)
    filled = [path for path in files if path.stat().st_size]
    if not filled:
        raise InputError(f"{files[0]}: the file is empty")
    file_format = _format_of(filled[0])
    if any(_format_of(path) != file_format for path in filled):
        raise InputError(f"{filled[0]} is {file_format}; give files of one format")
    chosen = filled[:: -(-len(filled) // MOST_FILES)]
    limit = -(-MOST_ROWS // len(chosen))
    csv_format = CsvFormat()
    if file_format == "csv":
        with _explained(chosen[0]):
            csv_format = guess_csv_format(chosen[0], label)
    parts = {path: _read(path, file_format, limit, csv_format) for path in chosen}
    tables = {path: part.table for path, part in parts.items() if part.rows}
    if not tables:
        raise InputError(f"{chosen[0]}: the file has columns but no rows")
    rows = _concatenated(tables)
    columns = {name: pa.concat_arrays(rows[name].chunks) for name in rows.column_names}
    return Sample(file_format, csv_format, columns, _total_rows(filled, parts))


def _concatenated(tables: Mapping[Path, pa.Table]) -> pa.Table:
    """The rows of tables with the same columns, in any order."""
    first_path, first = next(iter(tables.items()))
    for path, table in tables.items():
        if odd := set(table.column_names) ^ set(first.column_names):
            raise InputError(
                f"{path} and {first_path} do not have the same columns; "
                f"only one of them has: {', '.join(sorted(odd))}"
            )
    names = first.column_names
    schema = pa.schema([(name, _common_type(name, tables.values())) for name in names])
    alike = []
    for path, table in tables.items():
        with _explained(path):
            alike.append(table.select(names).cast(schema))
    return pa.concat_tables(alike)


def _common_type(name: str, tables: Iterable[pa.Table]) -> pa.DataType:
    """The type of a column, which is null in a file where all its values are missing.

    Of numbers of several types it is double.
    """
    found = [table.schema.field(name).type for table in tables]
    kinds = list(dict.fromkeys(kind for kind in found if not pa.types.is_null(kind)))
    are_numbers = all(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in kinds
    )
    if len(kinds) > 1 and are_numbers:
        return pa.float64()
    return kinds[0] if kinds else pa.null()


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


def data_files(files: Sequence[Path]) -> list[Path]:
    """The files that hold data: not those whose names start with `_` or `.`.

    Raises:
      InputError: There is none.
    """
    check_files(files)
    shown = [path for path in files if not is_hidden(path.name)]
    if not shown:
        raise InputError(
            f"{files[0]}: files that start with '_' or '.' are not read; rename it"
        )
    return shown


def is_hidden(name: str) -> bool:
    """Whether a file holds no data, as in Hadoop and Spark: `_SUCCESS`, `.part.crc`."""
    return name.startswith(("_", "."))


def _format_of(path: Path) -> FileFormat:
    if "tfrecord" in path.name.lower():
        return "tfrecord"
    with _explained(path), path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    return "parquet" if is_parquet or path.suffix in (".parquet", ".pq") else "csv"


def _codec(path: Path) -> str | None:
    with path.open("rb") as file:
        return codec_of(file.read(16))


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


def _read(
    path: Path, file_format: FileFormat, limit: int, csv_format: CsvFormat
) -> _Part:
    with _explained(path):
        if file_format == "csv":
            return _read_csv(path, limit, csv_format)
        readers = {"parquet": _read_parquet, "tfrecord": _read_tfrecord}
        return readers[file_format](path, limit)


def _read_csv(path: Path, limit: int, csv_format: CsvFormat) -> _Part:
    with path.open("rb") as raw, pa.PythonFile(raw, mode="r") as file:
        tables = csv_files.read_tables(file, csv_format, _as_text, _BLOCK_BYTES)
        table = _first_rows(tables, limit)
        rows = table.num_rows
        if rows > limit:
            # The file, read in part, is still open.
            rows = max(rows, round(rows * path.stat().st_size / raw.tell()))
    return _Part(table.slice(0, limit), rows)


def _as_text(header: list[str]) -> pa_csv.ConvertOptions:
    """Reads texts: a type guessed from the first block would fail on a later one."""
    for name in header:
        if header.count(name) > 1:
            raise InputError(f"two columns are named {name!r}; rename or remove one")
    return pa_csv.ConvertOptions(
        column_types={name: pa.string() for name in header},
        null_values=[""],
        strings_can_be_null=True,
    )


def _read_parquet(path: Path, limit: int) -> _Part:
    total = pq.read_metadata(path).num_rows
    with pa.OSFile(str(path)) as file:
        tables = parquet_files.read_tables(file, list, min(limit, 10_000))
        return _Part(_first_rows(tables, limit).slice(0, limit), total)


def _first_rows(tables: Iterable[pa.Table], limit: int) -> pa.Table:
    """Whole tables with more rows than the limit, or all rows."""
    kept, rows = [], 0
    for table in tables:
        kept.append(table)
        rows += table.num_rows
        if rows > limit:
            break
    return pa.concat_tables(kept) if kept else pa.table({})


def _read_tfrecord(path: Path, limit: int) -> _Part:
    # Here, since it takes seconds that other formats do without.
    import tensorflow as tf

    from components.example_gen.records import decode_examples

    compression = "GZIP" if _codec(path) else ""
    records = tf.data.TFRecordDataset(str(path), compression).take(limit)
    try:
        examples = list(records.as_numpy_iterator())
    except tf.errors.OpError as error:
        raise InputError("not tf.Examples, or a damaged file") from error
    batch = decode_examples(examples)
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
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except _NOT_READABLE as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
        raise InputError(f"{path}: cannot be read ({reason})") from error
