"""The REST interface, by the protocol alone."""

from __future__ import annotations

import base64
import json

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


def _cells(info, rows):
    """What `ask` sends, as JSON: zeros, or empty strings, of each type."""
    is_text = info.dtype == tf.string.as_datatype_enum
    cell = "" if is_text else 0
    for dim in info.tensor_shape.dim[:0:-1]:
        cell = [cell] * max(dim.size, 1)
    return [cell] * rows


def _flat(value):
    """Numbers of nested lists; texts as bytes."""
    if isinstance(value, list):
        return [each for item in value for each in _flat(item)]
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


def test_rows_and_columns_have_the_outputs_of_grpc(
    http, model, predictions, signatures, ask, tensors_signature
):
    inputs = signatures[tensors_signature].inputs
    columns = {alias: _cells(info, 3) for alias, info in inputs.items()}
    rows = [
        dict(zip(columns, row, strict=True))
        for row in zip(*columns.values(), strict=True)
    ]

    def outputs_of(key, **content):
        body = _predict_body(tensors_signature, **content)
        status, answer = _json(http(f"{model}:predict", body))
        assert status == 200
        return answer[key]

    by_column = outputs_of("outputs", inputs=columns)
    by_row = outputs_of("predictions", instances=rows)
    response = predictions.Predict(ask(tensors_signature, 3), timeout=20)
    # An output that is the only one has no name.
    is_only = len(response.outputs) == 1
    for alias, output in response.outputs.items():
        expected = tf.make_ndarray(output).ravel().tolist()
        column = by_column if is_only else by_column[alias]
        assert _flat(column) == pytest.approx(expected)
        values = by_row if is_only else [row[alias] for row in by_row]
        assert _flat(values) == pytest.approx(expected)


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
    ("path", "expected", "named"),
    [
        ("/v1/models/zz:predict", 404, "zz"),
        ("/v1/models/{model}/versions/987654321:predict", 404, "987654321"),
        ("/v1/models/{model}/labels/zz:predict", 400, "zz"),
        ("/v1/models/{model}:guess", 400, "guess"),
    ],
)
def test_post_to_an_unknown_path_is_rejected(
    path, expected, named, http, examples_signature, target
):
    body = _predict_body(examples_signature, instances=[""])

    status, error = _error(http(path.format(model=target.model), body))
    assert status == expected
    assert named in error


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[1]", "object"),
        (b"{}", "'instances'"),
        (b'{"instances": [""], "inputs": [""]}', "instances"),
        (b'{"instances": 1}', "list"),
        (b'{"instances": []}', "'instances'"),
        (b'{"instances": [["a"], "b"]}', ""),
        (b'{"instances": [1.5]}', "1.5"),
        (b'{"instances": [{"b64": "?"}]}', "base64"),
        (b'{"instances": ["garbage"]}', "example"),
        (b'{"signature_name": 1, "instances": [""]}', "string"),
        (b'{"signature_name": "zz", "instances": [""]}', "zz"),
    ],
)
def test_a_malformed_request_is_rejected(body, named, http, model, examples_signature):
    if examples_signature != "serving_default":
        pytest.skip("the model's serving_default takes no examples")

    status, error = _error(http(f"{model}:predict", body))
    assert status == 400
    assert named in error


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
