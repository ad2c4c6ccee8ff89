"""Files of examples: errors that name them, and columns in the names of their folders.

Hive and Spark partition files by such columns.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from config.errors import InputError

_MISSING = "__HIVE_DEFAULT_PARTITION__"


@contextmanager
def errors_at(path: str | Path) -> Iterator[None]:
    """Puts the name of a file before an InputError about its values."""
    try:
        yield
    except InputError as error:
        # Of a traceback that Beam passes on as text, our first error is reported.
        raise InputError(f"{path}: {error}") from error.__cause__


@contextmanager
def errors_of(
    path: str | Path, encoding: str = "convert the file to UTF-8"
) -> Iterator[None]:
    """Turns errors of reading a file into an InputError that starts with its name.

    Args:
      path: The file.
      encoding: Advice where its text is of another encoding.
    """
    with errors_at(path):
        try:
            yield
        except UnicodeDecodeError as error:
            raise InputError(f"the text is not {error.encoding}; {encoding}") from error
        except (pa.ArrowException, OSError, UnicodeError, csv.Error) as error:
            number = getattr(error, "errno", None)
            # Arrow's own message repeats the name.
            reason = os.strerror(number) if number else error
            raise InputError(f"cannot be read: {reason}") from error


def folder_columns(path: str, missing_values: Sequence[str]) -> dict[str, str | None]:
    """The columns that the folders of a file hold, such as `date=2024-01-31/hour=07`.

    Returns:
      The text of each column; None where it is one of the texts for a missing value,
      or Hive's own.
    """
    missing = {_MISSING, *missing_values}
    folders = [folder.partition("=") for folder in path.split("/")[:-1]]
    texts = {unquote(name): unquote(text) for name, mark, text in folders if mark}
    return {name: None if text in missing else text for name, text in texts.items()}


def with_folder_columns(
    table: pa.Table, columns: Mapping[str, str | None], wanted: Iterable[str]
) -> pa.Table:
    """Appends the columns of a file's folders that are wanted and not in the file."""
    for name in wanted:
        if name in columns and name not in table.column_names:
            text = pa.scalar(columns[name], pa.string())
            table = table.append_column(name, pa.repeat(text, table.num_rows))
    return table


def read_parquet(
    file: pa.NativeFile, choose: Callable[[list[str]], Sequence[str]], rows: int
) -> Iterator[pa.Table]:
    """Reads the chosen columns, a bounded number of rows at a time.

    Raises:
      ArrowException, OSError: The file cannot be read.
    """
    with pq.ParquetFile(file) as parquet:
        columns = list(choose(parquet.schema_arrow.names))
        for batch in parquet.iter_batches(rows, columns=columns):
            yield pa.Table.from_batches([batch])
