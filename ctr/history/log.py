"""The rows of all files in DuckDB, and the queries that make histories of them."""

from __future__ import annotations

import csv
import glob
import gzip
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from config.errors import InputError

# Of the list column of an item column.
_PREFIX = "history_"
# Alias by which a query names a whole row; a column of that name would hide it.
_WHOLE_ROW = '"the whole row"'


@dataclass(frozen=True)
class Columns:
    """Columns of the files.

    Attributes:
      user: Whose history it is.
      items: Items of the history, and what else is kept of them, such as category.
      time: Timestamps, or numbers that rise with time.
      label: 1 or true for a click, 0, false or missing for none.
      greater_than: Threshold that turns a number in `label` into a click.
    """

    user: str
    items: tuple[str, ...]
    time: str
    label: str
    greater_than: float | None = None

    @property
    def histories(self) -> tuple[str, ...]:
        """Names of the list columns."""
        return tuple(_PREFIX + item for item in self.items)


@dataclass(frozen=True)
class Log:
    """All rows in a database on disk.

    Tables `rows_0`, `rows_1`, ... have the rows of each file: `row`, and `source`, a
    struct of all columns, so that their names cannot clash with ours. Table `log` has
    what histories are made of: file, row, person, items, second, click. Table `clicked`
    has the clicks of each person by number, from 1, with the history up to and
    including each: that of a row is with the last click `before` it. So no row copies
    more than its own history, however long that of its user is.
    """

    database: duckdb.DuckDBPyConnection
    columns: Columns
    is_parquet: bool
    max_length: int
    delimiter: str

    def read(self, number: int, path: Path) -> None:
        """Reads a file into a table of its own, and its part of `log`."""
        columns = self.columns
        table = _rows_of(number)
        self._check_columns(path)
        try:
            self._run(
                f"CREATE TABLE {table} AS SELECT row_number() OVER () AS row, "
                f"{_WHOLE_ROW} AS source FROM {self._reader(path)} AS {_WHOLE_ROW}"
            )
        except (duckdb.OutOfMemoryException, duckdb.TransactionException):
            # Not the fault of the file.
            raise
        except duckdb.Error as error:
            raise InputError(f"{path}: cannot be read: {reason_of(error)}") from error
        items = ", ".join(
            f"{_known(item)} AS item_{index}"
            for index, item in enumerate(columns.items)
        )
        select = (
            f"SELECT {number} AS file, row, {items}, "
            f"{_known(columns.user)} AS person, "
            f"{_second(_source(columns.time))} AS second, {self._click()} AS click, "
            f"{_number(_source(columns.time))} IS NOT NULL AS is_number "
            f"FROM {table}"
        )
        self._check_types(number, path, select)
        into = "CREATE TABLE log AS" if number == 0 else "INSERT INTO log"
        self._run(f"{into} {select}")
        self._check_values(number, path)

    def link(self) -> None:
        """Finds the click with which the history of each row ends.

        Raises:
          InputError: Some times are numbers, others timestamps.
        """
        (forms,) = self._one("SELECT count(DISTINCT is_number) FROM log")
        if forms > 1:
            raise InputError(
                f"{self.columns.time}: some rows have a number, others a timestamp; "
                "write all times in one form"
            )
        lists = ", ".join(
            f"list(item_{index}) FILTER (item_{index} IS NOT NULL) OVER recent "
            f"AS items_{index}"
            for index in range(len(self.columns.items))
        )
        clicked = "click AND person IS NOT NULL AND item_0 IS NOT NULL"
        self._run(
            "CREATE TABLE clicked AS SELECT person, "
            f"row_number() OVER recent AS number, {lists} FROM log WHERE {clicked} "
            "WINDOW recent AS (PARTITION BY person ORDER BY second, file, row "
            f"ROWS BETWEEN {self.max_length - 1} PRECEDING AND CURRENT ROW)"
        )
        self._run(
            "CREATE TABLE linked AS SELECT file, row, person, "
            f"count(*) FILTER (WHERE {clicked}) OVER (PARTITION BY person "
            "ORDER BY second RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) "
            "AS before FROM log"
        )

    def write(self, number: int, path: Path) -> None:
        """Writes a file with its histories, rows in their order."""
        self._copy(
            f"SELECT source.*, {self._lists()} FROM {_rows_of(number)} "
            f"JOIN (SELECT row, person, before AS number FROM linked "
            f"WHERE file = {number}) USING (row) "
            "LEFT JOIN clicked USING (person, number) ORDER BY row",
            path,
        )

    def write_users(self, path: Path) -> None:
        """Writes the latest history of each user."""
        self._copy(
            f"SELECT person AS {_name(self.columns.user)}, {self._lists()} "
            "FROM clicked JOIN (SELECT person, max(number) AS number FROM clicked "
            "GROUP BY person) USING (person, number) ORDER BY person",
            path,
        )

    def figures(self) -> tuple[int, int, int, float]:
        """Returns rows, clicks, users with a history, and the share of empty ones."""
        rows, clicks = self._one("SELECT count(*), count(*) FILTER (click) FROM log")
        (users,) = self._one("SELECT count(DISTINCT person) FROM clicked")
        (empty,) = self._one(
            "SELECT count(*) FROM linked WHERE before = 0 OR person IS NULL"
        )
        return rows, clicks, users, empty / max(rows, 1)

    def _reader(self, path: Path) -> str:
        # By default, some names are patterns, and folders such as day=1 are columns.
        literal = f"{quoted(glob.escape(str(path)))}, hive_partitioning = false"
        if self.is_parquet:
            return f"read_parquet({literal})"
        # As text: types would change values, such as 01234; detection may skip lines.
        names = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in _column_names(path))
        return (
            f"read_csv({literal}, auto_detect = false, header = true, "
            f"columns = {{{names}}}, delim = ',', quote = '\"', escape = '\"')"
        )

    def _click(self) -> str:
        label = _known(self.columns.label)
        number = f"TRY_CAST({label} AS DOUBLE)"
        if self.columns.greater_than is not None:
            above = f"{number} > {self.columns.greater_than!r}"
            return f"CASE WHEN NOT isnan({number}) THEN {above} END"
        text = f"lower(CAST({label} AS VARCHAR))"
        return (
            f"CASE WHEN {label} IS NULL OR {text} IN ('false', '') OR {number} = 0 "
            f"THEN false WHEN {text} = 'true' OR {number} = 1 THEN true END"
        )

    def _lists(self) -> str:
        """The histories of `clicked`, as columns."""
        columns = []
        for index, name in enumerate(self.columns.histories):
            items = f"coalesce(items_{index}, [])"
            if not self.is_parquet:
                items = f"array_to_string({items}, {quoted(self.delimiter)})"
                items = f"nullif({items}, '')"
            columns.append(f"{items} AS {_name(name)}")
        return ", ".join(columns)

    def _copy(self, query: str, path: Path) -> None:
        options = "FORMAT parquet" if self.is_parquet else "FORMAT csv, HEADER"
        self._run(f"COPY ({query}) TO {quoted(str(path))} ({options})")

    def _check_columns(self, path: Path) -> None:
        names = _column_names(path)
        columns = self.columns
        if "" in names:
            raise InputError(
                f"{path}: column {names.index('') + 1} has no name; give it one"
            )
        for name in (columns.user, *columns.items, columns.time, columns.label):
            if name not in names:
                raise InputError(
                    f"{path}: there is no column {name!r}; there are: "
                    f"{', '.join(names)}"
                )
        lower = {name.lower(): name for name in names}
        for name in columns.histories:
            if name.lower() in lower:
                raise InputError(
                    f"{path}: there is a column {lower[name.lower()]!r} already; give "
                    "the files from before their histories were added"
                )
        for name, count in Counter(map(str.lower, names)).items():
            if count > 1:
                raise InputError(
                    f"{path}: {count} columns are named {name!r}, upper and lower case "
                    "aside; rename them"
                )

    def _check_types(self, number: int, path: Path, select: str) -> None:
        """Raises InputError for a list of items, or a type other than in the log."""
        types = self._types(f"({select})")
        known = types if number == 0 else self._types("log")
        names = {f"item_{i}": name for i, name in enumerate(self.columns.items)}
        for alias, name in {"person": self.columns.user, **names}.items():
            kind = types[alias]
            if kind.endswith("]") or kind.startswith(("STRUCT", "MAP")):
                raise InputError(f"{path}: {name}: got {kind}; allowed: single values")
            if kind != known[alias]:
                raise InputError(
                    f"{path}: {name}: got {kind}, but {known[alias]} in earlier files; "
                    "write the column with one type in all files"
                )

    def _types(self, table: str) -> dict[str, str]:
        return {name: kind for name, kind, *_ in self._all(f"DESCRIBE FROM {table}")}

    def _check_values(self, number: int, path: Path) -> None:
        """Raises InputError for the first row with a value that cannot be used."""
        columns = self.columns
        checks = [("second IS NULL", columns.time, "a time"), self._label_check()]
        if not self.is_parquet:
            delimiter = quoted(self.delimiter)
            words = f"an item without {self.delimiter!r}, the delimiter of lists"
            checks += [
                (f"click AND contains(item_{index}, {delimiter})", item, words)
                for index, item in enumerate(columns.items)
            ]
        for condition, name, expected in checks:
            found = self._all(
                f"SELECT row, CAST({_source(name)} AS VARCHAR) FROM {_rows_of(number)} "
                "JOIN log USING (row) "
                f"WHERE file = {number} AND ({condition}) ORDER BY row LIMIT 1"
            )
            for row, value in found:
                raise InputError(
                    f"{path}: row {row:,}: {name}: got {value!r}; expected {expected}"
                )

    def _label_check(self) -> tuple[str, str, str]:
        """Returns a condition for what is no label, its column, and what is one."""
        column = self.columns.label
        if self.columns.greater_than is None:
            expected = "0, 1, true, false or nothing; for a rating give --greater-than"
            return "click IS NULL", column, expected
        return f"click IS NULL AND {_known(column)} IS NOT NULL", column, "a number"

    def _run(self, query: str) -> None:
        self.database.execute(query)

    def _all(self, query: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.database.execute(query).fetchall()
        return rows

    def _one(self, query: str) -> tuple[Any, ...]:
        (row,) = self._all(query)
        return row


def _rows_of(number: int) -> str:
    return f"rows_{number}"


def _name(column: str) -> str:
    """Quotes a name of a column."""
    return '"' + column.replace('"', '""') + '"'


def _source(column: str) -> str:
    """Names a column of the files in a query."""
    return f"source.{_name(column)}"


def _known(column: str) -> str:
    """Names a column in a query, missing where a floating-point number is NaN."""
    value = _source(column)
    is_nan = f"typeof({value}) IN ('FLOAT', 'DOUBLE') AND {value}::VARCHAR = 'nan'"
    return f"CASE WHEN {is_nan} THEN NULL ELSE {value} END"


def _column_names(path: Path) -> list[str]:
    try:
        names = _read_column_names(path)
    except (OSError, UnicodeDecodeError, pa.ArrowException, csv.Error) as error:
        raise InputError(f"{path}: cannot be read: {reason_of(error)}") from error
    if not names:
        raise InputError(f"{path}: this file is empty; expected a header")
    return names


def _read_column_names(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return list(pq.read_schema(path).names)
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file), [])


def quoted(value: str) -> str:
    """Quotes a text for a query."""
    return "'" + value.replace("'", "''") + "'"


def _second(time: str) -> str:
    """Whole numbers that rise with time: seconds since 1970, or the numbers given."""
    timestamp = f"TRY_CAST(CAST({time} AS VARCHAR) AS TIMESTAMPTZ)"
    return f"TRY_CAST(floor(coalesce({_number(time)}, epoch({timestamp}))) AS BIGINT)"


def _number(time: str) -> str:
    return f"TRY_CAST(CAST({time} AS VARCHAR) AS DOUBLE)"


def reason_of(error: Exception) -> str:
    """Returns the first line of an error and, for CSV, its reason."""
    text, _, _ = str(error).strip().partition("\nPossible ")
    first, *more = text.strip().splitlines()
    # Other errors go on with a query.
    return f"{first}: {more[-1]}" if more and "CSV Error" in first else first
