"""Errors of requests to a model server, one line each."""

from __future__ import annotations

import grpc

from config.errors import UserError
from serving.client.target import Target

# TensorFlow Serving's words; its status code alone is shared with other errors.
_UNKNOWN_LABEL = "Unrecognized servable version label"

_MEANINGS = {
    grpc.StatusCode.UNAVAILABLE: (
        "cannot connect; check that the server runs, that both ends or neither use "
        "TLS, and that each trusts the other's certificate"
    ),
    grpc.StatusCode.DEADLINE_EXCEEDED: (
        "timed out; send smaller batches, or increase the timeout"
    ),
    grpc.StatusCode.NOT_FOUND: (
        "not found on the server; check name, version and label, and which versions "
        "the server has loaded"
    ),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (
        "the server is overloaded, or the request is too large; send less at a time"
    ),
}


class ServerError(UserError):
    """Raised if a server cannot be reached or rejects a request.

    Attributes:
      code: gRPC's status code.
    """

    exit_status = 1

    def __init__(self, message: str, code: grpc.StatusCode):
        super().__init__(message)
        self.code = code


def server_error(error: grpc.RpcError, address: str, target: Target) -> ServerError:
    """Returns an error of gRPC as one line that says what to do."""
    code, details = error.code(), error.details() or "no details"
    meaning = _MEANINGS.get(code, f"rejected with status {code.name}")
    hint = ""
    if target.label is not None and details.startswith(_UNKNOWN_LABEL):
        hint = f"; set the label with `ctr release label {target.label}=VERSION`"
    return ServerError(f"{address}: {target}: {meaning}: {details}{hint}", code)
