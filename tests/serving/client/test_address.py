"""Where a server listens, as people write it."""

from __future__ import annotations

import asyncio

import pytest

from config.errors import InputError
from serving.client import AsyncClient, Client
from serving.client.connection import full_address


@pytest.mark.parametrize(
    ("server", "address"),
    [
        ("localhost", "localhost:8500"),
        ("localhost:1", "localhost:1"),
        ("ctr_serving:65535", "ctr_serving:65535"),
        ("[::1]", "[::1]:8500"),
        ("[::1]:9000", "[::1]:9000"),
        ("dns:///ctr-serving", "dns:///ctr-serving:8500"),
        ("dns:///ctr-serving:9000", "dns:///ctr-serving:9000"),
        ("unix:/run/serving.sock", "unix:/run/serving.sock"),
        ("ipv4:10.0.0.7:8500,10.0.0.8:8500", "ipv4:10.0.0.7:8500,10.0.0.8:8500"),
        ("xds:///ctr-serving", "xds:///ctr-serving"),
    ],
)
def test_the_default_port_is_that_of_tensorflow_serving(server, address):
    assert full_address(server) == address


@pytest.mark.parametrize(
    "server",
    [
        "",
        ":8500",
        "localhost:",
        "localhost:grpc",
        "localhost:0",
        "localhost:65536",
        "localhost:8500/",
        "two words",
        "http://localhost:8501",
        "::1",
        "::1:8500",
        "[localhost]:8500",
    ],
)
def test_a_malformed_address_is_rejected(server):
    async def make_async():
        AsyncClient(server, "ads")

    for make in (lambda: Client(server, "ads"), lambda: asyncio.run(make_async())):
        with pytest.raises(InputError) as caught:
            make()
        message = str(caught.value)
        assert message.startswith("server: ")
        assert repr(server) in message
        assert "HOST:PORT" in message
        assert len(message.splitlines()) == 1
