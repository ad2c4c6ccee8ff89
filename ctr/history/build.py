"""Adds the history of its user to each row, out of core (DuckDB)."""

from __future__ import annotations

import csv
import gzip
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from config.errors import ConfigError, InputError

# The list column of an item column, and the file of all users' latest histories.
_PREFIX = "history_"
_USERS = "users"
_SUFFIXES = (".csv", ".csv.gz", ".parquet")
_MEMORY = "2GB"
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
class Histories:
    """Result of `build_histories`.

    Attributes:
      files: The files written, in the order of the input.
      users_file: The latest history of each user, which clients need in serving.
      clicks: Number of rows with a click.
      users: Number of users with a history.
      empty: Share of the rows whose history is empty.
    """

    files: tuple[Path, ...]
    users_file: Path
    rows: int
    clicks: int
    users: int
    empty: float


def build_histories(
    files: Sequence[Path],
    columns: Columns,
    out: Path,
    max_length: int = 50,
    delimiter: str = "|",
) -> Histories:
    """Writes each file again, with the history of the user of each row.

    A history has the items of earlier clicks of the same user in all files, the most
    recent last. Earlier is before the second of the row, so that rows of one request,
    whose time is the same, tell nothing of each other.

    Args:
      files: CSV (also .gz) or Parquet files, all of one kind. Values of CSV are written
        as they were read.
      out: Folder of the result, where no file of these names may exist.
      max_length: Maximum length of a history; the most recent items are kept.
      delimiter: Between the items of a list, in CSV.

    Raises:
      InputError: A file cannot be read, a column is missing, or a value is no time, no
        label, or contains the delimiter.
      ConfigError: Two files have one name, or a result exists.
    """
    suffix = _one_suffix(files)
    targets = _targets(files, out, suffix)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".history-", dir=out) as folder:
        with duckdb.connect(str(Path(folder) / "rows.duckdb")) as database:
            database.execute(f"SET memory_limit = '{_MEMORY}'")
            database.execute(f"SET temp_directory = {_text(folder)}")
            # Of timestamps without a zone.
            database.execute("SET TimeZone = 'UTC'")
            log = _Log(database, columns, suffix == ".parquet", max_length, delimiter)
            for number, path in enumerate(files):
                log.read(number, path)
            log.link()
            partial = [Path(folder) / path.name for path in targets]
            *parts, users = partial
            for number, path in enumerate(parts):
                log.write(number, path)
            log.write_users(users)
            rows, clicks, people, empty = log.figures()
        # Only whole results appear.
        for path, target in zip(partial, targets, strict=True):
            path.replace(target)
    *written, users_file = targets
    return Histories(tuple(written), users_file, rows, clicks, people, empty)


@dataclass(frozen=True)
class _Log:
    """All rows in a database on disk.

    Tables `rows_0`, `rows_1`, ... have the rows of each file: `row`, and `source`, a
    struct of all columns, so that their names cannot clash with ours. Table `log` has
    what histories are made of: file, row, person, items, second, click. Table `clicked`
    has a list of all clicked items of a person, in order; a history is a slice of it,
    which ends after the items that were clicked `before`.
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
        except duckdb.Error as error:
            raise InputError(f"{path}: cannot be read: {_first_line(error)}") from error
        items = ", ".join(
            f"{_source(item)} AS item_{index}"
            for index, item in enumerate(columns.items)
        )
        select = (
            f"SELECT {number} AS file, row, {items}, "
            f"{_source(columns.user)} AS person, "
            f"{_second(_source(columns.time))} AS second, {self._click()} AS click, "
            f"{_number(_source(columns.time))} IS NOT NULL AS is_number "
            f"FROM {table}"
        )
        into = "CREATE TABLE log AS" if number == 0 else "INSERT INTO log"
        self._run(f"{into} {select}")
        self._check_values(number, path)

    def link(self) -> None:
        """Finds where the history of each row ends in the list of its user.

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
            f"list(item_{index} ORDER BY second, file, row) AS items_{index}"
            for index in range(len(self.columns.items))
        )
        clicked = "click AND person IS NOT NULL AND item_0 IS NOT NULL"
        self._run(
            f"CREATE TABLE clicked AS SELECT person, {lists} FROM log "
            f"WHERE {clicked} GROUP BY person"
        )
        self._run(
            "CREATE TABLE linked AS SELECT file, row, person, "
            f"count(*) FILTER (WHERE {clicked}) OVER (PARTITION BY person "
            "ORDER BY second RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) "
            "AS before FROM log"
        )

    def write(self, number: int, path: Path) -> None:
        """Writes a file with its histories, rows in their order."""
        lists = self._lists("coalesce(before, 0)")
        self._copy(
            f"SELECT source.*, {lists} FROM {_rows_of(number)} "
            f"JOIN (SELECT * FROM linked WHERE file = {number}) USING (row) "
            "LEFT JOIN clicked USING (person) ORDER BY row",
            path,
        )

    def write_users(self, path: Path) -> None:
        """Writes the latest history of each user."""
        lists = self._lists("len(items_0)")
        self._copy(
            f"SELECT person AS {_name(self.columns.user)}, {lists} FROM clicked "
            "ORDER BY person",
            path,
        )

    def figures(self) -> tuple[int, int, int, float]:
        """Returns rows, clicks, users with a history, and the share of empty ones."""
        rows, clicks = self._one("SELECT count(*), count(*) FILTER (click) FROM log")
        (users,) = self._one("SELECT count(*) FROM clicked")
        (empty,) = self._one(
            "SELECT count(*) FROM linked WHERE before = 0 OR person IS NULL"
        )
        return rows, clicks, users, empty / max(rows, 1)

    def _reader(self, path: Path) -> str:
        if self.is_parquet:
            return f"read_parquet({_text(str(path))})"
        # As text: types would change values, such as 01234; detection may skip lines.
        names = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in _column_names(path))
        return (
            f"read_csv({_text(str(path))}, auto_detect = false, header = true, "
            f"columns = {{{names}}}, delim = ',', quote = '\"', escape = '\"')"
        )

    def _click(self) -> str:
        label = _source(self.columns.label)
        if self.columns.greater_than is not None:
            return f"TRY_CAST({label} AS DOUBLE) > {self.columns.greater_than!r}"
        known = f"lower(CAST({label} AS VARCHAR))"
        return (
            f"CASE WHEN {label} IS NULL OR {known} IN ('0', '0.0', 'false', '') "
            f"THEN false WHEN {known} IN ('1', '1.0', 'true') THEN true END"
        )

    def _lists(self, end: str) -> str:
        """The histories up to an end, as columns."""
        columns = []
        for index, name in enumerate(self.columns.histories):
            start = f"greatest({end} - {self.max_length} + 1, 1)"
            items = f"coalesce(list_slice(items_{index}, {start}, {end}), [])"
            if not self.is_parquet:
                items = f"array_to_string({items}, {_text(self.delimiter)})"
                items = f"nullif({items}, '')"
            columns.append(f"{items} AS {_name(name)}")
        return ", ".join(columns)

    def _copy(self, query: str, path: Path) -> None:
        options = "FORMAT parquet" if self.is_parquet else "FORMAT csv, HEADER"
        self._run(f"COPY ({query}) TO {_text(str(path))} ({options})")

    def _check_columns(self, path: Path) -> None:
        names = _column_names(path)
        columns = self.columns
        for name in (columns.user, *columns.items, columns.time, columns.label):
            if name not in names:
                raise InputError(
                    f"{path}: there is no column {name!r}; there are: "
                    f"{', '.join(names)}"
                )
        for name in columns.histories:
            if name in names:
                raise InputError(
                    f"{path}: there is a column {name!r} already; give the files from "
                    "before their histories were added"
                )
        for name, count in Counter(map(str.lower, names)).items():
            if count > 1:
                raise InputError(
                    f"{path}: {count} columns are named {name!r}, upper and lower case "
                    "aside; rename them"
                )

    def _check_values(self, number: int, path: Path) -> None:
        """Raises InputError for the first row with a value that cannot be used."""
        columns = self.columns
        checks = [("second IS NULL", columns.time, "a time"), self._label_check()]
        if not self.is_parquet:
            delimiter = _text(self.delimiter)
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
        return f"click IS NULL AND {_source(column)} IS NOT NULL", column, "a number"

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


def _column_names(path: Path) -> list[str]:
    try:
        return _read_column_names(path)
    except (OSError, UnicodeDecodeError, pa.ArrowException, csv.Error) as error:
        raise InputError(f"{path}: cannot be read: {_first_line(error)}") from error


def _read_column_names(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return list(pq.read_schema(path).names)
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file), [])


def _text(value: str) -> str:
    """Quotes a text."""
    return "'" + value.replace("'", "''") + "'"


def _second(time: str) -> str:
    """Whole numbers that rise with time: seconds since 1970, or the numbers given."""
    timestamp = f"TRY_CAST(CAST({time} AS VARCHAR) AS TIMESTAMPTZ)"
    return f"CAST(floor(coalesce({_number(time)}, epoch({timestamp}))) AS BIGINT)"


def _number(time: str) -> str:
    return f"TRY_CAST(CAST({time} AS VARCHAR) AS DOUBLE)"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def _one_suffix(files: Sequence[Path]) -> str:
    suffixes = {_suffix(path) for path in files}
    kinds = {suffix.removesuffix(".gz") for suffix in suffixes}
    if len(kinds) > 1:
        raise ConfigError(
            f"got files of several kinds: {', '.join(sorted(suffixes))}; give files of "
            "one kind"
        )
    (kind,) = kinds
    return kind


def _suffix(path: Path) -> str:
    for suffix in _SUFFIXES:
        if path.name.endswith(suffix):
            return suffix
    raise ConfigError(f"{path}: allowed: files that end in {', '.join(_SUFFIXES)}")


def _targets(files: Sequence[Path], out: Path, suffix: str) -> list[Path]:
    """Returns the files to write, the users' last."""
    names = [path.name for path in files] + [_USERS + suffix]
    for name, count in Counter(names).items():
        if count > 1:
            raise ConfigError(f"{name}: got several files of this name; rename them")
    targets = [out / name for name in names]
    for path in targets:
        if path.exists():
            raise ConfigError(f"{path}: this file exists; choose another --out")
    return targets
