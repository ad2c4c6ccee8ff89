"""What the REST interface makes of JSON, and of answers."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow.core.framework import types_pb2

from serving.server.json_tensors import read_inputs, to_json, to_rows
from serving.server.signature import Endpoint
from serving.server.status import StatusError


@pytest.fixture
def http(toy_server, fetch):
    """A function from a path, and a body to post there, to the status and the JSON."""

    def _send(path, body=None, method=None):
        url = f"127.0.0.1:{toy_server.rest_port}{path}"
        data = body if body is None or isinstance(body, bytes) else _json(body)
        status, answer = fetch(url, data, method)
        return status, json.loads(answer)

    return _send


def _json(value):
    return json.dumps(value).encode()


@pytest.fixture
def predict(http):
    return lambda body, model="toy": http(f"/v1/models/{model}:predict", body)


def test_rows_of_several_inputs(predict):
    rows = [
        {"price": 1, "name": "a", "tags": ["x", ""]},
        {"price": 2.5, "name": {"b64": "/w=="}, "tags": ["y", "z"]},
    ]

    status, body = predict({"signature_name": "predict", "instances": rows})
    assert status == 200
    # An output whose name ends so is bytes.
    encoded = [base64.b64encode(name).decode() for name in (b"a", b"\xff")]
    assert body == {
        "predictions": [
            {"name_bytes": {"b64": encoded[0]}, "score": 2.0 + 1 + 1},
            {"name_bytes": {"b64": encoded[1]}, "score": 5.0 + 2 + 1},
        ]
    }


def test_columns_of_several_inputs(predict):
    columns = {"price": [0.1], "name": ["é"], "tags": [["x"]]}

    status, body = predict({"signature_name": "predict", "inputs": columns})
    assert status == 200
    name = {"b64": base64.b64encode("é".encode()).decode()}
    # As short as it can be: not 2.200000047683716.
    assert body == {"outputs": {"name_bytes": [name], "score": [2.2]}}


def test_paths_are_percent_encoded(predict):
    status, answer = predict({"instances": [""]}, model="to%79")
    assert status == 200, answer

    status, answer = predict({"instances": [""]}, model="%C3%A9")
    assert status == 404
    assert "é" in answer["error"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *((f"/v1/models/toy/versions/{n}", 400) for n in (2**63, "9" * 5000, "x")),
        (f"/v1/models/toy/versions/{2**63 - 1}", 404),
        ("/", 404),
        ("/v2/models/toy", 404),
        ("/monitoring", 404),
        ("/v1/models/toy:predict", 400),
    ],
    ids=lambda value: str(value)[:40],
)
def test_get_of_another_path_is_rejected(path, status, http):
    found, answer = http(path)

    assert found == status
    assert answer["error"]


def test_other_methods_are_rejected(http):
    assert http("/v1/models/toy", method="DELETE")[0] == 400
    assert http("/v1/models/toy:classify", b"{}")[0] == 400


def test_a_request_that_is_too_long_is_rejected(start_server, fetch):
    server = start_server(max_message_bytes=100)

    url = f"127.0.0.1:{server.rest_port}/v1/models/toy:predict"
    status, answer = fetch(url, b" " * 101)
    assert status == 413
    assert json.loads(answer)["error"]


# --- Values


def _endpoint(dtype, shape=(-1,)):
    return {"x": Endpoint("x:0", dtype, shape)}


def _rejection(request, dtype, shape=(-1,)):
    """The code that a request for an input `x` is rejected with."""
    with pytest.raises(StatusError) as caught:
        read_inputs(request, _endpoint(types_pb2.DataType.Value(dtype), shape))
    return caught.value.code.name


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("DT_FLOAT", "1"),
        ("DT_FLOAT", True),
        ("DT_FLOAT", None),
        ("DT_FLOAT", {}),
        ("DT_FLOAT", 2**24 + 1),
        ("DT_FLOAT", 1e39),
        ("DT_DOUBLE", 2**53 + 1),
        ("DT_INT32", 1.0),
        ("DT_INT32", True),
        ("DT_INT32", 2**31),
        ("DT_INT8", -129),
        ("DT_UINT8", -1),
        ("DT_INT64", 2**63),
        ("DT_UINT64", -1),
        ("DT_BOOL", 1),
        ("DT_STRING", 1),
        ("DT_STRING", {"b64": 1}),
        ("DT_STRING", {"b64": "?"}),
        ("DT_STRING", {"b64": "", "more": ""}),
    ],
)
def test_a_value_of_another_type_is_rejected(dtype, value):
    assert _rejection({"inputs": [value]}, dtype) == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("dtype", "field", "values"),
    [
        ("DT_FLOAT", "float_val", [1, 0.5, -(2**24) + 1, float("inf")]),
        ("DT_DOUBLE", "double_val", [1e300, 2**53 - 1]),
        ("DT_INT32", "int_val", [-(2**31), 2**31 - 1]),
        ("DT_INT64", "int64_val", [-(2**63), 2**63 - 1]),
        ("DT_UINT64", "uint64_val", [0, 2**64 - 1]),
        ("DT_BOOL", "bool_val", [True, False]),
    ],
)
def test_values_within_bounds_are_taken(dtype, field, values):
    endpoints = _endpoint(types_pb2.DataType.Value(dtype))

    tensor = read_inputs({"inputs": values}, endpoints)["x"]
    assert list(getattr(tensor, field)) == values
    assert [dim.size for dim in tensor.tensor_shape.dim] == [len(values)]


def test_not_a_number_is_taken():
    tensor = read_inputs({"instances": [float("nan")]}, _endpoint(types_pb2.DT_FLOAT))
    assert np.isnan(tensor["x"].float_val[0])


def test_complex_numbers_are_unimplemented():
    assert _rejection({"inputs": [1]}, "DT_COMPLEX64") == "UNIMPLEMENTED"


def test_text_may_have_lone_surrogates():
    tensor = read_inputs({"inputs": ["\ud800"]}, _endpoint(types_pb2.DT_STRING))
    assert list(tensor["x"].string_val) == [b"?"]


@pytest.mark.parametrize(
    "rows", [[[1, 2], [3]], [[1], 2], [1, [2]], [[], [1]], [[[1]], [1]]], ids=str
)
def test_rows_of_different_shape_are_rejected(rows):
    assert _rejection({"instances": rows}, "DT_INT32", None) == "INVALID_ARGUMENT"


def test_too_deeply_nested_lists_are_rejected():
    deep = 1
    for _ in range(500):
        deep = [deep]
    assert _rejection({"inputs": deep}, "DT_INT32", None) == "INVALID_ARGUMENT"


def test_floats_have_the_fewest_digits():
    assert to_json("x", np.array([0.2, 1 / 3], np.float32)) == [0.2, 0.33333334]
    assert to_json("x", np.array(1 / 3)) == 1 / 3
    assert to_json("x", np.array([[1], [2]])) == [[1], [2]]


@pytest.mark.parametrize(
    "outputs", [{"a": np.zeros(2), "b": np.zeros(3)}, {"a": np.zeros(())}]
)
def test_outputs_without_common_rows_are_rejected(outputs):
    with pytest.raises(StatusError) as caught:
        to_rows(outputs)
    assert "a" in caught.value.details


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.builds(lambda text: {"b64": text}, st.text()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["instances", "inputs"]), st.booleans())
def test_any_json_is_read_or_rejected(value, key, is_text):
    dtype = types_pb2.DT_STRING if is_text else types_pb2.DT_FLOAT

    try:
        read = read_inputs({key: value}, _endpoint(dtype, None))
    except StatusError as error:
        if error.code.name != "INVALID_ARGUMENT":
            raise
    else:
        assert read["x"].dtype == dtype


@settings(max_examples=60)
@given(st.binary(max_size=100) | JSON.map(_json))
def test_any_body_has_an_answer(toy_server, fetch, body):
    url = f"127.0.0.1:{toy_server.rest_port}/v1/models/toy:predict"
    status, answer = fetch(url, body)

    assert status == 400
    assert json.loads(answer)["error"]
