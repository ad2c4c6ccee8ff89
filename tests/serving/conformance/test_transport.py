"""Malformed calls, and the services beside those of TensorFlow Serving."""

from __future__ import annotations

import grpc
import pytest

SERVICE = "/tensorflow.serving.PredictionService"


def test_malformed_calls_are_rejected_and_the_server_goes_on(
    channel, rejection, predictions, ask, examples_signature
):
    predict = channel.unary_unary(f"{SERVICE}/Predict")
    assert rejection(predict, b"\xff\xff\xff")[0] == "INTERNAL"
    guess = channel.unary_unary(f"{SERVICE}/Guess")
    assert rejection(guess, b"")[0] == "UNIMPLEMENTED"
    # The client closes its half without having sent anything.
    stream = channel.stream_unary(f"{SERVICE}/Predict")
    assert rejection(stream, iter([]))[0] in ("UNIMPLEMENTED", "INTERNAL")

    assert predictions.Predict(ask(examples_signature), timeout=20).outputs


def _or_skip(call):
    """What a call of a service returns that a server need not have."""
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
    for service in ("PredictionService", "ModelService"):
        assert f"tensorflow.serving.{service}" in names
