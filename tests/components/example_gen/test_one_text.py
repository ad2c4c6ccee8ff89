"""A value has one text in all formats and types, and in all requests for it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorflow_serving.apis import prediction_log_pb2

from components.example_gen.canonical import canonical_batch
from components.example_gen.readers import read_tables
from components.example_gen.splits import split_rows
from config.examples import HashSplit
from config.features import RawColumn
from ctr.skew.requests import Requests
from serving.client.columns import columns_of
from serving.client.endpoint import Target, predict_request
from serving.client.features import Feature, ModelFeatures
from transform.texts import vocabulary_terms

Write = Callable[[str, pa.Table], Path]
Texts = list[str | None]

COLUMN = RawColumn(type="string")
# A tf.Example without any wanted feature would be one of another problem.
READ = {"x": COLUMN, "other": RawColumn(type="float")}
FEATURES = ModelFeatures(1, {"x": Feature("x", is_text=True, many=False)})
SPLIT = HashSplit(pattern="*", column="x", train=1, eval=1)

integers = st.integers(-(2**63), 2**63 - 1) | st.integers(-(2**53) + 1, 2**53 - 1)
# Of up to six digits, which a float32 tells apart.
eighths = st.integers(-7999, 7999).map(lambda eighth: eighth / 8)
columns = st.one_of(
    *(
        st.lists(st.none() | values, min_size=1, max_size=6)
        for values in (integers, st.integers(-300, 300), eighths, st.booleans())
    )
)


def expected_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if float(value).is_integer() else repr(value)


def notations(value: Any) -> list[str]:
    """The texts that Python, Java and others write for a value."""
    if isinstance(value, bool):
        return [str(value), str(value).upper(), str(value).lower()]
    if isinstance(value, int) and abs(value) >= 2**53:
        return [str(value)]
    texts = [np.format_float_scientific(value, trim="0", exp_digits=1).upper()]
    if float(value).is_integer():
        texts += [f"{int(value)}", f"{int(value)}.0", f"{int(value)}.000"]
        texts += ["-0.0"] if value == 0 else []
    else:
        texts.append(repr(value))
    return texts


def text_columns(values: Sequence[Any]) -> Iterator[pa.Array]:
    """The values as text, each in one notation after the other."""
    written = [[None] if value is None else notations(value) for value in values]
    for turn in range(max(map(len, written))):
        texts = [each[(turn + row) % len(each)] for row, each in enumerate(written)]
        yield pa.array(texts, pa.string())


def number_columns(values: Sequence[Any]) -> Iterator[pa.Array]:
    """The values in all types of Arrow that hold them; NaN is a missing value."""
    there = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in there):
        yield pa.array(values, pa.bool_())
        return
    largest = max((abs(value) for value in there), default=0)
    floats = [math.nan if value is None else float(value) for value in values]
    decimals = [None if value is None else Decimal(value) for value in values]
    yield pa.array(decimals, pa.decimal128(38, 6))
    if largest < 2**53:
        yield pa.array(floats, pa.float64())
    if largest < 2**24:
        yield pa.array(floats, pa.float32())
    if all(float(value).is_integer() for value in there):
        whole = [None if value is None else int(value) for value in values]
        yield pa.array(whole, pa.int64())
        yield pa.array(decimals, pa.decimal128(38, 0))
        if largest < 2**7:
            yield pa.array(whole, pa.int8())


def parquet_columns(values: Sequence[Any]) -> Iterator[pa.Array]:
    for column in (*text_columns(values), *number_columns(values)):
        yield column
        yield column.dictionary_encode()
        rows = [None if value is None else [value] for value in column.to_pylist()]
        yield pa.array(rows, pa.list_(column.type))
    for column in text_columns(values):
        yield column.cast(pa.binary())
        yield column.cast(pa.large_string())


def record_columns(values: Sequence[Any]) -> Iterator[pa.Array]:
    """What tf.Examples hold: bytes, int64 and float32."""
    yield from text_columns(values)
    for column in number_columns(values):
        if column.type in (pa.int64(), pa.float32()):
            yield column


FORMATS = {
    "a.csv": text_columns,
    "a.parquet": parquet_columns,
    "a.tfrecord": record_columns,
}


def texts_of(batches: Sequence[pa.RecordBatch]) -> Texts:
    (table,) = batches
    rows = table.column("x").to_pylist()
    return [None if row is None else row[0].decode() for row in rows]


def trains(text: str | None) -> bool:
    return hashlib.sha256((text or "").encode()).digest()[-1] % 2 == 0


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=columns)
@pytest.mark.parametrize("name", FORMATS)
def test_value_has_one_text_and_one_split_in_all_files(
    name: str, values: list[Any], write: Write, make_part: Callable[..., Any]
):
    expected = list(map(expected_text, values))
    part = make_part(name, columns=READ, label=None, hash_split=SPLIT)
    for column in FORMATS[name](values):
        path = write(name, pa.table({"x": column, "other": [1] * len(column)}))
        (table,) = read_tables(str(path), part)
        batch = canonical_batch(table, part)
        assert texts_of([batch]) == expected, column.type
        masks = split_rows(table, batch, SPLIT)
        assert masks["train"].tolist() == list(map(trains, expected)), column.type


def logged(chunk: Any, signature: Any) -> Texts:
    """The texts of a client's request, as `ctr skew` reads them off a log."""
    request = predict_request(
        Target("any"), signature, columns_of(chunk, FEATURES)
    ).SerializeToString()
    log = prediction_log_pb2.PredictionLog()
    log.predict_log.request.ParseFromString(request)
    batches = Requests({"x": COLUMN}).batches([log.SerializeToString()])
    return texts_of([batch for batch, _ in batches])


@given(values=columns)
@pytest.mark.parametrize("signature", ["tensors", "examples"])
def test_value_has_one_text_in_all_requests_of_the_client(
    signature: str, values: list[Any]
):
    expected = list(map(expected_text, values))
    for column in parquet_columns(values):
        if not pa.types.is_list(column.type):
            assert logged(pa.table({"x": column}), signature) == expected, column.type
            assert (
                logged([{"x": value} for value in column.to_pylist()], signature)
                == expected
            ), column.type


@given(values=columns)
def test_value_has_one_term_in_requests_of_other_clients(values: list[Any]):
    expected = [(expected_text(value) or "").encode() for value in values]
    for column in text_columns(values):
        texts = column.fill_null("").to_numpy(zero_copy_only=False)
        terms = vocabulary_terms(tf.constant(texts, tf.string))
        assert terms.numpy().tolist() == expected
