"""Messages of TensorFlow Serving's protocol, as far as a client needs them.

Importing the package tensorflow-serving-api would import TensorFlow, which takes
seconds and hundreds of megabytes, and its module of the service does not import with
protobuf 4 and later. A message on the wire is defined by the numbers and types of its
fields, which never change; they are listed here and become message classes in a
descriptor pool of their own, so that nothing is registered twice if TensorFlow is
imported too. A test compares them with the originals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Field = descriptor_pb2.FieldDescriptorProto

DT_FLOAT = 1
DT_STRING = 7
AVAILABLE = 30
END = 50

# Without the fields that a client does not use. Enumerations are integers here, and
# members of a oneof plain fields, which have the same encoding.
_MESSAGES: Mapping[str, Sequence[str]] = {
    "BytesList": ["repeated bytes value = 1"],
    "FloatList": ["repeated float value = 1"],
    "Feature": ["BytesList bytes_list = 1", "FloatList float_list = 2"],
    "Features": ["map<string, Feature> feature = 1"],
    "Example": ["Features features = 1"],
    "Dim": ["int64 size = 1"],
    "TensorShapeProto": ["repeated Dim dim = 2", "bool unknown_rank = 3"],
    "TensorProto": [
        "int32 dtype = 1",
        "TensorShapeProto tensor_shape = 2",
        "bytes tensor_content = 4",
        "repeated float float_val = 5",
        "repeated bytes string_val = 8",
    ],
    "TensorInfo": ["int32 dtype = 2", "TensorShapeProto tensor_shape = 3"],
    "SignatureDef": [
        "map<string, TensorInfo> inputs = 1",
        "map<string, TensorInfo> outputs = 2",
    ],
    "SignatureDefMap": ["map<string, SignatureDef> signature_def = 1"],
    "Int64Value": ["int64 value = 1"],
    "ModelSpec": [
        "string name = 1",
        "Int64Value version = 2",
        "string signature_name = 3",
        "string version_label = 4",
    ],
    "PredictRequest": [
        "ModelSpec model_spec = 1",
        "map<string, TensorProto> inputs = 2",
        "repeated string output_filter = 3",
    ],
    "PredictResponse": [
        "map<string, TensorProto> outputs = 1",
        "ModelSpec model_spec = 2",
    ],
    "GetModelMetadataRequest": [
        "ModelSpec model_spec = 1",
        "repeated string metadata_field = 2",
    ],
    "Any": ["string type_url = 1", "bytes value = 2"],
    "GetModelMetadataResponse": [
        "ModelSpec model_spec = 1",
        "map<string, Any> metadata = 2",
    ],
    "GetModelStatusRequest": ["ModelSpec model_spec = 1"],
    "StatusProto": ["int32 error_code = 1", "string error_message = 2"],
    "ModelVersionStatus": [
        "int64 version = 1",
        "int32 state = 2",
        "StatusProto status = 3",
    ],
    "GetModelStatusResponse": ["repeated ModelVersionStatus model_version_status = 1"],
}

_FIELD = re.compile(
    r"(?P<repeated>repeated )?(map<string, (?P<item>\w+)>|(?P<type>\w+))"
    r" (?P<name>\w+) = (?P<number>\d+)"
)
_SCALARS = {
    "bool": _Field.TYPE_BOOL,
    "bytes": _Field.TYPE_BYTES,
    "float": _Field.TYPE_FLOAT,
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
    "string": _Field.TYPE_STRING,
}


def _add_field(message: descriptor_pb2.DescriptorProto, text: str) -> None:
    found = _FIELD.fullmatch(text)
    assert found, text
    kind = found["type"]
    if found["item"]:
        # A map is encoded as a list of pairs.
        kind = f"{message.name}.{found['name'].title().replace('_', '')}Entry"
        entry = message.nested_type.add(name=kind.rpartition(".")[2])
        entry.options.map_entry = True
        _add_field(entry, "string key = 1")
        _add_field(entry, f"{found['item']} value = 2")
    many = found["repeated"] or found["item"]
    field = message.field.add(
        name=found["name"],
        number=int(found["number"]),
        label=_Field.LABEL_REPEATED if many else _Field.LABEL_OPTIONAL,
    )
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{kind}"


def _message_classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="client.proto", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for text in fields:
            _add_field(message, text)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
        for name in _MESSAGES
    }


_CLASSES = _message_classes()

Example = _CLASSES["Example"]
SignatureDefMap = _CLASSES["SignatureDefMap"]
ModelSpec = _CLASSES["ModelSpec"]
PredictRequest = _CLASSES["PredictRequest"]
PredictResponse = _CLASSES["PredictResponse"]
GetModelMetadataRequest = _CLASSES["GetModelMetadataRequest"]
GetModelMetadataResponse = _CLASSES["GetModelMetadataResponse"]
GetModelStatusRequest = _CLASSES["GetModelStatusRequest"]
GetModelStatusResponse = _CLASSES["GetModelStatusResponse"]
