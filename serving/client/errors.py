"""What a server, or the way to it, refuses: one line each."""

from __future__ import annotations

import grpc

from config.errors import UserError
from serving.client.target import Target


class ServerError(UserError):
    """A server did not answer, or refused to.

    Attributes:
      code: gRPC's status code.
    """

    exit_status = 1

    def __init__(self, message: str, code: grpc.StatusCode):
        """Takes the line and the status code."""
        super().__init__(message)
        self.code = code


def server_error(error: grpc.RpcError, address: str, target: Target) -> ServerError:
    """What an error of gRPC means to a person.

    Args:
      error: A call's error.
      address: Whom it was for.
      target: The model that was asked for.
    """
    code, details = error.code(), error.details() or "no details"
    says = _MEANINGS.get(code, f"refused by {code.name}; the server says")
    cure = _cure(details, target)
    return ServerError(f"{address}: {target}: {says}: {details}{cure}", code)


def _cure(details: str, target: Target) -> str:
    if target.label is None or not details.startswith(_UNKNOWN_LABEL):
        return ""
    return f"; set it by: ctr release label {target.label}=VERSION"


# As TensorFlow Serving has it: the code alone may mean any other mistake.
_UNKNOWN_LABEL = "Unrecognized servable version label"

_MEANINGS = {
    grpc.StatusCode.UNAVAILABLE: (
        "no server answers there; check that it runs, that TLS is on at both ends or "
        "at neither, and that each end trusts the other's certificate"
    ),
    grpc.StatusCode.DEADLINE_EXCEEDED: (
        "no answer in time; send smaller batches, or allow more time"
    ),
    grpc.StatusCode.NOT_FOUND: (
        "the server does not have it; check its name, version and label, and what the "
        "server loaded"
    ),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (
        "the server is busy, or the request is too large; send less at a time"
    ),
}
