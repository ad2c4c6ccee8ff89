"""The `serving` block: how released models are served."""

from __future__ import annotations

import os
from typing import Annotated, Literal

from pydantic import Field

from config.base import Block, Fraction, PositiveInt, RelativePath

Port = Annotated[int, Field(ge=1, le=65535)]
NonNegativeInt = Annotated[int, Field(ge=0)]
Versions = (
    PositiveInt
    | Literal["all"]
    | Annotated[tuple[PositiveInt, ...], Field(min_length=1)]
)


# Settings of the embedded server that TensorFlow Serving lacks: it listens on all
# interfaces, takes messages of 2 GiB, and cannot log requests.
EMBEDDED_ONLY = ("host", "max_message_bytes", "request_log")


class Batching(Block):
    """Server-side batching; the defaults are those of TensorFlow Serving.

    Attributes:
      max_batch_size: Maximum number of examples in a batch; a larger request is
        rejected.
      batch_timeout_micros: Maximum time in microseconds that the first request of a
        batch waits for others.
      max_enqueued_batches: Maximum number of batches that wait; further requests are
        rejected.
      num_batch_threads: Number of batches computed at a time. Defaults to the number
        of cores.
    """

    max_batch_size: PositiveInt = 1000
    batch_timeout_micros: NonNegativeInt = 0
    max_enqueued_batches: PositiveInt = 10
    num_batch_threads: PositiveInt | None = None

    @property
    def threads(self) -> int:
        """Number of batches computed at a time, with the default filled in."""
        return self.num_batch_threads or len(os.sched_getaffinity(0))


class Tls(Block):
    """Encryption of gRPC; PEM files, relative to the configuration file.

    Attributes:
      key: The server's private key.
      certificate: The server's certificate.
      client_ca: Authority of the certificates that clients must present. Defaults to
        None: clients need no certificate.
    """

    key: RelativePath
    certificate: RelativePath
    client_ca: RelativePath | None = None


class RequestLog(Block):
    """A sample of requests and responses, as TFRecord files of PredictionLog.

    Attributes:
      sampling_rate: Share of the requests that is logged.
      folder: Folder of the files, relative to the configuration file. Defaults to
        `serving/requests` in the work directory.
    """

    sampling_rate: Annotated[Fraction, Field(gt=0.0)] = 0.01
    folder: RelativePath | None = None


class Serving(Block):
    """The `serving` block.

    `host`, `max_message_bytes` and `request_log` apply to the embedded server only;
    TensorFlow Serving has no such settings.

    Attributes:
      host: Interface to listen on. Defaults to loopback.
      port: Port of gRPC.
      rest_port: Port of HTTP and metrics; None disables HTTP.
      versions: Number of latest versions to serve, a list of versions, or `all`.
      max_message_bytes: Maximum size of a request.
      max_concurrent_requests: Maximum number of requests at a time; more are rejected.
      batching: Server-side batching; None disables it.
      tls: Encryption of gRPC; None disables it.
      request_log: Sample of requests that is logged; None disables the log.
    """

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Port = 8500
    rest_port: Port | None = 8501
    versions: Versions = 1
    max_message_bytes: PositiveInt = 64 * 2**20
    max_concurrent_requests: PositiveInt = 256
    batching: Batching | None = None
    tls: Tls | None = None
    request_log: RequestLog | None = None

    def embedded_only(self) -> tuple[str, ...]:
        """Returns the settings made here that TensorFlow Serving does not have."""
        return tuple(
            f"serving.{name}"
            for name in EMBEDDED_ONLY
            if name in self.model_fields_set and getattr(self, name) is not None
        )
