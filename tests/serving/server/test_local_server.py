"""A local server that has ended, and its port."""

from __future__ import annotations

import socket

import pytest

from config.serving import Serving
from serving.local_server import LocalServer, ServingError


@pytest.fixture
def local(tmp_path, base_path, monkeypatch, eventually):
    """A server that has ended."""
    program = tmp_path / "bin" / "tensorflow_model_server"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho out of memory\nexit 137\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    with LocalServer(Serving(), "toy", base_path, tmp_path) as local:
        eventually(lambda: local._process.poll() is not None)
        yield local


def test_another_server_at_its_address_is_ignored(local, start_server):
    start_server(port=int(local.address.rpartition(":")[2]))

    with pytest.raises(ServingError, match=r"status 137 .* ends: out of memory$"):
        local.wait_until_available(60)


def test_its_port_stays_reserved(local):
    host, _, port = local.address.rpartition(":")

    with (
        socket.socket() as other,
        pytest.raises(OSError, match="Address already in use"),
    ):
        other.bind((host, int(port)))
