"""Errors of requests, by gRPC's status codes."""

from __future__ import annotations

from functools import partial

import grpc

# TensorFlow and gRPC have the same numbers.
_BY_NUMBER = {code.value[0]: code for code in grpc.StatusCode}

# Limit of TensorFlow Serving. Messages are headers, with three characters for each byte
# that is not printable ASCII; gRPC rejects some headers beyond 8 KiB, and all beyond
# 16 KiB.
_MAX_BYTES = 1024


class StatusError(Exception):
    """Raised if a request fails.

    Attributes:
      code: Status code of the response.
      details: Error message, truncated to 1 KiB.
    """

    def __init__(self, code: grpc.StatusCode, details: str):
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


invalid_argument = partial(StatusError, grpc.StatusCode.INVALID_ARGUMENT)
failed_precondition = partial(StatusError, grpc.StatusCode.FAILED_PRECONDITION)
not_found = partial(StatusError, grpc.StatusCode.NOT_FOUND)
resource_exhausted = partial(StatusError, grpc.StatusCode.RESOURCE_EXHAUSTED)
unimplemented = partial(StatusError, grpc.StatusCode.UNIMPLEMENTED)
deadline_exceeded = partial(
    StatusError, grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded"
)
