"""Reads a bounded sample of the user's files, whatever their format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from config.errors import InputError
from config.examples import CsvFormat, FileFormat
from config.files.example_files import (
    errors_of,
    folder_columns,
    with_folder_columns,
)
from ctr.infer.csv_dialect import guess_csv_format
from ctr.infer.samplers import (
    Limits,
    Part,
    sample_csv,
    sample_parquet,
    sample_tfrecord,
)
from ctr.infer.tables import columns_of_all

MOST_ROWS = 100_000
MOST_FILES = 20
MOST_BYTES = 128 << 20

_WILDCARDS = set("*?[")


class Sample(NamedTuple):
    """Rows of the files.

    Attributes:
      format: The format of the files.
      csv: Dialect of CSV files.
      columns: The columns; in CSV they are texts, null where they are empty.
      absent: Columns that some files do not have, with one of these.
      total_rows: Number of rows in all files, estimated where they are not read whole.
      source: The files that the rows are of, in words.
    """

    format: FileFormat
    csv: CsvFormat
    columns: dict[str, pa.Array]
    absent: dict[str, Path]
    total_rows: int
    source: str


def read_sample(files: Sequence[Path], label: str) -> Sample:
    """Reads up to `MOST_ROWS` rows, spread over at most `MOST_FILES` of the files.

    Args:
      files: The files, all of one format; some may be empty.
      label: The label that a person named, which tells a header line.

    Raises:
      InputError: A file is unreadable or unlike the others, or all are empty.
    """
    filled = [path for path in files if path.stat().st_size]
    if not filled:
        raise InputError(f"{files[0]}: the file is empty")
    file_format = _format_of(filled[0])
    for path in filled:
        if (other := _format_of(path)) != file_format:
            raise InputError(
                f"{filled[0]} is {file_format} and {path} is {other}; give files of "
                "one format"
            )
    chosen = _spread(filled)
    limits = Limits(-(-MOST_ROWS // len(chosen)), MOST_BYTES // len(chosen))
    csv_format = CsvFormat()
    if file_format == "csv":
        with errors_of(chosen[0]):
            csv_format = guess_csv_format(chosen[0], label)
    parts = {path: _read(path, file_format, limits, csv_format) for path in chosen}
    tables = {path: _whole(path, part) for path, part in parts.items() if part.rows}
    if not tables:
        raise InputError(f"{chosen[0]}: the file has columns but no rows")
    columns, absent = columns_of_all(tables)
    total_rows = _total_rows(filled, parts)
    source = _source(len(files), parts.values())
    return Sample(file_format, csv_format, columns, absent, total_rows, source)


def _whole(path: Path, part: Part) -> pa.Table:
    """The rows of a file, with the columns in the names of its folders."""
    for name, times in Counter(part.table.column_names).items():
        if times > 1:
            raise InputError(
                f"{path}: two columns are named {name!r}; rename or remove one"
            )
    in_folders = folder_columns(str(path.absolute()), [""])
    return with_folder_columns(part.table, in_folders, in_folders)


def _spread(files: Sequence[Path]) -> list[Path]:
    """Up to `MOST_FILES` of the files, one of each run of neighbours."""
    size = len(files) / min(MOST_FILES, len(files))
    rng = np.random.default_rng(0)
    lows = np.arange(min(MOST_FILES, len(files))) * size
    return [files[int(rng.uniform(low, low + size))] for low in lows]


def _source(files: int, parts: Collection[Part]) -> str:
    """Describes the sampled files, and those that were read from the start only."""
    source = "1 file" if files == 1 else f"{files:,} files"
    if len(parts) < files:
        source = f"{len(parts)} of {source}"
    if starts := sum(part.is_start for part in parts):
        which = "the file" if files == 1 else f"{starts} of them"
        source += (
            f", of {which} only its start, since it is large and cannot be read from "
            "the middle: rows that are sorted are not like the rest"
        )
    return source


def check_files(files: Sequence[Path]) -> None:
    """Checks that there are files, before anything is read.

    Raises:
      InputError: None is given, or one of them is a folder or is not there.
    """
    if not files:
        raise InputError("no files given; expected CSV, Parquet or TFRecord files")
    for path in files:
        with errors_of(path):
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
    """Returns True for a marker file of Hadoop or Spark: `_SUCCESS`, `.part.crc`."""
    return name.startswith(("_", "."))


def _format_of(path: Path) -> FileFormat:
    if "tfrecord" in path.name.lower():
        return "tfrecord"
    with errors_of(path), path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    return "parquet" if is_parquet or path.suffix in (".parquet", ".pq") else "csv"


def _total_rows(files: Sequence[Path], parts: Mapping[Path, Part]) -> int:
    """The rows of all files, those of the files not read by their size."""
    rows = sum(part.rows for part in parts.values())
    if len(parts) == len(files):
        return rows
    read = sum(path.stat().st_size for path in parts)
    return round(rows * sum(path.stat().st_size for path in files) / read)


def _read(
    path: Path, file_format: FileFormat, limits: Limits, csv_format: CsvFormat
) -> Part:
    with errors_of(path):
        if file_format == "csv":
            return sample_csv(path, limits, csv_format)
        sample = {"parquet": sample_parquet, "tfrecord": sample_tfrecord}[file_format]
        return sample(path, limits)
