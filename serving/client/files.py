"""Reader of rows from CSV, JSON lines and Parquet files, in bounded memory."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from config.errors import InputError
from config.examples import CsvFormat
from config.features import RawColumn
from config.files import csv_files
from config.files.compression import decompressed
from config.files.example_files import (
    folder_columns,
    read_parquet,
    with_folder_columns,
)
from config.values.lists import flat, lists
from config.values.text_values import holds_text, typed
from serving.client.features import ModelFeatures

if TYPE_CHECKING:
    from serving.client.columns import Chunk

_CSV_BLOCK_BYTES = 1 << 20
_ROWS = 10_000


@dataclass(frozen=True)
class Layout:
    """Format of a file and the columns to read.

    Attributes:
      missing_values: CSV fields that stand for a missing value.
      columns: Formats of features as text: delimiters of lists, number formats, words
        for a missing value.
      keep: Columns to return beside the features.
      only_features: Reject columns that are neither features nor kept.
      in_folders: Columns in the names of the file's folders, which `read_rows` finds.
    """

    csv: CsvFormat = field(default_factory=CsvFormat)
    missing_values: tuple[str, ...] = ("",)
    columns: Mapping[str, RawColumn] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    only_features: bool = True
    in_folders: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class FileRows:
    """Consecutive rows of a file: their features, and the values of kept columns."""

    rows: Chunk
    kept: Mapping[str, Sequence[Any]]


def read_rows(path: Path, model: ModelFeatures, layout: Layout) -> Iterator[FileRows]:
    """Yields the rows of a file in their order.

    Args:
      path: A `.csv`, `.jsonl` (either also `.gz`) or `.parquet` file. A column that it
        does not have may be in the names of its folders.

    Raises:
      InputError: The file is a folder, has another format or other columns, or is
        malformed.
      ArrowException, UnicodeDecodeError, OSError: The file cannot be read.
    """
    if path.is_dir():
        raise InputError("got a folder; allowed: a file")
    suffix = path.name.removesuffix(".gz").rpartition(".")[2].lower()
    if suffix not in _READERS:
        raise InputError(
            f"got the format {suffix!r}; allowed: .csv, .csv.gz, .jsonl, .jsonl.gz, "
            ".parquet"
        )
    in_folders = folder_columns(str(path.absolute()), layout.missing_values)
    yield from _READERS[suffix](path, model, replace(layout, in_folders=in_folders))


def _read_csv(path: Path, model: ModelFeatures, layout: Layout) -> Iterator[FileRows]:
    def choose(header: list[str]) -> pa_csv.ConvertOptions:
        return _csv_types(header, model, layout)

    with pa.OSFile(str(path)) as file:
        tables = csv_files.read_tables(file, layout.csv, choose, _CSV_BLOCK_BYTES)
        is_empty = True
        for table in tables:
            is_empty = False
            yield _of_table(table, model, layout)
    if is_empty:
        raise InputError("the file is empty; required: a header line")


def _csv_types(
    names: Sequence[str], model: ModelFeatures, layout: Layout
) -> pa_csv.ConvertOptions:
    numbers = {
        name
        for name, feature in model.features.items()
        if not feature.is_text
        and (name not in layout.columns or layout.columns[name].is_plain_number)
    }
    return pa_csv.ConvertOptions(
        column_types={
            name: pa.float64() if name in numbers else pa.string() for name in names
        },
        null_values=list(layout.missing_values),
        strings_can_be_null=True,
    )


def _read_parquet(
    path: Path, model: ModelFeatures, layout: Layout
) -> Iterator[FileRows]:
    with pa.OSFile(str(path)) as file:
        for table in read_parquet(file, list, _ROWS):
            yield _of_table(table, model, layout)


def _read_json_lines(
    path: Path, model: ModelFeatures, layout: Layout
) -> Iterator[FileRows]:
    with pa.OSFile(str(path)) as file, decompressed(file) as stream:
        lines = enumerate(io.TextIOWrapper(stream, encoding="utf-8-sig"), 1)
        rows = (_json_row(number, line) for number, line in lines if line.strip())
        while chunk := list(itertools.islice(rows, _ROWS)):
            yield _of_dicts(chunk, model, layout)


def _json_row(number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(f"line {number}: not JSON: {error}") from error
    if not isinstance(row, dict):
        raise InputError(
            f"line {number}: got {line.strip():.60}; allowed: an object with a value "
            "for each feature"
        )
    return row


def _of_table(table: pa.Table, model: ModelFeatures, layout: Layout) -> FileRows:
    wanted = [*model.features, *layout.keep]
    table = with_folder_columns(table, layout.in_folders, wanted)
    names = table.column_names
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise InputError(f"got the column {repeated[0]!r} twice; rename or remove one")
    absent = [name for name in layout.keep if name not in names]
    if absent:
        raise InputError(
            f"cannot keep the column {absent[0]!r}; the file has {', '.join(names)}"
        )
    others = [name for name in names if name not in model.features]
    _check_others(others, model, layout)
    kept = {name: table.column(name).to_pylist() for name in layout.keep}
    for index, name in enumerate(names):
        if name in layout.columns:
            values = _typed(name, table.column(index), layout.columns[name])
            table = table.set_column(index, name, values)
    return FileRows(table.drop(others) if others else table, kept)


def _typed(name: str, data: pa.ChunkedArray, column: RawColumn) -> pa.ChunkedArray:
    """The texts of a column as its values, also those in lists; other data as it is."""
    rows, values = flat(data)
    is_single = not column.many
    if not holds_text(values.type) or (is_single and pa.types.is_nested(data.type)):
        return data
    try:
        if is_single:
            texts = data.cast(pa.string()).combine_chunks()
            return pa.chunked_array([typed(texts, column)])
        items = typed(values.cast(pa.string()), column)
    except InputError as error:
        raise InputError(f"feature {name!r}: {error}; correct the rows") from error
    places, values = flat(pa.chunked_array([items]))
    return pa.chunked_array([lists(rows[places], values, len(data))])


def _of_dicts(
    rows: Sequence[dict[str, Any]], model: ModelFeatures, layout: Layout
) -> FileRows:
    wanted = {*model.features, *layout.keep}
    given = {
        name: layout.in_folders[name] for name in wanted & layout.in_folders.keys()
    }
    rows = [{**given, **row} for row in rows]
    kept = {name: [row.get(name) for row in rows] for name in layout.keep}
    others = {name for row in rows for name in row if name not in model.features}
    _check_others(sorted(others), model, layout)
    return FileRows([_features(row, model, layout) for row in rows], kept)


def _features(
    row: Mapping[str, Any], model: ModelFeatures, layout: Layout
) -> dict[str, Any]:
    features = {name: row[name] for name in row if name in model.features}
    for name in features.keys() & layout.columns.keys():
        if _is_of_texts(features[name]):
            data = pa.chunked_array([pa.array([features[name]])])
            features[name] = _typed(name, data, layout.columns[name])[0].as_py()
    return features


def _is_of_texts(value: object) -> bool:
    values = value if isinstance(value, list) else [value]
    return all(isinstance(each, str | None) for each in values)


def _check_others(others: Sequence[str], model: ModelFeatures, layout: Layout) -> None:
    unknown = [name for name in others if name not in layout.keep]
    if unknown and layout.only_features:
        raise InputError(
            f"got the columns {', '.join(map(repr, unknown))}; allowed: "
            f"{', '.join(sorted(model.features))}; remove or rename other columns, "
            "list them in --keep, or give the configuration with -c"
        )


_READERS: Mapping[str, Callable[[Path, ModelFeatures, Layout], Iterator[FileRows]]] = {
    "csv": _read_csv,
    "jsonl": _read_json_lines,
    "parquet": _read_parquet,
}
