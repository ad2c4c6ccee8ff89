"""The keys and certificates of a server, checked before it starts.

gRPC reads them once the models are loaded, and does not say what is wrong with them.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path
from typing import NamedTuple

from config.errors import ConfigError
from config.serving import Tls


class Pem(NamedTuple):
    """The content of the files of `serving.tls`, in PEM.

    Attributes:
      key: The server's private key.
      certificate: The server's certificate, and those up to its authority.
      client_ca: The authority of client certificates; None if clients need none.
    """

    key: str
    certificate: str
    client_ca: str | None


def read_pem(tls: Tls) -> Pem:
    """Reads and checks the files of `serving.tls`.

    Raises:
      ConfigError: A file cannot be read, is not PEM, or the key does not belong to the
        certificate.
    """
    key = _read(tls.key)
    certificate = _read_certificate(tls.certificate)
    client_ca = None if tls.client_ca is None else _read_certificate(tls.client_ca)
    _check_key(key, certificate, tls.key)
    return Pem(key, certificate, client_ca)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not in PEM"
        raise ConfigError(f"serving.tls: {path}: cannot be read ({reason})") from error


def _read_certificate(path: str) -> str:
    text = _read(path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(
            f"serving.tls: {path}: no certificate in PEM; give one"
        ) from error
    return text


def _check_key(key: str, certificate: str, path: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # Whether a key is long enough is for clients to decide.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    # Python reads them from files only; the folder is readable by its owner only.
    with tempfile.TemporaryDirectory(prefix="ctr-serve-") as folder:
        chain = os.path.join(folder, "chain.pem")
        Path(chain).write_text(f"{key}\n{certificate}\n", encoding="ascii")
        try:
            context.load_cert_chain(chain, password="")
        except ssl.SSLError as error:
            raise ConfigError(
                f"serving.tls: {path}: not the certificate's key in PEM, without a "
                "password; give the key that the certificate was made for"
            ) from error
