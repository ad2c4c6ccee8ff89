"""Embedded servers of the small model, and clients of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

NAME = "toy"


@dataclass
class Client:
    """What a user's program would be.

    Attributes:
      predictions: PredictionService.
      models: ModelService.
      channel: The channel.
    """

    predictions: Any
    models: Any
    channel: grpc.Channel

    @classmethod
    def of(cls, channel: grpc.Channel) -> Client:
        from tensorflow_serving.apis import (
            model_service_pb2_grpc,
            prediction_service_pb2_grpc,
        )

        return cls(
            prediction_service_pb2_grpc.PredictionServiceStub(channel),
            model_service_pb2_grpc.ModelServiceStub(channel),
            channel,
        )

    def score(self, price: float = 1.0, **spec: Any) -> tuple[float, int]:
        """The score of a price without tags, and the version that gave it."""
        request = predict_request(price=[price], name=[b""], tags=[[b""]], **spec)
        response = self.predictions.Predict(request, timeout=20)
        (score,) = response.outputs["score"].float_val
        return score, response.model_spec.version.value

    def states(self) -> dict[int, str]:
        """How far each version is."""
        from tensorflow_serving.apis import get_model_status_pb2

        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = NAME
        response = self.models.GetModelStatus(request, timeout=5)
        status = get_model_status_pb2.ModelVersionStatus
        return {
            each.version: status.State.Name(each.state)
            for each in response.model_version_status
        }


def predict_request(
    signature: str = "predict",
    name_of_model: str = NAME,
    version: int | None = None,
    label: str = "",
    **inputs: Any,
) -> Any:
    """A request with raw tensors, each the type that the small model wants."""
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = name_of_model
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    if label:
        request.model_spec.version_label = label
    for alias, values in inputs.items():
        dtype = np.float32 if alias == "price" else object
        tensor = tf.make_tensor_proto(np.array(values, dtype))
        request.inputs[alias].CopyFrom(tensor)
    return request


@pytest.fixture(scope="session")
def predict_request_of() -> Callable[..., Any]:
    """`predict_request`, for the tests."""
    return predict_request


@pytest.fixture(scope="session")
def client_of() -> Callable[[grpc.Channel], Client]:
    """A client on a channel."""
    return Client.of


@pytest.fixture
def base_path(tmp_path: Path, add_version: Callable[[Path, int], Path]) -> Path:
    """A directory with version 1."""
    add_version(tmp_path / "models", 1)
    return tmp_path / "models"


@pytest.fixture
def start_server(
    base_path: Path, server_of: Callable[..., Any]
) -> Iterator[Callable[..., Any]]:
    """Starts a server of the directory, on free ports; see `server_of`.

    A configuration is a message, or a function that returns one.
    """
    from serving.server.version_loader import Polling

    servers = []

    def start(config: Any = None, **settings: Any) -> Any:
        read = config if config is None or callable(config) else lambda: config
        defaults = {
            "rest_port": 0,
            "polling": Polling(seconds=0.05, retries=2, retry_seconds=0.05),
        }
        server = server_of(NAME, base_path, read, **{**defaults, **settings})
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop(grace=0.2)


@pytest.fixture
def connect() -> Iterator[Callable[[Any], Client]]:
    """A client of a server."""
    channels = []

    def to(server: Any) -> Client:
        channel = grpc.insecure_channel(f"127.0.0.1:{server.port}")
        channels.append(channel)
        return Client.of(channel)

    yield to
    for channel in channels:
        channel.close()


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Waits until something is so; fails where it does not come to be."""

    def wait(is_so: Callable[[], bool], seconds: float = 20.0) -> None:
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end, "it did not come to be"
            time.sleep(0.02)

    return wait


@pytest.fixture(scope="session")
def refused() -> Callable[[Callable[[], Any]], tuple[str, str]]:
    """The status code and the details that a call is refused with."""

    def ask(call: Callable[[], Any]) -> tuple[str, str]:
        with pytest.raises(grpc.RpcError) as caught:
            call()
        return caught.value.code().name, caught.value.details()

    return ask
