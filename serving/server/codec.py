"""Conversion of tensors between messages and arrays.

The types that models use most are converted here, since `tf.make_ndarray` takes
several times as long. TensorFlow itself, whose rules are TensorFlow Serving's, parses
all others, strings in `tensor_content`, and tensors whose last element fills missing
ones.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2

from serving.server.status import invalid_argument, resource_exhausted

Array = npt.NDArray[Any]

# Maximum rank of arrays in NumPy 1; TensorFlow allows more.
MAX_RANK = 32

# Typed field of each type.
_FIELDS = {
    types_pb2.DT_FLOAT: "float_val",
    types_pb2.DT_DOUBLE: "double_val",
    types_pb2.DT_INT32: "int_val",
    types_pb2.DT_INT16: "int_val",
    types_pb2.DT_INT8: "int_val",
    types_pb2.DT_UINT16: "int_val",
    types_pb2.DT_UINT8: "int_val",
    types_pb2.DT_INT64: "int64_val",
    types_pb2.DT_UINT32: "uint32_val",
    types_pb2.DT_UINT64: "uint64_val",
    types_pb2.DT_BOOL: "bool_val",
    types_pb2.DT_STRING: "string_val",
    types_pb2.DT_HALF: "half_val",
    types_pb2.DT_BFLOAT16: "half_val",
    types_pb2.DT_COMPLEX64: "scomplex_val",
    types_pb2.DT_COMPLEX128: "dcomplex_val",
}
# Type of the array of each type.
DTYPES = {
    number: np.dtype(tf.dtypes.as_dtype(number).as_numpy_dtype) for number in _FIELDS
}
_TYPES = {dtype: number for number, dtype in DTYPES.items()}
# Fields that are encoded like the array.
_FIXED_WIDTH = ("float_val", "double_val", "scomplex_val", "dcomplex_val")
# Number of the field, and 2 for a length and bytes.
_TAGS = {
    field: bytes(
        [tensor_pb2.TensorProto.DESCRIPTOR.fields_by_name[field].number << 3 | 2]
    )
    for field in _FIXED_WIDTH
}
# Fields whose elements are those of the array, read here.
_DIRECT = {
    *("float_val", "double_val", "int64_val", "uint32_val", "uint64_val"),
    *("bool_val", "string_val"),
}


def type_name(dtype: int) -> str:
    """Returns the name of a type in messages of TensorFlow: `float`, `string`."""
    if dtype not in types_pb2.DataType.values():
        return f"unknown type {dtype}"
    return types_pb2.DataType.Name(dtype).removeprefix("DT_").lower()


def decode(
    name: str, proto: tensor_pb2.TensorProto, max_bytes: int = sys.maxsize
) -> Array:
    """Converts a tensor to an array.

    Args:
      name: Name of the tensor in errors.
      max_bytes: Maximum size of an array with more elements than the message.

    Raises:
      StatusError: The message is malformed, or the array too large.
    """
    dtype = DTYPES.get(proto.dtype)
    if dtype is None:
        raise _malformed(name, f"elements of {type_name(proto.dtype)}")
    shape, count = _shape(name, proto)
    content = proto.tensor_content
    if content and not dtype.hasobject:
        if len(content) != count * dtype.itemsize:
            raise _malformed(
                name,
                f"tensor_content has {len(content)} bytes; expected {count} elements "
                f"of {dtype.itemsize}",
            )
        return np.frombuffer(content, dtype).reshape(shape)
    field = _FIELDS[proto.dtype]
    if not content and (field in _DIRECT or proto.dtype == types_pb2.DT_INT32):
        values = getattr(proto, field)
        if len(values) == count:
            return as_array(values[:], dtype).reshape(shape)
    if count * dtype.itemsize > max_bytes:
        raise resource_exhausted(
            f"{name}: {count} elements are more than the {max_bytes} bytes allowed"
        )
    try:
        parsed = tf.io.parse_tensor(proto.SerializeToString(), proto.dtype).numpy()
    except tf.errors.InvalidArgumentError as error:
        raise _malformed(name, f"elements of {type_name(proto.dtype)}") from error
    return np.asarray(parsed, dtype)


def encode(array: Array, proto: tensor_pb2.TensorProto) -> None:
    """Writes an array to the typed field of a tensor, like TensorFlow Serving."""
    proto.dtype = _TYPES[array.dtype]
    for size in array.shape:
        proto.tensor_shape.dim.add().size = size
    field = _FIELDS[proto.dtype]
    flat = array.ravel()
    if field not in _FIXED_WIDTH:
        values = flat.view(np.uint16) if field == "half_val" else flat
        getattr(proto, field).extend(values.tolist())
    elif flat.size:
        # Appending to the field takes 40 times as long. Only the tag distinguishes its
        # encoding from that of a field of bytes.
        content = tensor_pb2.TensorProto(tensor_content=flat.tobytes())
        proto.MergeFromString(_TAGS[field] + content.SerializeToString()[1:])


def as_array(values: list[Any], dtype: np.dtype[Any]) -> Array:
    """Returns a vector; NumPy itself would cut trailing zeros of strings."""
    array = np.empty(len(values), dtype)
    array[:] = values
    return array


def _shape(name: str, proto: tensor_pb2.TensorProto) -> tuple[tuple[int, ...], int]:
    """Returns the shape of a tensor and its number of elements."""
    if proto.tensor_shape.unknown_rank:
        raise _malformed(name, "the rank is unknown")
    shape = tuple([dim.size for dim in proto.tensor_shape.dim])
    if len(shape) > MAX_RANK:
        raise _malformed(name, f"{len(shape)} dimensions; at most {MAX_RANK}")
    if shape and min(shape) < 0:
        raise _malformed(name, f"shape {list(shape)}")
    count = math.prod(shape)
    if count > sys.maxsize:
        raise _malformed(name, f"shape {list(shape)} overflows")
    return shape, count


def _malformed(name: str, reason: str) -> Exception:
    return invalid_argument(f"tensor parsing error: {name}: {reason}")
