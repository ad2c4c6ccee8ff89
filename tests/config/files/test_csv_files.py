"""CSV files: the values that were written, or an error that names the line."""

from __future__ import annotations

import csv
import io
import itertools
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from config.errors import InputError
from config.examples import CsvFormat
from config.files import csv_files

HEADER = b"user,city,price,click\n"
ROW = b"u1,Rome,1.5,0\n"
# Of a pathological choice, so that dialects collide with values.
TEXT = st.text("a1\"',;\t|\\\n\r é", max_size=6)


def as_text(header: list[str]) -> pa_csv.ConvertOptions:
    return pa_csv.ConvertOptions(column_types={name: pa.string() for name in header})


def read(content: bytes, block: int = 1 << 20, **settings: Any) -> list[list[str]]:
    """The rows of a file, as texts."""
    tables = csv_files.read_tables(
        pa.BufferReader(content), CsvFormat(**settings), as_text, block
    )
    return [list(row.values()) for table in tables for row in table.to_pylist()]


def problem(content: bytes, **settings: Any) -> str:
    with pytest.raises(InputError) as caught:
        read(content, **settings)
    return str(caught.value)


@given(
    st.lists(st.tuples(st.just("x"), TEXT, TEXT), max_size=8),
    st.sampled_from(",\t;|"),
    st.sampled_from(['"', "'"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([None, "\\"]),
    st.sampled_from(["utf-8", "utf-16"]),
    st.integers(40, 90),
)
def test_rows_of_any_dialect_are_the_rows_written(
    rows: list[tuple[str, str, str]],
    delimiter: str,
    quote: str,
    quoting: Any,
    end: str,
    escape: str | None,
    encoding: str,
    block: int,
):
    # Written without quotes, a carriage return ends a line.
    quotes_returns = end == "\r\n" or quoting == csv.QUOTE_ALL
    assume(quotes_returns or "\r" not in "".join(itertools.chain(*rows)))
    stream = io.StringIO(newline="")
    writer = csv.writer(
        stream,
        delimiter=delimiter,
        quotechar=quote,
        quoting=quoting,
        lineterminator=end,
        escapechar=escape,
        doublequote=escape is None,
    )
    writer.writerows([("k", "a", "b"), *rows])
    settings = {"delimiter": delimiter, "quote": quote, "escape": escape}
    content = stream.getvalue().encode(encoding)
    try:
        found = read(content, block, encoding=encoding, **settings)
    except InputError:
        # Values that look like rows may be refused, but never changed.
        found = read(
            content, 1 << 20, encoding=encoding, **settings, newlines_in_values="allow"
        )
    assert found == [list(row) for row in rows]


@given(
    st.integers(2, 12),
    st.lists(st.integers(0, 500), min_size=1, max_size=4),
    st.sampled_from([b"", b'"New\nYork"', b'"a, b"']),
)
def test_stray_quote_never_loses_a_row(count: int, places: list[int], city: bytes):
    rows = [b"u%d,%b,1.%d,%d" % (i, city or b"Rome", i, i % 2) for i in range(count)]
    clean = HEADER + b"\n".join(rows) + b"\n"
    content = bytearray(clean)
    for place in places:
        content.insert(len(HEADER) + place % (len(clean) - len(HEADER)), ord('"'))
    try:
        found = read(bytes(content))
    except InputError:
        return
    assert len(found) == count


def test_line_breaks_in_values_are_read():
    page = b'"<p class=""x"">a, b</p>\n{""k"": [1, 2],\n ""v"": 3}\n"'
    rows = read(HEADER + ROW + b"u2," + page + b",2,1\n" + ROW)
    assert rows[1][1] == '<p class="x">a, b</p>\n{"k": [1, 2],\n "v": 3}\n'
    assert len(rows) == 3


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("quote", [b"", b'"'])
def test_empty_lines_are_no_rows(end: bytes, quote: bytes):
    value = quote + b"ab" + quote
    lines = [b"", b"c", b"", value, b"d", b"", b"", value]
    for block in (1 << 20, 9):
        assert read(end.join(lines), block) == [["ab"], ["d"], ["ab"]]


def test_text_with_as_many_delimiters_as_a_row_is_read_if_it_has_no_numbers():
    content = b'title,click\n"a, b\nc",1\nx,0\n'
    assert read(content) == [["a, b\nc", "1"], ["x", "0"]]


@pytest.mark.parametrize("column", range(4))
def test_rows_between_two_stray_quotes_are_an_error(column: int):
    first, last = ROW[:-1].split(b","), ROW[:-1].split(b",")
    first[column], last[column] = b'"' + first[column], last[column] + b'"'
    content = HEADER + ROW + b",".join(first) + b"\n" + ROW + b",".join(last) + b"\n"
    assert problem(content).startswith("lines 3 to 5: ")
    assert len(read(content, quote=None)) == 4
    assert len(read(content, newlines_in_values="allow")) == 2


@pytest.mark.parametrize("before", [b"", ROW])
def test_stray_quotes_beside_values_of_several_lines_are_an_error(before: bytes):
    rows = b'u0,"New\nYork"",1.0,0\nu1,""New\nYork",1.1,1\n'
    line = 2 + before.count(b"\n")
    assert problem(HEADER + before + rows).startswith(f"lines {line} to {line + 3}: ")
    text = b'u1,"He said ""a, b""\nand ""c, d, 2"".",1.0,0\n'
    assert len(read(HEADER + before + text)) == 1 + bool(before)


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b'u1,"Rome,1.5,0\n', 3),
        (b'u1,"Rome" Italy,1.5,0\n', 3),
        (b'u1,"the \\"best\\"",1.5,0\n', 3),
        (b"u1,Rome,1.5,0,5\n", 3),
        (b'u1,"New\nYork",1.5,0\nu1,Rome\n', 5),
    ],
)
def test_error_names_the_line(line: bytes, number: int):
    assert problem(HEADER + ROW + line).startswith(f"line {number}: ")


def test_value_longer_than_a_block_is_an_error():
    content = HEADER + ROW + b'u1,"' + (b"x" * 50 + b"\n") * 9 + b'",1,0\n'
    assert read(content, 1 << 10)
    with pytest.raises(InputError, match=r"^line 3: "):
        read(content, 200)


def test_quotes_inside_of_a_value_are_characters():
    assert read(HEADER + b'u1,TV 32",1.5,0\n')[0][1] == 'TV 32"'


def test_columns_name_what_has_no_header():
    assert read(b"1\ta\n0\t\n", delimiter="\t", columns=("click", "c1")) == [
        ["1", "a"],
        ["0", ""],
    ]


def test_stray_quotes_beside_a_value_with_a_delimiter_are_told():
    rows = b'u0,""a, b",1.0,0\nu1,"a, b"",1.1,1\n'
    with pytest.raises(InputError, match="line"):
        read(HEADER + ROW + rows)
