"""Keys and certificates of a server, checked before it starts.

gRPC would read them after the models are loaded, and does not report what is wrong.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NamedTuple

from config.errors import ConfigError
from config.serving import Tls


class Pem(NamedTuple):
    """Contents of the files of `serving.tls`.

    Attributes:
      certificate: The server's certificate, and those up to its authority.
      client_ca: Authority of client certificates; None if they are not required.
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
    _check_key(tls)
    return Pem(key, certificate, client_ca)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not PEM"
        raise ConfigError(f"serving.tls: {path}: cannot be read ({reason})") from error


def _read_certificate(path: str) -> str:
    text = _read(path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(
            f"serving.tls: {path}: not a PEM certificate; give one"
        ) from error
    return text


def _check_key(tls: Tls) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # Short keys are for clients to reject.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    try:
        context.load_cert_chain(tls.certificate, tls.key, password="")
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(
            f"serving.tls: {tls.key}: not the certificate's key in PEM without a "
            "password; give the key of the certificate"
        ) from error
