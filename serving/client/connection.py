"""The way to a server."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from config.errors import InputError
from serving.client import messages

_PREDICTIONS = "tensorflow.serving.PredictionService"
_MODELS = "tensorflow.serving.ModelService"

# More attempts gRPC does not make.
_MOST_ATTEMPTS = 5


@dataclass(frozen=True)
class Tls:
    """Encrypts, and checks who the server is.

    Attributes:
      ca: PEM file of the authority that signed the server's certificate; None for those
        that the machine trusts.
      certificate: PEM file of the client's certificate, for a server that wants one.
      key: PEM file of its key.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def credentials(self) -> grpc.ChannelCredentials:
        """The credentials of a channel.

        Raises:
          InputError: A file cannot be used, or one of a pair is missing.
        """
        if (self.certificate is None) != (self.key is None):
            raise InputError(
                "TLS: give the client's certificate and its key, or neither"
            )
        credentials = grpc.ssl_channel_credentials(
            _read(self.ca), _read(self.key), _read(self.certificate)
        )
        self._check()
        return credentials

    def _check(self) -> None:
        """Finds what gRPC would only log, and then take for a server that is away."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.ca is not None:
            try:
                context.load_verify_locations(self.ca)
            except ssl.SSLError as error:
                raise InputError(
                    f"{self.ca}: no certificate in PEM; give that of the authority "
                    "that signed the server's"
                ) from error
        if self.certificate is not None:
            try:
                context.load_cert_chain(self.certificate, self.key, password="")
            except (ssl.SSLError, ValueError) as error:
                raise InputError(
                    f"{self.certificate}, {self.key}: not a certificate and its key "
                    "in PEM, without a password; give a pair"
                ) from error


@dataclass(frozen=True)
class Connection:
    """How a server is reached, and what is done for an answer.

    Attributes:
      timeout: Seconds that a request may take, with all its attempts.
      attempts: How often a request is sent while the server is UNAVAILABLE (with
        exponential back-off and jitter); other errors would only come again.
      batch_size: Most rows of a request.
      concurrency: Most requests under way.
      tls: Encryption; None for none.
    """

    timeout: float = 10.0
    attempts: int = _MOST_ATTEMPTS
    batch_size: int = 1000
    concurrency: int = 4
    tls: Tls | None = None

    def __post_init__(self) -> None:
        """Checks the numbers."""
        for name in ("batch_size", "concurrency", "attempts"):
            if getattr(self, name) < 1:
                raise InputError(
                    f"{name}: got {getattr(self, name)}; allowed: 1 or more"
                )
        if self.attempts > _MOST_ATTEMPTS:
            raise InputError(
                f"attempts: got {self.attempts}; allowed: at most {_MOST_ATTEMPTS}"
            )
        if not self.timeout > 0:
            raise InputError(f"timeout: got {self.timeout}; allowed: more than 0")

    def channel(self, address: str) -> grpc.Channel:
        """A channel, to be reused: connecting takes longer than a request."""
        if self.tls is None:
            return grpc.insecure_channel(address, self._options())
        return grpc.secure_channel(address, self.tls.credentials(), self._options())

    def aio_channel(self, address: str) -> grpc.aio.Channel:
        """A channel for asyncio."""
        if self.tls is None:
            return grpc.aio.insecure_channel(address, self._options())
        return grpc.aio.secure_channel(address, self.tls.credentials(), self._options())

    def _options(self) -> list[tuple[str, Any]]:
        return [
            ("grpc.service_config", json.dumps(self._service_config())),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_receive_message_length", -1),
            # By default a request of more than 256 KiB is not sent again.
            ("grpc.per_rpc_retry_buffer_size", 2**30),
            # By default it is a second before a lost connection is made again.
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 5_000),
        ]

    def _service_config(self) -> Mapping[str, object]:
        # Where a name has several addresses, such as that of a headless Service, all
        # are asked in turns.
        config: dict[str, object] = {"loadBalancingConfig": [{"round_robin": {}}]}
        if self.attempts > 1:
            policy = {
                "maxAttempts": self.attempts,
                "initialBackoff": "0.2s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            }
            config["methodConfig"] = [{"name": [{}], "retryPolicy": policy}]
        return config


class Methods:
    """The methods of the services, on a channel of either kind."""

    def __init__(self, channel: Any):
        """Prepares the calls.

        Args:
          channel: A grpc.Channel or a grpc.aio.Channel.
        """
        self.predict = _method(channel, _PREDICTIONS, "Predict")
        self.get_model_metadata = _method(channel, _PREDICTIONS, "GetModelMetadata")
        self.get_model_status = _method(channel, _MODELS, "GetModelStatus")


def _method(channel: Any, service: str, name: str) -> Any:
    return channel.unary_unary(
        f"/{service}/{name}",
        request_serializer=getattr(messages, f"{name}Request").SerializeToString,
        response_deserializer=getattr(messages, f"{name}Response").FromString,
    )


def _read(path: Path | None) -> bytes | None:
    try:
        return None if path is None else path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
