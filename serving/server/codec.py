"""Conversion of tensors between messages and arrays.

`tf.make_ndarray` and `tf.make_tensor_proto` take several times as long and accept other
messages than TensorFlow Serving, whose rules are those of `Tensor::FromProto`:
`tensor_content` has all elements; in typed fields such as `float_val` the last element
fills missing ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2

from serving.server.status import invalid_argument, resource_exhausted

Array = npt.NDArray[Any]

# Maximum rank of arrays in NumPy 1; TensorFlow allows more.
MAX_RANK = 32
_MAX_COUNT = 2**63 - 1
# Fields that are encoded like the array.
_FIXED_WIDTH = ("float_val", "double_val", "scomplex_val", "dcomplex_val")
_LENGTH_DELIMITED = 2


class _Kind(NamedTuple):
    """Representation of a type in messages.

    Attributes:
      dtype: Type of the array.
      field: Name of the typed field.
      kept: Type of the elements of the field; a complex number has two of them.
    """

    dtype: np.dtype[Any]
    field: str
    kept: np.dtype[Any]


def _kind(dtype: Any, field: str, kept: Any = None) -> _Kind:
    return _Kind(np.dtype(dtype), field, np.dtype(dtype if kept is None else kept))


_KINDS = {
    types_pb2.DT_FLOAT: _kind(np.float32, "float_val"),
    types_pb2.DT_DOUBLE: _kind(np.float64, "double_val"),
    types_pb2.DT_INT32: _kind(np.int32, "int_val"),
    types_pb2.DT_INT16: _kind(np.int16, "int_val", np.int32),
    types_pb2.DT_INT8: _kind(np.int8, "int_val", np.int32),
    types_pb2.DT_UINT16: _kind(np.uint16, "int_val", np.int32),
    types_pb2.DT_UINT8: _kind(np.uint8, "int_val", np.int32),
    types_pb2.DT_INT64: _kind(np.int64, "int64_val"),
    types_pb2.DT_UINT32: _kind(np.uint32, "uint32_val"),
    types_pb2.DT_UINT64: _kind(np.uint64, "uint64_val"),
    types_pb2.DT_BOOL: _kind(np.bool_, "bool_val"),
    types_pb2.DT_STRING: _kind(np.object_, "string_val"),
    types_pb2.DT_HALF: _kind(np.float16, "half_val", np.uint16),
    types_pb2.DT_BFLOAT16: _kind(tf.bfloat16.as_numpy_dtype, "half_val", np.uint16),
    types_pb2.DT_COMPLEX64: _kind(np.complex64, "scomplex_val", np.float32),
    types_pb2.DT_COMPLEX128: _kind(np.complex128, "dcomplex_val", np.float64),
}
_TYPES = {kind.dtype: number for number, kind in _KINDS.items()}


def type_name(dtype: int) -> str:
    """Returns the name of a type in messages of TensorFlow: `float`, `string`."""
    if dtype not in types_pb2.DataType.values():
        return f"unknown type {dtype}"
    return types_pb2.DataType.Name(dtype).removeprefix("DT_").lower()


def decode(name: str, proto: tensor_pb2.TensorProto, max_bytes: int) -> Array:
    """Converts a tensor to an array.

    Args:
      name: Name of the tensor in errors.
      max_bytes: Maximum size of an array whose last element is repeated.

    Raises:
      StatusError: The message is malformed, or the array too large.
    """
    kind = _KINDS.get(proto.dtype)
    if kind is None:
        raise _malformed(name, f"elements of {type_name(proto.dtype)}")
    shape, count = _shape(name, proto)
    content = proto.tensor_content
    if content:
        return _from_content(name, kind, content, count).reshape(shape)
    values = getattr(proto, kind.field)
    # Two numbers make one complex element.
    wanted = count * (2 if kind.dtype.kind == "c" else 1)
    if len(values) == wanted:
        return _as_array(kind, values[:]).reshape(shape)
    if count * kind.dtype.itemsize > max_bytes:
        raise resource_exhausted(
            f"{name}: {count} elements are more than the {max_bytes} bytes allowed"
        )
    return _as_array(kind, _completed(kind, values[:wanted], wanted)).reshape(shape)


def encode(array: Array, proto: tensor_pb2.TensorProto) -> None:
    """Writes an array to the typed field of a tensor, like TensorFlow Serving."""
    proto.dtype = _TYPES[array.dtype]
    for size in array.shape:
        proto.tensor_shape.dim.add().size = size
    kind = _KINDS[proto.dtype]
    flat = array.ravel()
    if kind.field in _FIXED_WIDTH:
        # Appending to the field takes 40 times as long.
        proto.MergeFromString(_field(kind.field, flat.tobytes()))
    else:
        values = flat.view(kind.kept) if kind.field == "half_val" else flat
        getattr(proto, kind.field).extend(values.tolist())


def _field(name: str, content: bytes) -> bytes:
    """Encodes a field of a tensor."""
    number = tensor_pb2.TensorProto.DESCRIPTOR.fields_by_name[name].number
    head = bytearray([number << 3 | _LENGTH_DELIMITED])
    length = len(content)
    while length > 0x7F:
        head.append(length & 0x7F | 0x80)
        length >>= 7
    head.append(length)
    return bytes(head) + content


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
    if count > _MAX_COUNT:
        raise _malformed(name, f"shape {list(shape)} overflows")
    return shape, count


def _from_content(name: str, kind: _Kind, content: bytes, count: int) -> Array:
    if kind.dtype.hasobject:
        return _strings(name, content, count)
    if len(content) != count * kind.dtype.itemsize:
        raise _malformed(
            name,
            f"tensor_content has {len(content)} bytes; expected {count} elements of "
            f"{kind.dtype.itemsize}",
        )
    return np.frombuffer(content, kind.dtype)


def _strings(name: str, content: bytes, count: int) -> Array:
    """Reads the lengths of all strings as varints, then the strings."""
    if count > len(content):
        raise _malformed(name, "tensor_content ends before the last string")
    read_length = _lengths(name, content)
    position, lengths = 0, []
    for _ in range(count):
        length, position = read_length(position)
        lengths.append(length)
    if position + sum(lengths) != len(content):
        raise _malformed(name, "tensor_content does not match its string lengths")
    array = np.empty(count, object)
    for index, length in enumerate(lengths):
        array[index] = content[position : position + length]
        position += length
    return array


def _lengths(name: str, content: bytes) -> Callable[[int], tuple[int, int]]:
    """Returns a reader of the varint at a position; it also returns the next one."""

    def read(position: int) -> tuple[int, int]:
        length, shift = 0, 0
        while position < len(content) and shift < 35:
            byte = content[position]
            position += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return length, position
        raise _malformed(name, "tensor_content has a broken string length")

    return read


def _completed(kind: _Kind, values: list[Any], wanted: int) -> list[Any]:
    """Fills missing values with the last element, which may be two numbers."""
    step = 2 if kind.dtype.kind == "c" else 1
    last = values[-step:] or [b"" if kind.dtype.hasobject else 0] * step
    return values + last * ((wanted - len(values)) // step)


def _as_array(kind: _Kind, values: list[Any]) -> Array:
    if kind.dtype.hasobject:
        array = np.empty(len(values), object)
        array[:] = values
        return array
    if kind.field == "half_val":
        return np.array(values, np.int32).astype(np.uint16).view(kind.dtype)
    kept = np.array(values, kind.kept)
    return kept.view(kind.dtype) if kind.dtype.kind == "c" else kept.astype(kind.dtype)


def _malformed(name: str, reason: str) -> Exception:
    return invalid_argument(f"tensor parsing error: {name}: {reason}")
