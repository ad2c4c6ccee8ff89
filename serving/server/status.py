"""Errors as gRPC status codes."""

from __future__ import annotations

import grpc

# TensorFlow numbers its codes as gRPC does.
_BY_NUMBER = {code.value[0]: code for code in grpc.StatusCode}

# TensorFlow Serving truncates messages here. They travel in headers, with three
# characters for each byte that is not printable ASCII; gRPC rejects some headers beyond
# 8 KiB, and all beyond 16 KiB.
_MAX_BYTES = 1024


class StatusError(Exception):
    """A request that failed.

    Attributes:
      code: Status code of the response.
      details: Error message, truncated to fit into a response.
    """

    def __init__(self, code: grpc.StatusCode, details: str):
        """Creates an error; long details are truncated."""
        super().__init__(details)
        self.code = code
        encoded = details.encode(errors="replace")
        beginning = encoded[:_MAX_BYTES].decode(errors="ignore")
        truncated = len(encoded) > _MAX_BYTES
        self.details = f"{beginning}...TRUNCATED" if truncated else beginning


def code_of(number: int) -> grpc.StatusCode:
    """Returns the status code of a number; UNKNOWN for an unknown number."""
    return _BY_NUMBER.get(number, grpc.StatusCode.UNKNOWN)


def number_of(code: grpc.StatusCode) -> int:
    """Returns the number of a status code."""
    number: int = code.value[0]
    return number


def invalid_argument(details: str) -> StatusError:
    """Returns the error of a request that is wrong in itself."""
    return StatusError(grpc.StatusCode.INVALID_ARGUMENT, details)


def failed_precondition(details: str) -> StatusError:
    """Returns the error of a request that does not fit the model or server."""
    return StatusError(grpc.StatusCode.FAILED_PRECONDITION, details)


def not_found(details: str) -> StatusError:
    """Returns the error of an unknown model or version."""
    return StatusError(grpc.StatusCode.NOT_FOUND, details)


def resource_exhausted(details: str) -> StatusError:
    """Returns the error of a request beyond a limit of the server."""
    return StatusError(grpc.StatusCode.RESOURCE_EXHAUSTED, details)


def unimplemented(details: str) -> StatusError:
    """Returns the error of a request that the server does not support."""
    return StatusError(grpc.StatusCode.UNIMPLEMENTED, details)


def deadline_exceeded() -> StatusError:
    """Returns the error of a request whose deadline has passed."""
    return StatusError(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded")
