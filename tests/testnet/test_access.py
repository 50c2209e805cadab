"""Who gets in: nodes by the certificates of genesis, clients by tokens; and what operators can see."""

import http.client
import os
import socket
import ssl
import tempfile
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from contracts.chain.genesis import decode_genesis
from network.peer.directory import Directory
from network.peer.handshake import LocalNode, build_hello
from network.testnet.layout import find_node
from network.transport.tls import make_certificate
from network.wire.frames import FrameCodec
from node.home import Home
from node.identity.keystore import KeyKind, Keystore
from node.storage.files import DiskFiles
from tests.testnet.client import Client, until
from tests.testnet.load import birth, units
from tests.testnet.running import Running, packtrail


class Identity(NamedTuple):
    """With what one comes to a node's door."""

    seed: bytes
    """The key."""
    certificate: bytes
    """The certificate that claims a name for it, DER."""


def greet(network: Running, folder: Path, identity: Identity | None) -> bytes:
    """Come to a validator's door and say hello as the observer; return the first bytes of its answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if identity is not None:
        key = Ed25519PrivateKey.from_private_bytes(identity.seed)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        file = folder / "identity.pem"
        file.write_text(pem + ssl.DER_cert_to_PEM_cert(identity.certificate))
        context.load_cert_chain(file)
    genesis = decode_genesis(network.folder.genesis.read_bytes())
    hello = build_hello(LocalNode("observer", "observer"), Directory.of_genesis(genesis), 0, b"")
    host, _, port = find_node(network.folder.load(), "validator-2").p2p.rpartition(":")
    try:
        with (
            socket.create_connection((host, int(port)), timeout=30) as raw,
            context.wrap_socket(raw) as secured,
        ):
            assert secured.version() == "TLSv1.3"
            secured.sendall(FrameCodec(genesis.parameters.limits).encode(hello).data)
            return secured.recv(1 << 16)
    except (ssl.SSLError, ConnectionError):
        return b""


def test_a_node_with_an_unknown_certificate_is_refused(four: Running, tmp_path: Path) -> None:
    """Three say the same hello: only the one whose certificate genesis names gets an answer."""
    home = Home(four.folder.home("observer"))
    passphrase = (home.keys / "passphrase").read_bytes().strip()
    seed = Keystore(DiskFiles(home.root), home.keys.name).load(KeyKind.NODE, passphrase).seed
    own, forged = os.urandom(32), os.urandom(32)
    assert greet(four, tmp_path, Identity(seed, make_certificate(seed, "observer")))
    assert not greet(four, tmp_path, Identity(own, make_certificate(own, "stranger")))
    assert not greet(four, tmp_path, Identity(forged, make_certificate(forged, "observer")))
    assert not greet(four, tmp_path, None)


def test_a_client_without_a_token_is_a_stranger(four: Running) -> None:
    for token in ("", "made-up"):
        stranger = four.client("validator-1", token)
        for method, path in (("GET", "/v1/status"), ("GET", "/v1/blocks"), ("POST", "/v1/documents")):
            reply = stranger.ask(method, path, {} if method == "POST" else None)
            assert (reply.status, reply.code) == (http.client.UNAUTHORIZED, "unauthorised"), path
            assert reply.headers["www-authenticate"].startswith("Bearer")


def new_token(network: Running, node: str, *roles: str) -> str:
    """Make a token on a running node, as its operator does."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "token"
        words = [word for role in roles for word in ("--role", role)]
        home = network.folder.home(node)
        done = packtrail(
            *("token", "new", "--home", home, "--name", "test", *words, "--file", file), state=network.state
        )
        assert done.code == 0, done.err
        return file.read_text().strip()


def test_a_token_allows_what_its_roles_say(four: Running) -> None:
    reader = four.client("validator-1", new_token(four, "validator-1", "read_all"))
    record = birth(reader.now_ms(), units("9521101", 1))
    assert reader.get("/v1/partners")["partners"]
    reply = reader.submit([record])
    assert (reply.status, reply.code) == (http.client.FORBIDDEN, "forbidden")
    writer = four.client("validator-1", new_token(four, "validator-1", "submit"))
    writer.accept(record)
    level = Client(four.operators("validator-1").address, new_token(four, "validator-1", "read_all"))
    assert level.ask("POST", "/log-level", {"level": "info"}).status == http.client.FORBIDDEN


def test_alive_and_ready(four: Running) -> None:
    for name in four.validators:
        operators = four.operators(name)
        assert operators.ask("GET", "/livez").status == http.client.OK
        reply = operators.ask("GET", "/readyz?verbose")
        assert reply.status == http.client.OK
        checks = {check["name"]: check for check in reply.body["checks"]}
        assert {"storage", "consensus", "quorum", "sync", "head_age"} <= checks.keys()
        assert all(check["ok"] and check["detail"] for check in checks.values())


def series(operators: Client) -> dict[str, float]:
    """Return every series of /metrics by its name with labels."""
    reply = operators.ask("GET", "/metrics")
    assert reply.status == http.client.OK
    assert reply.headers["content-type"].startswith("text/plain")
    lines = [line for line in reply.data.decode().splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_metrics_begin_at_zero_and_count(four: Running) -> None:
    """A series that appears with its first event hides that event from everyone who looks for a change."""
    found = series(four.operators("validator-3"))
    for name in (
        'packtrail_documents_submitted_total{outcome="busy"}',
        'packtrail_http_requests_total{method="DELETE",path="/v1/drafts/{id}",status="2xx"}',
        'packtrail_event_streams_ended_total{reason="slow"}',
    ):
        assert found[name] == 0
    kept = 'packtrail_documents_submitted_total{outcome="kept"}'
    client = four.client("validator-3")
    client.accept(birth(client.now_ms(), units("9521103", 1)))
    until(
        lambda: series(four.operators("validator-3"))[kept] == found[kept] + 1, "the submission was counted"
    )


def test_metrics_tell_where_the_node_stands(four: Running) -> None:
    height, operators = four.client("validator-1").height(), four.operators("validator-1")
    found = series(operators)
    assert found["packtrail_height"] >= height
    assert found['packtrail_ready{check="quorum"}'] == 1
    assert 'packtrail_event_loop_lag_seconds_bucket{le="0.02"}' in found
    until(
        lambda: series(operators)["packtrail_event_loop_lag_seconds_count"] > 0, "the loop's lag is sampled"
    )
