"""Guesses how CSV files are written from the start of one."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from config.errors import InputError
from config.examples import CsvFormat
from config.files.compression import decompressed

_BYTES = 1 << 20
_ROWS = 100
# Delimiters and the quote, the likeliest first; the last are in texts, too.
_DIALECTS = ((",\t;|", '"'), (",\t;|", "'"), ("\x01^~ ", '"'))
# Of the rows, which have as many fields as the first by the right delimiter.
_REGULAR_SHARE = 0.9
_JSON = re.compile(r'\s*\[?\s*\{\s*"')
# The label, then an index (or a field and an index) and a number for each value.
_SPARSE = re.compile(r"[-+]?\d+(?:\.\d+)?(?:\s+\d+(:\d+)?:[-+.\de]+)+\s*", re.I)
# Of one field alone it is not known that it is part of a separator.
_FEWEST_OF_SEVERAL = 5
_SHOWN = 40


def guess_csv_format(path: Path, label: str) -> CsvFormat:
    """Guesses how a file is written; columns without a header are named f0, f1, ...

    Args:
      label: The label that a person named, which tells a header line.

    Raises:
      InputError: The text has no encoding that can be told, or the label is no column
        of a file without a header line.
    """
    start = _start(path)
    encoding = _encoding(start)
    text = codecs.getincrementaldecoder(encoding)("strict").decode(start)
    text = text.removeprefix("\ufeff")
    _check_layout(text)
    escape = "\\" if '\\"' in text else None
    dialect, rows = _dialect(text, escape)
    has_header = not rows or _is_header(rows[0], label)
    return CsvFormat(
        **dialect,
        escape=escape,
        encoding=encoding,
        columns=None if has_header else _names(rows[0], label),
    )


def _check_layout(text: str) -> None:
    """Checks that a text may be one of fields with a delimiter.

    Raises:
      InputError: It is JSON, LIBSVM or LIBFFM.
    """
    if _JSON.match(text):
        raise InputError(
            "this is JSON, which is not read; convert it to Parquet, as "
            "pandas.read_json(FILE, lines=True).to_parquet(FILE) does"
        )
    lines = text.splitlines()[:_ROWS]
    sparse = [match for line in lines if (match := _SPARSE.fullmatch(line))]
    if sparse and len(sparse) >= _REGULAR_SHARE * len(lines):
        name = "LIBFFM" if sparse[0][1] else "LIBSVM"
        raise InputError(
            f"this is {name}, which is not read; write a column for each field, in CSV "
            "or Parquet, before its values become indices"
        )


def _dialect(text: str, escape: str | None) -> tuple[dict[str, Any], list[list[str]]]:
    """The delimiter and quote by which rows have most fields, and the rows.

    Raises:
      InputError: The first row has fewer or more fields than the others, or fields are
        separated by several characters.
    """
    for delimiters, quote in _DIALECTS:
        read = {each: _rows(text, each, quote, escape) for each in delimiters}
        delimiter = max(read, key=lambda each: _width(read[each]))
        if _width(read[delimiter]):
            _check_separator(delimiter, read[delimiter])
            return {"delimiter": delimiter, "quote": quote}, read[delimiter]
    for delimiter in _DIALECTS[0][0]:
        rows = _rows(text, delimiter, '"', escape)
        if (width := _usual_width(rows)) > 1:
            first = text.lstrip().splitlines()[0][:_SHOWN]
            raise InputError(
                f"fields of the first line ({first!r}): {len(rows[0])}, of those below "
                f"it: {width}; remove what stands above the names of the columns, and "
                "delimiters that end lines"
            )
    return {}, _rows(text, ",", '"', escape)


def _check_separator(delimiter: str, rows: Sequence[Sequence[str]]) -> None:
    """Rejects separators of several characters, such as `||` and `|~|`."""
    width = _usual_width(rows)
    between = {tuple(row[1::2]) for row in rows if len(row) == width}
    if width < _FEWEST_OF_SEVERAL or width % 2 == 0 or len(between) > 1:
        return
    if len(set(inner := between.pop())) == 1:
        raise InputError(
            f"fields are separated by {delimiter + inner[0] + delimiter!r}; write one "
            "character there, such as a tab"
        )


def _start(path: Path) -> bytes:
    with (
        path.open("rb") as raw,
        pa.PythonFile(raw, mode="r") as file,
        decompressed(file) as stream,
    ):
        start: bytes = stream.read(_BYTES)
        return start


def _encoding(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in start:
        raise InputError(
            "this is no text in UTF-8, in UTF-16 with a byte order mark, or of one "
            "byte a character; convert it to UTF-8, or give Parquet or TFRecord files"
        )
    for encoding in ("utf-8", "cp1252"):
        try:
            # Incremental, since the last character may be cut.
            codecs.getincrementaldecoder(encoding)("strict").decode(start)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def _rows(text: str, delimiter: str, quote: str, escape: str | None) -> list[list[str]]:
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote, escapechar=escape)
    return list(itertools.islice(filter(None, reader), _ROWS))


def _width(rows: Sequence[Sequence[str]]) -> int:
    """The number of fields of a row, 0 if it is one or rows differ too much."""
    width = _usual_width(rows)
    return width if width > 1 and len(rows[0]) == width else 0


def _usual_width(rows: Sequence[Sequence[str]]) -> int:
    """The number of fields that nearly all rows have; 0 where there is none."""
    for width, count in Counter(map(len, rows)).most_common(1):
        if count >= _REGULAR_SHARE * len(rows):
            return width
    return 0


def _is_header(row: Sequence[str], label: str) -> bool:
    """Returns True if a first row names the label, or could be a header."""
    if label in row or (label.startswith("{") and any(n and n in label for n in row)):
        return True
    has_data = any(not field or _is_number(field) for field in row)
    return not has_data


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _names(row: Sequence[str], label: str) -> tuple[str, ...]:
    names = tuple(f"f{index}" for index in range(len(row)))
    if label not in names and not label.startswith("{"):
        raise InputError(
            f"there seems to be no header line (the file starts with {row[:4]}), so "
            f"the columns are named {names[0]} to {names[-1]}; give the label as one "
            f"of these, such as --label {names[0]}"
        )
    return names
