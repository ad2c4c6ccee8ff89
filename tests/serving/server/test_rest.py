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

from serving.server.manager import ModelManager
from serving.server.metrics import Metrics
from serving.server.model_service import ModelService
from serving.server.options import Polling, single_model
from serving.server.prediction_service import PredictionService
from serving.server.request_log import RequestLog
from serving.server.rest import RestApi
from serving.server.rest_examples import read_examples
from serving.server.rest_tensors import plain, predictions, read_inputs
from serving.server.servable import Servable
from serving.server.signature import Endpoint
from serving.server.status import StatusError

MANY = 2**20


@pytest.fixture(scope="module")
def api_of(tmp_path_factory, add_version):
    """A function that makes an application, with limits."""
    base_path = tmp_path_factory.mktemp("models")
    add_version(base_path, 1)

    def load(name, version, path):
        return Servable(name, version, path, threads=1)

    manager = ModelManager(load, Polling())
    manager.start(single_model("toy", str(base_path)))
    metrics = Metrics()

    def _make(max_bytes=MANY):
        log = RequestLog(metrics)
        service = PredictionService(manager, metrics, log, "REST", max_bytes)
        models = ModelService(manager, lambda *_: None)
        return RestApi(manager, service, models, metrics, max_bytes, 8)

    yield _make
    manager.stop()


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


def test_classes_and_scores(http):
    examples = [{"price": 0.2}, {"price": [1.0]}]

    status, body = _post(
        http, "classify", {"signature_name": "classify", "examples": examples}
    )
    assert status == 200
    assert body == {
        "results": [[["no", 0.8], ["yes", 0.2]], [["no", 0.0], ["yes", 1.0]]]
    }


def test_values_with_a_context(http):
    request = {
        "signature_name": "regress",
        "context": {"price": 10.0},
        "examples": [{"tags": ["x", "y"]}, {}],
    }

    assert _post(http, "regress", request) == (200, {"results": [23.0, 21.0]})


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"examples": {}},
        {"examples": []},
        {"examples": [1]},
        {"examples": [{"price": None}]},
        {"examples": [{"price": [[1.0]]}]},
        {"examples": [{"price": [1.0, "x"]}]},
        {"examples": [{"price": {"b65": ""}}]},
        {"examples": [{"price": 2**63}]},
        {"examples": [{"price": 1e39}]},
        {"examples": [{}], "context": 1},
    ],
    ids=str,
)
def test_malformed_examples_are_refused(body, http):
    status, answer = _post(http, "regress", {"signature_name": "regress", **body})

    assert status == 400
    assert answer["error"]


def test_paths_are_percent_encoded(http):
    status, answer = _post(http, "predict", {"instances": [""]}, model="to%79")
    assert status == 200, answer

    status, answer = _post(http, "predict", {"instances": [""]}, model="%C3%A9")
    assert status == 404
    assert "Latest(é)" in answer["error"]


@pytest.mark.parametrize("version", ["9" * 30, "9" * 5000])
def test_a_version_that_is_no_number_of_ours_is_refused(version, http):
    response = http.get(f"/v1/models/toy/versions/{version}")

    assert response.status_code == 400
    assert "Failed to convert version" in response.get_json()["error"]


@pytest.mark.parametrize("path", ["/", "/v2/models/toy", "/monitoring"])
def test_there_is_nothing_elsewhere(path, http):
    assert http.get(path).status_code == 404


def test_other_methods_are_refused(http):
    assert http.delete("/v1/models/toy").status_code == 400
    assert http.get("/v1/models/toy:predict").status_code == 400


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


def test_text_may_have_halves_of_characters():
    tensor = read_inputs({"inputs": ["\ud800"]}, _endpoint(types_pb2.DT_STRING))
    assert list(tensor["x"].string_val) == [b"?"]


@pytest.mark.parametrize(
    "rows", [[[1, 2], [3]], [[1], 2], [1, [2]], [[], [1]], [[[1]], [1]]], ids=str
)
def test_rows_of_different_shape_are_refused(rows):
    with pytest.raises(StatusError) as caught:
        read_inputs({"instances": rows}, _endpoint(types_pb2.DT_INT32, None))
    assert caught.value.code.name == "INVALID_ARGUMENT"


def test_lists_in_lists_without_end_are_refused():
    deep = 1
    for _ in range(500):
        deep = [deep]

    with pytest.raises(StatusError, match="nested more than 32 deep"):
        read_inputs({"inputs": deep}, _endpoint(types_pb2.DT_INT32, None))


def test_numbers_are_as_short_as_they_can_be():
    assert plain("x", np.array([0.2, 1 / 3], np.float32)) == [0.2, 0.33333334]
    assert plain("x", np.array(1 / 3)) == 1 / 3
    assert plain("x", np.array([[1], [2]])) == [[1], [2]]


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


@given(JSON)
def test_any_json_is_examples_or_refused(value):
    try:
        read = read_examples({"examples": value})
    except StatusError as error:
        if error.code.name != "INVALID_ARGUMENT":
            raise
    else:
        assert len(read.example_list.examples) == len(value)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_has_an_answer(http, body):
    status, answer = _post(http, "predict", body)

    assert status == 400
    assert answer["error"]
