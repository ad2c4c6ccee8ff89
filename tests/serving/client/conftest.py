"""A model of the tiny problem behind the embedded server, and clients of it."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

NAME = "tiny"


@dataclass(frozen=True)
class Served:
    """A server.

    Attributes:
      address: Where it listens.
      rows: Rows as a client gives them.
      probabilities: What the model itself says about them.
      base_path: Folder of the versions.
    """

    address: str
    rows: list[dict[str, Any]]
    probabilities: np.ndarray
    base_path: Path


class Proxy:
    """A port that leads to a server once it is open.

    Attributes:
      address: Where it listens.
      connections: How many were made.
    """

    def __init__(self, to: str):
        host, _, port = to.partition(":")
        self._server = (host, int(port))
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.connections = 0

    def open(self) -> None:
        self._socket.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(self._server)
            for ends in ((client, server), (server, client)):
                threading.Thread(target=_forward, args=ends, daemon=True).start()


def _forward(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            target.sendall(data)
    except OSError:
        pass
    target.close()


def as_client_row(row: dict[str, list[Any]]) -> dict[str, Any]:
    """A row as a person would give it: plain values, without the label."""
    plain = {name: values[0] if values else None for name, values in row.items()}
    features = ("device", "user", "age", "price")
    tags = {"tags": row["tags"]} if "tags" in row else {}
    return {name: plain[name] for name in features if name in plain} | tags


@pytest.fixture(scope="session")
def base_path(
    tiny_models: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with version 1 of the tiny model."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(tiny_models("linear").saved_model, folder / "1")
    return folder


@pytest.fixture(scope="session")
def served(
    base_path: Path,
    tiny: Any,
    tiny_models: Callable[[str], Any],
    server_of: Callable[..., Any],
) -> Iterator[Served]:
    """A server without TLS."""
    rows = tiny.rows[:50] + tiny.probe_rows
    server = server_of(NAME, base_path)
    server.start()
    yield Served(
        f"127.0.0.1:{server.port}",
        [as_client_row(row) for row in rows],
        tiny_models("linear").served(rows),
        base_path,
    )
    server.stop(grace=0.2)


@pytest.fixture
def proxy(served: Served) -> Iterator[Proxy]:
    """A port that leads to the server once it is open."""
    proxy = Proxy(served.address)
    yield proxy
    proxy.close()
