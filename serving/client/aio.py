"""The client for asyncio."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc

from serving.client.address import full_address
from serving.client.columns import Columns, as_chunk, columns_of, cut
from serving.client.connection import Connection, Methods
from serving.client.conversation import Conversation, Conversations
from serving.client.features import ModelFeatures, Signature
from serving.client.requests import metadata_request
from serving.client.target import Target

if TYPE_CHECKING:
    from serving.client.columns import Rows


class AsyncClient:
    """As `Client`, whose arguments and errors it has, for the tasks of one loop."""

    def __init__(
        self,
        server: str,
        target: Target | str,
        signature: Signature = "tensors",
        connection: Connection | None = None,
    ):
        """Connects at the first request; the loop must be running."""
        address = full_address(server)
        self._conversations = Conversations(address, target, signature)
        self._connection = connection or Connection()
        self._channel = self._connection.aio_channel(address)
        self._methods = Methods(self._channel)

    async def __aenter__(self) -> AsyncClient:
        """Returns the client."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes the connection."""
        await self.close()

    async def close(self) -> None:
        """Closes the connection."""
        await self._channel.close()

    async def predict(self, rows: Rows, label: str | None = None) -> list[float]:
        """The probability of a click for each row."""

        async def one() -> AsyncIterator[Rows]:
            yield rows

        return [value async for part in self.stream(one(), label) for value in part]

    async def stream(
        self, chunks: AsyncIterable[Rows], label: str | None = None
    ) -> AsyncIterator[list[float]]:
        """The probabilities of many rows, in bounded memory and in their order."""
        about = self._conversations.about(label)
        under_way: deque[asyncio.Task[list[float]]] = deque()
        try:
            async for columns in self._batches(chunks, about):
                under_way.append(asyncio.create_task(self._predict(columns, about)))
                if len(under_way) == self._connection.concurrency:
                    yield await under_way.popleft()
            while under_way:
                yield await under_way.popleft()
        finally:
            # After an error nobody wants the others.
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def features(self, label: str | None = None) -> ModelFeatures:
        """What the model takes."""
        return await self._features(self._conversations.about(label))

    async def _features(self, about: Conversation) -> ModelFeatures:
        known = about.features
        if known is not None:
            return known
        request = metadata_request(about.target)
        response = await self._ask(self._methods.get_model_metadata, request, about)
        return about.learn(response)

    async def _batches(
        self, chunks: AsyncIterable[Rows], about: Conversation
    ) -> AsyncIterator[Columns]:
        before = 0
        async for rows in chunks:
            chunk = as_chunk(rows)
            for start, batch in cut(chunk, self._connection.batch_size):
                yield columns_of(batch, await self._features(about), before + start)
            before += len(chunk)

    async def _predict(self, columns: Columns, about: Conversation) -> list[float]:
        request = about.request(columns)
        response = await self._ask(self._methods.predict, request, about)
        return about.probabilities(response, columns)

    async def _ask(self, call: Any, request: Any, about: Conversation) -> Any:
        try:
            return await call(request, timeout=self._connection.timeout)
        except grpc.RpcError as error:
            raise about.error(error) from error
