"""How a model server serves what is released."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.base import Block, Fraction, PositiveInt

Port = Annotated[int, Field(ge=1, le=65535)]
NonNegativeInt = Annotated[int, Field(ge=0)]
Versions = (
    PositiveInt
    | Literal["all"]
    | Annotated[tuple[PositiveInt, ...], Field(min_length=1)]
)


class Batching(Block):
    """Requests that are computed together; by default as TensorFlow Serving does.

    Attributes:
      max_batch_size: Most examples in a batch; a request with more is refused.
      batch_timeout_micros: How long the first request of a batch waits for others.
      max_enqueued_batches: Most batches that wait; requests beyond are refused.
      num_batch_threads: How many batches are computed at a time; None for one on each
        core.
    """

    max_batch_size: PositiveInt = 1000
    batch_timeout_micros: NonNegativeInt = 0
    max_enqueued_batches: PositiveInt = 10
    num_batch_threads: PositiveInt | None = None


class Tls(Block):
    """Encryption of gRPC; the files are in PEM, relative to the configuration file.

    Attributes:
      key: The server's private key.
      certificate: The server's certificate.
      client_ca: The authority whose certificates clients have to show; None where
        they need none.
    """

    key: Annotated[str, Field(min_length=1)]
    certificate: Annotated[str, Field(min_length=1)]
    client_ca: Annotated[str, Field(min_length=1)] | None = None


class RequestLog(Block):
    """A sample of requests and answers, kept as TFRecord files of PredictionLog.

    Attributes:
      sampling_rate: Share of the requests.
      folder: Where the files are, relative to the configuration file; by default
        `serving/requests` in the work directory.
    """

    sampling_rate: Annotated[Fraction, Field(gt=0.0)] = 0.01
    folder: Annotated[str, Field(min_length=1)] | None = None


class Serving(Block):
    """How a model server serves what is released.

    Attributes:
      host: The interface to listen on; by default only this machine can connect.
      port: Port for gRPC.
      rest_port: Port for HTTP and metrics; None for no such interface.
      versions: How many of the latest versions are served, a list of versions, or
        `all`.
      workers: Processes that share the ports; of the embedded server only.
      max_message_bytes: Longest request.
      max_concurrent_requests: Most requests at a time; more are refused, by the
        embedded server only.
      batching: Requests that are computed together; None for each by itself.
      tls: Encryption of gRPC; None for none.
      request_log: A sample of requests is kept, by the embedded server only; None for
        none.
    """

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Port = 8500
    rest_port: Port | None = 8501
    versions: Versions = 1
    workers: PositiveInt = 1
    max_message_bytes: PositiveInt = 64 * 2**20
    max_concurrent_requests: PositiveInt = 256
    batching: Batching | None = None
    tls: Tls | None = None
    request_log: RequestLog | None = None
