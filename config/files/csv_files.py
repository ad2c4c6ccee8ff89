"""CSV files as Arrow tables, with errors that name file and line.

Training reads them, and so does the client, which imports no TensorFlow.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from config.errors import InputError
from config.examples import CsvFormat
from config.features import NumberFormat
from config.files.compression import decompressed
from config.files.csv_blocks import CsvBlock, fields_of, read_blocks
from config.files.csv_stray_quotes import check_values
from config.values.canonical_text import BOOLEANS
from config.values.text_values import booleans_as_digits, is_number, parse_numbers

# Chooses columns of a file, and their types.
Choose = Callable[[list[str]], pa_csv.ConvertOptions]

_UTF8 = codecs.lookup("utf-8").name
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PARQUET_MARK = b"PAR1"

# Arrow's message about a value; it numbers columns from 0 and rows from 1.
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
      csv_format: Dialect of the file.
      choose: Chooses columns, and their types.
      block: Bytes to read at a time.

    Yields:
      At least one table, of no rows if there are none, but none for a file without a
      header line.

    Raises:
      InputError: The file is no such CSV file, or a value is of another type.
      ArrowException, OSError: The file cannot be read.
      UnicodeDecodeError: It is of another encoding.
    """
    header, reader = list(csv_format.columns or ()), None
    with _as_utf8(file, csv_format.encoding) as stream:
        for records in read_blocks(stream, csv_format, block):
            has_header = not header
            header = header or fields_of(records, csv_format)
            if csv_format.newlines_in_values == "check":
                check_values(records, csv_format, len(header))
            if has_header:
                records = records.without_first()
            reader = reader or _Reader(header, csv_format, choose(header))
            yield reader.table(records)


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


class _Reader:
    """Reads blocks of records as tables.

    A column of numbers in which a boolean is found is read as text from there on, since
    Arrow's numbers have no booleans.
    """

    def __init__(
        self, header: list[str], csv_format: CsvFormat, convert: pa_csv.ConvertOptions
    ):
        self._header = header
        self._convert = convert
        self._with_booleans: list[str] = []
        self._parse = pa_csv.ParseOptions(
            delimiter=csv_format.delimiter,
            quote_char=csv_format.quote or False,
            escape_char=csv_format.escape or False,
            newlines_in_values=True,
        )

    def table(self, records: CsvBlock) -> pa.Table:
        """Returns the rows of a block.

        Raises:
          InputError: A row has too few or too many fields, or a value is of another
            type; the message names the line.
        """
        table = self._read(records) if len(records.starts) else self._empty()
        if table.num_rows != len(records.starts):
            raise InputError(
                f"{len(records.starts)} rows from line {records.line_at(0)} on are "
                f"read as {table.num_rows}; check examples.csv"
            )
        for name in self._with_booleans:
            numbers = _numbers(name, table[name].combine_chunks(), records)
            index = table.column_names.index(name)
            table = table.set_column(index, name, numbers)
        return table

    def _read(self, records: CsvBlock) -> pa.Table:
        # One thread for each file: as fast, and only so errors name the row.
        read = pa_csv.ReadOptions(
            column_names=self._header,
            block_size=len(records.data) + 1,
            use_threads=False,
        )
        source = pa.BufferReader(records.data)
        try:
            return pa_csv.read_csv(source, read, self._parse, self._convert)
        except pa.ArrowInvalid as error:
            if name := _column_of_boolean(str(error), self._header):
                self._with_booleans.append(name)
                types = {**self._convert.column_types, name: pa.string()}
                self._convert.column_types = types
                return self._read(records)
            if reason := _problem(str(error), self._header, records):
                raise InputError(reason) from error
            raise

    def _empty(self) -> pa.Table:
        names = self._convert.include_columns or self._header
        types = self._convert.column_types
        fields = [(name, types.get(name, pa.string())) for name in names]
        return pa.schema(fields).empty_table()


def _numbers(name: str, texts: pa.Array, records: CsvBlock) -> pa.Array:
    """Texts of numbers and booleans as numbers: float64 [n]."""
    is_good = is_number(booleans_as_digits(texts), NumberFormat())
    row = pc.index(is_good, False).as_py()
    if row >= 0:
        line = records.line_at(int(records.starts[row]))
        raise InputError(_no_number(f"line {line}: ", name, texts[row].as_py()))
    return parse_numbers(texts, NumberFormat())


def _column_of_boolean(message: str, header: list[str]) -> str | None:
    """The column of numbers that holds a boolean, where that is what Arrow says."""
    found = _VALUE.match(message)
    if found and (found["value"] or "").strip() in BOOLEANS:
        return header[int(found["column"])]
    return None


def _problem(message: str, header: list[str], records: CsvBlock) -> str | None:
    """Translates Arrow's row and column numbers into lines and names."""
    found = _WIDTH.match(message)
    if found:
        return (
            f"{_line(found, records)}expected {found['expected']} fields, got "
            f"{found['received']}; correct the line, or set examples.csv"
        )
    found = _VALUE.match(message)
    if not found:
        return None
    column = header[int(found["column"])]
    if found["value"] is None:
        return (
            f"{_line(found, records)}column {column!r}: the text is not UTF-8; set "
            "examples.csv.encoding, such as latin-1, or convert the file to UTF-8"
        )
    return _no_number(_line(found, records), column, found["value"])


def _no_number(line: str, column: str, text: str) -> str:
    return (
        f"{line}column {column!r}: expected a number, got {text[:60]!r}; correct the "
        "file, or list the value under examples.missing_values"
    )


def _line(found: re.Match[str], records: CsvBlock) -> str:
    if found["row"] is None:
        return ""
    return f"line {records.line_at(int(records.starts[int(found['row']) - 1]))}: "
