"""The REST interface, by the protocol alone."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
import tensorflow as tf


@pytest.fixture
def model(target):
    return f"/v1/models/{target.model}"


@pytest.fixture
def version(predictions, ask, examples_signature):
    """The version that answers, as JSON has it."""
    response = predictions.Predict(ask(examples_signature), timeout=20)
    return str(response.model_spec.version.value)


def _json(answer):
    status, body = answer
    return status, json.loads(body)


def _error(answer):
    status, body = _json(answer)
    assert list(body) == ["error"]
    return status, body["error"]


def _predict_body(signature, **content):
    return json.dumps({"signature_name": signature, **content}).encode()


def _by_grpc(predictions, ask, signature, rows):
    response = predictions.Predict(ask(signature, rows), timeout=20)
    return {
        alias: tf.make_ndarray(output) for alias, output in response.outputs.items()
    }


def _cells(info, rows):
    """What `ask` sends, as JSON: zeros, or empty strings, of each type."""
    is_text = info.dtype == tf.string.as_datatype_enum
    cell = "" if is_text else 0
    for dim in info.tensor_shape.dim[:0:-1]:
        cell = [cell] * max(dim.size, 1)
    return [cell] * rows


def _flat(alias, value):
    """Numbers of nested lists; texts as bytes."""
    if isinstance(value, list):
        return [each for item in value for each in _flat(alias, item)]
    if isinstance(value, dict):
        return [base64.b64decode(value["b64"])]
    return [value.encode() if isinstance(value, str) else value]


def test_status(http, model, version):
    status, body = _json(http(model))

    assert status == 200
    states = {each["version"]: each for each in body["model_version_status"]}
    assert states[version]["state"] == "AVAILABLE"
    assert states[version]["status"] == {"error_code": "OK", "error_message": ""}


def test_status_of_a_version(http, model, version):
    status, body = _json(http(f"{model}/versions/{version}"))
    assert status == 200
    assert [each["version"] for each in body["model_version_status"]] == [version]


def test_metadata(http, model, signatures, target):
    status, body = _json(http(f"{model}/metadata"))

    assert status == 200
    assert body["model_spec"]["name"] == target.model
    described = body["metadata"]["signature_def"]["signature_def"]
    assert set(described) == set(signatures)
    for name, definition in signatures.items():
        assert described[name]["method_name"] == definition.method_name
        assert set(described[name]["inputs"]) == set(definition.inputs)


def test_rows(http, model, predictions, signatures, ask, tensors_signature):
    inputs = signatures[tensors_signature].inputs
    columns = {alias: _cells(info, 3) for alias, info in inputs.items()}
    rows = [
        dict(zip(columns, row, strict=True))
        for row in zip(*columns.values(), strict=True)
    ]

    body = _predict_body(tensors_signature, instances=rows)
    status, answer = _json(http(f"{model}:predict", body))
    assert status == 200
    expected = _by_grpc(predictions, ask, tensors_signature, 3)
    assert len(answer["predictions"]) == 3
    for place, row in enumerate(answer["predictions"]):
        named = row if len(expected) > 1 else {next(iter(expected)): row}
        for alias, value in named.items():
            flat = np.ravel(expected[alias][place]).tolist()
            assert _flat(alias, value) == pytest.approx(flat)


def test_columns(http, model, predictions, signatures, ask, tensors_signature):
    inputs = signatures[tensors_signature].inputs
    columns = {alias: _cells(info, 2) for alias, info in inputs.items()}

    body = _predict_body(tensors_signature, inputs=columns)
    status, answer = _json(http(f"{model}:predict", body))
    assert status == 200
    expected = _by_grpc(predictions, ask, tensors_signature, 2)
    outputs = answer["outputs"]
    named = outputs if len(expected) > 1 else {next(iter(expected)): outputs}
    assert set(named) == set(expected)
    for alias, value in named.items():
        assert _flat(alias, value) == pytest.approx(expected[alias].ravel().tolist())


def test_bytes_are_base64(http, model, examples_signature):
    example = tf.train.Example()
    encoded = base64.b64encode(example.SerializeToString()).decode()

    body = _predict_body(examples_signature, instances=[{"b64": encoded}] * 2)
    status, answer = _json(http(f"{model}:predict", body))
    assert status == 200
    assert len(answer["predictions"]) == 2


def test_a_version_is_asked(http, model, version, examples_signature):
    body = _predict_body(examples_signature, instances=[""])

    assert http(f"{model}/versions/{version}:predict", body)[0] == 200


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/models/zz", 404),
        ("/v1/models/zz/metadata", 404),
        ("/v1/models/{model}/versions/987654321", 404),
        ("/v1/models/{model}/zz", 400),
        ("/v1/zz", 400),
    ],
)
def test_get_of_an_unknown_path_is_rejected(path, expected, http, target):
    status, error = _error(http(path.format(model=target.model)))

    assert status == expected
    assert error


@pytest.mark.parametrize(
    ("path", "expected", "words"),
    [
        ("/v1/models/zz:predict", 404, "Servable not found for request: Latest(zz)"),
        ("/v1/models/{model}/versions/987654321:predict", 404, "987654321"),
        ("/v1/models/{model}/labels/zz:predict", 400, "Unrecognized servable version"),
        ("/v1/models/{model}:guess", 400, "Malformed request: POST"),
    ],
)
def test_post_to_an_unknown_path_is_rejected(
    path, expected, words, http, examples_signature, target
):
    body = _predict_body(examples_signature, instances=[""])

    status, error = _error(http(path.format(model=target.model), body))
    assert status == expected
    assert words in error


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "JSON Parse error"),
        (b"{", "JSON Parse error"),
        (b"[1]", "Is not object"),
        (b"{}", "Missing 'inputs' or 'instances' key"),
        (b'{"instances": [""], "inputs": [""]}', "only one of"),
        (b'{"instances": 1}', "to be an list/array"),
        (b'{"instances": []}', "No values in 'instances' array"),
        (b'{"instances": [["a"], "b"]}', ""),
        (b'{"instances": [1.5]}', "is not of expected type"),
        (b'{"instances": [{"b64": "?"}]}', "Unable to base64 decode"),
        (b'{"instances": ["garbage"]}', "Could not parse example input"),
        (b'{"signature_name": 1, "instances": [""]}', "must be a string value"),
        (b'{"signature_name": "zz", "instances": [""]}', "zz"),
    ],
)
def test_a_malformed_request_is_refused(body, words, http, model, examples_signature):
    if examples_signature != "serving_default":
        pytest.skip("the model's serving_default takes no examples")

    status, error = _error(http(f"{model}:predict", body))
    assert status == 400
    assert words in error


def test_metrics_count_requests(http, model, examples_signature, target):
    def count():
        status, page = http("/monitoring/prometheus/metrics")
        if status != 200:
            pytest.skip("the server has no metrics: no --monitoring_config_file")
        name = f':tensorflow:serving:request_count{{model_name="{target.model}"'
        lines = [line for line in page.decode().splitlines() if line.startswith(name)]
        return sum(float(line.split()[-1]) for line in lines if 'status="OK"' in line)

    body = _predict_body(examples_signature, instances=[""])
    before = count()
    assert http(f"{model}:predict", body)[0] == 200
    assert count() == before + 1
