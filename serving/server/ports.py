"""Ports to listen on."""

from __future__ import annotations

import socket

from pipeline.errors import ConfigError


def bind(host: str, port: int, shares_port: bool) -> socket.socket:
    """A socket that has a port, but does not listen yet.

    Args:
      host: Name or address of the interface.
      port: Number of the port; 0 for any that is free.
      shares_port: Whether others that say so too may have the port as well.

    Raises:
      ConfigError: The port cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shares_port:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(address)
    except OSError as error:
        raise ConfigError(
            f"{host}:{port}: the server cannot listen there ({error.strerror}); choose "
            "another host or port, or stop what listens there"
        ) from error
    return bound


def check_free(host: str, port: int) -> None:
    """Checks that nobody listens on a port, whether or not they would share it.

    Raises:
      ConfigError: Someone does.
    """
    bind(host, port, shares_port=False).close()
