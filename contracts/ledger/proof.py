"""Proofs that stand on genesis alone: a record is in block h, and block h + 1 certifies its verdict.

A proof carries the document, its place under the bundle's documents root, the bundle header and its place
under the bundles root of header h, the receipt and its place under the receipts root of header h + 1, a
commit for both headers, and the headers at which the validators changed. Whoever holds genesis needs nothing
else, and no node, to check it: with `cli/light.py`, which shares no code with what made the proof.
"""

import msgspec

from contracts.chain.commit import Commit
from contracts.chain.header import BundleEntry, Header
from contracts.chain.validators import Validator
from contracts.ledger.bundle import BundleHeader
from contracts.ledger.receipt import Receipt
from contracts.primitives.merkle import InclusionProof

PROOF_VERSION = 3


class CertifiedHeader(msgspec.Struct, frozen=True, array_like=True):
    """A header and the commit that decided it."""

    header: Header
    """The header."""
    commit: Commit
    """For this header's height."""


class ValidatorChange(msgspec.Struct, frozen=True, array_like=True):
    """A decided header that names another set for the height after it, and that set."""

    certified: CertifiedHeader
    """The header, decided by the set before."""
    validators: tuple[Validator, ...]
    """The set that votes from the next height on, in its order."""


class Proof(msgspec.Struct, frozen=True, array_like=True):
    """One document's way from its bytes to two decided headers."""

    version: int
    """3."""
    document: bytes
    """The document as its author sent it."""
    in_bundle: InclusionProof
    """The document's id under the bundle's documents root."""
    bundle: BundleHeader
    """Header of the bundle that carried it."""
    bundle_signature: bytes
    """64 bytes, by the bundle's lane."""
    entry: BundleEntry
    """The bundle's line in the block."""
    in_block: InclusionProof
    """That line under the bundles root of `block`."""
    block: CertifiedHeader
    """Height h."""
    receipt: Receipt
    """The verdict."""
    in_receipts: InclusionProof
    """The receipt, at the document's place in its bundle, under the receipts root of `next_block`."""
    next_block: CertifiedHeader
    """Height h + 1."""
    changes: tuple[ValidatorChange, ...]
    """Every change of the validators from genesis up to the set of `next_block`, by height."""
