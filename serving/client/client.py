"""Clients for threads and for asyncio."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from serving.client.columns import Columns, as_chunk, batches, columns_of
from serving.client.connection import Connection, Methods, full_address
from serving.client.endpoint import Endpoint, Target, metadata_request
from serving.client.features import ModelFeatures, Signature

if TYPE_CHECKING:
    from serving.client.columns import Rows


class _Base:
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
        self._channel = self._open(address)
        self._methods = Methods(self._channel)

    def _open(self, address: str) -> Any:
        return self._connection.channel(address)


class Client(_Base):
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
          label: As for `predict`.

        Raises:
          InputError, ServerError: As for `predict`.
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


class AsyncClient(_Base):
    """`Client` for the tasks of one event loop, with the same arguments and errors.

    It has to be created while the loop is running.
    """

    def _open(self, address: str) -> Any:
        return self._connection.aio_channel(address)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connection."""
        await self._channel.close()

    async def predict(self, rows: Rows, label: str | None = None) -> list[float]:
        """Returns the click probability of each row."""

        async def chunks() -> AsyncIterator[Rows]:
            yield rows

        return [value async for part in self.stream(chunks(), label) for value in part]

    async def stream(
        self, chunks: AsyncIterable[Rows], label: str | None = None
    ) -> AsyncIterator[list[float]]:
        """Yields the probabilities of many rows in their order, in bounded memory."""
        endpoint = self._endpoint.labelled(label)
        pending: deque[asyncio.Task[list[float]]] = deque()
        try:
            async for columns in self._batches(chunks, endpoint):
                pending.append(asyncio.create_task(self._predict(columns, endpoint)))
                if len(pending) == self._connection.concurrency:
                    yield await pending.popleft()
            while pending:
                yield await pending.popleft()
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    async def features(self, label: str | None = None) -> ModelFeatures:
        """Returns the features that the model takes."""
        return await self._features(self._endpoint.labelled(label))

    async def _features(self, endpoint: Endpoint) -> ModelFeatures:
        known = endpoint.features
        if known is not None:
            return known
        request = metadata_request(endpoint.target)
        response = await self._call(self._methods.get_model_metadata, request, endpoint)
        return endpoint.read_features(response)

    async def _batches(
        self, chunks: AsyncIterable[Rows], endpoint: Endpoint
    ) -> AsyncIterator[Columns]:
        offset = 0
        async for rows in chunks:
            chunk = as_chunk(rows)
            for start, batch in batches(chunk, self._connection.batch_size):
                features = await self._features(endpoint)
                yield columns_of(batch, features, offset + start)
            offset += len(chunk)

    async def _predict(self, columns: Columns, endpoint: Endpoint) -> list[float]:
        request = endpoint.predict_request(columns)
        response = await self._call(self._methods.predict, request, endpoint)
        return endpoint.read_probabilities(response, columns)

    async def _call(self, method: Any, request: Any, endpoint: Endpoint) -> Any:
        with endpoint.errors():
            return await method(request, timeout=self._connection.timeout)
