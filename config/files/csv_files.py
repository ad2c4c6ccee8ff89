"""CSV files as Arrow tables, and what is wrong with them in words.

Below what trains and what serves, for both; a client imports no TensorFlow.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.csv as pa_csv

from config.csv_format import CsvFormat
from config.errors import InputError
from config.files.compression import decompressed
from config.files.csv_blocks import CsvBlock, fields_of, read_blocks

# Says of a file's columns which are read, and as what.
Choose = Callable[[list[str]], pa_csv.ConvertOptions]

_UTF8 = codecs.lookup("utf-8").name
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PARQUET_MARK = b"PAR1"

# What Arrow says about a value and a row; it numbers columns from 0, rows from 1.
_VALUE = re.compile(
    r"In CSV column #(?P<column>\d+): (?:Row #(?P<row>\d+): )?"
    r"CSV conversion error to \w+: (?:invalid value '(?P<value>.*)')?",
    re.DOTALL,
)
_WIDTH = re.compile(
    r"CSV parse error: (?:Row #(?P<row>\d+): )?Expected (?P<expected>\d+) columns, "
    r"got (?P<received>\d+)"
)


def read_tables(
    file: pa.NativeFile, csv_format: CsvFormat, choose: Choose, block: int
) -> Iterator[pa.Table]:
    """Reads rows, a bounded number at a time.

    Args:
      file: The file, compressed or not.
      csv_format: How it is written.
      choose: Says which of the columns are read, and as what.
      block: How many bytes are read at a time.

    Yields:
      At least one table, of no rows if there are none, but none for a file without a
      header line.

    Raises:
      InputError: The file is no such CSV file, or a value is of another type.
      ArrowException, OSError: The file cannot be read.
      UnicodeDecodeError: It is of another encoding.
    """
    header, convert = list(csv_format.columns or ()), None
    with _as_utf8(file, csv_format.encoding) as stream:
        for records in read_blocks(stream, csv_format, block):
            if not header:
                header = fields_of(records, csv_format)
                records = records.without_first()
            convert = convert or choose(header)
            yield _table(records, header, csv_format, convert)


@contextmanager
def _as_utf8(file: pa.NativeFile, encoding: str) -> Iterator[pa.NativeFile]:
    with decompressed(file) as stream:
        start = stream.read(4)
        if start == _PARQUET_MARK:
            raise InputError("this is a Parquet file; set examples.format: parquet")
        is_utf8 = codecs.lookup(encoding).name == _UTF8
        if is_utf8 and start.startswith(_UTF16_MARKS):
            raise InputError("the text is UTF-16; set examples.csv.encoding: utf-16")
        if is_utf8 and start.startswith(codecs.BOM_UTF8):
            start = start[len(codecs.BOM_UTF8) :]
        whole = _Rejoined(start, stream)
        if not is_utf8:
            with pa.PythonFile(whole, mode="r") as raw:
                yield pa.transcoding_input_stream(raw, encoding, "utf-8")
            return
        yield whole


class _Rejoined:
    """A stream with bytes put back at its start, since not every one can be rewound."""

    closed = False

    def __init__(self, start: bytes, rest: pa.NativeFile):
        self._start, self._rest = start, rest

    def read(self, size: int) -> bytes:
        start, self._start = self._start, b""
        data: bytes = start or self._rest.read(size)
        return data

    def close(self) -> None:
        """Leaves the stream to its owner."""


def _table(
    records: CsvBlock,
    header: Sequence[str],
    csv_format: CsvFormat,
    convert: pa_csv.ConvertOptions,
) -> pa.Table:
    rows = len(records.starts)
    if not rows:
        return _empty(header, convert)
    # One thread for each file: as fast, and only so errors name the row.
    read = pa_csv.ReadOptions(
        column_names=header, block_size=len(records.data) + 1, use_threads=False
    )
    parse = pa_csv.ParseOptions(
        delimiter=csv_format.delimiter,
        quote_char=csv_format.quote or False,
        escape_char=csv_format.escape or False,
        newlines_in_values=True,
    )
    try:
        table = pa_csv.read_csv(pa.BufferReader(records.data), read, parse, convert)
    except pa.ArrowInvalid as error:
        if reason := _problem(str(error), header, records):
            raise InputError(reason) from error
        raise
    if table.num_rows != rows:
        raise InputError(
            f"{rows} rows from line {records.line_at(0)} on are read as "
            f"{table.num_rows}; check examples.csv"
        )
    return table


def _empty(header: Sequence[str], convert: pa_csv.ConvertOptions) -> pa.Table:
    names = convert.include_columns or header
    fields = [(name, convert.column_types.get(name, pa.string())) for name in names]
    return pa.schema(fields).empty_table()


def _problem(message: str, header: Sequence[str], records: CsvBlock) -> str | None:
    """Says what Arrow says of rows in the words of the file: by line, by name."""
    found = _WIDTH.match(message)
    if found:
        return (
            f"{_line(found, records)}expected {found['expected']} fields, got "
            f"{found['received']}; correct the line, or set examples.csv"
        )
    found = _VALUE.match(message)
    if not found:
        return None
    where = f"{_line(found, records)}column {header[int(found['column'])]!r}"
    if found["value"] is None:
        return (
            f"{where}: the text is not UTF-8; set examples.csv.encoding, such as "
            "latin-1, or convert the file to UTF-8"
        )
    return (
        f"{where}: expected a number, got {found['value'][:60]!r}; correct the file, "
        "or list the value under examples.missing_values"
    )


def _line(found: re.Match[str], records: CsvBlock) -> str:
    if found["row"] is None:
        return ""
    return f"line {records.line_at(int(records.starts[int(found['row']) - 1]))}: "
