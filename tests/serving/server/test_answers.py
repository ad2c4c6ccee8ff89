"""The outputs of a server, worked out by hand."""

from __future__ import annotations

import numpy as np
import tensorflow as tf


def _example(**features):
    example = tf.train.Example()
    for name, value in features.items():
        feature = example.features.feature[name]
        if isinstance(value, float):
            feature.float_list.value.append(value)
        else:
            feature.bytes_list.value.extend(value)
    return example.SerializeToString()


def test_raw_tensors(client, predict_request_of):
    request = predict_request_of(
        price=[1.0, 2.5], name=[b"a", b"\xff"], tags=[[b"x", b""], [b"y", b"z"]]
    )

    answer = client.predict(request)
    # Twice the price, the tags that are not empty, and 1 for the version.
    assert answer["score"].tolist() == [2.0 + 1 + 1, 5.0 + 2 + 1]
    assert answer["name_bytes"].tolist() == [b"a", b"\xff"]


def test_serialized_examples(client, predict_request_of):
    examples = [_example(price=3.0, tags=[b"x"], name=[b"n"]), _example()]

    answer = client.predict(predict_request_of("serving_default", examples=examples))
    assert answer["score"].tolist() == [6.0 + 1 + 1, 1.0]
    assert answer["name"].tolist() == [b"n", b""]


def test_tensors_of_all_types_come_back(client, predict_request_of):
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
    request = predict_request_of("echo")
    for alias, array in arrays.items():
        encode(array, request.inputs[alias])

    answer = client.predict(request)
    assert set(answer) == set(arrays)
    for alias, array in arrays.items():
        assert answer[alias].dtype == array.dtype
        np.testing.assert_array_equal(answer[alias], array)


def test_other_shapes_are_rejected(client, predict_request_of, rejection):
    """Some operations end the process where they get another rank."""
    for alias, values in (
        ("price", [[1.0]]),
        ("price", 1.0),
        ("tags", [b"x"]),
        ("tags", [[[b"x"]]]),
    ):
        request = predict_request_of(**{alias: values})
        code, details = rejection(client.predictions.Predict, request)
        assert code == "INVALID_ARGUMENT"
        assert alias in details
        assert "[-1" in details


def test_columns_of_different_length_are_rejected(
    client, predict_request_of, rejection
):
    request = predict_request_of(price=[1.0, 2.0, 3.0], tags=[[b""]] * 2)

    assert rejection(client.predictions.Predict, request)[0] == "INVALID_ARGUMENT"


def test_a_signature_of_another_method_is_rejected(
    client, predict_request_of, rejection
):
    request = predict_request_of("__saved_model_init_op")

    code, details = rejection(client.predictions.Predict, request)
    assert code == "INTERNAL"
    assert "method_name" in details
