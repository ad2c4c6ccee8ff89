"""Both clients return the probabilities of the model, and reject malformed rows."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from config.errors import InputError
from serving.client import AsyncClient, Client, Connection, ServerError, Target
from serving.client.features import Feature, ModelFeatures

SIGNATURES = ("tensors", "examples")


@pytest.fixture(params=SIGNATURES)
def client(request, served):
    with Client(served.address, "tiny", request.param) as client:
        yield client


def table_of(rows):
    names = ("device", "tags", "user", "age", "price", "history")
    return pa.Table.from_pylist(
        [{name: row.get(name) for name in names} for row in rows]
    )


def as_category(table):
    frame = table.to_pandas()
    assert frame["device"].isna().any()
    frame["device"] = frame["device"].astype("category")
    return frame


@pytest.mark.parametrize(
    "form",
    [
        lambda served: served.rows,
        lambda served: served.table,
        lambda served: as_category(served.table),
    ],
    ids=["dicts", "Arrow", "pandas"],
)
def test_rows_have_the_probabilities_of_the_trained_model(client, served, form):
    found = client.predict(form(served))
    np.testing.assert_allclose(found, served.probabilities, rtol=0, atol=1e-5)


def test_integers_in_a_table_are_texts_as_in_training(client):
    numbers = table_of([{"user": "7"}]).set_column(2, "user", pa.array([7]))
    assert client.predict(numbers) == client.predict([{"user": "7"}])


def test_numpy_values_are_numbers(client):
    assert client.predict([{"age": np.float32(31)}]) == client.predict([{"age": 31}])


def test_no_rows_have_no_probabilities(client):
    assert client.predict([]) == []


def test_rows_keep_their_order_whatever_the_batches(served):
    connection = Connection(batch_size=7, concurrency=3)
    with Client(served.address, "tiny", connection=connection) as client:
        found = client.predict(served.rows)
    np.testing.assert_allclose(found, served.probabilities, rtol=0, atol=1e-5)


def test_stream_reads_no_more_than_is_under_way(served):
    read = []

    def chunks():
        for number in itertools.count():
            read.append(number)
            yield served.rows[:2]

    with Client(served.address, "tiny", connection=Connection(concurrency=3)) as client:
        parts = list(itertools.islice(client.stream(chunks()), 5))
    assert [len(part) for part in parts] == [2] * 5
    assert len(read) == 7


def test_threads_share_a_client(client, served):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(client.predict, [served.rows] * 8))
    expected = [served.probabilities] * 8
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("signature", SIGNATURES)
def test_asyncio_has_the_same_probabilities(served, signature):
    async def ask():
        async def chunks():
            for start in range(0, len(served.rows), 10):
                yield served.rows[start : start + 10]

        connection = Connection(batch_size=4, concurrency=3)
        async with AsyncClient(served.address, "tiny", signature, connection) as client:
            whole = await client.predict(served.rows)
            parts = [each async for part in client.stream(chunks()) for each in part]
            return whole, parts

    whole, parts = asyncio.run(ask())
    for found in (whole, parts):
        np.testing.assert_allclose(found, served.probabilities, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("model", "row", "error", "named"),
    [
        ("other", {}, ServerError, ["'other'"]),
        ("tiny", {"ag": 1}, InputError, ["row 1", "'ag'"]),
    ],
)
def test_asyncio_has_the_same_errors(served, model, row, error, named):
    async def ask():
        async with AsyncClient(served.address, model) as client:
            await client.predict([row])

    with pytest.raises(error) as caught:
        asyncio.run(ask())
    assert all(word in str(caught.value) for word in named)


EMPTY = table_of([{}])


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        (
            [{}, {"prise": 1}],
            ["row 2", "'prise'", "'price'", "age, device, history, price, tags, user"],
        ),
        ([{"age": "31"}], ["row 1", "'age'", "str '31'"]),
        ([{}, {"user": [7]}], ["row 2", "'user'", "list"]),
        ([{"user": 2.0**53}], ["row 1", "'user'", "9007199254740992.0"]),
        ([{"tags": "x"}], ["row 1", "'tags'", "str"]),
        ([{"tags": [{}]}], ["row 1", "'tags'", "list"]),
        ([{"age": [31.0]}], ["row 1", "'age'", "list"]),
        ([{"age": 10**400}], ["row 1", "'age'", "int 1000"]),
        ([{"user": "\ud800"}], ["row 1", "'user'", "str"]),
        ([7], ["row 1", "int"]),
        ("device", ["rows", "str", "DataFrame"]),
        (pd.DataFrame({"age": [1]}), ["columns", "'device'"]),
        (EMPTY.append_column("more", pa.array(["a"])), ["columns", "'more'"]),
        (EMPTY.set_column(3, "age", pa.array(["old"])), ["'age'", "string"]),
        (EMPTY.append_column("age", pa.array([1.0])), ["columns", "'age'"]),
        (pd.DataFrame({"user": ["a", 7]}), ["rows", "types"]),
    ],
    ids=lambda value: str(value)[:40].replace("\n", " "),
)
def test_wrong_rows_are_rejected_before_they_are_sent(client, rows, named):
    client.features()
    # Nobody could answer.
    client._methods.predict = None
    with pytest.raises(InputError) as caught:
        client.predict(rows)
    assert [word for word in named if word not in str(caught.value)] == []


def test_an_error_counts_rows_from_the_first(served):
    rows: list[dict[str, Any]] = [{}] * 10 + [{"age": "x"}]
    with (
        Client(served.address, "tiny", connection=Connection(batch_size=4)) as client,
        pytest.raises(InputError, match=r"row 11: .*'age'"),
    ):
        client.predict(rows)


@pytest.mark.parametrize(
    ("target", "named"),
    [
        (Target("other"), ["'other'"]),
        (Target("tiny", version=9), ["'tiny'", "9"]),
        (Target("tiny", label="canary"), ["'tiny'", "'canary'"]),
    ],
)
def test_an_unknown_model_is_an_error(served, target, named):
    with Client(served.address, target) as client, pytest.raises(ServerError) as caught:
        client.predict([{}])
    assert all(word in str(caught.value) for word in named)


def test_a_version_can_be_requested(served):
    with Client(served.address, Target("tiny", version=1)) as client:
        assert len(client.predict([{}])) == 1
        assert client.features().version == 1


def test_a_server_that_does_not_answer_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for address, connection, code in (
            ("127.0.0.1:1", Connection(attempts=1), "UNAVAILABLE"),
            (
                f"127.0.0.1:{silent.getsockname()[1]}",
                Connection(timeout=0.2),
                "DEADLINE_EXCEEDED",
            ),
        ):
            with (
                Client(address, "tiny", connection=connection) as client,
                pytest.raises(ServerError, match=f"{address}: .*'tiny'") as caught,
            ):
                client.predict([{}])
            assert caught.value.code == grpc.StatusCode[code]


class Rejecting(grpc.GenericRpcHandler):
    """Rejects all requests.

    Attributes:
      code: The status code.
      peers: The connection that each request came by.
    """

    def __init__(self, code):
        self.code = code
        self.peers: list[str] = []

    def service(self, _):
        return grpc.unary_unary_rpc_method_handler(self._reject)

    def _reject(self, _, context):
        self.peers.append(context.peer())
        context.abort(self.code, "no")


@pytest.mark.parametrize(
    ("code", "requests"),
    [("UNAVAILABLE", 2), ("RESOURCE_EXHAUSTED", 2), ("NOT_FOUND", 1), ("INTERNAL", 1)],
)
def test_an_overloaded_or_unavailable_server_is_retried(code, requests):
    handler = Rejecting(grpc.StatusCode[code])
    server = grpc.server(ThreadPoolExecutor(1), handlers=(handler,))
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    with Client(address, "tiny", connection=Connection(attempts=2)) as client:
        # So that no question for them comes first.
        features = ModelFeatures(1, {"user": Feature("user", True, False)})
        client._endpoint.labelled(None).features = features
        with pytest.raises(ServerError) as caught:
            # A request larger than gRPC by default keeps for a retry.
            client.predict([{"user": "u" * 10_000}] * 100)
    server.stop(None)
    assert caught.value.code.name == code
    assert len(handler.peers) == requests
    assert len(set(handler.peers)) == 1, "all by one connection"


def test_a_new_version_is_asked_for_its_features(served, tmp_path, serving):
    """While the new version is loaded, all requests are answered."""
    from serving.server.version_loader import Polling

    models = tmp_path / "models"
    shutil.copytree(served.base_path / "1", models / "1")
    with (
        serving("tiny", models, polling=Polling(seconds=0.05)) as server,
        Client(f"127.0.0.1:{server.port}", "tiny") as client,
    ):
        before = client.predict(served.rows)
        assert client.features().version == 1
        shutil.copytree(served.base_path / "1", tmp_path / "2")
        (tmp_path / "2").rename(models / "2")
        end = time.monotonic() + 20
        while client.features().version == 1 and time.monotonic() < end:
            assert client.predict(served.rows) == before
        assert client.features().version == 2


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"batch_size": 0}, "batch_size: got 0"),
        ({"concurrency": 0}, "concurrency: got 0"),
        ({"attempts": 6}, "attempts: got 6.* 5"),
        ({"timeout": 0.0}, "timeout: got 0.0"),
        ({"timeout": float("nan")}, "timeout: got nan"),
    ],
)
def test_numbers_out_of_range_are_rejected(settings, named):
    with pytest.raises(InputError, match=named):
        Connection(**settings)


def test_a_version_and_a_label_exclude_each_other():
    with pytest.raises(InputError):
        Target("tiny", 1, "stable")
