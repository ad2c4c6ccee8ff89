"""The messages are those of tensorflow-serving-api, and come without TensorFlow."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from google.protobuf import any_pb2, descriptor_pb2, wrappers_pb2
from tensorflow.core.example import example_pb2, feature_pb2
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    predict_pb2,
    status_pb2,
)

from serving.client import Client, messages

_ORIGINALS = [
    feature_pb2.BytesList,
    feature_pb2.FloatList,
    feature_pb2.Feature,
    feature_pb2.Features,
    example_pb2.Example,
    tensor_shape_pb2.TensorShapeProto,
    tensor_shape_pb2.TensorShapeProto.Dim,
    tensor_pb2.TensorProto,
    meta_graph_pb2.TensorInfo,
    meta_graph_pb2.SignatureDef,
    get_model_metadata_pb2.SignatureDefMap,
    wrappers_pb2.Int64Value,
    model_pb2.ModelSpec,
    predict_pb2.PredictRequest,
    predict_pb2.PredictResponse,
    get_model_metadata_pb2.GetModelMetadataRequest,
    any_pb2.Any,
    get_model_metadata_pb2.GetModelMetadataResponse,
    get_model_status_pb2.GetModelStatusRequest,
    status_pb2.StatusProto,
    get_model_status_pb2.ModelVersionStatus,
    get_model_status_pb2.GetModelStatusResponse,
]
Field = descriptor_pb2.FieldDescriptorProto
ORIGINALS = {each.DESCRIPTOR.name: each.DESCRIPTOR for each in _ORIGINALS}


def wire_form(message: Any) -> dict[str, tuple[Any, ...]]:
    """What of each field of a message is seen in bytes."""
    described = descriptor_pb2.DescriptorProto()
    message.CopyToProto(described)
    return {
        field.name: (
            field.number,
            # An enumeration is its number.
            Field.TYPE_INT32 if field.type == Field.TYPE_ENUM else field.type,
            field.label,
            inside(message.fields_by_name[field.name].message_type),
        )
        for field in described.field
    }


def inside(message: Any) -> Any:
    """What a field of messages holds: key and value of a map, else a name."""
    if message is None or not message.GetOptions().map_entry:
        return message and message.name
    return wire_form(message)


@pytest.mark.parametrize("name", messages._MESSAGES)
def test_fields_are_the_originals(name: str):
    original = wire_form(ORIGINALS[name])
    ours = wire_form(messages._CLASSES[name].DESCRIPTOR)
    assert ours == {field: original[field] for field in ours}


_SCRIPT = """
import sys
from serving.client import Client
heavy = {{"tensorflow", "numpy", "pandas", "pyarrow"}} & set(sys.modules)
{then}
with Client("{address}", "tiny", "{signature}") as client:
    print(*sorted(heavy), *client.predict([{{"age": 31}}]))
"""


def run(served: Any, signature: str, then: str = "") -> list[str]:
    script = _SCRIPT.format(then=then, address=served.address, signature=signature)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize("signature", ["tensors", "examples"])
def test_client_imports_nothing_that_takes_long(served: Any, signature: str):
    *heavy, probability = run(served, signature)
    assert heavy == []
    assert 0 < float(probability) < 1


def test_tensorflow_may_be_imported_afterwards(served: Any):
    """Before it: as in this process."""
    then = "import tensorflow, tensorflow_serving.apis.predict_pb2"
    with Client(served.address, "tiny", "examples") as client:
        (here,) = client.predict([{"age": 31}])
    assert float(run(served, "examples", then)[-1]) == here
