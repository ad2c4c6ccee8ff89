"""Embedded servers of the small model, and clients of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

NAME = "toy"
ROW = {"price": [1.0], "name": [b""], "tags": [[b""]]}


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

    def predict(self, request: Any) -> dict[str, np.ndarray]:
        """The outputs of a request."""
        import tensorflow as tf

        outputs = self.predictions.Predict(request, timeout=20).outputs
        return {alias: tf.make_ndarray(tensor) for alias, tensor in outputs.items()}

    def score(self, price: float = 1.0, **spec: Any) -> tuple[float, int]:
        """The score of a price without tags, and the version that gave it."""
        request = predict_request(price=[price], **spec)
        response = self.predictions.Predict(request, timeout=20)
        (score,) = response.outputs["score"].float_val
        return score, response.model_spec.version.value

    def states(self) -> dict[int, str]:
        """The state of each version."""
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
    model: str = NAME,
    version: int | None = None,
    label: str = "",
    **inputs: Any,
) -> Any:
    """A request; the inputs of `predict` that are not given have one empty row."""
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    if label:
        request.model_spec.version_label = label
    if signature == "predict":
        inputs = {**ROW, **inputs}
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
def connect() -> Iterator[Callable[[Any], Client]]:
    """A function from a server, or its port, to a client of it."""
    with ExitStack() as channels:

        def to(server: Any) -> Client:
            port = getattr(server, "port", server)
            channel = grpc.insecure_channel(f"127.0.0.1:{port}")
            return Client.of(channels.enter_context(channel))

        yield to


@pytest.fixture(scope="session")
def client(toy_server: Any, connect: Callable[[Any], Client]) -> Client:
    """A client of the server that no test changes."""
    return connect(toy_server)


@pytest.fixture
def base_path(tmp_path: Path, add_version: Callable[[Path, int], Path]) -> Path:
    """A directory with version 1."""
    add_version(tmp_path / "models", 1)
    return tmp_path / "models"


@pytest.fixture
def start_server(
    base_path: Path, serving: Callable[..., Any]
) -> Iterator[Callable[..., Any]]:
    """A function that starts a server of the directory; see `server_of`.

    A configuration is a message, or a function that returns one.
    """
    from serving.server.version_loader import Polling

    with ExitStack() as servers:

        def start(config: Any = None, **settings: Any) -> Any:
            read = config if config is None or callable(config) else lambda: config
            defaults = {
                "rest_port": 0,
                "polling": Polling(seconds=0.05, retries=2, retry_seconds=0.05),
            }
            server = serving(NAME, base_path, read, **{**defaults, **settings})
            return servers.enter_context(server)

        yield start


@contextmanager
def _asking(*asks: Callable[[], Any]) -> Iterator[list[Any]]:
    answers: list[Any] = []
    stop = threading.Event()

    def ask_on(ask: Callable[[], Any]) -> None:
        while not stop.is_set():
            answers.append(ask())

    with ThreadPoolExecutor(len(asks)) as pool:
        threads = [pool.submit(ask_on, ask) for ask in asks]
        try:
            yield answers
        finally:
            stop.set()
        for thread in threads:
            # Raises the error of a request that failed.
            thread.result()


@pytest.fixture(scope="session")
def asking() -> Callable[..., AbstractContextManager[list[Any]]]:
    """A context in which threads ask without a pause; it yields their answers."""
    return _asking
