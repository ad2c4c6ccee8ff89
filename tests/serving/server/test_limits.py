"""A server takes so much and no more, and goes on after that."""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
import tensorflow as tf

from config.errors import ConfigError
from config.serving import Batching
from serving.server.status import StatusError, invalid_argument

PREDICT = "/tensorflow.serving.PredictionService/Predict"


def test_a_server_listens_on_loopback_by_default(start_server):
    server = start_server()

    for port in (server.port, server.rest_port):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=5)


def test_a_server_listens_on_the_configured_host(start_server):
    server = start_server(host="127.0.0.2")

    socket.create_connection(("127.0.0.2", server.port), timeout=5).close()
    socket.create_connection(("127.0.0.2", server.rest_port), timeout=5).close()


def test_a_request_that_is_too_long_is_refused(
    start_server, connect, predict_request_of, refused
):
    client = connect(start_server(max_message_bytes=1000))
    request = predict_request_of(price=[1.0], name=[b"x" * 2000], tags=[[b""]])

    code, _ = refused(lambda: client.predictions.Predict(request, timeout=20))
    assert code == "RESOURCE_EXHAUSTED"
    assert client.score() == (3.0, 1)


def test_a_short_request_cannot_allocate_much_memory(
    start_server, connect, predict_request_of, refused
):
    client = connect(start_server())
    request = predict_request_of(price=[1.0], name=[b""], tags=[[b""]])
    request.inputs["price"].tensor_shape.dim[0].size = 2**40

    code, details = refused(lambda: client.predictions.Predict(request, timeout=20))
    assert code == "RESOURCE_EXHAUSTED"
    assert "price" in details


def test_an_answer_may_be_longer_than_a_request(
    start_server, connect, predict_request_of
):
    """gRPC's own limit, of 4 MiB, is not that of the server."""
    server = start_server()
    client = connect(server)
    request = predict_request_of(price=[1.0], name=[b"x" * 5_000_000], tags=[[b""]])

    with pytest.raises(grpc.RpcError, match="larger than max"):
        client.predictions.Predict(request, timeout=20)
    options = [("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{server.port}", options) as channel:
        response = type(client).of(channel).predictions.Predict(request, timeout=20)
    assert len(response.outputs["name_bytes"].string_val[0]) == 5_000_000


def test_too_many_requests_at_a_time_are_refused(start_server, connect, eventually):
    """Clients that begin to ask and never go on take their place, and no more."""
    client = connect(start_server(max_concurrent_requests=3))
    hold = client.channel.stream_unary(PREDICT)

    def never():
        while True:
            time.sleep(0.05)
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
        # One that came while the request below was answered may have been refused.
        calls[:] = [begin() if call.done() else call for call in calls]
        return not answers()

    eventually(is_full)
    for call in calls:
        call.cancel()
    eventually(answers)


def test_too_many_http_requests_at_a_time_are_refused(start_server, eventually):
    slow = Batching(batch_timeout_micros=1_500_000)
    server = start_server(batching=slow, max_concurrent_requests=1)
    url = f"http://127.0.0.1:{server.rest_port}/v1/models/toy:predict"

    def ask():
        try:
            with urllib.request.urlopen(url, b'{"instances": [""]}') as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        # Either may come first.
        eventually(lambda: sorted(pool.map(lambda _: ask(), range(2))) == [200, 429])
    assert ask() == 200


def test_open_reflection_streams_do_not_block_requests(start_server, connect):
    reflection_pb2 = pytest.importorskip("grpc_reflection.v1alpha.reflection_pb2")
    reflection = pytest.importorskip("grpc_reflection.v1alpha.reflection_pb2_grpc")
    client = connect(start_server())
    stub = reflection.ServerReflectionStub(client.channel)
    requests = [reflection_pb2.ServerReflectionRequest(list_services="")]

    def ask_and_stay():
        yield from requests
        time.sleep(2)

    streams = [stub.ServerReflectionInfo(ask_and_stay()) for _ in range(10)]
    next(streams[0])
    assert client.score() == (3.0, 1)
    for stream in streams:
        stream.cancel()


def test_a_port_in_use_is_an_error(start_server):
    taken = start_server()

    with pytest.raises(ConfigError, match=f"127.0.0.1:{taken.port}: "):
        start_server(port=taken.port)
    with pytest.raises(ConfigError, match=f"127.0.0.1:{taken.rest_port}: "):
        start_server(rest_port=taken.rest_port)


def test_a_host_of_another_machine_is_an_error(start_server):
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1"):
        start_server(host="192.0.2.1")


@pytest.mark.parametrize("letter", ["x", "\ufffd", chr(0xDCFF)])
def test_details_fit_into_an_answer(letter):
    """They travel in headers, which are limited."""
    error = invalid_argument(letter * 5000)

    assert len(error.details.encode()) < 1100
    assert error.details.endswith("TRUNCATED")
    assert isinstance(error, StatusError)


def test_a_long_error_reaches_the_client(
    start_server, connect, predict_request_of, refused
):
    client = connect(start_server())
    request = predict_request_of("serving_default")
    garbage = np.array([b"\xff" * 100_000], object)
    request.inputs["examples"].CopyFrom(tf.make_tensor_proto(garbage))

    code, details = refused(lambda: client.predictions.Predict(request, timeout=20))
    assert code == "INVALID_ARGUMENT"
    assert "Could not parse example input" in details


def test_a_passed_deadline_is_not_computed(base_path):
    from serving.server.session import ModelSession

    session = ModelSession("toy", 1, str(base_path / "1"), threads=1)
    signature = session.signature("")

    with pytest.raises(StatusError) as caught:
        session.run(signature.feeds, [], signature.fetches, time.monotonic() - 1)
    assert caught.value.code == grpc.StatusCode.DEADLINE_EXCEEDED
    session.close()
