"""Where a server listens, as people write it."""

from __future__ import annotations

import asyncio

import pytest

from config.errors import InputError
from serving.client import AsyncClient, Client
from serving.client.address import full_address


@pytest.mark.parametrize(
    ("server", "address"),
    [
        ("localhost", "localhost:8500"),
        ("localhost:1", "localhost:1"),
        ("10.0.0.7", "10.0.0.7:8500"),
        ("serving.ads.svc", "serving.ads.svc:8500"),
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
def test_without_a_port_it_is_that_of_tensorflow_serving(server, address):
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
        "https://localhost",
        "::1",
        "::1:8500",
        "[localhost]:8500",
    ],
)
def test_what_is_no_address_is_one_line(server):
    with pytest.raises(InputError, match="allowed: HOST:PORT, such as") as caught:
        Client(server, "ads")

    assert str(caught.value).startswith(f"server: got {server!r}; ")
    assert len(str(caught.value).splitlines()) == 1


def test_a_client_for_asyncio_takes_the_same():
    async def make():
        AsyncClient("localhost:", "ads")

    with pytest.raises(InputError, match="got 'localhost:'"):
        asyncio.run(make())
