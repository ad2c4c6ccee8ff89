"""Rows of logged requests, in any form that clients send."""

from __future__ import annotations

import math

import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_serving.apis import prediction_log_pb2

from config.errors import InputError
from config.features import RawColumn
from ctr.skew.requests import Requests
from serving.client.columns import columns_of
from serving.client.endpoint import Target, predict_request
from serving.client.features import Feature, ModelFeatures

NUMBER, TEXT = RawColumn(type="float"), RawColumn(type="string")
COLUMNS = {"device": TEXT, "tags": TEXT, "age": NUMBER}
FEATURES = ModelFeatures(
    1,
    {
        "device": Feature("device", is_text=True, many=False),
        "tags": Feature("tags", is_text=True, many=True),
        "age": Feature("age", is_text=False, many=False),
    },
)
PredictionLog = prediction_log_pb2.PredictionLog

texts = st.one_of(st.none(), st.text("aé|", max_size=3))
rows = st.fixed_dictionaries(
    {
        "device": texts,
        "tags": st.lists(st.text("xy|", max_size=2), max_size=3),
        "age": st.one_of(st.none(), st.floats(width=32)),
    }
)


def entry(given_rows, signature):
    """What a server logs of the request of a client."""
    columns = columns_of(given_rows, FEATURES)
    request = predict_request(Target("tiny"), signature, columns)
    log = PredictionLog()
    log.predict_log.request.ParseFromString(request.SerializeToString())
    return log.SerializeToString()


def rows_of(*records, columns=COLUMNS):
    return [
        row
        for batch, _ in Requests(columns).batches(records)
        for row in batch.to_pylist()
    ]


def expected(row):
    """What is there of a row; null is how a missing value is counted as missing."""
    device = [row["device"].encode()] if row["device"] else None
    tags = [tag.encode() for tag in row["tags"] if tag] or None
    age = row["age"]
    there = age is not None and math.isfinite(age)
    return {"device": device, "tags": tags, "age": [age] if there else None}


@given(st.lists(st.lists(rows, min_size=1, max_size=4), min_size=1, max_size=3))
def test_both_signatures_give_the_rows_of_the_request(requests):
    for signature in ("tensors", "examples"):
        records = [entry(each, signature) for each in requests]
        assert rows_of(*records) == [expected(row) for each in requests for row in each]


def test_a_log_may_have_requests_of_both_kinds():
    one = {"device": "phone", "tags": ["x", "y"], "age": 31.0}
    other = {"device": None, "tags": [], "age": None}
    found = rows_of(entry([one, other], "tensors"), entry([other], "examples"))
    assert found == [expected(other), expected(one), expected(other)]


def test_other_columns_are_left_out():
    record = entry([{"device": "phone", "tags": ["x"], "age": 1}], "tensors")
    assert rows_of(record, columns={"age": NUMBER}) == [{"age": [1.0]}]


def predict_of(signature="", /, **inputs):
    log = PredictionLog()
    request = log.predict_log.request
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return log.SerializeToString()


def tensors(**values):
    return predict_of("predict", **values)


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (b"True", b"true"),
        (b"-0.0", b"0"),
        (b"7.0", b"7"),
        (b"1.23E12", b"1230000000000"),
        (b"4.10", b"4.10"),
        (b"a\nb", b"a\nb"),
        # What names no id is a value that training has not seen, and no error.
        (b"1.0E20", b"1.0E20"),
        (b"\xff", b"\xff"),
    ],
)
def test_texts_are_what_the_model_reads_in_any_notation(sent, seen):
    given = tf.train.BytesList(value=[sent])
    feature = {"device": tf.train.Feature(bytes_list=given)}
    example = tf.train.Example(features=tf.train.Features(feature=feature))
    as_example = predict_of(examples=[example.SerializeToString()])
    for record in (tensors(device=[sent]), as_example):
        assert rows_of(record, columns={"device": TEXT}) == [{"device": [seen]}]


def test_texts_are_split_as_the_model_splits_them():
    columns = {"tags": RawColumn(type="string", many=True, delimiter="|")}
    record = tensors(tags=[["x|7.0", ""], ["|", "y"], ["", ""]])
    found = [row["tags"] for row in rows_of(record, columns=columns)]
    assert found == [[b"x", b"7"], [b"y"], None]


def entry_of(kind):
    log = PredictionLog()
    getattr(log, kind).SetInParent()
    return log.SerializeToString()


@pytest.mark.parametrize(
    ("record", "named"),
    [
        (b"\xff\xff", "entry 1 .*PredictionLog"),
        (b"", "entry 1: .*PredictionLog"),
        (entry_of("classify_log"), "entry 1: .*classify_log"),
        (tensors(age=1.0), "another model"),
        (tensors(age=[1.0], device=["a", "b"]), "another model"),
        (tensors(age=["old"]), "'age'"),
        (tensors(device=[[1.0]]), "'device'"),
        (predict_of(price=[1.0]), "price; .*examples"),
        (predict_of(), "none; .*examples"),
        (predict_of(examples=[b"\xff"]), "another model"),
    ],
    # By default the bytes, which differ from process to process.
    ids=[
        "not_a_log",
        "empty",
        "no_predict_log",
        "lacks_device",
        "unequal_rows",
        "text_for_a_number",
        "number_for_a_text",
        "unknown_input",
        "no_inputs",
        "not_an_example",
    ],
)
def test_an_entry_that_is_no_request_to_the_model_is_an_error(record, named):
    with pytest.raises(InputError, match=named):
        rows_of(record)
