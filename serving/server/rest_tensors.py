"""Tensors as JSON has them, in TensorFlow Serving's REST interface."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from tensorflow.core.framework import tensor_pb2

from serving.server.codec import MAX_RANK, Array
from serving.server.rest_values import (
    as_base64,
    as_text,
    field_of,
    is_base64,
    shortest,
    shown,
)
from serving.server.signature import Endpoint
from serving.server.status import invalid_argument

# Outputs so named are bytes, others text.
_BYTES_SUFFIX = "_bytes"


def read_inputs(
    request: Mapping[str, Any], endpoints: Mapping[str, Endpoint]
) -> dict[str, tensor_pb2.TensorProto]:
    """The tensors of a Predict request.

    Args:
      request: With `instances`, a list of rows, or `inputs`, columns by name.
      endpoints: The inputs of the signature.

    Raises:
      StatusError: The request has neither or both, or they do not fit the inputs.
    """
    if not endpoints:
        raise invalid_argument("Failed to get input map for signature")
    if "instances" in request and "inputs" in request:
        raise invalid_argument(
            "Not formatted correctly expecting only one of 'inputs' or 'instances' "
            "keys to exist"
        )
    if "instances" in request:
        columns = _columns_of(request["instances"], endpoints)
    elif "inputs" in request:
        columns = _named(request["inputs"], endpoints)
    else:
        raise invalid_argument("Missing 'inputs' or 'instances' key")
    return {
        alias: _tensor(alias, value, endpoints[alias].dtype)
        for alias, value in columns.items()
    }


def predictions(outputs: Mapping[str, Array]) -> list[Any]:
    """Outputs by row; a single output goes without its name.

    Raises:
      StatusError: They do not have the same number of rows.
    """
    for alias, output in outputs.items():
        if not output.ndim:
            raise invalid_argument(f"Tensor name: {alias} has no shape information")
    sizes = {alias: len(output) for alias, output in outputs.items()}
    if len(set(sizes.values())) > 1:
        raise invalid_argument(f"Tensors have inconsistent batch size: {sizes}")
    columns = {alias: plain(alias, output) for alias, output in outputs.items()}
    if len(columns) == 1:
        (column,) = columns.values()
        return list(column)
    return [
        dict(zip(columns, row, strict=True))
        for row in zip(*columns.values(), strict=True)
    ]


def plain(alias: str, array: Array) -> Any:
    """An array as nested lists."""
    if array.dtype.hasobject:
        show: Callable[[bytes], Any] = (
            as_base64 if alias.endswith(_BYTES_SUFFIX) else as_text
        )
        strings = np.empty(array.size, object)
        strings[:] = [show(each) for each in array.ravel()]
        return strings.reshape(array.shape).tolist()
    if array.dtype.kind in "fV" and array.dtype != np.float64:
        short = [shortest(each) for each in array.ravel()]
        return np.array(short, np.float64).reshape(array.shape).tolist()
    return array.tolist()


def _columns_of(rows: Any, endpoints: Mapping[str, Endpoint]) -> dict[str, list[Any]]:
    """Columns of a list of rows."""
    if not isinstance(rows, list):
        raise invalid_argument("Excepting 'instances' to be an list/array")
    if not rows:
        raise invalid_argument("No values in 'instances' array")
    if not _is_named(rows[0]):
        if len(endpoints) > 1:
            raise invalid_argument(
                "instances is a plain list, but expecting list of objects as multiple "
                "input tensors required as per tensorinfo_map"
            )
        for place, row in enumerate(rows):
            if _is_named(row):
                raise invalid_argument(
                    f"Expecting value/list but got object at item {place} of input list"
                )
        return {next(iter(endpoints)): rows}
    for place, row in enumerate(rows):
        if not _is_named(row):
            raise invalid_argument(
                f"Expecting object but got list at item {place} of input list"
            )
        if row.keys() != endpoints.keys():
            raise invalid_argument(
                f"Failed to process element: {place} of 'instances' list. JSON object "
                f"keys must be equal to: {','.join(endpoints)}"
            )
    return {alias: [row[alias] for row in rows] for alias in endpoints}


def _named(inputs: Any, endpoints: Mapping[str, Endpoint]) -> dict[str, Any]:
    """Columns by name; the only input may go without its name."""
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
    return isinstance(value, dict) and not is_base64(value)


def _tensor(alias: str, value: Any, dtype: int) -> tensor_pb2.TensorProto:
    tensor = tensor_pb2.TensorProto(dtype=dtype)
    shape: list[int] = []
    level = value
    while isinstance(level, list):
        shape.append(len(level))
        level = level[0] if level else None
    if len(shape) > MAX_RANK:
        raise invalid_argument(f"{alias}: lists are nested more than {MAX_RANK} deep")
    for size in shape:
        tensor.tensor_shape.dim.add().size = size
    field, check = field_of(dtype)
    leaves = list(_leaves(alias, value, shape))
    getattr(tensor, field).extend([check(alias, leaf) for leaf in leaves])
    return tensor


def _leaves(alias: str, value: Any, shape: list[int]) -> Iterator[Any]:
    """The values of nested lists, which must all be as long as the first."""
    if not shape:
        if isinstance(value, list):
            raise invalid_argument(f"{alias}: Encountered list at unexpected level")
        yield value
        return
    if not isinstance(value, list) or len(value) != shape[0]:
        raise invalid_argument(
            f"{alias}: Encountered {shown(value)} where a list of expected size "
            f"{shape[0]} should be"
        )
    for each in value:
        yield from _leaves(alias, each, shape[1:])
