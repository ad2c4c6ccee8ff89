"""Requests from columns, and predictions from responses.

Tensors are written as bytes directly: building them through NumPy and
`make_tensor_proto` takes five times as long.
"""

from __future__ import annotations

import itertools
import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import grpc

from config.signatures import EXAMPLES, PROBABILITY
from serving.client import messages
from serving.client.columns import Columns
from serving.client.errors import ServerError
from serving.client.features import (
    METADATA,
    SIGNATURES,
    Feature,
    Signature,
)
from serving.client.target import Target


def metadata_request(target: Target) -> Any:
    """Asks what a model takes."""
    return messages.GetModelMetadataRequest(
        model_spec=target.spec(), metadata_field=[METADATA]
    )


def status_request(target: Target) -> Any:
    """Asks which versions of a model are loaded."""
    return messages.GetModelStatusRequest(model_spec=target.spec())


def predict_request(target: Target, signature: Signature, columns: Columns) -> Any:
    """Asks for the probabilities of a batch."""
    request = messages.PredictRequest(
        model_spec=target.spec(SIGNATURES[signature]), output_filter=[PROBABILITY]
    )
    _WRITERS[signature](request.inputs, columns)
    return request


def probabilities(response: Any, size: int) -> list[float]:
    """The probabilities in a PredictResponse.

    Args:
      response: The response.
      size: How many there must be.

    Raises:
      ServerError: There are not.
    """
    tensor = response.outputs[PROBABILITY]
    found = array("f", tensor.tensor_content or tensor.float_val).tolist()
    if tensor.dtype != messages.DT_FLOAT or len(found) != size:
        raise ServerError(
            f"model {response.model_spec.name!r}: got {len(found)} probabilities of "
            f"TensorFlow's type {tensor.dtype} for {size} rows; serve a model that "
            "this pipeline exported",
            grpc.StatusCode.INTERNAL,
        )
    return found


def _write_tensors(inputs: Any, columns: Columns) -> None:
    for feature, values in columns.values.items():
        tensor = inputs[feature.name]
        tensor.tensor_shape.dim.add(size=columns.size)
        if not feature.is_text:
            tensor.dtype = messages.DT_FLOAT
            tensor.tensor_content = array("f", values).tobytes()
            continue
        tensor.dtype = messages.DT_STRING
        if feature.many:
            values, width = _padded(values)
            tensor.tensor_shape.dim.add(size=width)
        tensor.string_val.extend(values)


def _padded(rows: Sequence[Sequence[bytes]]) -> tuple[list[bytes], int]:
    """All values in rows of one width, and the width; an empty one is missing.

    Each row starts with an empty one: where TensorFlow Serving computes requests of
    different widths together, it fills up with the first element of each.
    """
    width = max(map(len, rows), default=0) + 1
    padded = ([*[b""] * (width - len(texts)), *texts] for texts in rows)
    return list(itertools.chain.from_iterable(padded)), width


def _write_examples(inputs: Any, columns: Columns) -> None:
    tensor = inputs[EXAMPLES]
    tensor.dtype = messages.DT_STRING
    tensor.tensor_shape.dim.add(size=columns.size)
    examples = [messages.Example() for _ in range(columns.size)]
    maps = [example.features.feature for example in examples]
    for feature, values in columns.values.items():
        _write_feature(maps, feature, values)
    tensor.string_val.extend(example.SerializeToString() for example in examples)


def _write_feature(
    maps: Sequence[Any], feature: Feature, values: Sequence[Any]
) -> None:
    """Adds a feature to the examples; where it is missing, it is absent."""
    name = feature.name
    for features, value in zip(maps, values, strict=True):
        if not feature.is_text:
            if not math.isnan(value):
                features[name].float_list.value.append(value)
        elif value:
            texts = value if feature.many else (value,)
            features[name].bytes_list.value.extend(texts)


_WRITERS: Mapping[Signature, Callable[[Any, Columns], None]] = {
    "examples": _write_examples,
    "tensors": _write_tensors,
}
