"""One form for the columns of all formats, and the label.

After this a float feature is float32, any other is the canonical text of its values in
bytes, the label is an int64 of 0 or 1, and a missing value is the absence of the
feature.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from config.errors import InputError
from config.examples import Label
from config.features import RawColumn
from config.parts import ExampleGenPart
from config.values.canonical_array import canonical_texts
from config.values.lists import flat, has_repeats, lists
from config.values.text_values import holds_text, typed

_REMEDY = "correct the rows, or change what the configuration says of the column"


def canonical_batch(table: pa.Table, part: ExampleGenPart) -> pa.RecordBatch:
    """Brings rows as they were read into the form of the examples: list columns.

    Raises:
      InputError: A value does not fit its column; the message names the column.
    """
    columns = {
        name: _canonical(name, table.column(name), column)
        for name, column in part.columns.items()
    }
    if part.label is not None:
        labels = label_values(table, part.label)
        columns[part.label.name] = lists(np.arange(len(labels)), labels, len(labels))
    return pa.RecordBatch.from_pydict(columns)


def label_values(table: pa.Table, label: Label) -> pa.Array:
    """The label of each row: int64, 0 or 1.

    Raises:
      InputError: A label is missing or is not 0 or 1, or cannot be derived.
    """
    numbers = _numbers(table, label.column)
    if label.greater_than is None:
        _check_label(label, numbers, np.isin(numbers, (0.0, 1.0)))
        return pa.array(numbers.astype(np.int64))
    threshold = np.full(len(numbers), label.greater_than)
    if label.times is not None:
        threshold = threshold * _numbers(table, label.times)
    _check_label(label, numbers, np.isfinite(numbers) & np.isfinite(threshold))
    return pa.array((numbers > threshold).astype(np.int64))


def _check_label(
    label: Label, numbers: npt.NDArray[Any], good: npt.NDArray[np.bool_]
) -> None:
    if good.all():
        return
    first = numbers[~good][0]
    received = "no value" if np.isnan(first) else f"{first:g}"
    wanted, remedy = "neither 0 nor 1", ", or derive the label by 'greater_than'"
    if label.greater_than is not None:
        wanted = f"a missing or infinite {' or '.join(map(repr, label.columns))}"
        remedy = ""
    raise InputError(
        f"label {label.column!r}: {np.sum(~good)} of {len(good)} rows hold {wanted}, "
        f"the first {received}; clean these rows{remedy}"
    )


def _numbers(table: pa.Table, name: str) -> npt.NDArray[Any]:
    """A column with one number a row, NaN where it is missing: float64 [rows]."""
    rows, values = flat(table.column(name))
    _check_single(name, rows)
    if holds_text(values.type):
        values = _typed(name, values, RawColumn(type="float"))
    numbers = np.full(table.num_rows, np.nan)
    numbers[rows] = cast(name, values, pa.float64()).to_numpy(zero_copy_only=False)
    return numbers


def _canonical(name: str, data: pa.ChunkedArray, column: RawColumn) -> pa.Array:
    rows, values = flat(data)
    if holds_text(values.type):
        places, values = flat(pa.chunked_array([_typed(name, values, column)]))
        rows = rows[places]
    if column.type == "float":
        # Minus zero plus zero is zero, which it equals.
        values = pc.add(cast(name, values, pa.float32()), pa.scalar(0, pa.float32()))
        # NaN and infinity are missing in the statistics, too.
        is_there = pc.is_finite(values)
    else:
        texts = texts_of(name, values)
        with _errors_of(name, "text", texts.type):
            is_there = pc.not_equal(texts.cast(pa.string()), "").fill_null(False)
        values = texts.cast(pa.binary())
    rows = rows[is_there.to_numpy(zero_copy_only=False)]
    values = values.filter(is_there)
    if not column.many:
        _check_single(name, rows)
    return lists(rows, values, len(data))


def _typed(name: str, values: pa.Array, column: RawColumn) -> pa.Array:
    texts = cast(name, values, pa.string())
    try:
        return typed(texts, column)
    except InputError as error:
        raise InputError(f"column {name!r}: {error}; {_REMEDY}") from error


def cast(name: str, values: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Converts the values of a column.

    Raises:
      InputError: A value is not of the wanted type.
    """
    kind = "numbers" if pa.types.is_floating(wanted) else "text"
    with _errors_of(name, kind, values.type):
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        if pa.types.is_binary(values.type) and wanted != pa.string():
            values = values.cast(pa.string())
        # A double beyond float32's range becomes infinite, which is a missing value.
        return values.cast(wanted, safe=False)


def texts_of(name: str, values: pa.Array) -> pa.Array:
    """The canonical texts of the values of a column: string or binary.

    Raises:
      InputError: A value has no text, or is a float that is too large to name an id.
    """
    with _errors_of(name, "text", values.type):
        return canonical_texts(values)


@contextmanager
def _errors_of(name: str, expected: str, kind: pa.DataType) -> Iterator[None]:
    """Names the column in errors of Arrow."""
    try:
        yield
    except pa.ArrowException as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"column {name!r}: expected {expected}, got {kind} ({reason}); {_REMEDY}"
        ) from error
    except InputError as error:
        raise InputError(f"column {name!r}: {error}") from error


def _check_single(name: str, rows: npt.NDArray[Any]) -> None:
    if has_repeats(rows):
        raise InputError(
            f"column {name!r}: a row holds several values where one is expected; "
            "correct the rows, or make it a categorical or hashed feature with "
            "'multivalued: true'"
        )
