"""Mutual TLS 1.3 between nodes whose certificates genesis pins; no authority is trusted.

A node's certificate is self-made from its node key and says nothing that matters but its public key. Each
side trusts exactly the pinned certificates, demands one from the other side, and looks the one it was shown
up by its bytes. Because a pinned certificate is a trust anchor to OpenSSL, its owner could sign others with
it: the look-up, done by whoever is handed a connection, is what refuses those.
"""

import contextlib
import hashlib
import secrets
import ssl
import tempfile
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

_NOT_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
_NOT_AFTER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""RFC 5280, 4.1.2.5: no date fits; genesis and governance decide how long a node key serves."""
_SERIAL_BYTES = 19
_COMMON_NAME_CHARACTERS = 64


def make_certificate(seed: bytes, name: str) -> bytes:
    """Make the self-signed certificate of a node key; the same arguments always give the same bytes.

    Args:
        seed: 32 bytes, the node key's Ed25519 seed.
        name: The node's name, for people; longer ones are cut to the 64 characters of X.520.

    Returns:
        The X.509 certificate, DER: what genesis pins.
    """
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public_key = key.public_key()
    raw = public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_COMMON_NAME_CHARACTERS])])
    serial = int.from_bytes(hashlib.sha256(raw).digest()[:_SERIAL_BYTES]) | 1
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public_key)
        .serial_number(serial)
        .not_valid_before(_NOT_BEFORE)
        .not_valid_after(_NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, algorithm=None)
    )
    return certificate.public_bytes(Encoding.DER)


def public_key_of_certificate(certificate: bytes) -> bytes:
    """Return the 32-byte Ed25519 public key that a certificate (DER) pins.

    Raises:
        ValueError: Not an X.509 certificate of an Ed25519 key.
    """
    public_key = x509.load_der_x509_certificate(certificate).public_key()
    raw = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    prefix = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: SubjectPublicKeyInfo of Ed25519
    if not raw.startswith(prefix):
        raise ValueError("the certificate's key is not an Ed25519 key")
    return raw[len(prefix) :]


def trust(context: ssl.SSLContext, certificates: Iterable[bytes]) -> None:
    """Let a context, also one in use, accept more certificates (DER) from its next handshake on.

    What is no certificate is left out: governance lets anybody's bytes onto the ledger, and one node's must
    not cut off all others. Nothing is ever taken out of a context; who hands a connection on looks up.
    """
    for certificate in certificates:
        with contextlib.suppress(ssl.SSLError, ValueError):
            context.load_verify_locations(cadata=certificate)


class TlsIdentity:
    """This node's end of every TLS connection."""

    def __init__(self, seed: bytes, certificate: bytes, pinned: Collection[bytes]) -> None:
        """Take the node key and everyone's certificates.

        Args:
            seed: 32 bytes, this node's Ed25519 seed.
            certificate: Its certificate, DER, as genesis has it.
            pinned: The certificates of all nodes of the network, DER.

        Raises:
            ValueError: The certificate is not that of the key.
        """
        key = Ed25519PrivateKey.from_private_bytes(seed)
        own = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        if public_key_of_certificate(certificate) != own:
            raise ValueError("the node key does not belong to the certificate that genesis pins")
        self._key = key
        self._certificate = certificate
        self._pinned = tuple(pinned)

    def server_context(self) -> ssl.SSLContext:
        """Return the context for accepted connections."""
        return self._context(ssl.PROTOCOL_TLS_SERVER)

    def client_context(self) -> ssl.SSLContext:
        """Return the context for dialled connections."""
        return self._context(ssl.PROTOCOL_TLS_CLIENT)

    def _context(self, protocol: int) -> ssl.SSLContext:
        context = ssl.SSLContext(protocol)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False  # Names are genesis' business: the certificate is compared whole.
        context.verify_mode = ssl.CERT_REQUIRED
        if protocol == ssl.PROTOCOL_TLS_SERVER:
            context.num_tickets = 0  # Every connection proves its key anew.
        trust(context, self._pinned)
        self._load_own(context)
        return context

    def _load_own(self, context: ssl.SSLContext) -> None:
        """Give OpenSSL certificate and key, which it reads from a file only.

        The key in that file is encrypted with a password that exists in memory alone, so what may be left on
        the disk after the file is gone is of no use.
        """
        password = secrets.token_bytes(32).hex().encode()
        key = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))
        with tempfile.NamedTemporaryFile(prefix="packtrail-", suffix=".pem") as file:  # mode 0600
            file.write(key + ssl.DER_cert_to_PEM_cert(self._certificate).encode())
            file.flush()
            context.load_cert_chain(file.name, password=password)
