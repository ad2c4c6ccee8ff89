"""Columns in the names of folders, as Hive and Spark partition files by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

import pyarrow as pa

_MISSING = "__HIVE_DEFAULT_PARTITION__"


def folder_columns(path: str, missing_values: Sequence[str]) -> dict[str, str | None]:
    """The columns that the folders of a file hold, such as `date=2024-01-31/hour=07`.

    Args:
      path: The path of the file.
      missing_values: Texts that stand for a missing value, besides Hive's own.

    Returns:
      The text of each column, None where it is missing.
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
