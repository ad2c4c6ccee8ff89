"""Both forms of a request say the same, and what the columns say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_serving.apis import predict_pb2

from serving.client.columns import columns_of
from serving.client.endpoint import Target, predict_request
from serving.client.features import Feature, ModelFeatures

MODEL = ModelFeatures(
    1,
    {
        "age": Feature("age", is_text=False, many=False),
        "user": Feature("user", is_text=True, many=False),
        "tags": Feature("tags", is_text=True, many=True),
    },
)
SPEC = {
    "age": tf.io.FixedLenFeature([], tf.float32, math.nan),
    "user": tf.io.FixedLenFeature([], tf.string, ""),
    "tags": tf.io.VarLenFeature(tf.string),
}
ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "age": st.none() | st.floats(width=32) | st.integers(-(2**24), 2**24),
            "user": st.none() | st.text() | st.binary(),
            "tags": st.none() | st.lists(st.text(max_size=3) | st.binary(max_size=3)),
        },
    ),
    min_size=1,
    max_size=5,
)


def request_of(rows, signature):
    """The request as the server reads it."""
    request = predict_request(Target("x", 3), signature, columns_of(rows, MODEL))
    return predict_pb2.PredictRequest.FromString(request.SerializeToString())


def as_tensors(rows):
    inputs = request_of(rows, "tensors").inputs
    return {name: tf.make_ndarray(inputs[name]) for name in inputs}


def test_tensors_by_hand():
    rows = [
        {"age": 31, "user": "a", "tags": ["x", "", "y"]},
        {"age": None, "user": None},
        {"age": 1e300, "user": b"\xff", "tags": ("z",)},
    ]
    found = as_tensors(rows)
    np.testing.assert_array_equal(found["age"], np.float32([31, math.nan, math.inf]))
    assert found["user"].tolist() == [b"a", b"", b"\xff"]
    assert found["tags"].tolist() == [[b"", b"x", b"y"], [b""] * 3, [b"", b"", b"z"]]


def test_padding_of_tensorflow_serving_adds_no_value():
    """It fills up requests that it joins with the first element of each."""
    rows: list[list[dict[str, Any]]] = [[{"tags": ["x"]}], [{"tags": ["x", "y"]}], [{}]]
    for some in rows:
        assert as_tensors(some)["tags"].flat[0] == b""


def test_examples_leave_out_what_is_missing():
    rows = [{"age": math.nan, "user": "", "tags": [""]}, {"age": 2, "tags": ["x", "y"]}]
    inputs = request_of(rows, "examples").inputs
    assert list(inputs) == ["examples"]
    first, second = map(tf.train.Example.FromString, inputs["examples"].string_val)
    assert not first.features.feature
    assert second.features.feature.keys() == {"age", "tags"}
    assert second.features.feature["age"].float_list.value == [2.0]
    assert second.features.feature["tags"].bytes_list.value == [b"x", b"y"]


def test_model_is_named():
    request = request_of([{}], "tensors")
    assert request.model_spec.name == "x"
    assert request.model_spec.version.value == 3
    assert request.model_spec.signature_name == "predict"
    assert request.output_filter == ["probability"]
    assert request_of([{}], "examples").model_spec.signature_name == "serving_default"


@given(ROWS)
def test_both_forms_say_the_same(rows):
    tensors = as_tensors(rows)
    inputs = request_of(rows, "examples").inputs
    parsed = tf.io.parse_example(tf.make_ndarray(inputs["examples"]), SPEC)
    np.testing.assert_array_equal(tensors["age"], parsed["age"].numpy())
    np.testing.assert_array_equal(tensors["user"], parsed["user"].numpy())
    dense = tf.sparse.to_dense(parsed["tags"], "").numpy()
    for ours, theirs in zip(tensors["tags"], dense, strict=True):
        assert list(filter(None, ours)) == list(filter(None, theirs))
