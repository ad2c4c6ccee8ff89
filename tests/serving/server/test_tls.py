"""TLS, and clients that have to show a certificate."""

from __future__ import annotations

import datetime
import ipaddress

import grpc
import pytest

from serving.tls import Pem

x509 = pytest.importorskip("cryptography.x509")


class Authority:
    """An authority that signs certificates.

    Attributes:
      certificate: Its own certificate, in PEM.
    """

    def __init__(self):
        self._key, self._name = _key(), _name("authority")
        self._certificate = self._sign(self._name, self._key, is_authority=True)
        self.certificate = _pem(self._certificate)

    def issue(self):
        """A key and its certificate, in PEM."""
        key = _key()
        return _key_pem(key), _pem(self._sign(_name("localhost"), key))

    def _sign(self, subject, key, is_authority=False):
        from cryptography.hazmat.primitives import hashes

        now = datetime.datetime.now(datetime.timezone.utc)
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([address]), critical=False)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .sign(self._key, hashes.SHA256())
        )


def _key():
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _name(common):
    attribute = x509.NameAttribute(x509.NameOID.COMMON_NAME, common)
    return x509.Name([attribute])


def _pem(certificate):
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()


def _key_pem(key):
    from cryptography.hazmat.primitives import serialization as ser

    form = ser.PrivateFormat.PKCS8
    return key.private_bytes(ser.Encoding.PEM, form, ser.NoEncryption()).decode()


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture
def secure(client_of):
    channels = []

    def _connect(server, **credentials):
        given = {name: pem.encode() for name, pem in credentials.items()}
        channel = grpc.secure_channel(
            f"127.0.0.1:{server.port}", grpc.ssl_channel_credentials(**given)
        )
        channels.append(channel)
        return client_of(channel)

    yield _connect
    for channel in channels:
        channel.close()


@pytest.fixture
def serve(start_server, authority):
    def _serve(client_ca=None):
        key, certificate = authority.issue()
        return start_server(pem=Pem(key, certificate, client_ca))

    return _serve


def test_a_client_that_trusts_the_authority_is_answered(serve, secure, authority):
    client = secure(serve(), root_certificates=authority.certificate)

    assert client.score() == (3.0, 1)


def test_a_client_that_trusts_another_authority_does_not_connect(
    serve, secure, refused
):
    client = secure(serve(), root_certificates=Authority().certificate)

    assert refused(client.score)[0] == "UNAVAILABLE"


def test_a_client_without_tls_is_not_answered(serve, connect, refused):
    assert refused(connect(serve()).score)[0] == "UNAVAILABLE"


class TestMutual:
    @pytest.fixture
    def server(self, serve, authority):
        return serve(client_ca=authority.certificate)

    def test_a_client_with_a_certificate_is_answered(self, server, secure, authority):
        key, certificate = authority.issue()
        client = secure(
            server,
            root_certificates=authority.certificate,
            private_key=key,
            certificate_chain=certificate,
        )

        assert client.score() == (3.0, 1)

    def test_a_client_without_a_certificate_is_rejected(
        self, server, secure, authority, refused
    ):
        client = secure(server, root_certificates=authority.certificate)

        assert refused(client.score)[0] == "UNAVAILABLE"

    def test_a_client_of_another_authority_is_rejected(
        self, server, secure, authority, refused
    ):
        key, certificate = Authority().issue()
        client = secure(
            server,
            root_certificates=authority.certificate,
            private_key=key,
            certificate_chain=certificate,
        )

        assert refused(client.score)[0] == "UNAVAILABLE"
