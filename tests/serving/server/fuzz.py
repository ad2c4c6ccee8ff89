"""Fuzzes the embedded server by coverage: every answer has a code of the contract.

The first byte of an input chooses what it is sent to, the rest is the request. Needs
atheris; flags are libFuzzer's:

    python tests/serving/server/fuzz.py BASE_PATH CORPUS... [-max_total_time=600]
"""

import sys
import urllib.error
import urllib.request

import atheris
import grpc

with atheris.instrument_imports(include=["serving.server"]):
    from config.serving import Serving
    from serving.model_config import model_server_config
    from serving.server.server import Server

MODEL = "toy"
METHODS = (
    "PredictionService/Predict",
    "PredictionService/Classify",
    "PredictionService/Regress",
    "PredictionService/MultiInference",
    "PredictionService/GetModelMetadata",
    "ModelService/GetModelStatus",
)
PATHS = (f"{MODEL}:predict",)
CODES = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.UNIMPLEMENTED,
    # What gRPC itself says of bytes that are no message.
    grpc.StatusCode.INTERNAL,
}
NO_MESSAGE = "Exception deserializing request!"
HTTP_CODES = {400, 404, 413, 429}


class BeyondContractError(Exception):
    """An answer beyond the contract."""


def main() -> None:
    """Starts a server, and fuzzes it until a limit of libFuzzer is reached."""
    settings = {"port": 0, "rest_port": 0, "max_message_bytes": 2**22}
    serving = Serving().model_copy(update=settings)
    base_path = sys.argv.pop(1)
    server = Server(serving, lambda: model_server_config(serving, MODEL, base_path))
    server.start()
    channel = grpc.insecure_channel(f"127.0.0.1:{server.port}")
    calls = [channel.unary_unary(f"/tensorflow.serving.{name}") for name in METHODS]
    urls = [f"http://127.0.0.1:{server.rest_port}/v1/models/{path}" for path in PATHS]
    targets = [
        *(lambda content, call=call: _ask(call, content) for call in calls),
        *(lambda content, url=url: _post(url, content) for url in urls),
    ]

    def fuzz(data: bytes) -> None:
        if data:
            targets[data[0] % len(targets)](data[1:])

    atheris.Setup(sys.argv, fuzz)
    atheris.Fuzz()


def _ask(call: grpc.UnaryUnaryMultiCallable, content: bytes) -> None:
    try:
        call(content, timeout=60)
    except grpc.RpcError as error:
        code, details = error.code(), error.details()
        if code not in CODES or (
            code == grpc.StatusCode.INTERNAL and details != NO_MESSAGE
        ):
            raise BeyondContractError(f"{code.name}: {details}") from error


def _post(url: str, content: bytes) -> None:
    try:
        with urllib.request.urlopen(url, content, timeout=60):
            pass
    except urllib.error.HTTPError as error:
        with error:
            if error.code not in HTTP_CODES:
                raise BeyondContractError(f"{error.code}: {error.read()!r}") from error


if __name__ == "__main__":
    main()
