"""The messages are those of tensorflow-serving-api, and come without TensorFlow."""

from __future__ import annotations

import subprocess
import sys

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


def wire_form(message):
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


def inside(message):
    """What a field of messages holds: key and value of a map, else a name."""
    if message is None or not message.GetOptions().map_entry:
        return message and message.name
    return wire_form(message)


@pytest.mark.parametrize("name", messages._MESSAGES)
def test_fields_are_the_originals(name):
    original = wire_form(ORIGINALS[name])
    ours = wire_form(messages._CLASSES[name].DESCRIPTOR)
    assert ours == {field: original[field] for field in ours}


_SCRIPT = """
import sys
from serving.client import Client

def ask(signature):
    with Client(sys.argv[1], "tiny", signature) as client:
        return client.predict([{"age": 31}])

before = [*ask("tensors"), *ask("examples")]
heavy = {"tensorflow", "numpy", "pandas", "pyarrow"} & set(sys.modules)
import tensorflow, tensorflow_serving.apis.predict_pb2
print(*heavy, *before, *ask("examples"))
"""


def test_the_client_needs_no_tensorflow_but_stands_it(served):
    command = [sys.executable, "-c", _SCRIPT, served.address]
    printed = subprocess.check_output(command, text=True).split()
    # With TensorFlow first, as in this process.
    with Client(served.address, "tiny", "examples") as client:
        (here,) = client.predict([{"age": 31}])
    assert [float(each) for each in printed] == pytest.approx([here] * 3)
