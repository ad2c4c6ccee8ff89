"""The text of CSV files in blocks of whole records.

Arrow takes text behind a closing quote. Here the records are found first, so that such
text is an error that names its line, and so that the rows that Arrow reads can be
counted.
"""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from config.errors import InputError
from config.examples import CsvFormat

_LF, _CR = b"\n\r"
_SHOWN = 60

_Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CsvBlock:
    """Some whole records.

    Attributes:
      data: Their text, in UTF-8; it ends with the end of a line.
      first_line: Number of their first line in the file, from 1.
      newlines: Positions of line ends in the text.
      ends: Positions of the ends of records.
    """

    data: bytes
    first_line: int
    newlines: _Positions
    ends: _Positions

    @functools.cached_property
    def starts(self) -> _Positions:
        """Positions of the starts of records; empty lines are no records."""
        if not len(self.ends):
            return self.ends
        starts = np.concatenate([[0], self.ends[:-1] + 1])
        lengths = self.ends - starts
        if lengths.min() > 1:
            return starts
        text = np.frombuffer(self.data, np.uint8)
        crlf = (lengths == 1) & (text[starts] == _CR)
        return starts[(lengths > 0) & ~crlf]

    def line_at(self, position: int) -> int:
        """Returns the number of the line of a byte."""
        return self.first_line + int(np.searchsorted(self.newlines, position))

    def without_first(self) -> CsvBlock:
        """Returns the block without its first record and the empty lines before."""
        start = self.starts[0]
        end = int(self.ends[np.searchsorted(self.ends, start)]) + 1
        lines, records = (
            positions[np.searchsorted(positions, end) :] - end
            for positions in (self.newlines, self.ends)
        )
        return CsvBlock(self.data[end:], self.line_at(end), lines, records)


def fields_of(block: CsvBlock, csv_format: CsvFormat) -> list[str]:
    """Returns the fields of the first record.

    Raises:
      UnicodeDecodeError: They are not UTF-8.
    """
    start = int(block.starts[0])
    end = int(block.ends[np.searchsorted(block.ends, start)])
    records = parse(block.data[start:end].decode(), csv_format)
    return records[0] if records else []


def read_blocks(
    stream: pa.NativeFile, csv_format: CsvFormat, size: int
) -> Iterator[CsvBlock]:
    """Reads blocks of whole records; each has at least one.

    Args:
      stream: The text, in UTF-8.
      csv_format: Dialect of the file.
      size: Bytes to read at a time, and the maximum length of a record.

    Raises:
      InputError: A quote is never closed, or has text behind it.
    """
    lexer = _Lexer(csv_format)
    rest, line, at_end = b"", 1, False
    while not at_end:
        read = stream.read(size)
        at_end, text = not read, rest + read
        if at_end and text and text[-1] not in (_LF, _CR):
            text += b"\n"
        block = lexer.whole_records(text, line, at_end)
        rest = text[len(block.data) :]
        if len(rest) > size or (at_end and rest):
            bound = f" within {size >> 20 or 1} MB" if not at_end else ""
            raise InputError(
                f"line {line + len(block.newlines)}: a quote opens a value that is "
                f"not closed{bound}: {shown(rest)}; {_cure(rest, csv_format)}"
            )
        if len(block.starts):
            yield block
        line += len(block.newlines)


class _Lexer:
    """Finds where records end, in the way that Arrow does."""

    def __init__(self, csv_format: CsvFormat):
        self._format = csv_format
        self._quoted = _quoted_field(csv_format)
        escape = re.escape((csv_format.escape or "").encode())
        self._escaped = re.compile(escape + rb"[\s\S]") if escape else None
        ends = {ord(csv_format.delimiter), _LF, _CR}
        self._ends_field = np.isin(np.arange(256), list(ends))

    def whole_records(self, text: bytes, line: int, at_end: bool) -> CsvBlock:
        """Returns the records that end in a text."""
        # Of a carriage return at the end, the line feed may still have to be read.
        end = max(text.rfind(b"\n"), text.rfind(b"\r", 0, len(text) - (not at_end)))
        text = text[: end + 1]
        plain = self._escaped.sub(b"\0\0", text) if self._escaped else text
        newlines = _newlines(plain)
        toggles = self._toggles(plain, text, line)
        ends = newlines
        if len(toggles):
            ends = newlines[np.searchsorted(toggles, newlines) % 2 == 0]
        size = int(ends[-1]) + 1 if len(ends) else 0
        lines = int(np.searchsorted(newlines, size))
        return CsvBlock(text[:size], line, newlines[:lines], ends)

    def _toggles(self, plain: bytes, text: bytes, line: int) -> _Positions:
        """Returns the quotes that open and close a value, in turn."""
        quote = (self._format.quote or "").encode()
        if self._quoted is None or quote not in plain:
            return np.empty(0, np.int64)
        array = np.frombuffer(plain, np.uint8)
        quotes = np.flatnonzero(array == ord(quote))
        if self._are_regular(quotes, array):
            return quotes
        toggles: list[int] = []
        for found in self._quoted.finditer(plain):
            toggles.append(found.start())
            if not found[1]:
                break
            toggles.append(found.end() - 1)
            if found.end() < len(plain) and not self._ends_field[plain[found.end()]]:
                number = line + len(_newlines(plain[: found.end()]))
                start = max(found.start(), found.end() - _SHOWN // 2)
                opened = line + len(_newlines(plain[: found.start()]))
                raise InputError(
                    f"line {number}: text follows the quote that closes the value "
                    f"opened in line {opened}: "
                    f"{shown(text[start:])}; {_cure(text[start:], self._format)}"
                )
        return np.array(toggles, np.int64)

    def _are_regular(self, quotes: _Positions, text: npt.NDArray[np.uint8]) -> bool:
        """Returns True if all quotes are around fields, or doubled in them."""
        opening, closing = quotes[::2], quotes[1::2]
        before = self._ends_field[text[opening - 1]] | (opening == 0)
        before[1:] |= opening[1:] == closing[: len(opening) - 1] + 1
        after = self._ends_field[text[np.minimum(closing + 1, len(text) - 1)]]
        after[: len(opening) - 1] |= opening[1:] == closing[: len(opening) - 1] + 1
        return bool(before.all() and after.all())


def _quoted_field(csv_format: CsvFormat) -> re.Pattern[bytes] | None:
    """Matches a quoted field, up to the end of the text if it is not closed."""
    if csv_format.quote is None:
        return None
    quote = re.escape(csv_format.quote.encode())
    delimiter = re.escape(csv_format.delimiter.encode())
    # A quote opens a value only where a field starts.
    return re.compile(
        rb"(?<![^%b\r\n])%b[^%b]*(?:%b%b[^%b]*)*(%b|\Z)" % (delimiter, *[quote] * 6)
    )


def _newlines(text: bytes) -> _Positions:
    """Returns where lines end: by a line feed, or by a carriage return alone."""
    array = np.frombuffer(text, np.uint8)
    newlines = np.flatnonzero(array == _LF)
    if b"\r" in text:
        returns = np.flatnonzero(array == _CR)
        alone = np.append(array, 0)[returns + 1] != _LF
        newlines = np.sort(np.concatenate([newlines, returns[alone]]))
    return newlines


def parse(text: str, csv_format: CsvFormat) -> list[list[str]]:
    """Returns the fields of all records of a text."""
    dialect: dict[str, Any] = {
        "delimiter": csv_format.delimiter,
        "escapechar": csv_format.escape,
        "quoting": csv.QUOTE_NONE if csv_format.quote is None else csv.QUOTE_MINIMAL,
    }
    if csv_format.quote is not None:
        dialect["quotechar"] = csv_format.quote
    return list(csv.reader(io.StringIO(text.rstrip("\r\n"), newline=""), **dialect))


def shown(text: bytes) -> str:
    """Returns the start of a text, for an error message."""
    return repr(text[:_SHOWN].decode(errors="replace"))


def _cure(text: bytes, csv_format: CsvFormat) -> str:
    if csv_format.escape is None and b"\\" in text[:_SHOWN]:
        return 'set examples.csv.escape: "\\\\" if a backslash precedes such quotes'
    return (
        "correct the line, or set examples.csv.quote: null if quotes are characters "
        "like others"
    )
