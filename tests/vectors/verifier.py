"""A second verifier, written from the text of ADR 0001 alone: SHA-256, Ed25519, MessagePack, nothing of ours.

It exists to show that the ADR is complete. It imports no code of the project, checks what it is given by
AssertionError, and knows nothing of the law: what a record does is taken from the writes beside the block.
"""

import hashlib
from base64 import b64decode
from typing import Any

import msgpack
from nacl.signing import VerifyKey

Raw = Any
ZEROS = bytes(32)
VERSIONS = {"receipt": 2}
"""Of the tags that are no longer of version 1."""

# Genesis: the fields of each kind of array, in order.
LIMITS = "document_bytes document_weight document_records record_items bundle_bytes bundle_weight \
bundle_documents block_bytes block_weight block_bundles container_sources container_depth"
TOLERANCES = "bundle_lifetime_ms claimed_time_ms evidence_age_heights evidence_age_ms"
TIMING = "propose_ms prevote_ms precommit_ms delta_ms cap_ms proof_block_delay_ms heartbeat_ms \
precision_ms message_delay_ms"
PROFILE = "name ship_deadline_default_ms ship_deadline_min_ms ship_deadline_max_ms dispense_roles \
sscc_reuse_days reinstate_window_ms reinstate_exported \
recall_response_ms recall_closed_by_opener recall_released_by_opener successor_lifts_holds retail_roles \
institution_roles opening_supplies lanes_block onboard_until_ms onboard_items \
exempt_reasons overage_items overage_claim_ms overage_answer_ms"
PARTNER = "gln name roles market licence company_prefixes"
PREMISES = "gln partner name market address kind"
PRODUCT = "gtin holder name markets serialisation units_per_pack contains_gtin contains_count \
national_numbers strength form storage logger_required leaflet"


def pack(value: Raw) -> bytes:
    return msgpack.packb(value, use_bin_type=True)


def unpack(data: bytes) -> Raw:
    value = msgpack.unpackb(data, raw=False)
    assert pack(value) == data, "not canonical"
    return value


def prefix(tag: str) -> bytes:
    return bytes([len(tag)]) + tag.encode("ascii")


def h(tag: str, data: bytes) -> bytes:
    return hashlib.sha256(prefix(f"packtrail/{tag}/{VERSIONS.get(tag, 1)}") + data).digest()


def top(hashes: list[bytes]) -> bytes:
    """Split at the largest power of two below the number of leaves, as RFC 6962 says."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return h("merkle-node", pack([top(hashes[:split]), top(hashes[split:])]))


def root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return h("merkle-empty", b"")
    return h("merkle-root", pack([len(leaves), top([h("merkle-leaf", leaf) for leaf in leaves])]))


def climb(index: int, count: int, digest: bytes, path: list[bytes]) -> bytes:
    """Compute the topmost hash from a leaf's, walking down the same split and consuming the path upwards."""
    if count == 1:
        assert (index, path) == (0, []), "the path does not fit"
        return digest
    assert path, "the path is too short"
    split = 1 << (count - 1).bit_length() - 1
    if index < split:
        return h("merkle-node", pack([climb(index, split, digest, path[:-1]), path[-1]]))
    return h("merkle-node", pack([path[-1], climb(index - split, count - split, digest, path[:-1])]))


def is_included(expected: bytes, leaf: bytes, proof: Raw) -> bool:
    index, count, path = proof
    if not 0 <= index < count:
        return False
    try:
        return h("merkle-root", pack([count, climb(index, count, h("merkle-leaf", leaf), path)])) == expected
    except AssertionError:
        return False


def check_signature(key: bytes, tag: str, fields: list[Raw], signature: bytes) -> None:
    VerifyKey(key).verify(prefix(f"packtrail/sign-{tag}/1") + pack(fields), signature)


def values(entry: dict[str, Raw], fields: str) -> list[Raw]:
    found = [entry[field] for field in fields.split()]
    return [int(value) if isinstance(value, bool) else value for value in found]


def genesis_rows(document: dict[str, Raw]) -> list[Raw]:
    """Write the JSON document as arrays."""
    parameters = document["parameters"]
    partners = []
    for partner in document["partners"]:
        keys = [
            [b64decode(key["public_key"]), key["from_height"], key["until_height"]] for key in partner["keys"]
        ]
        partners.append([*values(partner, PARTNER), keys])
    nodes = [
        [
            *(node["name"], node["role"], b64decode(node["certificate"])),
            *(node["partner"], b64decode(node["validator_key"]), node["power"]),
        ]
        for node in document["nodes"]
    ]
    return [
        *values(document, "version chain_id kind time_ms clock_offset_ms"),
        [
            values(parameters["limits"], LIMITS),
            values(parameters["tolerances"], TOLERANCES),
            values(parameters["timing"], TIMING),
        ],
        [values(profile, PROFILE) for profile in document["profiles"]],
        [values(market, "code profile utc_offset_minutes") for market in document["markets"]],
        partners,
        [values(place, PREMISES) for place in document["premises"]],
        [values(product, PRODUCT) for product in document["products"]],
        [values(delegation, "gtin partner") for delegation in document["delegations"]],
        nodes,
    ]


class Network:
    """What genesis says to a verifier: its hash, its name, who votes, under which parameters."""

    def __init__(self, document: dict[str, Raw]) -> None:
        rows = genesis_rows(document)
        self.hash = h("genesis", pack(rows))
        self.chain_id = rows[1]
        self.time_ms = rows[3]
        self.parameters_hash = h("parameters", pack(rows[5]))
        self.validators = sorted([node[4], node[5]] for node in rows[12] if node[1] == "validator")
        self.validators_hash = h("validators", pack(self.validators))
        self.lanes = {key[0] for partner in rows[8] for key in partner[6]}

    def check_commit(self, commit: Raw, height: int, block_id: bytes) -> None:
        """Check that more than two thirds of the power signed a block."""
        assert commit[0] == height
        assert commit[2] == block_id
        indices = [index for index, _signature in commit[3]]
        assert indices == sorted(set(indices)), "signatures out of order"
        for index, signature in commit[3]:
            fields = [self.chain_id, 2, height, commit[1], block_id]
            check_signature(self.validators[index][0], "vote", fields, signature)
        total = sum(power for _key, power in self.validators)
        assert sum(self.validators[index][1] for index in indices) * 3 > total * 2, "no quorum"


def writes_hash(writes: list[list[bytes]]) -> bytes:
    parts = []
    for key, *value in writes:
        parts += [len(key).to_bytes(4, "big"), key]
        parts += [b"\x01", len(value[0]).to_bytes(4, "big"), value[0]] if value else [b"\x00", bytes(4)]
    return h("writes", b"".join(parts))


def app_hash(previous: bytes, writes: list[list[bytes]]) -> bytes:
    return h("app", pack([previous, writes_hash(writes)])) if writes else previous


def check_bundle(network: Network, data: bytes) -> tuple[bytes, Raw, list[bytes]]:
    """Check a bundle; return its id, header and document ids."""
    header, signature, documents = unpack(data)
    version, chain_id, lane, after, sequence, _expires, weight, documents_root, count = header
    ids = [h("document", document) for document in documents]
    assert (version, chain_id) == (1, network.chain_id)
    assert lane in network.lanes
    assert 0 <= after < sequence
    assert (documents_root, count) == (root(ids), len(ids))
    assert weight == sum(check_document(document) for document in documents)
    check_signature(lane, "bundle", [network.chain_id, pack(header)], signature)
    return h("bundle", pack(header)), header, ids


LISTED_AT = {1: 7, 2: 2, 3: 3, 4: 3, 5: 3, 6: 3, 10: 2, 11: 4, 12: 3, 13: 3, 20: 2}
"""Where each kind of record lists its identifiers."""
LENGTH = {1: 8, 2: 3, 3: 4, 4: 4, 5: 4, 6: 4, 10: 11, 11: 5, 12: 4, 13: 4, 20: 4}
"""Positions of each kind of record."""


def check_document(data: bytes) -> int:
    """Check a document's form; return its weight."""
    version, nonce, weight, records = unpack(data)
    assert (version, len(nonce)) == (1, 16)
    for record in records:
        assert len(record) == LENGTH[record[0]]
        assert len(record[1]) == 4
    assert weight == sum(1 + len(record[LISTED_AT[record[0]]]) for record in records)
    return weight


def order_of(previous_block_id: bytes, bundles: list[tuple[bytes, int]]) -> list[int]:
    """Return positions in the order of H(lane-order, [previous block id, lane]), then sequence."""
    ranks = [(h("lane-order", pack([previous_block_id, lane])), sequence) for lane, sequence in bundles]
    return sorted(range(len(ranks)), key=lambda at: ranks[at])
