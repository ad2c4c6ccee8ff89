"""The keys and certificates of a server are checked before it starts."""

from __future__ import annotations

import pytest

from config.errors import ConfigError
from config.serving import Tls
from serving.tls import read_pem


@pytest.fixture
def tls_of(keys, tmp_path):
    """The `serving.tls` block with files of `keys`, or files that cannot be used."""
    (tmp_path / "garbage").write_text("garbage")

    def make(key="server.key", certificate="server.pem", client_ca=None):
        names = {"key": key, "certificate": certificate, "client_ca": client_ca}
        folders = {"garbage": tmp_path, "missing": tmp_path}
        return Tls(
            **{
                field: str(folders.get(name, keys) / name)
                for field, name in names.items()
                if name is not None
            }
        )

    return make


def test_files_are_read(tls_of, keys):
    pem = read_pem(tls_of(client_ca="ca.pem"))

    assert pem.key == (keys / "server.key").read_text()
    assert pem.certificate == (keys / "server.pem").read_text()
    assert pem.client_ca == (keys / "ca.pem").read_text()


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"key": "missing"}, "missing"),
        ({"key": "garbage"}, "garbage"),
        ({"key": "other.key"}, "other.key"),
        ({"certificate": "garbage"}, "garbage"),
        ({"certificate": "server.key"}, "server.key"),
        ({"client_ca": "ca.key"}, "ca.key"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tls_of, files, name):
    with pytest.raises(ConfigError) as caught:
        read_pem(tls_of(**files))

    message = str(caught.value)
    assert message.startswith("serving.tls: ")
    assert f"{name}: " in message
    assert len(message.splitlines()) == 1
