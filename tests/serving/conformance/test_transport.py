"""What the transport does with requests that are none, and what stands beside."""

from __future__ import annotations

import grpc
import pytest

PREDICT = "/tensorflow.serving.PredictionService/Predict"


def test_bytes_that_are_no_request_are_refused(channel, refused):
    send = channel.unary_unary(PREDICT)

    code, _ = refused(send, b"\xff\xff\xff")
    assert code == "INTERNAL"


def test_an_unknown_method_is_unimplemented(channel, refused):
    send = channel.unary_unary("/tensorflow.serving.PredictionService/Guess")

    assert refused(send, b"")[0] == "UNIMPLEMENTED"


def test_a_stream_without_a_message_is_ended(channel):
    """The client closes its half without having sent anything."""
    call = channel.stream_unary(PREDICT)

    with pytest.raises(grpc.RpcError) as caught:
        call(iter([]), timeout=20)
    assert caught.value.code().name in ("UNIMPLEMENTED", "INTERNAL")


def test_the_server_answers_after_all_this(predictions, ask, examples_signature):
    assert predictions.Predict(ask(examples_signature), timeout=20).outputs


def _or_skip(call):
    """What a call of a service gives that a server need not have."""
    try:
        return call()
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.UNIMPLEMENTED:
            raise
    pytest.skip("the server has no such service")


def test_health(channel):
    health_pb2 = pytest.importorskip("grpc_health.v1.health_pb2")
    health_pb2_grpc = pytest.importorskip("grpc_health.v1.health_pb2_grpc")
    stub = health_pb2_grpc.HealthStub(channel)

    response = _or_skip(lambda: stub.Check(health_pb2.HealthCheckRequest(), timeout=10))
    assert response.status == health_pb2.HealthCheckResponse.SERVING


def test_reflection(channel):
    reflection_pb2 = pytest.importorskip("grpc_reflection.v1alpha.reflection_pb2")
    reflection = pytest.importorskip("grpc_reflection.v1alpha.reflection_pb2_grpc")
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    stub = reflection.ServerReflectionStub(channel)

    (response,) = _or_skip(
        lambda: list(stub.ServerReflectionInfo(iter([request]), timeout=10))
    )
    names = {each.name for each in response.list_services_response.service}
    assert "tensorflow.serving.PredictionService" in names
    assert "tensorflow.serving.ModelService" in names
