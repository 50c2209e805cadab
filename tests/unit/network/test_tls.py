"""Certificates and TLS: who proves what, over real loopback connections."""

import asyncio
import ssl
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from contracts.primitives.signing import public_key_of
from network.transport.tls import TlsIdentity, make_certificate, public_key_of_certificate
from tests.unit.network.harness import CERTIFICATES, DIRECTORY, seed_of


def certificate_signed_by(issuer_seed, issuer_name, key):
    """Return a certificate for `key` (DER), signed with a pinned node's key as if that were an authority."""
    issuer = Ed25519PrivateKey.from_private_bytes(issuer_seed)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "guest")]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer_name)]))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2090, 1, 1, tzinfo=UTC))
        .sign(issuer, None)
        .public_bytes(Encoding.DER)
    )


def test_a_certificate_is_the_same_every_time_and_pins_the_key():
    one, two = make_certificate(seed_of("alder"), "alder"), make_certificate(seed_of("alder"), "alder")
    assert one == two
    assert public_key_of_certificate(one) == public_key_of(seed_of("alder"))
    parsed = x509.load_der_x509_certificate(one)
    assert parsed.subject.rfc4514_string() == "CN=alder"
    assert not parsed.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert make_certificate(seed_of("birch"), "alder") != one


def test_a_long_name_is_cut():
    subject = x509.load_der_x509_certificate(make_certificate(seed_of("alder"), "a" * 128)).subject
    assert subject.rfc4514_string() == "CN=" + "a" * 64


def test_only_ed25519_keys_are_pinned():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "alder")])
    other = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2090, 1, 1, tzinfo=UTC))
        .sign(key, SHA256())
        .public_bytes(Encoding.DER)
    )
    with pytest.raises(ValueError, match="Ed25519"):
        public_key_of_certificate(other)
    with pytest.raises(ValueError, match="parsing"):
        public_key_of_certificate(b"no certificate")


def test_a_key_that_does_not_belong_to_the_certificate_is_refused():
    with pytest.raises(ValueError, match="does not belong"):
        TlsIdentity(seed_of("birch"), CERTIFICATES["alder"], DIRECTORY.certificates)


def test_the_contexts_ask_for_everything():
    identity = TlsIdentity(seed_of("alder"), CERTIFICATES["alder"], DIRECTORY.certificates)
    for context in (identity.server_context(), identity.client_context()):
        assert context.minimum_version is ssl.TLSVersion.TLSv1_3
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert not context.check_hostname
        assert context.cert_store_stats() == {"x509": len(DIRECTORY.certificates), "crl": 0, "x509_ca": 0}


def client_context(**options):
    """Return the context of a client that trusts whom it meets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for name, value in options.items():
        setattr(context, name, value)
    return context


async def knock(address, context):
    """Connect, and return what the other side says until it closes; an error of TLS is an answer too."""
    try:
        async with asyncio.timeout(15):
            reader, writer = await asyncio.open_connection(
                address.host, address.port, ssl=context, server_hostname=""
            )
            try:
                return await reader.read()
            finally:
                writer.close()
                await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    except (ssl.SSLError, ConnectionError) as error:
        return type(error).__name__.encode()


async def test_without_a_certificate_nobody_comes_in(tcp):
    alder = tcp.listening("alder")
    assert b"alder" not in await knock(alder.peers.address, client_context())
    assert alder.peers.counters.refused_connections == 1
    assert alder.peers._pending == {}


async def test_older_versions_of_tls_are_refused(tcp):
    alder = tcp.listening("alder")
    context = TlsIdentity(seed_of("birch"), CERTIFICATES["birch"], DIRECTORY.certificates).client_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert await knock(alder.peers.address, context) in (b"SSLError", b"ConnectionResetError")
    assert alder.peers.counters.refused_connections == 1


async def test_plain_text_is_refused(tcp):
    alder = tcp.listening("alder")
    reader, writer = await asyncio.open_connection(alder.peers.address.host, alder.peers.address.port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    async with asyncio.timeout(15):
        await asyncio.gather(reader.read(), return_exceptions=True)
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    assert alder.peers.counters.refused_connections == 1


async def test_a_stranger_is_refused(tcp):
    alder = tcp.listening("alder")
    pinned = (*DIRECTORY.certificates, CERTIFICATES["stranger"])
    context = TlsIdentity(seed_of("stranger"), CERTIFICATES["stranger"], pinned).client_context()
    assert b"alder" not in await knock(alder.peers.address, context)
    assert alder.peers.counters.refused_connections == 1


async def test_a_pinned_node_is_no_authority(tcp):
    alder = tcp.listening("alder")
    key = Ed25519PrivateKey.generate()
    guest = certificate_signed_by(seed_of("birch"), "birch", key)
    seed = key.private_bytes_raw()
    context = TlsIdentity(seed, guest, DIRECTORY.certificates).client_context()
    answer = await knock(alder.peers.address, context)
    counters = alder.peers.counters
    assert counters.refused_connections + counters.ended["certificate"] == 1
    assert alder.names == []
    assert b"test-net" not in answer
