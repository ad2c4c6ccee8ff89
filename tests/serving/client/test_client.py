"""Both clients give what the model itself says, and refuse what it would not take."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from config.errors import InputError
from serving.client import AsyncClient, Client, Connection, ServerError, Target

SIGNATURES = ("tensors", "examples")


@pytest.fixture(params=SIGNATURES)
def client(request: pytest.FixtureRequest, served: Any) -> Iterator[Client]:
    with Client(served.address, "tiny", request.param) as client:
        yield client


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    names = ("device", "tags", "user", "age", "price")
    return pa.Table.from_pylist(
        [{name: row.get(name) for name in names} for row in rows]
    )


def test_dicts_give_what_the_model_says(client: Client, served: Any):
    np.testing.assert_allclose(
        client.predict(served.rows), served.probabilities, rtol=1e-5
    )


def test_arrow_gives_what_the_model_says(client: Client, served: Any):
    found = client.predict(table_of(served.rows))
    np.testing.assert_allclose(found, served.probabilities, rtol=1e-5)


def test_pandas_gives_what_the_model_says(client: Client, served: Any):
    frame = table_of(served.rows).to_pandas()
    assert frame["device"].isna().any()
    frame["device"] = frame["device"].astype("category")
    found = client.predict(frame)
    np.testing.assert_allclose(found, served.probabilities, rtol=1e-5)


def test_integers_in_a_table_are_texts_as_in_training(client: Client):
    numbers = table_of([{"user": "7"}]).set_column(2, "user", pa.array([7]))
    assert client.predict(numbers) == client.predict([{"user": "7"}])


def test_numpy_values_are_numbers(client: Client):
    assert client.predict([{"age": np.float32(31)}]) == client.predict([{"age": 31}])


def test_no_rows_give_no_predictions(client: Client):
    assert client.predict([]) == []


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
@pytest.mark.parametrize("concurrency", [1, 3])
def test_order_is_kept_whatever_the_batches(
    served: Any, batch_size: int, concurrency: int
):
    connection = Connection(batch_size=batch_size, concurrency=concurrency)
    with Client(served.address, "tiny", connection=connection) as client:
        found = client.predict(served.rows)
    np.testing.assert_allclose(found, served.probabilities, rtol=1e-5)


def test_stream_reads_no_more_than_is_under_way(served: Any):
    read = []

    def chunks() -> Iterator[list[dict[str, Any]]]:
        for number in itertools.count():
            read.append(number)
            yield served.rows[:2]

    with Client(served.address, "tiny", connection=Connection(concurrency=3)) as client:
        parts = list(itertools.islice(client.stream(chunks()), 5))
    assert [len(part) for part in parts] == [2] * 5
    assert len(read) == 7


def test_threads_share_a_client(client: Client, served: Any):
    found: list[Any] = [None] * 8

    def ask(number: int) -> None:
        found[number] = client.predict(served.rows)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in found:
        np.testing.assert_allclose(each, served.probabilities, rtol=1e-5)


@pytest.mark.parametrize("signature", SIGNATURES)
def test_asyncio_gives_what_the_model_says(served: Any, signature: Any):
    async def ask() -> tuple[list[float], list[float]]:
        async def chunks() -> AsyncIterator[list[dict[str, Any]]]:
            for start in range(0, len(served.rows), 10):
                yield served.rows[start : start + 10]

        connection = Connection(batch_size=4, concurrency=3)
        async with AsyncClient(served.address, "tiny", signature, connection) as client:
            whole = await client.predict(served.rows)
            parts = [each async for part in client.stream(chunks()) for each in part]
            return whole, parts

    whole, parts = asyncio.run(ask())
    np.testing.assert_allclose(whole, served.probabilities, rtol=1e-5)
    assert parts == whole


def test_asyncio_has_the_same_errors(served: Any):
    async def ask(model: str, rows: list[dict[str, Any]]) -> None:
        async with AsyncClient(served.address, model) as client:
            await client.predict(rows)

    with pytest.raises(ServerError, match="model 'other': the server does not have"):
        asyncio.run(ask("other", [{}]))
    with pytest.raises(InputError, match="row 1: unknown feature 'ag'"):
        asyncio.run(ask("tiny", [{"ag": 1}]))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [{}, {"prise": 1}],
            r"row 2: unknown feature 'prise' \(did you mean 'price'\?\); allowed: age, "
            "device, price, tags, user",
        ),
        ([{"age": "31"}], "row 1: feature 'age': expected a number, got str '31'"),
        ([{}, {"user": [7]}], "row 2: feature 'user': expected text, got list"),
        ([{"user": 2.0**53}], "row 1: feature 'user': got 9007199254740992.0"),
        ([{"tags": "x"}], "row 1: feature 'tags': expected a list of texts, got str"),
        ([{"tags": [{}]}], "row 1: feature 'tags': expected a list of texts, got list"),
        ([{"age": [31.0]}], "feature 'age': expected a number, got list"),
        ([{"age": 10**400}], "feature 'age': expected a number, got int 1000"),
        ([{"user": "\ud800"}], "feature 'user': expected text, got str"),
        ([7], "row 1: expected a value for each feature by name, got int"),
        ("device", "rows: got str; allowed: a list of dicts, a DataFrame or an Arrow"),
        (pd.DataFrame({"age": [1]}), "columns: 'device', .* is not there"),
        (
            table_of([{}]).append_column("more", pa.array(["a"])),
            "columns: unknown feature 'more'",
        ),
        (
            table_of([{}]).set_column(3, "age", pa.array(["old"])),
            "feature 'age': expected a number, got a column of string",
        ),
        (
            table_of([{}]).append_column("age", pa.array([1.0])),
            "columns: two are named 'age'",
        ),
        (
            pd.DataFrame({"user": ["a", 7]}),
            "rows: a column holds values of several types",
        ),
    ],
)
def test_wrong_rows_are_refused_before_they_are_sent(
    client: Client, served: Any, rows: Any, message: str
):
    client.features()
    # Nobody could answer.
    client._methods.predict = None
    with pytest.raises(InputError, match=message):
        client.predict(rows)


def test_error_counts_rows_from_the_first(served: Any):
    rows: list[dict[str, Any]] = [{}] * 10 + [{"age": "x"}]
    with (
        Client(served.address, "tiny", connection=Connection(batch_size=4)) as client,
        pytest.raises(InputError, match="row 11: feature 'age'"),
    ):
        client.predict(rows)


def test_server_that_is_not_there():
    connection = Connection(attempts=1)
    with (
        Client("127.0.0.1:1", "tiny", connection=connection) as client,
        pytest.raises(ServerError, match=r"127\.0\.0\.1:1: model 'tiny': no server"),
    ):
        client.predict([{}])


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (Target("other"), "model 'other': the server does not have it"),
        (Target("tiny", version=9), "model 'tiny', version 9: the server does not"),
        (Target("tiny", label="canary"), "model 'tiny', label 'canary': .*canary"),
    ],
)
def test_model_that_is_not_there(served: Any, target: Target, message: str):
    with (
        Client(served.address, target) as client,
        pytest.raises(ServerError, match=message),
    ):
        client.predict([{}])


def test_version_is_asked_for(served: Any):
    with Client(served.address, Target("tiny", version=1)) as client:
        assert len(client.predict([{}])) == 1
        assert client.features().version == 1


def test_waiting_for_a_model(served: Any):
    with Client(served.address, "tiny") as client:
        assert client.wait_until_available(5) == 1
    with (
        Client(served.address, "other") as client,
        pytest.raises(ServerError, match=r"no version is AVAILABLE after 0\.3 s"),
    ):
        client.wait_until_available(0.3)


def test_deadline():
    connection = Connection(timeout=0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with (
            Client(address, "tiny", connection=connection) as client,
            pytest.raises(ServerError, match="no answer in time") as caught,
        ):
            client.predict([{}])
    assert caught.value.code == grpc.StatusCode.DEADLINE_EXCEEDED


def test_unavailable_is_tried_again(proxy: Any):
    begin = time.monotonic()
    threading.Timer(0.5, proxy.open).start()
    with Client(proxy.address, "tiny") as client:
        found = client.predict([{}])
    assert len(found) == 1
    assert time.monotonic() - begin >= 0.5


def test_large_request_is_tried_again(served: Any, proxy: Any):
    """What is larger than gRPC by default keeps is sent again all the same."""
    with Client(proxy.address, "tiny") as client:
        with Client(served.address, "tiny") as other:
            client._conversations.about(None).features = other.features()
        threading.Timer(0.5, proxy.open).start()
        assert len(client.predict([{"user": "u" * 10_000}] * 100)) == 100


class Refusing(grpc.GenericRpcHandler):
    """Refuses all requests.

    Attributes:
      requests: How many came in.
    """

    def __init__(self, code: grpc.StatusCode):
        self.requests = 0
        self._code = code

    def service(self, _: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(self._refuse)

    def _refuse(self, _: bytes, context: grpc.ServicerContext) -> None:
        self.requests += 1
        context.abort(self._code, "no")


@pytest.mark.parametrize(
    ("code", "requests"), [("UNAVAILABLE", 2), ("NOT_FOUND", 1), ("INTERNAL", 1)]
)
def test_nothing_else_is_tried_again(code: str, requests: int):
    handler = Refusing(grpc.StatusCode[code])
    server = grpc.server(ThreadPoolExecutor(1), handlers=(handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with (
        Client(
            f"127.0.0.1:{port}", "tiny", connection=Connection(attempts=2)
        ) as client,
        pytest.raises(ServerError) as caught,
    ):
        client.predict([{}])
    server.stop(None)
    assert (caught.value.code.name, handler.requests) == (code, requests)


def test_connection_is_reused(served: Any, proxy: Any):
    proxy.open()
    with Client(proxy.address, "tiny", connection=Connection(batch_size=3)) as client:
        for _ in range(5):
            client.predict(served.rows)
    assert proxy.connections == 1


def test_another_version_is_asked_what_it_takes(
    served: Any, tiny: Any, tmp_path: Path, server_of: Any
):
    """While the new version is loaded, all requests are answered."""
    from serving.server.version_loader import Polling

    shutil.copytree(served.base_path / "1", tmp_path / "models" / "1")
    server = server_of("tiny", tmp_path / "models", polling=Polling(seconds=0.05))
    server.start()
    try:
        with Client(f"127.0.0.1:{server.port}", "tiny") as client:
            before = client.predict(served.rows)
            assert client.features().version == 1
            shutil.copytree(served.base_path / "1", tmp_path / "2")
            (tmp_path / "2").rename(tmp_path / "models" / "2")
            end = time.monotonic() + 20
            while client.features().version == 1 and time.monotonic() < end:
                assert client.predict(served.rows) == before
            assert client.features().version == 2
    finally:
        server.stop(grace=0.2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, "batch_size: got 0; allowed: 1 or more"),
        ({"concurrency": 0}, "concurrency: got 0"),
        ({"attempts": 6}, "attempts: got 6; allowed: at most 5"),
        ({"timeout": 0.0}, "timeout: got 0.0; allowed: more than 0"),
        ({"timeout": float("nan")}, "timeout: got nan"),
    ],
)
def test_wrong_settings(settings: Any, message: str):
    with pytest.raises(InputError, match=message):
        Connection(**settings)


def test_version_and_label_exclude_each_other():
    with pytest.raises(InputError, match="got a version and a label"):
        Target("tiny", 1, "stable")
