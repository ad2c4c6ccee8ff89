"""Conversion of rows and tables to the columns of a request, with checks.

A column has one value per row: a float (NaN if missing), bytes (b"" if missing), or a
list of bytes for a multi-valued feature. A text is the canonical text of its value, as
in the examples that a model is trained on: "123" for the integer 123, the float 123.0
and the text "123.0".
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeAlias

from config.errors import InputError
from config.values.canonical_text import canonical_text
from serving.client.features import Feature, ModelFeatures

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    Rows: TypeAlias = Sequence[Mapping[str, object]] | pa.Table | pd.DataFrame
    Chunk: TypeAlias = Sequence[Mapping[str, object]] | pa.Table


@dataclass(frozen=True)
class Columns:
    """A batch of `size` rows, by feature."""

    size: int
    values: Mapping[Feature, Sequence[Any]]


def as_chunk(rows: Rows) -> Chunk:
    """Converts a DataFrame to an Arrow table; returns anything else unchanged.

    Raises:
      InputError: The rows are neither dicts nor a table.
    """
    if isinstance(rows, Sequence) and not isinstance(rows, str | bytes):
        return rows
    import pyarrow as pa

    if isinstance(rows, pa.Table):
        return rows
    if not hasattr(rows, "columns"):
        raise InputError(
            f"rows: got {type(rows).__name__}; allowed: a list of dicts, a DataFrame "
            "or an Arrow table"
        )
    try:
        return pa.Table.from_pandas(rows, preserve_index=False)
    except pa.ArrowException as error:
        raise InputError(
            f"rows: got a column with values of several types ({error}); allowed: one "
            "type in a column"
        ) from error


def batches(chunk: Chunk, size: int) -> Iterator[tuple[int, Chunk]]:
    """Yields batches of at most `size` rows, each after the index of its first row."""
    for start in range(0, len(chunk), size):
        if isinstance(chunk, Sequence):
            yield start, chunk[start : start + size]
        else:
            yield start, chunk.slice(start, size)


def columns_of(chunk: Chunk, model: ModelFeatures, offset: int = 0) -> Columns:
    """Converts a batch to columns.

    A feature that a dict leaves out is missing; a table must have all features.

    Args:
      offset: Number of preceding rows, for error messages.

    Raises:
      InputError: A feature is unknown, a table lacks one, or a value has the wrong
        type.
    """
    columns = _of_rows if isinstance(chunk, Sequence) else _of_table
    return Columns(len(chunk), columns(chunk, model, offset))


def _of_rows(
    rows: Sequence[Mapping[str, object]], model: ModelFeatures, offset: int
) -> dict[Feature, list[Any]]:
    known = model.features.keys()
    for number, row in enumerate(rows, offset + 1):
        if not isinstance(row, Mapping):
            raise InputError(
                f"row {number}: got {type(row).__name__}; allowed: a dict with a value "
                "for each feature"
            )
        if not row.keys() <= known:
            model.check_known(row, f"row {number}")
    return {
        feature: _converted(feature, [row.get(feature.name) for row in rows], offset)
        for feature in model.features.values()
    }


def _of_table(
    table: pa.Table, model: ModelFeatures, offset: int
) -> dict[Feature, list[Any]]:
    names = table.column_names
    model.check_known(names, "columns")
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise InputError(f"columns: got {repeated[0]!r} twice; rename or remove one")
    missing = sorted(model.features.keys() - names)
    if missing:
        raise InputError(
            f"columns: missing {', '.join(map(repr, missing))}; required: "
            f"{', '.join(sorted(model.features))}; a missing value is null"
        )
    return {
        feature: _converted(feature, _cast(feature, table.column(feature.name)), offset)
        for feature in model.features.values()
    }


def _cast(feature: Feature, column: pa.ChunkedArray) -> list[Any]:
    import pyarrow as pa

    try:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        values = column.combine_chunks()
        if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
            return _cast_lists(feature, values)
        cast = _cast_values(feature, values).to_pylist()
    except InputError as error:
        raise InputError(f"feature {feature.name!r}: {error}") from error
    except pa.ArrowException as error:
        raise InputError(
            f"feature {feature.name!r}: expected {feature.expected}, got a column of "
            f"{column.type} ({error})"
        ) from error
    if feature.many:
        return [None if value is None else [value] for value in cast]
    return list(cast)


def _cast_lists(feature: Feature, lists: pa.Array) -> list[list[Any] | None]:
    import pyarrow.compute as pc

    lengths = pc.list_value_length(lists).to_pylist()
    values = iter(_cast_values(feature, lists.flatten()).to_pylist())
    return [
        None if length is None else list(itertools.islice(values, length))
        for length in lengths
    ]


def _cast_values(feature: Feature, values: pa.Array) -> pa.Array:
    import pyarrow as pa

    from config.values.canonical_array import canonical_texts

    if feature.is_text:
        return canonical_texts(values).cast(pa.string())
    if pa.types.is_binary(values.type):
        values = values.cast(pa.string())
    return values.cast(pa.float32(), safe=False)


def _converted(feature: Feature, values: Sequence[Any], offset: int) -> list[Any]:
    convert = _converter(feature)
    converted = []
    for number, value in enumerate(values, offset + 1):
        try:
            converted.append(convert(value))
        except InputError as error:
            raise InputError(
                f"row {number}: feature {feature.name!r}: {error}"
            ) from error
        # ValueError: no Unicode; OverflowError: an integer beyond the range of floats.
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(
                f"row {number}: feature {feature.name!r}: expected {feature.expected}, "
                f"got {type(value).__name__} {value!r:.60}"
            ) from error
    return converted


def _converter(feature: Feature) -> Callable[[Any], Any]:
    if not feature.is_text:
        return _number
    return _texts if feature.many else _text


def _number(value: Any) -> float:
    if value is None:
        return math.nan
    if isinstance(value, Real):
        return float(value)
    raise TypeError


def _text(value: Any) -> bytes:
    if isinstance(value, bytes):
        return _of_bytes(value)
    return (canonical_text(value) or "").encode()


def _of_bytes(value: bytes) -> bytes:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        # Only UTF-8 has several notations of a value.
        return value
    return (canonical_text(text) or "").encode()


def _texts(value: Any) -> list[bytes]:
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [text for text in map(_text, value) if text]
    raise TypeError
