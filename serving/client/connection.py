"""Address, timeout, retries, batching and TLS of a connection to a server."""

from __future__ import annotations

import json
import re
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

# gRPC's own limit.
_MAX_ATTEMPTS = 5

# Port for gRPC of TensorFlow Serving and `ctr serve`.
_DEFAULT_PORT = 8500
# Names of servers that gRPC parses.
_SCHEMES = re.compile(r"(ipv4|ipv6|unix|unix-abstract|vsock|xds):.*")
_ADDRESS = re.compile(
    r"(?P<server>(dns:(///)?)?([^\s:/\[\]]+|\[[0-9A-Fa-f:.]+\]))(:(?P<port>[0-9]{1,5}))?"
)


def full_address(server: str) -> str:
    """Returns an address with its port; defaults to port 8500.

    Args:
      server: `HOST`, `HOST:PORT`, or another name that gRPC resolves.

    Raises:
      InputError: The address is malformed.
    """
    if _SCHEMES.fullmatch(server):
        return server
    match = _ADDRESS.fullmatch(server)
    if not match or not 1 <= int(match["port"] or _DEFAULT_PORT) <= 65535:
        raise InputError(
            f"server: got {server!r}; allowed: HOST or HOST:PORT, such "
            f"as localhost:8500 or [::1]:8500; the port for gRPC defaults to "
            f"{_DEFAULT_PORT}"
        )
    return server if match["port"] else f"{server}:{_DEFAULT_PORT}"


@dataclass(frozen=True)
class Tls:
    """Encryption and authentication; the arguments are PEM files.

    Attributes:
      ca: Certificate authority of the server. Defaults to those the machine trusts.
      certificate: Certificate of the client, for servers that require one.
      key: Private key of that certificate, without a password.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def credentials(self) -> grpc.ChannelCredentials:
        """Returns the credentials of a channel.

        Raises:
          InputError: A file is not usable, or only one of certificate and key is given.
        """
        if (self.certificate is None) != (self.key is None):
            raise InputError(
                "TLS: got one of certificate and key; give the client's certificate "
                "and its key, or neither"
            )
        credentials = grpc.ssl_channel_credentials(
            _read(self.ca), _read(self.key), _read(self.certificate)
        )
        self._check()
        return credentials

    def _check(self) -> None:
        """Rejects files for which gRPC would only report the server as unavailable."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.ca is not None:
            try:
                context.load_verify_locations(self.ca)
            except ssl.SSLError as error:
                raise InputError(
                    f"{self.ca}: not a PEM certificate; give that of the authority "
                    "that signed the server's"
                ) from error
        if self.certificate is not None:
            try:
                context.load_cert_chain(self.certificate, self.key, password="")
            except (ssl.SSLError, ValueError) as error:
                raise InputError(
                    f"{self.certificate}, {self.key}: not a PEM certificate and its "
                    "key without a password; give a matching pair"
                ) from error


@dataclass(frozen=True)
class Connection:
    """Settings of a connection.

    Attributes:
      timeout: Seconds for a request including retries. Defaults to 10.
      attempts: Maximum attempts of a request, 1 to 5. UNAVAILABLE and
        RESOURCE_EXHAUSTED are retried, with exponential back-off and jitter. Defaults
        to 5.
      batch_size: Maximum rows in a request. Defaults to 1000.
      concurrency: Maximum requests in flight. Defaults to 4.
      tls: Encryption. Defaults to none.
    """

    timeout: float = 10.0
    attempts: int = _MAX_ATTEMPTS
    batch_size: int = 1000
    concurrency: int = 4
    tls: Tls | None = None

    def __post_init__(self) -> None:
        for name in ("batch_size", "concurrency", "attempts"):
            if getattr(self, name) < 1:
                raise InputError(
                    f"{name}: got {getattr(self, name)}; allowed: 1 or more"
                )
        if self.attempts > _MAX_ATTEMPTS:
            raise InputError(
                f"attempts: got {self.attempts}; allowed: at most {_MAX_ATTEMPTS}"
            )
        if not self.timeout > 0:
            raise InputError(f"timeout: got {self.timeout}; allowed: more than 0")

    def channel(self, address: str) -> grpc.Channel:
        """Opens a channel."""
        if self.tls is None:
            return grpc.insecure_channel(address, self._options())
        return grpc.secure_channel(address, self.tls.credentials(), self._options())

    def aio_channel(self, address: str) -> grpc.aio.Channel:
        """Opens a channel for asyncio."""
        if self.tls is None:
            return grpc.aio.insecure_channel(address, self._options())
        return grpc.aio.secure_channel(address, self.tls.credentials(), self._options())

    def _options(self) -> list[tuple[str, Any]]:
        return [
            ("grpc.service_config", json.dumps(self._service_config())),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_receive_message_length", -1),
            # By default a request of more than 256 KiB is not retried.
            ("grpc.per_rpc_retry_buffer_size", 2**30),
            # By default a lost connection is retried after a second.
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 5_000),
        ]

    def _service_config(self) -> Mapping[str, object]:
        # Uses all addresses of a name, such as those of a headless Service.
        config: dict[str, object] = {"loadBalancingConfig": [{"round_robin": {}}]}
        if self.attempts > 1:
            policy = {
                "maxAttempts": self.attempts,
                "initialBackoff": "0.2s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
            }
            config["methodConfig"] = [{"name": [{}], "retryPolicy": policy}]
        return config


class Methods:
    """The RPCs that clients use, on a grpc.Channel or a grpc.aio.Channel."""

    def __init__(self, channel: Any):
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
