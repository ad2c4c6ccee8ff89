"""Single values as JSON has them, in TensorFlow Serving's REST interface."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

import grpc
import numpy as np
from tensorflow.core.framework import types_pb2

from serving.server.codec import type_name
from serving.server.status import StatusError, invalid_argument

_BASE64 = "b64"


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a request is.

    Raises:
      StatusError: It is none.
    """
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid_argument(f"JSON Parse error: {error}") from error
    if not isinstance(parsed, dict):
        raise invalid_argument(f"JSON Value: {shown(parsed)} Is not object")
    return parsed


def is_base64(value: Any) -> bool:
    """Whether a value stands for bytes: `{"b64": ...}`."""
    return (
        isinstance(value, dict)
        and value.keys() == {_BASE64}
        and isinstance(value[_BASE64], str)
    )


_INTEGERS: Mapping[int, tuple[str, type[np.integer[Any]]]] = {
    types_pb2.DT_INT8: ("int_val", np.int8),
    types_pb2.DT_INT16: ("int_val", np.int16),
    types_pb2.DT_INT32: ("int_val", np.int32),
    types_pb2.DT_UINT8: ("int_val", np.uint8),
    types_pb2.DT_INT64: ("int64_val", np.int64),
    types_pb2.DT_UINT32: ("uint32_val", np.uint32),
    types_pb2.DT_UINT64: ("uint64_val", np.uint64),
}
_DECIMALS: Mapping[int, tuple[str, type[np.floating[Any]]]] = {
    types_pb2.DT_FLOAT: ("float_val", np.float32),
    types_pb2.DT_DOUBLE: ("double_val", np.float64),
}


def field_of(dtype: int) -> tuple[str, Callable[[str, Any], Any]]:
    """The field of a tensor that has values of a type, and what makes one."""
    if dtype in _INTEGERS:
        field, integer = _INTEGERS[dtype]
        bounds = np.iinfo(integer)
        return field, lambda alias, value: _as_integer(alias, value, bounds)
    if dtype in _DECIMALS:
        field, decimal = _DECIMALS[dtype]
        return field, lambda alias, value: as_decimal(alias, value, np.finfo(decimal))
    if dtype == types_pb2.DT_STRING:
        return "string_val", as_bytes
    if dtype == types_pb2.DT_BOOL:
        return "bool_val", _as_bool
    raise StatusError(
        grpc.StatusCode.UNIMPLEMENTED,
        f"Conversion of JSON Value to type: {type_name(dtype)}",
    )


def _as_integer(alias: str, value: Any, bounds: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _type_error(alias, value, bounds.dtype)
    if not bounds.min <= value <= bounds.max:
        raise _type_error(alias, value, bounds.dtype)
    return value


def as_decimal(alias: str, value: Any, bounds: Any) -> float:
    """A number within the bounds of a type, as `np.finfo` has them."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _type_error(alias, value, bounds.dtype)
    # Whole numbers are told apart only up to as many bits as the type has.
    exact = abs(value) < 2 ** (bounds.nmant + 1)
    finite = -float(bounds.max) <= value <= float(bounds.max)
    if not (exact if isinstance(value, int) else finite or not np.isfinite(value)):
        raise invalid_argument(
            f"{alias}: Cannot convert JSON value: {shown(value)} to {bounds.dtype} "
            "without loss of precision."
        )
    return value


def _as_bool(alias: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _type_error(alias, value, "bool")
    return value


def as_bytes(alias: str, value: Any) -> bytes:
    """A text, or what stands for bytes."""
    if isinstance(value, str):
        return _encoded(value)
    if is_base64(value):
        return _decoded(value)
    raise _type_error(alias, value, "string")


def _encoded(text: str) -> bytes:
    """The bytes of a text; JSON may escape halves of characters."""
    return text.encode("utf-8", errors="replace")


def _decoded(value: Mapping[str, str]) -> bytes:
    try:
        return base64.b64decode(value[_BASE64], validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid_argument("Unable to base64 decode") from error


def _type_error(alias: str, value: Any, dtype: Any) -> StatusError:
    return invalid_argument(
        f"{alias}: JSON Value: {shown(value)} Type: {type(value).__name__} is not of "
        f"expected type: {dtype}"
    )


def as_text(value: bytes) -> str:
    """Bytes as text, whatever they are."""
    return value.decode("utf-8", errors="replace")


def shortest(value: np.floating[Any]) -> float:
    """The number of fewest digits that stands for a value of few bits.

    That is what people expect to read: 0.2, and not the double next to the float.
    """
    return float(str(value))


def as_base64(value: bytes) -> dict[str, str]:
    """What stands for bytes."""
    return {_BASE64: base64.b64encode(value).decode()}


def shown(value: Any) -> str:
    """A value in an error."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
