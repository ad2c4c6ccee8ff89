"""What the REST interface makes of JSON, and of answers."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow.core.framework import types_pb2
from werkzeug.test import Client

from config.serving import Serving
from serving.model_config import model_server_config
from serving.server.json_tensors import predictions, read_inputs, to_json
from serving.server.metrics import Metrics
from serving.server.model_registry import ModelRegistry
from serving.server.model_service import ModelService
from serving.server.prediction_service import PredictionService
from serving.server.request_log import RequestLog
from serving.server.rest import RestApi
from serving.server.session import ModelSession
from serving.server.signature import Endpoint
from serving.server.status import StatusError
from serving.server.version_loader import Polling

MANY = 2**20


@pytest.fixture(scope="module")
def api_of(tmp_path_factory, add_version):
    """A function that makes an application, with limits."""
    base_path = tmp_path_factory.mktemp("models")
    add_version(base_path, 1)

    def load(name, version, path):
        return ModelSession(name, version, path, threads=1)

    registry = ModelRegistry(load, Polling())
    registry.start(model_server_config(Serving(), "toy", str(base_path)))
    metrics = Metrics()

    def _make(max_bytes=MANY):
        log = RequestLog(metrics)
        service = PredictionService(registry, metrics, log, "REST", max_bytes)
        models = ModelService(registry, lambda *_: None)
        serving = Serving(max_message_bytes=max_bytes, max_concurrent_requests=8)
        return RestApi(service, models, metrics, serving)

    yield _make
    registry.stop()


@pytest.fixture(scope="module")
def http(api_of):
    return Client(api_of())


def _post(http, method, body, model="toy"):
    data = body if isinstance(body, bytes) else json.dumps(body)
    response = http.post(f"/v1/models/{model}:{method}", data=data)
    return response.status_code, response.get_json()


def test_rows_of_several_inputs(http):
    rows = [
        {"price": 1, "name": "a", "tags": ["x", ""]},
        {"price": 2.5, "name": {"b64": "/w=="}, "tags": ["y", "z"]},
    ]

    status, body = _post(
        http, "predict", {"signature_name": "predict", "instances": rows}
    )
    assert status == 200
    # An output whose name ends so is bytes.
    encoded = [base64.b64encode(name).decode() for name in (b"a", b"\xff")]
    assert body == {
        "predictions": [
            {"name_bytes": {"b64": encoded[0]}, "score": 2.0 + 1 + 1},
            {"name_bytes": {"b64": encoded[1]}, "score": 5.0 + 2 + 1},
        ]
    }


def test_columns_of_several_inputs(http):
    columns = {"price": [0.1], "name": ["é"], "tags": [["x"]]}

    status, body = _post(
        http, "predict", {"signature_name": "predict", "inputs": columns}
    )
    assert status == 200
    name = {"b64": base64.b64encode("é".encode()).decode()}
    # As short as it can be: not 2.200000047683716.
    assert body == {"outputs": {"name_bytes": [name], "score": [2.2]}}


def test_paths_are_percent_encoded(http):
    status, answer = _post(http, "predict", {"instances": [""]}, model="to%79")
    assert status == 200, answer

    status, answer = _post(http, "predict", {"instances": [""]}, model="%C3%A9")
    assert status == 404
    assert "Latest(é)" in answer["error"]


@pytest.mark.parametrize("version", [str(2**63), "9" * 30, "9" * 5000, "x"])
def test_a_version_beyond_64_bits_is_rejected(version, http):
    response = http.get(f"/v1/models/toy/versions/{version}")

    assert response.status_code == 400
    assert response.get_json()["error"]


def test_the_largest_version_is_not_found(http):
    assert http.get(f"/v1/models/toy/versions/{2**63 - 1}").status_code == 404


@pytest.mark.parametrize("path", ["/", "/v2/models/toy", "/monitoring"])
def test_other_paths_are_not_found(path, http):
    assert http.get(path).status_code == 404


def test_other_methods_are_refused(http):
    assert http.delete("/v1/models/toy").status_code == 400
    assert http.get("/v1/models/toy:predict").status_code == 400
    assert http.post("/v1/models/toy:classify", data=b"{}").status_code == 400


def test_a_request_that_is_too_long_is_refused(api_of):
    http = Client(api_of(max_bytes=100))

    status, answer = _post(http, "predict", b" " * 101)
    assert status == 413
    assert answer["error"]


# --- Values


def _endpoint(dtype, shape=(-1,)):
    return {"x": Endpoint("x:0", dtype, shape)}


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
def test_a_value_of_another_type_is_refused(dtype, value):
    endpoints = _endpoint(types_pb2.DataType.Value(dtype))

    with pytest.raises(StatusError) as caught:
        read_inputs({"inputs": [value]}, endpoints)
    assert caught.value.code.name == "INVALID_ARGUMENT"


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


def test_types_that_json_has_no_values_for_are_unimplemented():
    with pytest.raises(StatusError) as caught:
        read_inputs({"inputs": [1]}, _endpoint(types_pb2.DT_COMPLEX64))
    assert caught.value.code.name == "UNIMPLEMENTED"


def test_text_may_have_lone_surrogates():
    tensor = read_inputs({"inputs": ["\ud800"]}, _endpoint(types_pb2.DT_STRING))
    assert list(tensor["x"].string_val) == [b"?"]


@pytest.mark.parametrize(
    "rows", [[[1, 2], [3]], [[1], 2], [1, [2]], [[], [1]], [[[1]], [1]]], ids=str
)
def test_rows_of_different_shape_are_refused(rows):
    with pytest.raises(StatusError) as caught:
        read_inputs({"instances": rows}, _endpoint(types_pb2.DT_INT32, None))
    assert caught.value.code.name == "INVALID_ARGUMENT"


def test_too_deeply_nested_lists_are_rejected():
    deep = 1
    for _ in range(500):
        deep = [deep]

    with pytest.raises(StatusError, match="nested more than 32 deep"):
        read_inputs({"inputs": deep}, _endpoint(types_pb2.DT_INT32, None))


def test_floats_have_the_fewest_digits():
    assert to_json("x", np.array([0.2, 1 / 3], np.float32)) == [0.2, 0.33333334]
    assert to_json("x", np.array(1 / 3)) == 1 / 3
    assert to_json("x", np.array([[1], [2]])) == [[1], [2]]


def test_outputs_of_different_length_have_no_rows():
    with pytest.raises(StatusError, match="inconsistent batch size"):
        predictions({"a": np.zeros(2), "b": np.zeros(3)})
    with pytest.raises(StatusError, match="has no shape information"):
        predictions({"a": np.zeros(())})


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
def test_any_json_is_read_or_refused(value, key, is_text):
    dtype = types_pb2.DT_STRING if is_text else types_pb2.DT_FLOAT

    try:
        read = read_inputs({key: value}, _endpoint(dtype, None))
    except StatusError as error:
        if error.code.name != "INVALID_ARGUMENT":
            raise
    else:
        assert read["x"].dtype == dtype


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_has_an_answer(http, body):
    status, answer = _post(http, "predict", body)

    assert status == 400
    assert answer["error"]
