"""What a server answers, worked out by hand or by the model itself."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    inference_pb2,
    predict_pb2,
    regression_pb2,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory, add_version):
    from serving.server.options import ServerOptions, single_model
    from serving.server.server import Server

    base_path = tmp_path_factory.mktemp("models")
    add_version(base_path, 1)
    server = Server(ServerOptions(port=0))
    server.start(single_model("toy", str(base_path)))
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


def _examples_request(kind, signature, *examples):
    request = kind()
    request.model_spec.name = "toy"
    request.model_spec.signature_name = signature
    request.input.example_list.examples.extend(examples)
    return request


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


def test_a_signature_for_nobody_is_refused(client, predict_request_of, refused):
    request = predict_request_of("__saved_model_init_op")

    code, details = refused(lambda: client.predictions.Predict(request, timeout=20))
    assert code == "INTERNAL"
    assert "Expected prediction signature method_name" in details


def test_classify(client):
    request = _examples_request(
        classification_pb2.ClassificationRequest,
        "classify",
        _example(price=0.25),
        _example(price=1.0),
    )

    response = client.predictions.Classify(request, timeout=20)
    rows = [
        [(each.label, each.score) for each in row.classes]
        for row in response.result.classifications
    ]
    assert rows == [[("no", 0.75), ("yes", 0.25)], [("no", 0.0), ("yes", 1.0)]]
    assert response.model_spec.version.value == 1


def test_regress(client):
    request = _examples_request(
        regression_pb2.RegressionRequest, "regress", _example(price=2.0)
    )

    response = client.predictions.Regress(request, timeout=20)
    assert [each.value for each in response.result.regressions] == [2 * 2.0 + 1]


def test_examples_have_the_features_of_their_context(client):
    request = _examples_request(regression_pb2.RegressionRequest, "regress")
    together = request.input.example_list_with_context
    together.context.CopyFrom(_example(price=10.0))
    together.examples.extend([_example(tags=[b"x", b"y"]), _example()])

    response = client.predictions.Regress(request, timeout=20)
    values = [each.value for each in response.result.regressions]
    assert values == [20.0 + 2 + 1, 20.0 + 1]


def test_multi_inference(client):
    request = inference_pb2.MultiInferenceRequest()
    request.input.example_list.examples.append(_example(price=0.5))
    for method in ("regress", "classify"):
        task = request.tasks.add(method_name=f"tensorflow/serving/{method}")
        task.model_spec.name = "toy"
        task.model_spec.signature_name = method

    regression, classification = client.predictions.MultiInference(
        request, timeout=20
    ).results
    assert regression.model_spec.signature_name == "regress"
    assert [each.value for each in regression.regression_result.regressions] == [2.0]
    (row,) = classification.classification_result.classifications
    assert [each.score for each in row.classes] == [0.5, 0.5]


def test_the_model_of_the_trainer_answers_as_it_does_in_training(
    tiny, tiny_models, tmp_path, connect
):
    from serving.server.options import ServerOptions, single_model
    from serving.server.server import Server

    trained = tiny_models("wide_deep")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "7").symlink_to(trained.saved_model)
    server = Server(ServerOptions(port=0))
    server.start(single_model("tiny", str(tmp_path / "models")))
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
