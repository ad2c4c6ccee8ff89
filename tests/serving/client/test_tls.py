"""TLS: the client checks the server, and shows who it is."""

from __future__ import annotations

import subprocess
import sys

import pytest

from config.errors import InputError
from serving.client import Client, Connection, ServerError, Tls


@pytest.fixture(scope="module", params=[False, True], ids=["TLS", "mutual TLS"])
def secured(request, base_path, keys, serving):
    """The address of a server, and whether clients need a certificate."""
    from config.serving import Tls
    from serving.tls import read_pem

    tls = Tls(
        key=str(keys / "server.key"),
        certificate=str(keys / "server.pem"),
        client_ca=str(keys / "ca.pem") if request.param else None,
    )
    with serving("tiny", base_path, pem=read_pem(tls)) as server:
        yield f"127.0.0.1:{server.port}", request.param


def answer(address, tls):
    """OK, or the status code of the error."""
    connection = Connection(timeout=5, attempts=1, tls=tls)
    with Client(address, "tiny", connection=connection) as client:
        try:
            client.predict([{"age": 31}])
        except ServerError as error:
            return error.code.name
    return "OK"


def test_clients_are_answered_by_their_certificates(secured, keys):
    address, is_mutual = secured
    ca, other = keys / "ca.pem", keys / "other.pem"
    client = (keys / "client.pem", keys / "client.key")

    assert answer(address, Tls(ca, *client)) == "OK"
    without = "UNAVAILABLE" if is_mutual else "OK"
    assert answer(address, Tls(ca)) == without
    assert answer(address, Tls(ca, other, keys / "other.key")) == without
    # A server of another authority, and TLS switched off.
    assert answer(address, Tls(other, *client)) == "UNAVAILABLE"
    assert answer(address, None) == "UNAVAILABLE"


def test_the_command_takes_the_files(secured, keys, tmp_path, ctr_predict, capsys):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"age": 31}\n')
    files = ("--ca", "ca.pem", "--cert", "client.pem", "--key", "client.key")
    options = [each if each[0] == "-" else str(keys / each) for each in files]

    assert ctr_predict(secured[0], path, *options) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_failed_handshakes_are_not_logged(served, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"age": 31}\n')
    options = ["--server", served.address, "--model", "tiny", "--timeout", "1", "--tls"]
    options += ["--input", str(tmp_path / "rows.jsonl")]
    done = subprocess.run(
        [sys.executable, "-m", "ctr.cli", "predict", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {served.address}: ")


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"ca": "ca.key"}, ["ca.key"]),
        (
            {"certificate": "client.pem", "key": "other.key"},
            ["client.pem", "other.key"],
        ),
        ({"certificate": "client.pem"}, ["key"]),
    ],
)
def test_files_that_cannot_be_used_are_named(keys, files, named):
    tls = Tls(**{field: keys / name for field, name in files.items()})
    with pytest.raises(InputError) as caught:
        Connection(tls=tls).channel("localhost:1")
    assert all(word in str(caught.value) for word in named)
