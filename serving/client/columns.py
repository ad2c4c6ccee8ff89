"""From what people have to the columns of a request, checked before anything is sent.

A column holds for each row a float, where NaN is missing; or bytes, where b"" is
missing; or, for a multi-valued feature, a list of bytes. Rows (dicts) are taken as they
are typed. A text is the canonical text of its value, as in the examples that a model is
trained on: "123" for the integer 123, the float 123.0 and the text "123.0".
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


# What the checks raise: besides TypeError, for a text that is not Unicode, and for an
# integer beyond floats.
_WRONG = (TypeError, ValueError, OverflowError)


@dataclass(frozen=True)
class Columns:
    """A batch.

    Attributes:
      size: How many rows it has.
      values: A value for each row, by feature.
    """

    size: int
    values: Mapping[Feature, Sequence[Any]]


def as_chunk(rows: Rows) -> Chunk:
    """Rows in a form that can be cut.

    Raises:
      InputError: They are neither dicts nor a table.
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
            f"rows: a column holds values of several types: {error}"
        ) from (error)


def cut(chunk: Chunk, size: int) -> Iterator[tuple[int, Chunk]]:
    """Cuts rows into batches; yields each with the number of rows before it."""
    for start in range(0, len(chunk), size):
        if isinstance(chunk, Sequence):
            yield start, chunk[start : start + size]
        else:
            yield start, chunk.slice(start, size)


def columns_of(chunk: Chunk, model: ModelFeatures, before: int = 0) -> Columns:
    """The columns of a batch.

    Args:
      chunk: The rows of the batch.
      model: The features of the model.
      before: How many rows came before, for the messages of errors.

    Raises:
      InputError: A feature is unknown, or a value is not of its feature's type. Where
        rows leave a feature out, it is missing; a table must have all.
    """
    columns = _of_rows if isinstance(chunk, Sequence) else _of_table
    return Columns(len(chunk), columns(chunk, model, before))


def _of_rows(
    rows: Sequence[Mapping[str, object]], model: ModelFeatures, before: int
) -> dict[Feature, list[Any]]:
    known = model.features.keys()
    for number, row in enumerate(rows, before + 1):
        if not isinstance(row, Mapping):
            raise InputError(
                f"row {number}: expected a value for each feature by name, got "
                f"{type(row).__name__}"
            )
        if not row.keys() <= known:
            model.check_known(row, f"row {number}")
    return {
        feature: _checked(feature, [row.get(feature.name) for row in rows], before)
        for feature in model.features.values()
    }


def _of_table(
    table: pa.Table, model: ModelFeatures, before: int
) -> dict[Feature, list[Any]]:
    names = table.column_names
    model.check_known(names, "columns")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InputError(f"columns: two are named {twice[0]!r}; rename or remove one")
    missing = sorted(model.features.keys() - names)
    if missing:
        raise InputError(
            f"columns: {', '.join(map(repr, missing))} is not there, which the model "
            "takes; add it, empty where it is missing"
        )
    return {
        feature: _checked(feature, _cast(feature, table.column(feature.name)), before)
        for feature in model.features.values()
    }


def _cast(feature: Feature, column: pa.ChunkedArray) -> list[Any]:
    import pyarrow as pa

    try:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            return [
                values
                for chunk in column.chunks
                for values in _cast_lists(feature, chunk)
            ]
        values = [
            value
            for chunk in column.chunks
            for value in _cast_values(feature, chunk).to_pylist()
        ]
    except InputError as error:
        raise InputError(f"feature {feature.name!r}: {error}") from error
    except pa.ArrowException as error:
        raise InputError(
            f"feature {feature.name!r}: expected {feature.expected}, got a column of "
            f"{column.type} ({error})"
        ) from error
    if feature.many:
        return [None if value is None else [value] for value in values]
    return values


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


def _checked(feature: Feature, values: Sequence[Any], before: int) -> list[Any]:
    check = _check_of(feature)
    try:
        return [check(value) for value in values]
    except (*_WRONG, InputError):
        number, value, error = _first_bad(check, values)
        reason = (
            str(error)
            if isinstance(error, InputError)
            else f"expected {feature.expected}, got {type(value).__name__} "
            f"{value!r:.60}"
        )
        raise InputError(
            f"row {before + number}: feature {feature.name!r}: {reason}"
        ) from None


def _check_of(feature: Feature) -> Callable[[Any], Any]:
    if not feature.is_text:
        return _number
    return _texts if feature.many else _text


def _first_bad(
    check: Callable[[Any], Any], values: Sequence[Any]
) -> tuple[int, object, Exception]:
    for number, value in enumerate(values, 1):
        try:
            check(value)
        except (*_WRONG, InputError) as error:
            return number, value, error
    raise AssertionError("a value was refused, and then was not")


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
    """No text that is not UTF-8 has another notation."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value
    return (canonical_text(text) or "").encode()


def _texts(value: Any) -> list[bytes]:
    if value is None:
        return []
    if isinstance(value, list | tuple):
        # An empty text is a missing one.
        return [text for text in map(_text, value) if text]
    raise TypeError
