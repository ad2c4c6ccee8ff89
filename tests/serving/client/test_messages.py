"""The messages are those of tensorflow-serving-api, and come without TensorFlow."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from google.protobuf import any_pb2, wrappers_pb2
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
ORIGINALS = {each.DESCRIPTOR.name: each.DESCRIPTOR for each in _ORIGINALS}


def wire_form(field: Any) -> tuple[Any, ...]:
    """What of a field is seen in bytes."""
    kind = field.TYPE_INT32 if field.type == field.TYPE_ENUM else field.type
    message = field.message_type
    if message is None:
        return field.number, kind, field.label
    if message.GetOptions().map_entry:
        pair = tuple(wire_form(each) for each in message.fields)
        return field.number, kind, field.label, pair
    return field.number, kind, field.label, message.name


@pytest.mark.parametrize("name", messages._MESSAGES)
def test_fields_are_the_originals(name: str):
    original = ORIGINALS[name].fields_by_name
    ours = messages._CLASSES[name].DESCRIPTOR.fields
    assert {field.name: wire_form(field) for field in ours} == {
        field.name: wire_form(original[field.name]) for field in ours
    }


_SCRIPT = """
import sys, time
begin = time.perf_counter()
from serving.client import Client
seconds = time.perf_counter() - begin
heavy = {{"tensorflow", "numpy", "pandas", "pyarrow"}} & set(sys.modules)
{then}
with Client("{address}", "tiny", "{signature}") as client:
    print(seconds, *sorted(heavy), *client.predict([{{"age": 31}}]))
"""


def run(served: Any, signature: str, then: str = "") -> list[str]:
    script = _SCRIPT.format(then=then, address=served.address, signature=signature)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_client_imports_no_tensorflow_and_at_once(served: Any):
    # The quickest of three, since others use the machine too.
    seconds, heavy = [], []
    for signature in ("tensors", "examples", "tensors"):
        first, *others, _ = run(served, signature)
        seconds.append(float(first))
        heavy += others
    assert heavy == []
    assert min(seconds) < 0.5


def test_tensorflow_may_be_imported_afterwards(served: Any):
    """Before it: as in this process."""
    then = "import tensorflow, tensorflow_serving.apis.predict_pb2"
    with Client(served.address, "tiny", "examples") as client:
        (here,) = client.predict([{"age": 31}])
    assert float(run(served, "examples", then)[-1]) == here
