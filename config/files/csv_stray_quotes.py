"""Check of CSV records for stray quotes.

Arrow reads what two stray quotes enclose as one value: rows would be lost in silence.
"""

from __future__ import annotations

import csv
import itertools

import numpy as np
import numpy.typing as npt

from config.errors import InputError
from config.examples import CsvFormat
from config.files.csv_blocks import CsvBlock, parse, shown

# Rows that show which columns hold numbers.
_COMPARED_ROWS = 100


def check_values(block: CsvBlock, csv_format: CsvFormat, width: int) -> None:
    """Checks that no value of several lines is several rows between stray quotes.

    Raises:
      InputError: If quotes are taken for characters, or doubled ones for single ones,
        a record is rows with numbers where other rows have them.
    """
    if len(block.newlines) == len(block.ends):
        return
    text = np.frombuffer(block.data, np.uint8)
    delimiters = np.flatnonzero(text == ord(csv_format.delimiter))
    counts = np.diff(np.searchsorted(delimiters, block.ends), prepend=0)
    record = np.searchsorted(block.ends, block.newlines)
    lines = np.bincount(record, minlength=len(block.ends))
    suspects = np.flatnonzero((lines > 1) & (counts >= 2 * (width - 1)))
    if not len(suspects):
        return
    starts = np.concatenate([[0], block.ends[:-1] + 1])
    short = starts[lines == 1][: _COMPARED_ROWS + 1]
    numbers = _number_columns(block, short, csv_format)
    for index in suspects:
        start, end = int(starts[index]), int(block.ends[index])
        rows = _hidden_rows(block.data[start:end], width, numbers, csv_format)
        if rows:
            first = block.line_at(start)
            raise InputError(
                f"lines {first} to {first + int(lines[index]) - 1}: a quoted value "
                f"holds what looks like {rows} rows: "
                f"{shown(block.data[start:end])}; remove "
                "the stray quote, or set examples.csv.quote: null if quotes are "
                "characters like others, or examples.csv.newlines_in_values: allow if "
                "it is one value"
            )


def _hidden_rows(
    record: bytes, width: int, numbers: set[int], csv_format: CsvFormat
) -> int:
    """Returns how many rows a record of several lines may be; 0 if it is one."""
    lines = record.splitlines()
    delimiter = csv_format.delimiter.encode()
    if all(
        line.count(delimiter) >= width - 1
        and _may_be_row(_unquoted(line, csv_format), width, numbers)
        for line in lines
    ):
        return len(lines)
    # A stray quote beside a quoted value makes a doubled quote of two.
    quote = (csv_format.quote or "").encode()
    try:
        rows = parse(
            record.replace(quote * 2, quote).decode(errors="replace"), csv_format
        )
    except csv.Error:
        return 0  # A field longer than the csv module reads.
    if len(rows) > 1 and all(
        len(row) == width and _may_be_row(row, width, numbers) for row in rows
    ):
        return len(rows)
    return 0


def _number_columns(
    block: CsvBlock, starts: npt.NDArray[np.int64], csv_format: CsvFormat
) -> set[int]:
    """Returns the columns that hold numbers in some rows, but for the first row."""
    ends = block.ends[np.searchsorted(block.ends, starts)]
    pairs = list(zip(starts.tolist(), ends.tolist(), strict=True))
    rows = [
        record
        for start, end in pairs
        for record in parse(block.data[start:end].decode(), csv_format)
    ]
    columns = itertools.zip_longest(*rows[1:], fillvalue="")
    return {
        index
        for index, values in enumerate(columns)
        if any(values) and all(map(_is_number, values))
    }


def _unquoted(line: bytes, csv_format: CsvFormat) -> list[str]:
    """Returns the fields of a line whose quotes are characters."""
    fields = line.decode(errors="replace").split(csv_format.delimiter)
    return [field.strip(csv_format.quote) for field in fields]


def _may_be_row(fields: list[str], width: int, numbers: set[int]) -> bool:
    """Returns True for fields with a number, or nothing, in some column of numbers.

    Delimiters inside of quoted values move what follows them to the right.
    """
    moved = max(0, len(fields) - width)
    known = [index for index in numbers if index + moved < len(fields)]
    return not known or any(
        _is_number(field)
        for index in known
        for field in fields[index : index + moved + 1]
    )


def _is_number(text: str) -> bool:
    try:
        float(text or "nan")
    except ValueError:
        return False
    return True
