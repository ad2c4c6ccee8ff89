"""Examples as JSON has them, in TensorFlow Serving's REST interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import input_pb2

from serving.server.rest_values import as_bytes, as_decimal, is_base64, shown
from serving.server.status import invalid_argument


def read_examples(request: Mapping[str, Any]) -> input_pb2.Input:
    """The examples of a Classify or Regress request.

    Raises:
      StatusError: They are missing, or malformed.
    """
    examples = request.get("examples")
    if not isinstance(examples, list):
        raise invalid_argument("Expecting 'examples' value to be an list/array")
    if not examples:
        raise invalid_argument("'examples' value is an empty array")
    read = input_pb2.Input()
    if "context" in request:
        together = read.example_list_with_context
        together.context.CopyFrom(_example(request["context"]))
        together.examples.extend(map(_example, examples))
    else:
        read.example_list.examples.extend(map(_example, examples))
    return read


def _example(value: Any) -> tf.train.Example:
    """An example; the kind of a feature is the type of its values."""
    if not isinstance(value, dict):
        raise invalid_argument(f"Example must be JSON object but got {shown(value)}")
    example = tf.train.Example()
    for name, content in value.items():
        values = content if isinstance(content, list) else [content]
        feature = example.features.feature[name]
        for each in values:
            _append(name, feature, each)
    return example


def _append(name: str, feature: tf.train.Feature, value: Any) -> None:
    element: int | float | bytes
    if isinstance(value, int):
        field, element = "int64_list", int(value)
        if not -(2**63) <= element < 2**63:
            raise invalid_argument(
                f"Feature: {name} has uint64 element. Only int64 is supported."
            )
    elif isinstance(value, float):
        field, element = "float_list", as_decimal(name, value, np.finfo(np.float32))
    elif isinstance(value, str) or is_base64(value):
        field, element = "bytes_list", as_bytes(name, value)
    else:
        raise invalid_argument(
            f"Feature: {name} has element with unexpected JSON type: {shown(value)}"
        )
    if feature.WhichOneof("kind") not in (None, field):
        raise invalid_argument(
            f"Unexpected element type in feature: {name} expecting type: "
            f"{feature.WhichOneof('kind')}"
        )
    getattr(feature, field).value.append(element)
