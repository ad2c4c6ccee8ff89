"""The plainest gRPC server of a SavedModel: what the embedded server is measured by.

Each Predict is `tf.make_ndarray` for the inputs, a call of the signature of
`tf.saved_model.load`, and `tf.make_tensor_proto` for the outputs.

    python -m benchmarks.serving.naive_server SAVED_MODEL
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

_THREADS = 16


class NaiveServicer(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers Predict, in as few lines as it takes."""

    def __init__(self, path: str):
        """Loads a SavedModel."""
        self._model = tf.saved_model.load(path)

    def Predict(  # noqa: N802 - as the protocol has it
        self, request: predict_pb2.PredictRequest, context: grpc.ServicerContext
    ) -> predict_pb2.PredictResponse:
        """The outputs of a signature."""
        signature = self._model.signatures[request.model_spec.signature_name]
        inputs = {
            name: tf.constant(tf.make_ndarray(tensor))
            for name, tensor in request.inputs.items()
        }
        response = predict_pb2.PredictResponse()
        for name, output in signature(**inputs).items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(output.numpy()))
        return response


def main(path: str) -> None:
    """Serves on a free port, which is printed."""
    server = grpc.server(
        ThreadPoolExecutor(_THREADS), options=[("grpc.max_receive_message_length", -1)]
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        NaiveServicer(path), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"gRPC on 127.0.0.1:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main(sys.argv[1])
