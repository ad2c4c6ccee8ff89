"""Whatever is sent, the server answers by a status code, and goes on."""

from __future__ import annotations

import grpc
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow_serving.apis import predict_pb2

SERVICE = "/tensorflow.serving.PredictionService/"
METHODS = ("Predict", "Classify", "Regress", "MultiInference", "GetModelMetadata")
SIGNATURES = ("serving_default", "predict", "echo")

# What the contract has for requests that are wrong; UNKNOWN is not among them.
CONTRACT = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.UNIMPLEMENTED,
}

FUZZ = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def client(serving, toy_dir, connect):
    with serving("toy", toy_dir, max_message_bytes=2**24) as server:
        yield connect(server)


def _code(call, request):
    try:
        call(request, timeout=60)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def _answers_as_before(client):
    return client.score(price=2.0) == (5.0, 1)


def _request(signature, **tensors):
    spec = {"name": "toy", "signature_name": signature}
    return predict_pb2.PredictRequest(model_spec=spec, inputs=tensors)


@st.composite
def tensors(draw):
    """Tensors of any type and shape, whose elements are there or not."""
    dtype = draw(
        st.sampled_from(list(types_pb2.DataType.values())) | st.integers(0, 99)
    )
    proto = tensor_pb2.TensorProto(dtype=dtype)
    sizes = st.integers(0, 5) | st.integers(-3, 2**62)
    for size in draw(st.lists(sizes, max_size=4)):
        proto.tensor_shape.dim.add().size = size
    proto.tensor_shape.unknown_rank = draw(st.integers(0, 9)) == 0
    if draw(st.booleans()):
        proto.tensor_content = draw(st.binary(max_size=64))
    proto.float_val.extend(draw(st.lists(st.floats(width=32), max_size=5)))
    proto.string_val.extend(draw(st.lists(st.binary(max_size=20), max_size=5)))
    whole = st.integers(-(2**31), 2**31 - 1)
    proto.int_val.extend(draw(st.lists(whole, max_size=5)))
    proto.half_val.extend(draw(st.lists(whole, max_size=3)))
    return proto


@st.composite
def wire_fields(draw):
    """Bytes that look like fields of a message more often than any bytes do."""
    number, kind = draw(st.integers(1, 6)), draw(st.sampled_from([0, 1, 2, 5]))
    content = draw(st.binary(max_size=30))
    length = bytes([len(content)]) if kind == 2 else b""
    return bytes([number << 3 | kind]) + length + content


@FUZZ
@given(
    st.sampled_from(METHODS),
    st.binary(max_size=200) | st.lists(wire_fields(), max_size=5).map(b"".join),
)
def test_any_bytes_are_answered(client, method, content):
    code = _code(client.channel.unary_unary(SERVICE + method), content)
    # INTERNAL is what gRPC says of bytes that are no message.
    assert code in CONTRACT | {grpc.StatusCode.INTERNAL}
    assert _answers_as_before(client)


@FUZZ
@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_any_bytes_instead_of_examples_are_answered(client, examples):
    array = np.empty(len(examples), object)
    array[:] = examples
    request = _request("serving_default", examples=tf.make_tensor_proto(array))

    assert _code(client.predictions.Predict, request) in CONTRACT


@FUZZ
@given(st.sampled_from(SIGNATURES), st.data())
def test_any_tensors_are_answered(client, signature, data):
    """Those of the right names, so that they reach the codec and the model."""
    names = {
        "predict": ("price", "name", "tags"),
        "serving_default": ("examples",),
    }.get(signature, ("inputs",))
    some = {name: data.draw(tensors()) for name in names}

    assert _code(client.predictions.Predict, _request(signature, **some)) in CONTRACT
    assert _answers_as_before(client)


SHAPES = st.lists(st.integers(0, 4), max_size=3)


@FUZZ
@given(SHAPES, SHAPES, SHAPES)
def test_any_shapes_are_answered(client, price, name, tags):
    """Types are right, so that shapes alone decide."""
    request = _request(
        "predict",
        price=tf.make_tensor_proto(np.ones(price, np.float32)),
        name=tf.make_tensor_proto(np.full(name, b"n", object)),
        tags=tf.make_tensor_proto(np.full(tags, b"t", object)),
    )

    code = _code(client.predictions.Predict, request)
    fits = len(price) == len(name) == 1 and len(tags) == 2
    assert (code == grpc.StatusCode.OK) <= fits
    assert code in CONTRACT


@FUZZ
@given(st.text(max_size=20), st.text(max_size=20), st.integers(-(2**63), 2**63 - 1))
def test_any_names_are_answered(client, model, signature, version):
    request = _request(signature)
    request.model_spec.name = model
    request.model_spec.version.value = version

    assert _code(client.predictions.Predict, request) in CONTRACT


@pytest.mark.slow
def test_an_example_of_a_million_features_is_answered(client):
    example = tf.train.Example()
    for number in range(1_000_000):
        example.features.feature[f"f{number}"].SetInParent()
    example.features.feature["price"].float_list.value.append(2.0)
    serialized = tf.make_tensor_proto([example.SerializeToString()])
    request = _request("serving_default", examples=serialized)

    answer = client.predictions.Predict(request, timeout=60)
    assert list(answer.outputs["score"].float_val) == [2 * 2.0 + 1]


@pytest.mark.slow
def test_tensors_as_large_as_a_message_can_be_are_answered(client):
    price = np.ones(3_000_000, np.float32)
    columns = {
        "price": tf.make_tensor_proto(price),
        "name": tf.make_tensor_proto([b""]),
        "tags": tf.make_tensor_proto([[b""]]),
    }
    # What is missing of them is what the last element stands for.
    columns["name"].tensor_shape.dim[0].size = len(price)
    columns["tags"].tensor_shape.dim[0].size = len(price)
    code = _code(client.predictions.Predict, _request("predict", **columns))

    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert _answers_as_before(client)
