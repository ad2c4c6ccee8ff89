"""PredictionService, by the protocol alone."""

from __future__ import annotations

import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)

TYPED_FIELDS = {
    tf.float32.as_datatype_enum: "float_val",
    tf.float64.as_datatype_enum: "double_val",
    tf.int32.as_datatype_enum: "int_val",
    tf.int64.as_datatype_enum: "int64_val",
    tf.bool.as_datatype_enum: "bool_val",
    tf.string.as_datatype_enum: "string_val",
}
NOWHERE = 987654321


# --- Predict


@pytest.mark.parametrize("kind", ["examples", "tensors"])
def test_predict_returns_all_outputs_of_all_rows(
    kind, predictions, signatures, ask, target, request
):
    name = request.getfixturevalue(f"{kind}_signature")

    response = predictions.Predict(ask(name, 3), timeout=20)
    assert response.model_spec.name == target.model
    assert response.model_spec.signature_name == name
    assert response.model_spec.version.value > 0
    assert set(response.outputs) == set(signatures[name].outputs)
    for alias, info in signatures[name].outputs.items():
        output = response.outputs[alias]
        assert output.dtype == info.dtype
        assert output.tensor_shape.dim[0].size == 3
        assert output.tensor_content == b""
        if output.dtype in TYPED_FIELDS:
            values = getattr(output, TYPED_FIELDS[output.dtype])
            assert len(values) == tf.TensorShape(output.tensor_shape).num_elements()


def test_the_default_signature_is_serving_default(predictions, ask, examples_signature):
    if examples_signature != "serving_default":
        pytest.skip("the model's serving_default takes no examples")
    request = ask("serving_default")
    request.model_spec.ClearField("signature_name")

    response = predictions.Predict(request, timeout=20)
    assert response.model_spec.signature_name == "serving_default"


def test_each_row_is_predicted_by_itself(predictions, ask, examples_signature):
    one = predictions.Predict(ask(examples_signature, 1), timeout=20)
    many = predictions.Predict(ask(examples_signature, 5), timeout=20)

    for alias, output in one.outputs.items():
        expected = tf.make_ndarray(output)[0]
        for row in tf.make_ndarray(many.outputs[alias]):
            assert row == pytest.approx(expected, abs=1e-5)


def test_an_empty_batch_has_an_empty_response(predictions, ask, tensors_signature):
    response = predictions.Predict(ask(tensors_signature, 0), timeout=20)

    assert {each.tensor_shape.dim[0].size for each in response.outputs.values()} == {0}


def test_typed_fields_and_content_are_equivalent(predictions, ask, tensors_signature):
    request = ask(tensors_signature, 2)
    for tensor in request.inputs.values():
        if tensor.dtype == tf.float32.as_datatype_enum:
            tensor.ClearField("float_val")
            tensor.tensor_content = b"\0" * 8
    with_content = predictions.Predict(request, timeout=20)

    typed = predictions.Predict(ask(tensors_signature, 2), timeout=20)
    assert with_content.outputs == typed.outputs


def test_the_last_element_fills_up_a_tensor(predictions, ask, examples_signature):
    full, short = ask(examples_signature, 3), ask(examples_signature, 3)
    (alias,) = full.inputs
    full.inputs[alias].string_val[:] = [b"", b"", b""]
    short.inputs[alias].string_val[:] = [b""]

    first, second = (predictions.Predict(each, timeout=20) for each in (full, short))
    assert first.outputs == second.outputs


def test_a_filter_selects_outputs(predictions, signatures, ask, examples_signature):
    wanted = min(signatures[examples_signature].outputs)
    request = ask(examples_signature)
    request.output_filter.append(wanted)

    response = predictions.Predict(request, timeout=20)
    assert list(response.outputs) == [wanted]


def test_a_version_can_be_requested(predictions, ask, examples_signature):
    latest = predictions.Predict(ask(examples_signature), timeout=20)
    request = ask(examples_signature)
    request.model_spec.version.CopyFrom(latest.model_spec.version)

    response = predictions.Predict(request, timeout=20)
    assert response.model_spec.version == latest.model_spec.version
    assert response.outputs == latest.outputs


# --- Requests that are rejected


def _spec(**fields):
    """Changes the model_spec of a request."""
    changed = predict_pb2.PredictRequest(model_spec=fields)
    return lambda request: request.MergeFrom(changed)


def _tensor(value, **fields):
    """Changes the first input of the type of a value."""
    tensor = tf.make_tensor_proto([value])
    tensor.MergeFrom(type(tensor)(**fields))

    def change(request):
        same = [each for each in request.inputs.values() if each.dtype == tensor.dtype]
        if not same:
            pytest.skip(f"no input has the type of {value!r}")
        same[0].CopyFrom(tensor)

    return change


def _number_for_text(request):
    (alias,) = request.inputs
    request.inputs[alias].CopyFrom(tf.make_tensor_proto([1.5]))


def _same_output_twice(request):
    request.output_filter.extend(["score", "score"])


REJECTED = {
    "unknown output": (
        "examples",
        lambda request: request.output_filter.append("zz"),
        ("INVALID_ARGUMENT", "zz"),
    ),
    "output twice": ("examples", _same_output_twice, ("INVALID_ARGUMENT", "alias")),
    "unknown signature": (
        "examples",
        _spec(signature_name="zz"),
        ("FAILED_PRECONDITION", "zz"),
    ),
    "unknown model": ("examples", _spec(name="zz"), ("NOT_FOUND", "zz")),
    "unknown version": (
        "examples",
        _spec(version={"value": NOWHERE}),
        ("NOT_FOUND", str(NOWHERE)),
    ),
    "unknown label": (
        "examples",
        _spec(version_label="zz"),
        ("INVALID_ARGUMENT", "zz"),
    ),
    "no model": (
        "examples",
        lambda request: request.model_spec.ClearField("name"),
        ("INVALID_ARGUMENT", "ModelSpec"),
    ),
    "no model_spec": (
        "examples",
        lambda request: request.ClearField("model_spec"),
        ("INVALID_ARGUMENT", "ModelSpec"),
    ),
    "number for a text": ("examples", _number_for_text, ("INVALID_ARGUMENT", "")),
    "garbage for an example": (
        "examples",
        _tensor(b"\n\xff"),
        ("INVALID_ARGUMENT", "example"),
    ),
    "too little content": (
        "tensors",
        _tensor(1.0, tensor_content=b"123"),
        ("INVALID_ARGUMENT", "tensor"),
    ),
    "negative size": (
        "tensors",
        _tensor(1.0, tensor_shape={"dim": [{"size": -5}]}),
        ("INVALID_ARGUMENT", "tensor"),
    ),
}


@pytest.mark.parametrize("case", REJECTED)
def test_a_wrong_request_is_rejected(case, predictions, ask, rejection, request):
    kind, change, (code, named) = REJECTED[case]
    wrong = ask(request.getfixturevalue(f"{kind}_signature"))
    change(wrong)

    found, details = rejection(predictions.Predict, wrong)
    assert found == code
    assert named in details


def test_missing_and_extra_inputs_are_named(
    predictions, ask, tensors_signature, rejection
):
    missing, extra, renamed = (ask(tensors_signature) for _ in range(3))
    alias = min(missing.inputs)
    for request in (extra, renamed):
        request.inputs["zz"].CopyFrom(request.inputs[alias])
    for request in (missing, renamed):
        del request.inputs[alias]

    for request, named in ((missing, alias), (extra, "zz"), (renamed, alias)):
        code, details = rejection(predictions.Predict, request)
        assert code == "INVALID_ARGUMENT"
        assert named in details


# --- GetModelMetadata


def _metadata_request(name, *fields):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    if name:
        request.model_spec.name = name
    return request


def test_metadata_names_model_and_version(predictions, target):
    request = _metadata_request(target.model, "signature_def")

    response = predictions.GetModelMetadata(request, timeout=10)
    assert response.model_spec.name == target.model
    assert response.model_spec.version.value > 0
    assert list(response.metadata) == ["signature_def"]


def test_other_metadata_is_rejected(predictions, rejection, target):
    for fields in ([], ["zz"], ["signature_def", "zz"]):
        request = _metadata_request(target.model, *fields)
        assert rejection(predictions.GetModelMetadata, request)[0] == "INVALID_ARGUMENT"


def test_metadata_of_an_unknown_model_is_rejected(predictions, rejection):
    for name, code in (("", "INVALID_ARGUMENT"), ("zz", "NOT_FOUND")):
        request = _metadata_request(name, "signature_def")
        assert rejection(predictions.GetModelMetadata, request)[0] == code


# --- Classify, Regress and MultiInference


# TensorFlow Serving: the second with --enable_signature_method_name_check, or where the
# signature has more than one output.
WRONG_METHOD = {"FAILED_PRECONDITION", "INVALID_ARGUMENT"}


@pytest.mark.parametrize(
    ("method", "request_type"),
    [
        ("Classify", classification_pb2.ClassificationRequest),
        ("Regress", regression_pb2.RegressionRequest),
    ],
)
def test_classify_and_regress_are_rejected(
    method,
    request_type,
    predictions,
    examples_signature,
    tensors_signature,
    rejection,
    target,
):
    def code(**spec):
        request = request_type(model_spec=spec or None)
        request.input.example_list.examples.add()
        return rejection(getattr(predictions, method), request)[0]

    name = target.model
    assert code(name=name, signature_name=examples_signature) in WRONG_METHOD
    assert code(name=name, signature_name=tensors_signature) == "INVALID_ARGUMENT"
    assert code(name=name, signature_name="zz") == "INVALID_ARGUMENT"
    assert code(name="zz") == "NOT_FOUND"
    assert code() == "INVALID_ARGUMENT"


def test_multi_inference_is_rejected(
    predictions, examples_signature, rejection, target
):
    def code(*methods):
        spec = {"name": target.model, "signature_name": examples_signature}
        tasks = [{"method_name": each, "model_spec": spec} for each in methods]
        request = inference_pb2.MultiInferenceRequest(tasks=tasks)
        request.input.example_list.examples.add()
        return rejection(predictions.MultiInference, request)[0]

    for method in ("classify", "regress"):
        assert code(f"tensorflow/serving/{method}") in WRONG_METHOD
    assert code() == "INVALID_ARGUMENT"
    assert code("zz") == "UNIMPLEMENTED"
