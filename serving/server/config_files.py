"""The text files that TensorFlow Serving is configured by.

Of its messages the Python package has only the models' one; the fields of the others
are named here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,
)
from tensorflow_serving.config import model_server_config_pb2

from pipeline.errors import ConfigError
from serving.server.certificates import check_certificate, check_key
from serving.server.options import BatchingParameters

_Field = descriptor_pb2.FieldDescriptorProto

_SSL_FIELDS = {
    "server_key": _Field.TYPE_STRING,
    "server_cert": _Field.TYPE_STRING,
    "custom_ca": _Field.TYPE_STRING,
    "client_verify": _Field.TYPE_BOOL,
}
_BATCHING_FIELDS = {
    "max_batch_size": "Int64Value",
    "batch_timeout_micros": "Int64Value",
    "max_enqueued_batches": "Int64Value",
    "num_batch_threads": "Int64Value",
    "pad_variable_length_inputs": _Field.TYPE_BOOL,
}


def read_model_config(path: str) -> model_server_config_pb2.ModelServerConfig:
    """Which models are served (`--model_config_file`).

    Raises:
      ConfigError: There is no such file, or it is malformed.
    """
    return _read(path, model_server_config_pb2.ModelServerConfig())


def write_model_config(
    path: str, config: model_server_config_pb2.ModelServerConfig
) -> None:
    """Writes which models are served; readers see all of it or nothing."""
    aside = f"{path}.{os.getpid()}"
    with open(aside, "w", encoding="utf-8") as file:
        file.write(text_format.MessageToString(config))
    os.replace(aside, path)


def read_batching_parameters(path: str) -> BatchingParameters:
    """When batches are computed (`--batching_parameters_file`).

    Raises:
      ConfigError: There is no such file, or it is malformed.
    """
    message = _read(path, _message("BatchingParameters", _BATCHING_FIELDS))
    names = BatchingParameters.__dataclass_fields__
    given = {name: getattr(message, name) for name in names if message.HasField(name)}
    for name, field in given.items():
        least = 0 if name == "batch_timeout_micros" else 1
        if field.value < least:
            raise ConfigError(
                f"{path}: {name}: got {field.value}; allowed: {least} or more"
            )
    return BatchingParameters(**{name: field.value for name, field in given.items()})


def read_credentials(path: str) -> grpc.ServerCredentials:
    """The server's key and certificates (`--ssl_config_file`).

    Raises:
      ConfigError: There is no such file, it is malformed, or what it has is no key and
        its certificate.
    """
    ssl = _read(path, _message("SSLConfig", _SSL_FIELDS))
    for name in ("server_key", "server_cert"):
        if not getattr(ssl, name):
            raise ConfigError(f"{path}: {name} is missing; give its text in PEM")
    if ssl.client_verify and not ssl.custom_ca:
        raise ConfigError(
            f"{path}: client_verify is true without custom_ca; give the certificate of "
            "the authority that signs those of clients"
        )
    check_certificate(ssl.server_cert, f"{path}: server_cert")
    check_key(ssl.server_key, ssl.server_cert, f"{path}: server_key")
    if ssl.custom_ca:
        check_certificate(ssl.custom_ca, f"{path}: custom_ca")
    return grpc.ssl_server_credentials(
        [(ssl.server_key.encode(), ssl.server_cert.encode())],
        root_certificates=ssl.custom_ca.encode() or None,
        require_client_auth=ssl.client_verify,
    )


def _read(path: str, message: Any) -> Any:
    try:
        with open(path, encoding="utf-8") as file:
            return text_format.Parse(file.read(), message)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    except text_format.ParseError as error:
        raise ConfigError(
            f"{path}: expected a {message.DESCRIPTOR.name} in protobuf's text format: "
            f"{error}"
        ) from error


def _message(name: str, fields: Mapping[str, int | str]) -> Any:
    """An empty message; its text format needs no numbers of fields."""
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{name}.proto", package="tensorflow.serving", syntax="proto3"
    )
    file.dependency.append(wrappers_pb2.DESCRIPTOR.name)
    message = file.message_type.add(name=name)
    for number, (field, kind) in enumerate(fields.items(), start=1):
        added = message.field.add(
            name=field, number=number, label=_Field.LABEL_OPTIONAL
        )
        if isinstance(kind, str):
            added.type = _Field.TYPE_MESSAGE
            added.type_name = f".google.protobuf.{kind}"
        else:
            added.type = kind
    # A pool of its own: the package may come to have the message.
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(
        pool.FindMessageTypeByName(f"tensorflow.serving.{name}")
    )()
