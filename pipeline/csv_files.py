"""CSV files as Arrow tables, and what is wrong with them in words.

Below what trains and what serves, for both; a client imports no TensorFlow.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

import pyarrow as pa
import pyarrow.csv as pa_csv

from pipeline.errors import InputError

# Opens a file from its beginning.
Open = Callable[[], AbstractContextManager[pa.NativeFile]]

# What Arrow says about a value; it numbers columns, and counts the header as a row.
_VALUE = re.compile(
    r"In CSV column #(?P<column>\d+): (?:Row #(?P<row>\d+): )?"
    r"CSV conversion error to \w+: (?:invalid value '(?P<value>.*)')?",
    re.DOTALL,
)


def read_header(opened: Open) -> tuple[list[str], bool]:
    """The names of the columns, and whether anything follows them.

    Where nothing does, Arrow may take the file for a broken one.

    Raises:
      InputError: There is no header.
    """
    with opened() as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        header = next(csv.reader(text), None)
        has_rows = bool(text.read(1))
    if not header:
        raise InputError("the file is empty; a header line is expected")
    return header, has_rows


def read_tables(
    opened: Open, header: Sequence[str], convert: pa_csv.ConvertOptions, block: int
) -> Iterator[pa.Table]:
    """Reads rows, a bounded number at a time.

    Args:
      opened: Opens the file.
      header: The names of its columns.
      convert: Which of them are read, and as what.
      block: How many bytes are read at a time.

    Raises:
      InputError: A value is of another type, or no UTF-8.
      ArrowException, OSError: The file cannot be read.
    """
    # One thread for each file: as fast, and only so errors name the row.
    read = pa_csv.ReadOptions(block_size=block, use_threads=False)
    parse = pa_csv.ParseOptions(newlines_in_values=True)
    try:
        with opened() as stream:
            for batch in pa_csv.open_csv(stream, read, parse, convert):
                yield pa.Table.from_batches([batch])
    except pa.ArrowInvalid as error:
        if found := _VALUE.match(str(error)):
            raise InputError(_problem(found, header)) from error
        raise


def _problem(found: re.Match[str], header: Sequence[str]) -> str:
    where = f"column {header[int(found['column'])]!r}"
    if found["row"] is not None:
        where = f"row {found['row']}, {where}"
    if found["value"] is None:
        return f"{where}: the text is not UTF-8; convert the file to UTF-8"
    return (
        f"{where}: expected a number, got {found['value'][:60]!r}; correct the file, "
        "or list the value under examples.missing_values"
    )
