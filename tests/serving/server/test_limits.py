"""A server takes so much and no more, and goes on after that."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from config.errors import ConfigError
from config.serving import Batching
from serving.server.session import ModelSession
from serving.server.status import StatusError, invalid_argument

PREDICT = "/tensorflow.serving.PredictionService/Predict"


def _connect_to(host, port):
    socket.create_connection((host, port), timeout=5).close()


def test_a_server_listens_on_the_configured_host_only(toy_server, start_server):
    other = start_server(host="127.0.0.2")
    for server, host in ((toy_server, "127.0.0.1"), (other, "127.0.0.2")):
        for port in (server.port, server.rest_port):
            _connect_to(host, port)
            with pytest.raises(ConnectionRefusedError):
                _connect_to("127.0.0.3", port)


def test_a_request_that_is_too_long_is_rejected(
    start_server, connect, predict_request_of, rejection
):
    client = connect(start_server(max_message_bytes=1000))
    request = predict_request_of(name=[b"x" * 2000])

    code, _ = rejection(client.predictions.Predict, request)
    assert code == "RESOURCE_EXHAUSTED"
    assert client.score() == (3.0, 1)


def test_a_short_request_cannot_allocate_much_memory(
    client, predict_request_of, rejection
):
    request = predict_request_of()
    request.inputs["price"].tensor_shape.dim[0].size = 2**40

    code, details = rejection(client.predictions.Predict, request)
    assert code == "RESOURCE_EXHAUSTED"
    assert "price" in details


def test_a_response_may_be_longer_than_4_mib(
    toy_server, client, predict_request_of, rejection
):
    request = predict_request_of(name=[b"x" * 5_000_000])

    # The client's own limit, of 4 MiB.
    assert rejection(client.predictions.Predict, request)[0] == "RESOURCE_EXHAUSTED"
    options = [("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{toy_server.port}", options) as channel:
        (name,) = type(client).of(channel).predict(request)["name_bytes"]
    assert len(name) == 5_000_000


def test_too_many_requests_at_a_time_are_rejected(start_server, connect, eventually):
    """Clients that begin to ask and never go on take their place, and no more."""
    client = connect(start_server(max_concurrent_requests=3))
    hold = client.channel.stream_unary(PREDICT)
    ended = threading.Event()

    def never():
        ended.wait(60)
        yield from ()

    def begin():
        return hold.future(never(), timeout=60)

    calls = [begin() for _ in range(3)]

    def answers():
        try:
            return client.score() == (3.0, 1)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise
            return False

    def is_full():
        # One that came while the request below was answered may have been rejected.
        calls[:] = [begin() if call.done() else call for call in calls]
        return not answers()

    eventually(is_full)
    for call in calls:
        call.cancel()
    ended.set()
    eventually(answers)


def test_too_many_http_requests_at_a_time_are_rejected(start_server, fetch, eventually):
    slow = Batching(batch_timeout_micros=300_000)
    server = start_server(batching=slow, max_concurrent_requests=1)
    url = f"127.0.0.1:{server.rest_port}/v1/models/toy:predict"

    def ask(_):
        return fetch(url, b'{"instances": [""]}')[0]

    with ThreadPoolExecutor(2) as pool:
        # Either may come first.
        eventually(lambda: sorted(pool.map(ask, range(2))) == [200, 429])
    assert ask(0) == 200


def test_open_reflection_streams_do_not_block_requests(client):
    reflection_pb2 = pytest.importorskip("grpc_reflection.v1alpha.reflection_pb2")
    reflection = pytest.importorskip("grpc_reflection.v1alpha.reflection_pb2_grpc")
    stub = reflection.ServerReflectionStub(client.channel)
    answered = threading.Event()

    def ask_and_stay():
        yield reflection_pb2.ServerReflectionRequest(list_services="")
        answered.wait(60)

    streams = [stub.ServerReflectionInfo(ask_and_stay()) for _ in range(10)]
    next(streams[0])
    assert client.score() == (3.0, 1)
    answered.set()
    for stream in streams:
        stream.cancel()


def test_an_address_that_cannot_be_bound_is_named(toy_server, start_server):
    for wrong, address in (
        ({"port": toy_server.port}, f"127.0.0.1:{toy_server.port}"),
        ({"rest_port": toy_server.rest_port}, f"127.0.0.1:{toy_server.rest_port}"),
        # A host of another machine.
        ({"host": "192.0.2.1"}, "192.0.2.1"),
    ):
        with pytest.raises(ConfigError) as caught:
            start_server(**wrong)
        assert str(caught.value).startswith(address)


@pytest.mark.parametrize("letter", ["x", "\ufffd", chr(0xDCFF)])
def test_details_fit_into_a_response(letter):
    """They travel in headers, which are limited."""
    error = invalid_argument(letter * 5000)

    assert len(error.details.encode()) < 1100


def test_a_long_error_reaches_the_client(client, predict_request_of, rejection):
    request = predict_request_of("serving_default", examples=[b"\xff" * 100_000])

    assert rejection(client.predictions.Predict, request)[0] == "INVALID_ARGUMENT"


def test_a_request_past_its_deadline_is_not_computed(toy_dir):
    session = ModelSession("toy", 1, str(toy_dir / "1"))
    signature = session.signature("")

    with pytest.raises(StatusError) as caught:
        session.run(signature.feeds, [], signature.fetches, time.monotonic() - 1)
    assert caught.value.code == grpc.StatusCode.DEADLINE_EXCEEDED
    session.close()
