"""The client for threads."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import grpc

from serving.client import messages
from serving.client.address import full_address
from serving.client.columns import Columns, as_chunk, columns_of, cut
from serving.client.connection import Connection, Methods
from serving.client.conversation import Conversation, Conversations
from serving.client.errors import ServerError
from serving.client.features import ModelFeatures, Signature
from serving.client.requests import metadata_request, status_request
from serving.client.target import Target

if TYPE_CHECKING:
    from serving.client.columns import Rows

_POLL_SECONDS = 0.1
# What a server that is starting answers.
_NOT_YET = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.NOT_FOUND)


class Client:
    """Asks a model for the probability of a click.

    It holds one connection, and may be shared by threads. What the model takes is asked
    of the server once, and again when another version answers.
    """

    def __init__(
        self,
        server: str,
        target: Target | str,
        signature: Signature = "tensors",
        connection: Connection | None = None,
    ):
        """Connects at the first request.

        Args:
          server: `HOST:PORT`, or `HOST` for port 8500.
          target: The model, or its name.
          signature: How rows are sent: as `tensors`, which is faster, or `examples`.
          connection: How the server is reached.

        Raises:
          InputError: The address is malformed.
        """
        address = full_address(server)
        self._conversations = Conversations(address, target, signature)
        self._connection = connection or Connection()
        self._channel = self._connection.channel(address)
        self._methods = Methods(self._channel)

    def __enter__(self) -> Client:
        """Returns the client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the connection."""
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def predict(self, rows: Rows, label: str | None = None) -> list[float]:
        """The probability of a click for each row.

        Args:
          rows: A list of dicts, a DataFrame or an Arrow table. A dict may leave
            features out, which then are missing.
          label: Asks the version that has this label, such as `Split.label_of` says
            for a user; by default what the client was made for.

        Raises:
          InputError: A feature is unknown, or a value has the wrong type.
          ServerError: The server does not answer, or refuses to.
        """
        return list(itertools.chain.from_iterable(self.stream([rows], label)))

    def stream(
        self, chunks: Iterable[Rows], label: str | None = None
    ) -> Iterator[list[float]]:
        """The probabilities of many rows, in bounded memory.

        Args:
          chunks: Rows in any number, each as `predict` takes them. No more is read
            than what is under way.
          label: As `predict` takes it.

        Yields:
          The probabilities of a part of the rows, in their order.

        Raises:
          InputError: A feature is unknown, or a value has the wrong type.
          ServerError: The server does not answer, or refuses to.
        """
        about = self._conversations.about(label)
        under_way: deque[tuple[Any, Columns]] = deque()
        try:
            for columns in self._batches(chunks, about):
                under_way.append((self._send(columns, about), columns))
                if len(under_way) == self._connection.concurrency:
                    yield self._receive(*under_way.popleft(), about)
            while under_way:
                yield self._receive(*under_way.popleft(), about)
        finally:
            # After an error nobody wants the others.
            for future, _ in under_way:
                future.cancel()

    def features(self, label: str | None = None) -> ModelFeatures:
        """What the model takes.

        Args:
          label: As `predict` takes it.

        Raises:
          ServerError: The server does not answer, or refuses to.
        """
        return self._features(self._conversations.about(label))

    def wait_until_available(self, timeout: float) -> int:
        """Waits until the model is loaded.

        Args:
          timeout: For how many seconds.

        Returns:
          The newest version that is AVAILABLE.

        Raises:
          ServerError: There is none by then.
        """
        about = self._conversations.about(None)
        end = time.monotonic() + timeout
        while not (versions := self._available(about)):
            if time.monotonic() > end:
                raise about.none_available(timeout)
            time.sleep(_POLL_SECONDS)
        return max(versions)

    def _available(self, about: Conversation) -> list[int]:
        request = status_request(about.target)
        try:
            response = self._ask(self._methods.get_model_status, request, about)
        except ServerError as error:
            if error.code in _NOT_YET:
                return []
            raise
        return [
            status.version
            for status in response.model_version_status
            if status.state == messages.AVAILABLE
        ]

    def _features(self, about: Conversation) -> ModelFeatures:
        known = about.features
        if known is not None:
            return known
        request = metadata_request(about.target)
        response = self._ask(self._methods.get_model_metadata, request, about)
        return about.learn(response)

    def _batches(
        self, chunks: Iterable[Rows], about: Conversation
    ) -> Iterator[Columns]:
        before = 0
        for rows in chunks:
            chunk = as_chunk(rows)
            for start, batch in cut(chunk, self._connection.batch_size):
                yield columns_of(batch, self._features(about), before + start)
            before += len(chunk)

    def _send(self, columns: Columns, about: Conversation) -> Any:
        request = about.request(columns)
        return self._methods.predict.future(request, timeout=self._connection.timeout)

    def _receive(
        self, future: Any, columns: Columns, about: Conversation
    ) -> list[float]:
        response = self._result(future.result, about)
        return about.probabilities(response, columns)

    def _ask(self, call: Any, request: Any, about: Conversation) -> Any:
        timeout = self._connection.timeout
        return self._result(lambda: call(request, timeout=timeout), about)

    def _result(self, result: Callable[[], Any], about: Conversation) -> Any:
        try:
            return result()
        except grpc.RpcError as error:
            raise about.error(error) from error
