"""What a request is answered with where it is not answered well."""

from __future__ import annotations

import grpc

# TensorFlow numbers its codes as gRPC does.
_BY_NUMBER = {code.value[0]: code for code in grpc.StatusCode}

# TensorFlow Serving cuts messages here. They travel in headers, with three characters
# for each byte that is not printable ASCII, and of headers beyond 8 KiB gRPC refuses
# some at random, those beyond 16 KiB all.
_LONGEST_BYTES = 1024


class StatusError(Exception):
    """A request that failed.

    Attributes:
      code: The status code of the answer.
      details: What a person reads, of a length that fits into an answer.
    """

    def __init__(self, code: grpc.StatusCode, details: str):
        """Cuts details that are too long."""
        super().__init__(details)
        self.code = code
        encoded = details.encode(errors="replace")
        beginning = encoded[:_LONGEST_BYTES].decode(errors="ignore")
        cut = len(encoded) > _LONGEST_BYTES
        self.details = f"{beginning}...TRUNCATED" if cut else beginning


def code_of(number: int) -> grpc.StatusCode:
    """The code that TensorFlow and gRPC give a number; UNKNOWN for any other."""
    return _BY_NUMBER.get(number, grpc.StatusCode.UNKNOWN)


def number_of(code: grpc.StatusCode) -> int:
    """The number that TensorFlow and gRPC give a code."""
    number: int = code.value[0]
    return number


def invalid_argument(details: str) -> StatusError:
    """The request itself is wrong."""
    return StatusError(grpc.StatusCode.INVALID_ARGUMENT, details)


def failed_precondition(details: str) -> StatusError:
    """The model, or the server, is not what the request needs."""
    return StatusError(grpc.StatusCode.FAILED_PRECONDITION, details)


def not_found(details: str) -> StatusError:
    """There is no such model or version."""
    return StatusError(grpc.StatusCode.NOT_FOUND, details)


def resource_exhausted(details: str) -> StatusError:
    """The request is more than the server takes."""
    return StatusError(grpc.StatusCode.RESOURCE_EXHAUSTED, details)


def deadline_exceeded() -> StatusError:
    """The time that the client gives is over."""
    return StatusError(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded")
