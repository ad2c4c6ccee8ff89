"""Where a server listens."""

from __future__ import annotations

import re

from config.errors import InputError

# TensorFlow Serving's for gRPC, and that of `ctr serve`; gRPC's own would be 443.
DEFAULT_PORT = 8500

# How else gRPC names servers; it knows what follows.
_SCHEMES = re.compile(r"(ipv4|ipv6|unix|unix-abstract|vsock|xds):.*")
_ADDRESS = re.compile(
    r"(?P<server>(dns:(///)?)?([^\s:/\[\]]+|\[[0-9A-Fa-f:.]+\]))(:(?P<port>[0-9]{1,5}))?"
)


def full_address(server: str) -> str:
    """The address of a server, with the default port where it has none.

    Args:
      server: `HOST`, `HOST:PORT`, or as else gRPC names servers.

    Raises:
      InputError: It is nothing of that.
    """
    if _SCHEMES.fullmatch(server):
        return server
    match = _ADDRESS.fullmatch(server)
    if not match or not 1 <= int(match["port"] or DEFAULT_PORT) <= 65535:
        raise InputError(
            f"server: got {server!r}; allowed: HOST:PORT, such as localhost:8500 or "
            f"[::1]:8500, the port for gRPC; without a port it is {DEFAULT_PORT}"
        )
    return server if match["port"] else f"{server}:{DEFAULT_PORT}"
