"""How a server serves; read without TensorFlow, which takes long to import."""

from __future__ import annotations

from dataclasses import dataclass, field

from tensorflow_serving.config import model_server_config_pb2

# Of the kinds of models that TensorFlow Serving knows, the one that is served here.
PLATFORM = "tensorflow"

# The folder in which processes that serve together count; Prometheus's client library
# reads it when it is imported.
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@dataclass(frozen=True)
class Polling:
    """How often a model's directory is looked at.

    Attributes:
      seconds: How long from one look to the next.
      retries: How often loading a version is tried again.
      retry_seconds: How long from one try to the next.
    """

    seconds: float = 1.0
    retries: int = 5
    retry_seconds: float = 5.0


@dataclass(frozen=True)
class BatchingParameters:
    """When a batch is computed; named, and by default valued, as TensorFlow Serving's.

    Attributes:
      max_batch_size: Most rows in a batch.
      batch_timeout_micros: How long the first request waits for others.
      max_enqueued_batches: Most batches of the same tensors that wait.
      num_batch_threads: How many batches of a servable are computed at a time.
    """

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = 1


@dataclass(frozen=True)
class ServerOptions:
    """How a server serves.

    Attributes:
      host: Name or address of the interface; by default it is for this machine only.
      port: Port for gRPC; 0 for any that is free.
      rest_port: Port for HTTP; 0 for any that is free, None for no such interface.
      shares_ports: Whether other processes listen on the same ports.
      ssl_config_file: The server's key and certificates; None without TLS.
      config_file: File with the models, which is read again when it changes; None for
        none.
      shares_config: Whether a configuration that a client sends is written to the
        file, for other processes that serve from it.
      batching: How requests are computed together; None for each by itself.
      polling: How often directories are looked at.
      threads: How many threads an operation of a model may use.
      max_message_bytes: Longest request.
      max_concurrent_requests: Most requests at a time; more are refused.
    """

    host: str = "127.0.0.1"
    port: int = 8500
    rest_port: int | None = None
    shares_ports: bool = False
    ssl_config_file: str | None = None
    config_file: str | None = None
    shares_config: bool = False
    batching: BatchingParameters | None = None
    polling: Polling = field(default_factory=Polling)
    threads: int = 1
    max_message_bytes: int = 64 * 2**20
    max_concurrent_requests: int = 256


def single_model(
    name: str, base_path: str
) -> model_server_config_pb2.ModelServerConfig:
    """The configuration of a server of one model, in its latest version."""
    config = model_server_config_pb2.ModelServerConfig()
    model = config.model_config_list.config.add()
    model.name = name
    model.base_path = base_path
    model.model_platform = PLATFORM
    return config
