"""PredictionService, by the protocol alone."""

from __future__ import annotations

import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
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


# --- Predict


@pytest.mark.parametrize("kind", ["examples", "tensors"])
def test_predict_gives_all_outputs_for_all_rows(
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


def test_the_default_signature_is_serving_default(
    predictions, signatures, ask, examples_signature
):
    if examples_signature != "serving_default":
        pytest.skip("the model's serving_default takes no examples")
    request = ask("serving_default")
    request.model_spec.ClearField("signature_name")

    response = predictions.Predict(request, timeout=20)
    assert response.model_spec.signature_name == "serving_default"


def test_rows_are_answered_each_by_itself(predictions, ask, examples_signature):
    one = predictions.Predict(ask(examples_signature, 1), timeout=20)
    many = predictions.Predict(ask(examples_signature, 5), timeout=20)

    for alias, output in one.outputs.items():
        expected = tf.make_ndarray(output)[0]
        for row in tf.make_ndarray(many.outputs[alias]):
            assert row == pytest.approx(expected, abs=1e-5)


def test_an_empty_batch_has_an_empty_answer(predictions, ask, tensors_signature):
    request = ask(tensors_signature, 0)

    response = predictions.Predict(request, timeout=20)
    for output in response.outputs.values():
        assert output.tensor_shape.dim[0].size == 0


def test_typed_fields_and_content_are_the_same(
    predictions, signatures, ask, tensors_signature
):
    request = ask(tensors_signature, 2)
    for alias, info in signatures[tensors_signature].inputs.items():
        if info.dtype == tf.float32.as_datatype_enum:
            request.inputs[alias].ClearField("float_val")
            request.inputs[alias].tensor_content = b"\0" * 8
    with_content = predictions.Predict(request, timeout=20)

    typed = predictions.Predict(ask(tensors_signature, 2), timeout=20)
    assert with_content.outputs == typed.outputs


def test_the_last_element_stands_for_those_that_are_missing(
    predictions, ask, examples_signature
):
    full, short = ask(examples_signature, 3), ask(examples_signature, 3)
    (alias,) = full.inputs
    full.inputs[alias].string_val[:] = [b"", b"", b""]
    short.inputs[alias].string_val[:] = [b""]

    answers = [
        predictions.Predict(request, timeout=20).outputs for request in (full, short)
    ]
    assert answers[0] == answers[1]


def test_a_filter_chooses_outputs(predictions, signatures, ask, examples_signature):
    wanted = min(signatures[examples_signature].outputs)
    request = ask(examples_signature)
    request.output_filter.append(wanted)

    response = predictions.Predict(request, timeout=20)
    assert list(response.outputs) == [wanted]


def test_an_unknown_output_is_refused(predictions, ask, examples_signature, refused):
    request = ask(examples_signature)
    request.output_filter.append("zz")

    code, details = refused(predictions.Predict, request)
    assert code == "INVALID_ARGUMENT"
    assert "output tensor alias not found in signature: zz" in details


def test_an_output_named_twice_is_refused(
    predictions, signatures, ask, examples_signature, refused
):
    alias = min(signatures[examples_signature].outputs)
    request = ask(examples_signature)
    request.output_filter.extend([alias, alias])

    code, details = refused(predictions.Predict, request)
    assert code == "INVALID_ARGUMENT"
    assert "duplicate output tensor alias" in details


def test_an_unknown_signature_is_refused(predictions, ask, examples_signature, refused):
    request = ask(examples_signature)
    request.model_spec.signature_name = "zz"

    code, details = refused(predictions.Predict, request)
    assert code == "FAILED_PRECONDITION"
    assert 'Serving signature key "zz" not found.' in details


# --- Which model


def test_a_request_without_model_spec_is_refused(predictions, refused):
    code, details = refused(predictions.Predict, predict_pb2.PredictRequest())

    assert code == "INVALID_ARGUMENT"
    assert "Missing ModelSpec" in details


def test_a_request_without_a_name_is_refused(predictions, refused):
    request = predict_pb2.PredictRequest()
    request.model_spec.signature_name = "x"

    code, details = refused(predictions.Predict, request)
    assert code == "INVALID_ARGUMENT"
    assert "ModelSpec has no name specified." in details


def test_an_unknown_model_is_not_found(predictions, ask, examples_signature, refused):
    request = ask(examples_signature)
    request.model_spec.name = "zz"

    code, details = refused(predictions.Predict, request)
    assert code == "NOT_FOUND"
    assert "Servable not found for request: Latest(zz)" in details


def test_an_unknown_version_is_not_found(
    predictions, ask, examples_signature, refused, target
):
    request = ask(examples_signature)
    request.model_spec.version.value = 987654321

    code, details = refused(predictions.Predict, request)
    assert code == "NOT_FOUND"
    expected = f"Servable not found for request: Specific({target.model}, 987654321)"
    assert expected in details


def test_a_version_may_be_named(predictions, ask, examples_signature):
    latest = predictions.Predict(ask(examples_signature), timeout=20)
    request = ask(examples_signature)
    request.model_spec.version.CopyFrom(latest.model_spec.version)

    response = predictions.Predict(request, timeout=20)
    assert response.model_spec.version == latest.model_spec.version
    assert response.outputs == latest.outputs


def test_an_unknown_label_is_refused(predictions, ask, examples_signature, refused):
    request = ask(examples_signature)
    request.model_spec.version_label = "zz"

    code, details = refused(predictions.Predict, request)
    assert code == "INVALID_ARGUMENT"
    assert "Unrecognized servable version label: zz" in details


# --- Wrong inputs


def test_a_missing_input_is_refused(predictions, ask, tensors_signature, refused):
    request = ask(tensors_signature)
    alias = min(request.inputs)
    del request.inputs[alias]

    code, details = refused(predictions.Predict, request)
    assert code == "INVALID_ARGUMENT"
    assert "input size does not match signature" in details
    assert f"Missing but required: {{{alias}}}" in details


def test_an_input_too_many_is_refused(predictions, ask, tensors_signature, refused):
    request = ask(tensors_signature)
    request.inputs["zz"].CopyFrom(tf.make_tensor_proto([1.0]))

    code, details = refused(predictions.Predict, request)
    assert code == "INVALID_ARGUMENT"
    assert "input size does not match signature" in details
    assert "Sent extra: {zz}" in details


def test_an_input_by_another_name_is_refused(
    predictions, ask, tensors_signature, refused
):
    request = ask(tensors_signature)
    alias = min(request.inputs)
    request.inputs["zz"].CopyFrom(request.inputs[alias])
    del request.inputs[alias]

    code, details = refused(predictions.Predict, request)
    assert code == "INVALID_ARGUMENT"
    assert f"Signature input alias: {alias}" in details
    assert "not found in request" in details


@pytest.mark.parametrize("value", [1.5, 7, True])
def test_an_input_of_another_type_is_refused(
    value, predictions, ask, examples_signature, refused
):
    request = ask(examples_signature)
    (alias,) = request.inputs
    request.inputs[alias].CopyFrom(tf.make_tensor_proto([value]))

    assert refused(predictions.Predict, request)[0] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("garbage", [b"garbage", b"\xff\xfe\x80", b"\n\xff", "é" * 999])
def test_garbage_instead_of_an_example_is_refused(
    garbage, predictions, ask, examples_signature, refused
):
    request = ask(examples_signature)
    (alias,) = request.inputs
    request.inputs[alias].CopyFrom(tf.make_tensor_proto([garbage]))

    code, details = refused(predictions.Predict, request)
    assert code == "INVALID_ARGUMENT"
    assert "Could not parse example input" in details


@pytest.mark.parametrize(
    "tensor",
    [
        {"tensor_content": b"123"},
        {"float_val": [1.0], "tensor_shape": {"dim": [{"size": -5}]}},
    ],
    ids=["too little content", "negative size"],
)
def test_a_malformed_tensor_is_rejected(
    tensor, predictions, signatures, ask, tensors_signature, refused
):
    floats = [
        alias
        for alias, info in signatures[tensors_signature].inputs.items()
        if info.dtype == tf.float32.as_datatype_enum
    ]
    if not floats:
        pytest.skip("the signature has no float input")
    request = ask(tensors_signature)
    shape = {"tensor_shape": {"dim": [{"size": 1}]}}
    dtype = tf.float32.as_datatype_enum
    proto = tensor_pb2.TensorProto(dtype=dtype, **{**shape, **tensor})
    request.inputs[floats[0]].CopyFrom(proto)

    code, details = refused(predictions.Predict, request)
    assert code == "INVALID_ARGUMENT"
    assert "tensor parsing error" in details


# --- GetModelMetadata


def test_metadata_names_model_and_version(predictions, signatures, target):
    request = get_model_metadata_pb2.GetModelMetadataRequest()
    request.model_spec.name = target.model
    request.metadata_field.append("signature_def")

    response = predictions.GetModelMetadata(request, timeout=10)
    assert response.model_spec.name == target.model
    assert response.model_spec.version.value > 0
    assert list(response.metadata) == ["signature_def"]


@pytest.mark.parametrize("fields", [[], ["zz"], ["signature_def", "zz"]])
def test_other_metadata_is_refused(fields, predictions, refused, target):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    request.model_spec.name = target.model

    assert refused(predictions.GetModelMetadata, request)[0] == "INVALID_ARGUMENT"


def test_metadata_without_model_spec_is_refused(predictions, refused):
    request = get_model_metadata_pb2.GetModelMetadataRequest()
    request.metadata_field.append("signature_def")

    code, details = refused(predictions.GetModelMetadata, request)
    assert code == "INVALID_ARGUMENT"
    assert "Missing ModelSpec" in details


def test_metadata_of_an_unknown_model_is_not_found(predictions, refused):
    request = get_model_metadata_pb2.GetModelMetadataRequest()
    request.model_spec.name = "zz"
    request.metadata_field.append("signature_def")

    assert refused(predictions.GetModelMetadata, request)[0] == "NOT_FOUND"


# --- Classify, Regress and MultiInference


def _one_example(request):
    request.input.example_list.examples.add()
    return request


@pytest.mark.parametrize(
    ("method", "request_type"),
    [
        ("Classify", classification_pb2.ClassificationRequest),
        ("Regress", regression_pb2.RegressionRequest),
    ],
)
class TestExamples:
    def test_a_signature_for_predict_is_rejected(
        self, method, request_type, predictions, examples_signature, refused, target
    ):
        request = _one_example(request_type())
        request.model_spec.name = target.model
        request.model_spec.signature_name = examples_signature

        code, _ = refused(getattr(predictions, method), request)
        # TensorFlow Serving: the second with --enable_signature_method_name_check, or
        # where the signature has more than one output.
        assert code in ("FAILED_PRECONDITION", "INVALID_ARGUMENT")

    def test_a_signature_of_several_inputs_is_rejected(
        self, method, request_type, predictions, tensors_signature, refused, target
    ):
        request = _one_example(request_type())
        request.model_spec.name = target.model
        request.model_spec.signature_name = tensors_signature

        assert refused(getattr(predictions, method), request)[0] == "INVALID_ARGUMENT"

    def test_an_unknown_signature_is_rejected(
        self, method, request_type, predictions, refused, target
    ):
        request = _one_example(request_type())
        request.model_spec.name = target.model
        request.model_spec.signature_name = "zz"

        code, details = refused(getattr(predictions, method), request)
        assert code == "INVALID_ARGUMENT"
        assert "No signature was found with the name: zz" in details

    def test_an_unknown_model_is_not_found(
        self, method, request_type, predictions, refused
    ):
        request = _one_example(request_type())
        request.model_spec.name = "zz"

        assert refused(getattr(predictions, method), request)[0] == "NOT_FOUND"

    def test_a_request_without_model_spec_is_rejected(
        self, method, request_type, predictions, refused
    ):
        code, details = refused(getattr(predictions, method), request_type())

        assert code == "INVALID_ARGUMENT"
        assert "Missing ModelSpec" in details


@pytest.mark.parametrize("method", ["classify", "regress"])
def test_multi_inference_by_a_signature_for_predict_is_rejected(
    method, predictions, examples_signature, refused, target
):
    request = _one_example(inference_pb2.MultiInferenceRequest())
    task = request.tasks.add(method_name=f"tensorflow/serving/{method}")
    task.model_spec.name = target.model
    task.model_spec.signature_name = examples_signature

    code, _ = refused(predictions.MultiInference, request)
    assert code in ("FAILED_PRECONDITION", "INVALID_ARGUMENT")


def test_multi_inference_without_tasks_is_rejected(predictions, refused):
    request = inference_pb2.MultiInferenceRequest()

    code, details = refused(predictions.MultiInference, request)
    assert code == "INVALID_ARGUMENT"
    assert "ModelSpec has no name specified." in details


def test_multi_inference_by_an_unknown_method_is_unimplemented(
    predictions, examples_signature, refused, target
):
    request = _one_example(inference_pb2.MultiInferenceRequest())
    task = request.tasks.add(method_name="zz")
    task.model_spec.name = target.model
    task.model_spec.signature_name = examples_signature

    assert refused(predictions.MultiInference, request)[0] == "UNIMPLEMENTED"
