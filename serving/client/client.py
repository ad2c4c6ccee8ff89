"""Client for threads."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import grpc

from serving.client import messages
from serving.client.columns import Columns, as_chunk, batches, columns_of
from serving.client.connection import Connection, Methods, full_address
from serving.client.endpoint import Endpoint
from serving.client.errors import ServerError
from serving.client.features import ModelFeatures, Signature
from serving.client.requests import metadata_request, status_request
from serving.client.target import Target

if TYPE_CHECKING:
    from serving.client.columns import Rows

_POLL_SECONDS = 0.1
# Status of a server that is still starting.
_STARTING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.NOT_FOUND)


class Client:
    """Requests click probabilities from a model server.

    A client holds one connection, made at the first request, and can be shared by
    threads. It requests the features of the model once, and again when another version
    answers.

    Args:
      server: `HOST:PORT`, or `HOST` for port 8500.
      target: The model, or its name.
      signature: `tensors` sends a tensor per feature, `examples` serialized
        tf.Examples, which is slower. Defaults to `tensors`.
      connection: Timeout, retries, batching and TLS.

    Raises:
      InputError: The address is malformed.

    Example:
      >>> with Client("localhost:8500", "ad_click") as client:
      ...     client.predict([{"device": "phone", "age": 31}])
      [0.0123...]
    """

    def __init__(
        self,
        server: str,
        target: Target | str,
        signature: Signature = "tensors",
        connection: Connection | None = None,
    ):
        address = full_address(server)
        self._endpoint = Endpoint(address, target, signature)
        self._connection = connection or Connection()
        self._channel = self._connection.channel(address)
        self._methods = Methods(self._channel)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def predict(self, rows: Rows, label: str | None = None) -> list[float]:
        """Returns the click probability of each row.

        Args:
          rows: A list of dicts, a DataFrame or an Arrow table. Features that a dict
            leaves out are missing.
          label: Label of the version to use, for example from `Split.label_of`.
            Defaults to the client's target.

        Raises:
          InputError: A feature is unknown, or a value has the wrong type.
          ServerError: The server cannot be reached, or rejects the request.
        """
        return list(itertools.chain.from_iterable(self.stream([rows], label)))

    def stream(
        self, chunks: Iterable[Rows], label: str | None = None
    ) -> Iterator[list[float]]:
        """Yields the probabilities of many rows in their order, in bounded memory.

        Args:
          chunks: Rows as for `predict`, any number at a time. They are consumed only as
            fast as requests are sent.
          label: Label of the version to use. Defaults to the client's target.

        Raises:
          InputError: A feature is unknown, or a value has the wrong type.
          ServerError: The server cannot be reached, or rejects the request.
        """
        endpoint = self._endpoint.labelled(label)
        pending: deque[tuple[Any, Columns]] = deque()
        try:
            for columns in self._batches(chunks, endpoint):
                pending.append((self._send(columns, endpoint), columns))
                if len(pending) == self._connection.concurrency:
                    yield self._receive(*pending.popleft(), endpoint)
            while pending:
                yield self._receive(*pending.popleft(), endpoint)
        finally:
            for future, _ in pending:
                future.cancel()

    def features(self, label: str | None = None) -> ModelFeatures:
        """Returns the features that the model takes.

        Raises:
          ServerError: The server cannot be reached, or rejects the request.
        """
        return self._features(self._endpoint.labelled(label))

    def wait_until_available(self, timeout: float) -> int:
        """Waits until the model is loaded, for at most `timeout` seconds.

        Returns:
          The newest version that is AVAILABLE.

        Raises:
          ServerError: No version is AVAILABLE by then.
        """
        end = time.monotonic() + timeout
        while not (versions := self._available_versions()):
            if time.monotonic() > end:
                raise self._endpoint.unavailable(timeout)
            time.sleep(_POLL_SECONDS)
        return max(versions)

    def _available_versions(self) -> list[int]:
        request = status_request(self._endpoint.target)
        method = self._methods.get_model_status
        try:
            response = self._call(method, request, self._endpoint)
        except ServerError as error:
            if error.code in _STARTING:
                return []
            raise
        return [
            status.version
            for status in response.model_version_status
            if status.state == messages.AVAILABLE
        ]

    def _features(self, endpoint: Endpoint) -> ModelFeatures:
        known = endpoint.features
        if known is not None:
            return known
        request = metadata_request(endpoint.target)
        response = self._call(self._methods.get_model_metadata, request, endpoint)
        return endpoint.read_features(response)

    def _batches(self, chunks: Iterable[Rows], endpoint: Endpoint) -> Iterator[Columns]:
        offset = 0
        for rows in chunks:
            chunk = as_chunk(rows)
            for start, batch in batches(chunk, self._connection.batch_size):
                yield columns_of(batch, self._features(endpoint), offset + start)
            offset += len(chunk)

    def _send(self, columns: Columns, endpoint: Endpoint) -> Any:
        request = endpoint.predict_request(columns)
        return self._methods.predict.future(request, timeout=self._connection.timeout)

    def _receive(
        self, future: Any, columns: Columns, endpoint: Endpoint
    ) -> list[float]:
        with endpoint.errors():
            response = future.result()
        return endpoint.read_probabilities(response, columns)

    def _call(self, method: Any, request: Any, endpoint: Endpoint) -> Any:
        with endpoint.errors():
            return method(request, timeout=self._connection.timeout)
