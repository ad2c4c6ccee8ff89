"""TCP ports of this machine."""

from __future__ import annotations

import socket

from config.errors import ConfigError


def bind(host: str, port: int = 0) -> socket.socket:
    """Returns a socket that has a port (0: any free one) but does not listen yet.

    While it is open, no other process is given the port as a free one; a server that
    sets SO_REUSEADDR, as gRPC does, can still listen on it.

    Raises:
      ConfigError: The port is not available.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        raise ConfigError(
            f"{host}:{port}: cannot listen there ({error.strerror}); choose another "
            "host or port, or stop the process that uses it"
        ) from error
    return bound


def port_of(bound: socket.socket) -> int:
    """Returns the port number of a socket."""
    number: int = bound.getsockname()[1]
    return number


def check_free(host: str, port: int) -> None:
    """Raises ConfigError for a port that another process listens on."""
    bind(host, port).close()
