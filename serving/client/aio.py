"""Client for asyncio."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator
from typing import TYPE_CHECKING, Any

from serving.client.columns import Columns, as_chunk, batches, columns_of
from serving.client.connection import Connection, Methods, full_address
from serving.client.endpoint import Endpoint
from serving.client.features import ModelFeatures, Signature
from serving.client.requests import metadata_request
from serving.client.target import Target

if TYPE_CHECKING:
    from serving.client.columns import Rows


class AsyncClient:
    """`Client` for the tasks of one event loop, with the same arguments and errors.

    It has to be created while the loop is running.
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
        self._channel = self._connection.aio_channel(address)
        self._methods = Methods(self._channel)

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
