"""Keys and certificates, looked at before anything else is done.

gRPC looks at them once the models are loaded, and then does not say what is wrong.
"""

from __future__ import annotations

import os
import ssl
import tempfile

from pipeline.errors import ConfigError


def check_certificate(text: str, name: str) -> None:
    """Checks that a text has certificates in PEM.

    Args:
      text: The text.
      name: What it is called in an error.

    Raises:
      ConfigError: It has none.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError, TypeError) as error:
        raise ConfigError(f"{name}: no certificate in PEM; give one") from error


def check_key(key: str, certificate: str, name: str) -> None:
    """Checks that a key is that of a certificate.

    Args:
      key: The text of the key.
      certificate: That of the certificate, and of those that lead to its authority.
      name: What the key is called in an error.

    Raises:
      ConfigError: It is not, or has a password.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # Whether a key is long enough is for those who connect to say.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    # Python reads them from files alone; the folder is its owner's.
    with tempfile.TemporaryDirectory(prefix="ctr-serve-") as folder:
        path = os.path.join(folder, "chain.pem")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"{key}\n{certificate}\n")
        try:
            context.load_cert_chain(path, password="")
        except ssl.SSLError as error:
            raise ConfigError(
                f"{name}: not the certificate's key in PEM, without a password; give "
                "the key that the certificate was made for"
            ) from error
