"""What a server answers, worked out by hand or by the model itself."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2


@pytest.fixture(scope="module")
def server(tmp_path_factory, add_version, server_of):
    base_path = tmp_path_factory.mktemp("models")
    add_version(base_path, 1)
    server = server_of("toy", base_path)
    server.start()
    yield server
    server.stop(grace=0.2)


@pytest.fixture
def client(server, connect):
    return connect(server)


def _example(**features):
    example = tf.train.Example()
    for name, value in features.items():
        feature = example.features.feature[name]
        if isinstance(value, float):
            feature.float_list.value.append(value)
        else:
            feature.bytes_list.value.extend(value)
    return example


def _predict(client, request):
    outputs = client.predictions.Predict(request, timeout=20).outputs
    return {alias: tf.make_ndarray(tensor) for alias, tensor in outputs.items()}


def test_raw_tensors(client, predict_request_of):
    request = predict_request_of(
        price=[1.0, 2.5], name=[b"a", b"\xff"], tags=[[b"x", b""], [b"y", b"z"]]
    )

    answer = _predict(client, request)
    # Twice the price, the tags that are not empty, and 1 for the version.
    assert answer["score"].tolist() == [2.0 + 1 + 1, 5.0 + 2 + 1]
    assert answer["name_bytes"].tolist() == [b"a", b"\xff"]


def test_serialised_examples(client):
    examples = [_example(price=3.0, tags=[b"x"], name=[b"n"]), _example()]
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "toy"
    serialized = [example.SerializeToString() for example in examples]
    request.inputs["examples"].CopyFrom(tf.make_tensor_proto(serialized))

    answer = _predict(client, request)
    assert answer["score"].tolist() == [6.0 + 1 + 1, 1.0]
    assert answer["name"].tolist() == [b"n", b""]


def test_tensors_of_all_types_come_back(client):
    from serving.server.codec import encode

    arrays = {
        "f32": np.array([[0.5, -np.inf]], np.float32),
        "f64": np.array(1e300),
        "f16": np.array([1.5], np.float16),
        "bf16": tf.constant([2.5], tf.bfloat16).numpy(),
        "i8": np.array([-128], np.int8),
        "i16": np.array([-(2**15)], np.int16),
        "i32": np.array([-(2**31)], np.int32),
        "i64": np.array([-(2**63)], np.int64),
        "u8": np.array([255], np.uint8),
        "u16": np.array([2**16 - 1], np.uint16),
        "u32": np.array([2**32 - 1], np.uint32),
        "u64": np.array([2**64 - 1], np.uint64),
        "c64": np.array([1 + 2j], np.complex64),
        "c128": np.array([[1e300 - 2j]], np.complex128),
        "truth": np.array([[True], [False]]),
        "text": np.array([b"", b"\xff\x00"], object),
    }
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "toy"
    request.model_spec.signature_name = "echo"
    for alias, array in arrays.items():
        encode(array, request.inputs[alias])

    answer = _predict(client, request)
    assert set(answer) == set(arrays)
    for alias, array in arrays.items():
        assert answer[alias].dtype == array.dtype
        np.testing.assert_array_equal(answer[alias], array)


@pytest.mark.parametrize(
    "changes",
    [
        {"price": [[1.0]]},
        {"price": 1.0},
        {"tags": [b"x"]},
        {"tags": [[[b"x"]]]},
    ],
    ids=str,
)
def test_another_shape_is_refused(changes, client, predict_request_of, refused):
    """Some operations end the process where they get another rank."""
    inputs = {"price": [1.0], "name": [b""], "tags": [[b""]], **changes}
    request = predict_request_of(**inputs)

    code, details = refused(lambda: client.predictions.Predict(request, timeout=20))
    assert code == "INVALID_ARGUMENT"
    assert f"Expects arg[{next(iter(changes))}] to have shape [-1" in details


def test_columns_of_different_length_are_refused(client, predict_request_of, refused):
    request = predict_request_of(price=[1.0, 2.0, 3.0], name=[b""], tags=[[b""]] * 2)

    code, _ = refused(lambda: client.predictions.Predict(request, timeout=20))
    assert code == "INVALID_ARGUMENT"


def test_a_signature_of_another_method_is_rejected(client, predict_request_of, refused):
    request = predict_request_of("__saved_model_init_op")

    code, details = refused(lambda: client.predictions.Predict(request, timeout=20))
    assert code == "INTERNAL"
    assert "Expected prediction signature method_name" in details


def test_the_model_of_the_trainer_answers_as_it_does_in_training(
    tiny, tiny_models, tmp_path, connect, server_of
):
    trained = tiny_models("wide_deep")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "7").symlink_to(trained.saved_model)
    server = server_of("tiny", tmp_path / "models")
    server.start()
    try:
        client = connect(server)
        expected = trained.probabilities(tiny.transformed_probes)
        for request in (_by_examples(tiny), _by_tensors(tiny)):
            answer = _predict(client, request)
            np.testing.assert_allclose(answer["probability"], expected, atol=1e-5)
    finally:
        server.stop(grace=0.2)


def _by_examples(tiny):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "tiny"
    examples = tiny.as_examples(tiny.probe_rows)
    request.inputs["examples"].CopyFrom(tf.make_tensor_proto(examples))
    return request


def _by_tensors(tiny):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "tiny"
    request.model_spec.signature_name = "predict"
    rows = tiny.probe_rows
    width = max(len(row.get("tags", [])) for row in rows)
    columns = {
        "tags": [
            [*row.get("tags", []), *[""] * (width - len(row.get("tags", [])))]
            for row in rows
        ],
        **{
            name: [row.get(name, [""])[0] for row in rows]
            for name in ("device", "user")
        },
        **{
            name: np.array([row.get(name, [np.nan])[0] for row in rows], np.float32)
            for name in ("age", "price")
        },
    }
    for name, column in columns.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(column))
    return request
