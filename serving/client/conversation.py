"""What both clients have in common: what they ask, and what they make of answers."""

from __future__ import annotations

from typing import Any

import grpc

from serving.client.columns import Columns
from serving.client.errors import ServerError, server_error
from serving.client.features import ModelFeatures, Signature
from serving.client.requests import predict_request, probabilities
from serving.client.target import Target


class Conversations:
    """Those about the model, by label: each label has a version, with its features."""

    def __init__(self, address: str, target: Target | str, signature: Signature):
        """Begins none yet; takes what `Conversation` takes."""
        self._address = address
        self._target = Target(target) if isinstance(target, str) else target
        self._signature = signature
        self._by_label: dict[str | None, Conversation] = {}

    def about(self, label: str | None) -> Conversation:
        """The conversation about the version of a label; None for the target itself."""
        known = self._by_label.get(label)
        if known is not None:
            return known
        target = self._target if label is None else self._target.labelled(label)
        new = Conversation(self._address, target, self._signature)
        return self._by_label.setdefault(label, new)


class Conversation:
    """A client's side of what is said.

    Attributes:
      target: The model that is asked.
      features: What it takes; None where that is to be asked (again).
    """

    def __init__(self, address: str, target: Target, signature: Signature):
        """Begins.

        Args:
          address: `HOST:PORT` of the server.
          target: The model.
          signature: How rows are sent.
        """
        self.target = target
        self.features: ModelFeatures | None = None
        self._address = address
        self._signature = signature

    def request(self, columns: Columns) -> Any:
        """Asks for the probabilities of a batch."""
        return predict_request(self.target, self._signature, columns)

    def learn(self, response: Any) -> ModelFeatures:
        """Keeps what a GetModelMetadataResponse says that the model takes."""
        self.features = features = ModelFeatures.of(response)
        return features

    def probabilities(self, response: Any, columns: Columns) -> list[float]:
        """What a PredictResponse says."""
        known = self.features
        if known is not None and known.version != response.model_spec.version.value:
            # Another version may take other features.
            self.features = None
        return probabilities(response, columns.size)

    def error(self, error: grpc.RpcError) -> ServerError:
        """What an error means."""
        if error.code() == grpc.StatusCode.INVALID_ARGUMENT:
            self.features = None
        return server_error(error, self._address, self.target)

    def none_available(self, timeout: float) -> ServerError:
        """What it means that no version is loaded in time."""
        return ServerError(
            f"{self._address}: {self.target}: no version is AVAILABLE after "
            f"{timeout:g} s; the server's log says why",
            grpc.StatusCode.DEADLINE_EXCEEDED,
        )
