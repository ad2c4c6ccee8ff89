"""TLS: the client checks the server, and shows who it is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.errors import InputError
from ctr.cli import main
from serving.client import Client, Connection, ServerError, Tls


@pytest.fixture(scope="session", params=[False, True], ids=["TLS", "mutual TLS"])
def secured(
    request: pytest.FixtureRequest,
    base_path: Path,
    keys: Path,
    server_of: Callable[..., Any],
) -> Iterator[tuple[str, bool]]:
    """The address of a server, and whether clients need a certificate."""
    from config import serving as config
    from serving.tls import read_pem

    tls = config.Tls(
        key=str(keys / "server.key"),
        certificate=str(keys / "server.pem"),
        client_ca=str(keys / "ca.pem") if request.param else None,
    )
    server = server_of("tiny", base_path, pem=read_pem(tls))
    server.start()
    yield f"127.0.0.1:{server.port}", request.param
    server.stop(grace=0.2)


@pytest.fixture
def ask(secured: tuple[str, bool]) -> Callable[..., list[float]]:
    """Asks the server; by default in a way that it takes."""

    def predict(tls: Tls | None) -> list[float]:
        connection = Connection(timeout=5, attempts=1, tls=tls)
        with Client(secured[0], "tiny", connection=connection) as client:
            return client.predict([{"age": 31}])

    return predict


def test_whoever_is_known_is_answered(ask: Any, keys: Path):
    tls = Tls(keys / "ca.pem", keys / "client.pem", keys / "client.key")
    assert len(ask(tls)) == 1


def test_client_without_a_certificate(ask: Any, keys: Path, secured: Any):
    tls = Tls(keys / "ca.pem")
    if not secured[1]:
        assert len(ask(tls)) == 1
        return
    with pytest.raises(ServerError, match="no server answers there"):
        ask(tls)


def test_server_of_another_authority(ask: Any, keys: Path):
    with pytest.raises(
        ServerError, match=r"no server answers there; .* that TLS is on"
    ):
        ask(Tls(keys / "other.pem", keys / "client.pem", keys / "client.key"))


def test_client_without_tls(ask: Any):
    with pytest.raises(
        ServerError, match=r"no server answers there; .* that TLS is on"
    ):
        ask(None)


def test_command_has_the_files(
    secured: Any, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "rows.jsonl").write_text('{"age": 31}\n')
    options = ["--server", secured[0], "--model", "tiny"]
    options += ["--input", str(tmp_path / "rows.jsonl"), "--ca", str(keys / "ca.pem")]
    options += ["--cert", str(keys / "client.pem"), "--key", str(keys / "client.key")]
    assert main(["predict", *options]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_the_command_says_one_line(secured: Any, tmp_path: Path):
    (tmp_path / "rows.jsonl").write_text('{"age": 31}\n')
    options = ["--server", secured[0], "--model", "tiny", "--timeout", "1", "--tls"]
    options += ["--input", str(tmp_path / "rows.jsonl")]
    done = subprocess.run(
        [sys.executable, "-m", "ctr.cli", "predict", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {secured[0]}: model 'tiny': ")


def test_what_is_no_certificate(keys: Path):
    with pytest.raises(InputError, match=r"ca\.key: no certificate in PEM"):
        Tls(ca=keys / "ca.key").credentials()


def test_the_key_of_another_certificate(keys: Path):
    with pytest.raises(InputError, match=r"client\.pem, .*other\.key: not a cert"):
        Tls(certificate=keys / "client.pem", key=keys / "other.key").credentials()


def test_half_a_pair():
    with pytest.raises(InputError, match="the client's certificate and its key"):
        Connection(tls=Tls(certificate=Path("a.pem"))).channel("localhost:1")
