"""Requests to a model and the interpretation of its responses, without I/O."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from serving.client.columns import Columns
from serving.client.errors import ServerError, server_error
from serving.client.features import ModelFeatures, Signature
from serving.client.requests import predict_request, probabilities
from serving.client.target import Target


class Endpoint:
    """State that both clients share: a model on a server and the features it takes.

    Args:
      address: `HOST:PORT` of the server.
      target: The model, or its name.

    Attributes:
      features: Features of the version that answered last; None if they have to be
        requested.
    """

    def __init__(self, address: str, target: Target | str, signature: Signature):
        self.target = Target(target) if isinstance(target, str) else target
        self.features: ModelFeatures | None = None
        self._address = address
        self._signature = signature
        self._by_label: dict[str, Endpoint] = {}

    def labelled(self, label: str | None) -> Endpoint:
        """Returns the endpoint of the version with a label; itself for None."""
        if label is None:
            return self
        if known := self._by_label.get(label):
            return known
        target = self.target.labelled(label)
        endpoint = Endpoint(self._address, target, self._signature)
        return self._by_label.setdefault(label, endpoint)

    def predict_request(self, columns: Columns) -> Any:
        """Builds a PredictRequest for a batch."""
        return predict_request(self.target, self._signature, columns)

    def read_features(self, response: Any) -> ModelFeatures:
        """Reads and keeps the features in a GetModelMetadataResponse."""
        self.features = features = ModelFeatures.of(response)
        return features

    def read_probabilities(self, response: Any, columns: Columns) -> list[float]:
        """Reads the probabilities in a PredictResponse."""
        known = self.features
        if known is not None and known.version != response.model_spec.version.value:
            # Another version may take other features.
            self.features = None
        return probabilities(response, columns.size)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Raises a ServerError in place of an error of gRPC."""
        try:
            yield
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.INVALID_ARGUMENT:
                self.features = None
            raise server_error(error, self._address, self.target) from error

    def unavailable(self, timeout: float) -> ServerError:
        """Returns the error that no version was loaded within a timeout in seconds."""
        return ServerError(
            f"{self._address}: {self.target}: no version is AVAILABLE after "
            f"{timeout:g} s; see the server's log",
            grpc.StatusCode.DEADLINE_EXCEEDED,
        )
