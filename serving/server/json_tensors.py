"""Conversion of tensors from and to the JSON of TensorFlow Serving's REST API."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from tensorflow.core.framework import tensor_pb2

from serving.server.codec import (
    DTYPES,
    MAX_RANK,
    Array,
    as_array,
    encode,
    type_name,
)
from serving.server.signature import Endpoint
from serving.server.status import StatusError, invalid_argument, unimplemented

# Bytes are `{"b64": ...}`; in outputs only if their name has the suffix.
_BASE64 = "b64"
_BYTES_SUFFIX = "_bytes"


def parse_object(body: bytes) -> dict[str, Any]:
    """Parses the body of a request to a JSON object.

    Raises:
      StatusError: The body is not JSON, or not an object.
    """
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid_argument(f"JSON Parse error: {error}") from error
    if not isinstance(parsed, dict):
        raise invalid_argument(f"JSON Value: {_shown(parsed)} Is not object")
    return parsed


def read_inputs(
    request: Mapping[str, Any], endpoints: Mapping[str, Endpoint]
) -> dict[str, tensor_pb2.TensorProto]:
    """Returns the input tensors of a request by name.

    Args:
      request: An object with `instances`, a list of rows, or `inputs`, columns by name.
      endpoints: The inputs of the signature.

    Raises:
      StatusError: The request has neither or both, or does not match the signature.
    """
    if not endpoints:
        raise invalid_argument("Failed to get input map for signature")
    if "instances" in request and "inputs" in request:
        raise invalid_argument(
            "Not formatted correctly expecting only one of 'inputs' or 'instances' "
            "keys to exist"
        )
    if "instances" in request:
        columns = _from_rows(request["instances"], endpoints)
    elif "inputs" in request:
        columns = _from_columns(request["inputs"], endpoints)
    else:
        raise invalid_argument("Missing 'inputs' or 'instances' key")
    return {
        alias: _tensor(alias, value, endpoints[alias].dtype)
        for alias, value in columns.items()
    }


def to_rows(outputs: Mapping[str, Array]) -> list[Any]:
    """Converts outputs to rows; the values of a single output have no name.

    Raises:
      StatusError: The outputs differ in their number of rows.
    """
    for alias, output in outputs.items():
        if not output.ndim:
            raise invalid_argument(f"Tensor name: {alias} has no shape information")
    sizes = {alias: len(output) for alias, output in outputs.items()}
    if len(set(sizes.values())) > 1:
        raise invalid_argument(f"Tensors have inconsistent batch size: {sizes}")
    columns = to_columns(outputs)
    if len(outputs) == 1:
        return list(columns)
    rows = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def to_columns(outputs: Mapping[str, Array]) -> Any:
    """Converts outputs to columns by name; a single output has no name."""
    columns = {alias: to_json(alias, output) for alias, output in outputs.items()}
    return next(iter(columns.values())) if len(columns) == 1 else columns


def to_json(alias: str, array: Array) -> Any:
    """Converts an array to nested lists.

    Floats have the fewest digits that identify them: 0.2, not 0.20000000298023224.
    """
    flat = array.ravel()
    converted: list[Any]
    if array.dtype.hasobject and alias.endswith(_BYTES_SUFFIX):
        converted = [{_BASE64: base64.b64encode(each).decode()} for each in flat]
    elif array.dtype.hasobject:
        converted = [each.decode("utf-8", errors="replace") for each in flat]
    elif array.dtype.kind in "fV" and array.dtype != np.float64:
        converted = [float(str(each)) for each in flat]
    else:
        return array.tolist()
    return as_array(converted, np.dtype(object)).reshape(array.shape).tolist()


def _from_rows(rows: Any, endpoints: Mapping[str, Endpoint]) -> dict[str, list[Any]]:
    if not isinstance(rows, list):
        raise invalid_argument("Excepting 'instances' to be an list/array")
    if not rows:
        raise invalid_argument("No values in 'instances' array")
    named = _is_named(rows[0])
    if not named and len(endpoints) > 1:
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple "
            "input tensors required as per tensorinfo_map"
        )
    for index, row in enumerate(rows):
        if _is_named(row) != named:
            expected, got = ("object", "list") if named else ("value/list", "object")
            raise invalid_argument(
                f"Expecting {expected} but got {got} at item {index} of input list"
            )
        if named and row.keys() != endpoints.keys():
            raise invalid_argument(
                f"Failed to process element: {index} of 'instances' list. JSON object "
                f"keys must be equal to: {','.join(endpoints)}"
            )
    if not named:
        return {next(iter(endpoints)): rows}
    return {alias: [row[alias] for row in rows] for alias in endpoints}


def _from_columns(inputs: Any, endpoints: Mapping[str, Endpoint]) -> dict[str, Any]:
    if not _is_named(inputs):
        if len(endpoints) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple "
                "input tensors required as per tensorinfo_map"
            )
        return {next(iter(endpoints)): inputs}
    for alias in endpoints:
        if alias not in inputs:
            raise invalid_argument(f"Missing named input: {alias} in 'inputs' object.")
    return {alias: inputs[alias] for alias in endpoints}


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and not _is_base64(value)


def _is_base64(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {_BASE64}
        and isinstance(value[_BASE64], str)
    )


def _tensor(alias: str, value: Any, dtype: int) -> tensor_pb2.TensorProto:
    shape: list[int] = []
    level = value
    while isinstance(level, list):
        shape.append(len(level))
        level = level[0] if level else None
    if len(shape) > MAX_RANK:
        raise invalid_argument(f"{alias}: lists are nested more than {MAX_RANK} deep")
    convert = _converter(dtype)
    elements = [convert(alias, each) for each in _flatten(alias, value, shape)]
    tensor = tensor_pb2.TensorProto()
    encode(as_array(elements, DTYPES[dtype]).reshape(shape), tensor)
    return tensor


def _flatten(alias: str, value: Any, shape: list[int]) -> Iterator[Any]:
    """Yields the elements of nested lists, which must have the given shape."""
    if not shape:
        if isinstance(value, list):
            raise invalid_argument(f"{alias}: Encountered list at unexpected level")
        yield value
        return
    if not isinstance(value, list) or len(value) != shape[0]:
        raise invalid_argument(
            f"{alias}: Encountered {_shown(value)} where a list of expected size "
            f"{shape[0]} should be"
        )
    for each in value:
        yield from _flatten(alias, each, shape[1:])


def _converter(dtype: int) -> Callable[[str, Any], Any]:
    """Returns the converter of the values of a type: of a name and a value."""
    array_type = DTYPES.get(dtype, np.dtype(np.void))
    kind = array_type.kind
    if kind in "iu":
        return partial(_to_integer, np.iinfo(array_type))
    if kind == "f":
        return partial(_to_float, np.finfo(array_type))
    if kind == "O":
        return _to_bytes
    if kind == "b":
        return _to_bool
    raise unimplemented(f"Conversion of JSON Value to type: {type_name(dtype)}")


def _to_integer(bounds: Any, alias: str, value: Any) -> int:
    if type(value) is not int or not bounds.min <= value <= bounds.max:
        raise _type_error(alias, value, bounds.dtype)
    return value


def _to_float(bounds: Any, alias: str, value: Any) -> float:
    if type(value) not in (int, float):
        raise _type_error(alias, value, bounds.dtype)
    if type(value) is int:
        # Larger integers are not all representable.
        fits = abs(value) < 2 ** (bounds.nmant + 1)
    else:
        fits = not np.isfinite(value) or abs(value) <= float(bounds.max)
    if not fits:
        raise invalid_argument(
            f"{alias}: Cannot convert JSON value: {_shown(value)} to {bounds.dtype} "
            "without loss of precision."
        )
    return float(value)


def _to_bool(alias: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _type_error(alias, value, "bool")
    return value


def _to_bytes(alias: str, value: Any) -> bytes:
    if isinstance(value, str):
        # JSON can escape a surrogate without its other half.
        return value.encode("utf-8", errors="replace")
    if not _is_base64(value):
        raise _type_error(alias, value, "string")
    try:
        return base64.b64decode(value[_BASE64], validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid_argument("Unable to base64 decode") from error


def _type_error(alias: str, value: Any, dtype: Any) -> StatusError:
    return invalid_argument(
        f"{alias}: JSON Value: {_shown(value)} Type: {type(value).__name__} is not of "
        f"expected type: {dtype}"
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
