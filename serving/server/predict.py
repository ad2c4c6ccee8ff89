"""Answers Predict requests."""

from __future__ import annotations

import grpc
from tensorflow_serving.apis import predict_pb2

from serving.server.codec import encode
from serving.server.servable import Servable
from serving.server.signature import CLASSIFY, PREDICT, REGRESS
from serving.server.status import StatusError

_METHODS = (PREDICT, CLASSIFY, REGRESS)


def predict(
    servable: Servable,
    request: predict_pb2.PredictRequest,
    deadline: float,
    max_bytes: int,
) -> predict_pb2.PredictResponse:
    """The outputs of a signature for given inputs.

    Args:
      servable: Who is asked.
      request: What is asked.
      deadline: When nobody waits for the answer any more, by the monotonic clock.
      max_bytes: The largest array that a few elements may stand for.

    Raises:
      StatusError: There is no answer.
    """
    signature = servable.signature(request.model_spec.signature_name)
    if signature.method not in _METHODS:
        raise StatusError(
            grpc.StatusCode.INTERNAL,
            "Expected prediction signature method_name to be one of "
            f"{{{', '.join(_METHODS)}}}. Was: {signature.method}",
        )
    arrays = signature.arrays(request.inputs, max_bytes)
    aliases, fetches = signature.chosen(request.output_filter)
    outputs = servable.run(signature.feeds, arrays, fetches, deadline)
    response = predict_pb2.PredictResponse()
    spec = response.model_spec
    spec.name = request.model_spec.name
    spec.version.value = servable.version
    spec.signature_name = signature.name
    for alias, output in zip(aliases, outputs, strict=True):
        encode(output, response.outputs[alias])
    return response
