"""Adds the history of its user to each row, out of core (DuckDB)."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from config.errors import ConfigError, RunError
from ctr.history.log import Columns, Log, quoted, reason_of

# The file of all users' latest histories.
_USERS = "users"
_SUFFIXES = (".csv", ".csv.gz", ".parquet")
_MEMORY = "2GB"


@dataclass(frozen=True)
class Histories:
    """Result of `build_histories`.

    Attributes:
      files: The files written, in the order of the input.
      users_file: The latest history of each user, which clients need in serving.
      rows: Number of rows.
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
        label, or contains the delimiter; or the types of two files differ.
      ConfigError: Two files have one name, a result exists, or `out` is a file.
      RunError: Memory or disk are full.
    """
    for item, count in Counter(columns.items).items():
        if count > 1:
            raise ConfigError(f"{item}: given {count} times as an item; once suffices")
    suffix = _one_suffix(files)
    targets = _targets(files, out, suffix)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ConfigError(f"{out}: this is a file; choose another --out") from error
    with tempfile.TemporaryDirectory(prefix=".history-", dir=out) as folder:
        with _database(folder) as database:
            log = Log(database, columns, suffix == ".parquet", max_length, delimiter)
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


@contextmanager
def _database(folder: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens a database in a folder; what exhausts memory or disk is a RunError."""
    try:
        with duckdb.connect(str(Path(folder) / "rows.duckdb")) as database:
            database.execute(f"SET memory_limit = '{_MEMORY}'")
            database.execute(f"SET temp_directory = {quoted(folder)}")
            # Of timestamps without a zone.
            database.execute("SET TimeZone = 'UTC'")
            yield database
    except duckdb.Error as error:
        raise RunError(f"histories cannot be computed: {reason_of(error)}") from error


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
    names = [path.name for path in files]
    users = _USERS + suffix
    if users in names:
        raise ConfigError(
            f"{users}: the latest histories are in a file of this name; rename yours"
        )
    for name, count in Counter(names).items():
        if count > 1:
            raise ConfigError(f"{name}: got several files of this name; rename them")
    targets = [out / name for name in (*names, users)]
    for path in targets:
        if path.exists():
            raise ConfigError(f"{path}: this file exists; choose another --out")
    return targets
