"""The server under test: the embedded one, or any other by options.

    pytest tests/serving/conformance --server HOST:PORT --model NAME \\
        [--rest HOST:PORT] [--model-dir DIR]

`--model-dir` is the directory of the model's versions, which the server polls; with it
versions are added there, and taken away again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance")
    group.addoption("--server", metavar="HOST:PORT", help="by default the embedded one")
    group.addoption("--rest", metavar="HOST:PORT", help="its REST interface")
    group.addoption("--model", metavar="NAME", help="a model that it serves")
    group.addoption("--model-dir", metavar="DIR", help="where it finds the versions")


@dataclass(frozen=True)
class Target:
    """The server under test.

    Attributes:
      address: Host and port of gRPC.
      rest: Host and port of HTTP; None where it has none.
      model: Name of a model.
      model_dir: The directory of its versions; None where it is out of reach.
    """

    address: str
    rest: str | None
    model: str
    model_dir: Path | None


@pytest.fixture(scope="session")
def target(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    add_version: Callable[[Path, int], Path],
    serving: Callable[..., Any],
) -> Iterator[Target]:
    """The server under test."""
    # Not known where the whole suite is run.
    option = request.config.getoption
    if address := option("--server", None):
        if not option("--model"):
            raise pytest.UsageError("--server needs --model NAME")
        folder = option("--model-dir")
        yield Target(
            address,
            option("--rest"),
            option("--model"),
            Path(folder) if folder else None,
        )
        return
    model_dir = tmp_path_factory.mktemp("conformance") / "toy"
    add_version(model_dir, 1)
    host = "127.0.0.1"
    with serving("toy", model_dir, rest_port=0) as server:
        yield Target(
            f"{host}:{server.port}", f"{host}:{server.rest_port}", "toy", model_dir
        )


@pytest.fixture(scope="session")
def channel(target: Target) -> Iterator[grpc.Channel]:
    """A connection to the server."""
    with grpc.insecure_channel(target.address) as channel:
        grpc.channel_ready_future(channel).result(timeout=30)
        yield channel


@pytest.fixture(scope="session")
def predictions(channel: grpc.Channel) -> Any:
    """PredictionService."""
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


@pytest.fixture(scope="session")
def models(channel: grpc.Channel) -> Any:
    """ModelService."""
    from tensorflow_serving.apis import model_service_pb2_grpc

    return model_service_pb2_grpc.ModelServiceStub(channel)


@pytest.fixture(scope="session")
def signatures(predictions: Any, target: Target) -> dict[str, Any]:
    """The signatures of the model, as the server describes them."""
    from tensorflow_serving.apis import get_model_metadata_pb2

    request = get_model_metadata_pb2.GetModelMetadataRequest()
    request.model_spec.name = target.model
    request.metadata_field.append("signature_def")
    response = predictions.GetModelMetadata(request, timeout=10)
    described = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(described)
    return dict(described.signature_def)


@pytest.fixture(scope="session")
def examples_signature(signatures: dict[str, Any]) -> str:
    """A signature that takes serialised tf.Examples to be predicted."""
    for name in ("serving_default", *signatures):
        definition = signatures.get(name)
        if definition and _takes_examples(definition):
            return name
    pytest.skip("the model has no signature with one string input")


@pytest.fixture(scope="session")
def tensors_signature(signatures: dict[str, Any]) -> str:
    """A signature that takes several named tensors, a row in each place."""
    for name in ("predict", *signatures):
        definition = signatures.get(name)
        if definition and len(definition.inputs) > 1 and _is_batched(definition):
            return name
    pytest.skip("the model has no signature with several inputs")


def _takes_examples(definition: Any) -> bool:
    from tensorflow.core.framework import types_pb2

    inputs = list(definition.inputs.values())
    return (
        definition.method_name == "tensorflow/serving/predict"
        and [each.dtype for each in inputs] == [types_pb2.DT_STRING]
        and _is_batched(definition)
    )


def _is_batched(definition: Any) -> bool:
    shapes = [each.tensor_shape for each in definition.inputs.values()]
    return all(
        not shape.unknown_rank and shape.dim and shape.dim[0].size == -1
        for shape in shapes
    )


@pytest.fixture(scope="session")
def ask(target: Target, signatures: dict[str, Any]) -> Callable[[str, int], Any]:
    """A function that makes a request for a signature, of so many rows."""
    from tensorflow_serving.apis import predict_pb2

    def make(signature: str, rows: int = 1) -> Any:
        request = predict_pb2.PredictRequest()
        request.model_spec.name = target.model
        request.model_spec.signature_name = signature
        for alias, info in signatures[signature].inputs.items():
            request.inputs[alias].CopyFrom(_tensor(info, rows))
        return request

    return make


def _tensor(info: Any, rows: int) -> Any:
    """Zeros, or empty strings, each of which is an example without features."""
    import tensorflow as tf

    free = iter([rows])
    shape = [
        next(free, 1) if dim.size == -1 else dim.size for dim in info.tensor_shape.dim
    ]
    dtype = tf.dtypes.as_dtype(info.dtype)
    value = b"" if dtype == tf.string else 0
    return tf.make_tensor_proto(value, dtype=dtype, shape=shape)


@pytest.fixture(scope="session")
def http(
    target: Target, fetch: Callable[..., tuple[int, bytes]]
) -> Callable[..., tuple[int, bytes]]:
    """The status and the body that the REST interface answers with."""
    if target.rest is None:
        pytest.skip("the server under test has no --rest")
    return lambda path, body=None: fetch(f"{target.rest}{path}", body)
