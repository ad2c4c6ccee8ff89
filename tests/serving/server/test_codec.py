"""Tensors as messages, and back."""

from __future__ import annotations

import grpc
import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from tensorflow.core.framework import tensor_pb2, types_pb2

from serving.server.codec import decode, encode
from serving.server.status import StatusError

MANY = 2**20
NUMBERS = [
    *(np.float16, np.float32, np.float64, np.complex64, np.complex128, np.bool_),
    *(np.int8, np.int16, np.int32, np.int64),
    *(np.uint8, np.uint16, np.uint32, np.uint64),
]
SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


@st.composite
def numbers(draw):
    return draw(arrays.arrays(draw(st.sampled_from(NUMBERS)), draw(SHAPES)))


@st.composite
def strings(draw):
    return draw(arrays.arrays(object, draw(SHAPES), elements=st.binary(max_size=300)))


def _tensor(dtype, shape, **fields):
    proto = tensor_pb2.TensorProto(dtype=dtype, **fields)
    for size in shape:
        proto.tensor_shape.dim.add().size = size
    return proto


def _unknown_rank():
    proto = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, float_val=[1.0])
    proto.tensor_shape.unknown_rank = True
    return proto


def _encoded(array):
    proto = tensor_pb2.TensorProto()
    encode(array, proto)
    return proto


def _decoded(proto):
    return decode("x", proto, MANY)


def _rejection(proto, max_bytes=MANY):
    with pytest.raises(StatusError) as caught:
        decode("price", proto, max_bytes)
    return caught.value.code, caught.value.details


@given(numbers() | strings())
def test_tensors_are_read_and_written_as_by_tensorflow(array):
    decoded = _decoded(_encoded(array))

    assert decoded.dtype == array.dtype
    np.testing.assert_array_equal(decoded, array)
    np.testing.assert_array_equal(tf.make_ndarray(_encoded(array)), array)
    np.testing.assert_array_equal(_decoded(tf.make_tensor_proto(array)), array)


def test_floats_are_written_to_the_typed_field():
    proto = _encoded(np.array([[0.5], [2.0]], np.float32))

    assert list(proto.float_val) == [0.5, 2.0]
    assert proto.tensor_content == b""
    assert [dim.size for dim in proto.tensor_shape.dim] == [2, 1]


@pytest.mark.parametrize(
    ("proto", "expected"),
    [
        # The last element stands for those that are missing.
        (_tensor("DT_FLOAT", [2, 2], float_val=[1.0, 7.0]), [[1.0, 7.0], [7.0, 7.0]]),
        (
            _tensor("DT_COMPLEX64", [3], scomplex_val=[1.0, 2.0, 3.0, 4.0]),
            [1 + 2j, 3 + 4j, 3 + 4j],
        ),
        # Without any they are zeros.
        (_tensor("DT_INT64", [2]), [0, 0]),
        (_tensor("DT_STRING", [2]), [b"", b""]),
        # What is too much is ignored.
        (_tensor("DT_INT32", [2], int_val=[1, 2, 3]), [1, 2]),
    ],
    ids=["last", "last complex", "zeros", "empty strings", "too much"],
)
def test_elements_that_are_missing_or_too_many(proto, expected):
    assert _decoded(proto).tolist() == expected


def test_strings_may_come_as_content():
    """The lengths of all, seven bits a byte, then the strings."""
    long = b"x" * 200
    content = b"\x02\x00\xc8\x01" + b"ab" + long

    proto = _tensor(types_pb2.DT_STRING, [3], tensor_content=content)
    assert _decoded(proto).tolist() == [b"ab", b"", long]


@pytest.mark.parametrize(
    ("proto", "named"),
    [
        (_tensor("DT_FLOAT", [2], tensor_content=b"123"), "3 bytes"),
        (_tensor("DT_FLOAT", [-1], float_val=[1.0]), "[-1]"),
        (_tensor("DT_FLOAT", [2**40, 2**40]), str(2**40)),
        (_tensor("DT_FLOAT", [1] * 33, float_val=[1.0]), "33"),
        (_tensor("DT_RESOURCE", [1]), "resource"),
        (_tensor("DT_INVALID", [1]), "invalid"),
        (_tensor(999, [1]), "999"),
        (_unknown_rank(), "rank"),
        # Strings as content: too short, too long, a length without an end, and fewer
        # than announced.
        *(
            (_tensor("DT_STRING", [1], tensor_content=content), "price")
            for content in (b"\x05ab", b"\x01ab", b"\xff" * 6, b"\x01")
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_malformed_tensor_is_rejected(proto, named):
    code, details = _rejection(proto)

    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert named in details


def test_a_short_message_cannot_allocate_much_memory():
    proto = _tensor(types_pb2.DT_FLOAT, [2**40], float_val=[1.0])

    code, details = _rejection(proto, max_bytes=1000)
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "1000 bytes" in details
    assert _decoded(_tensor(types_pb2.DT_FLOAT, [0, 2**40])).shape == (0, 2**40)


@given(st.binary(max_size=60), st.sampled_from(list(types_pb2.DataType.values())))
def test_any_content_of_any_type_is_decoded_or_rejection(content, dtype):
    proto = _tensor(dtype, [3], tensor_content=content)

    try:
        decoded = _decoded(proto)
    except StatusError as error:
        if error.code != grpc.StatusCode.INVALID_ARGUMENT:
            raise
    else:
        assert decoded.shape == (3,)
