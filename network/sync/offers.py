"""Snapshots that peers offer, and how far each one is to be believed."""

from collections.abc import Iterable

import msgspec

from contracts.chain.snapshot import (
    MANIFESTS,
    Manifest,
    Voucher,
    is_vouched_for,
    manifest_hash,
    verify_voucher,
)
from contracts.chain.validators import ValidatorSet
from contracts.ledger.anchor import ANCHORS, Anchored, InvalidAnchor, verify_anchor
from contracts.primitives.encoding import MalformedBytes
from network.wire.errors import RemoteProtocolError
from network.wire.messages import SnapshotOffer


class Candidate(msgspec.Struct):
    """One snapshot, tied to the chain; whether it is what the state was, its vouchers say."""

    hash: bytes
    """32 bytes, of the manifest."""
    manifest: Manifest
    """What it holds."""
    anchor: bytes
    """Encoded: the way from genesis to its block."""
    anchored: Anchored
    """What the anchor proves."""
    vouchers: dict[bytes, Voucher]
    """Verified ones, by the validator's key; of validators of its height only."""

    @property
    def is_trusted(self) -> bool:
        """Whether validators with more than one third of the power of its height vouch for it."""
        height = self.manifest.height
        return is_vouched_for(self.anchored.validators, height, self.hash, self.vouchers.values())

    @property
    def power(self) -> tuple[int, int]:
        """The power that vouches for it, and all of it."""
        validators = self.anchored.validators
        indices = (validators.index_of(key) for key in self.vouchers)
        return validators.power_of(at for at in indices if at is not None), validators.total_power


class Offers:
    """Reads what peers offer, and keeps one candidate per manifest."""

    def __init__(self, genesis_set: ValidatorSet, chain_id: str) -> None:
        """Begin with the validators that genesis names."""
        self._genesis_set = genesis_set
        self._chain_id = chain_id
        self._candidates: dict[bytes, Candidate] = {}

    def get(self, hash_: bytes) -> Candidate:
        """Return a candidate that was taken."""
        return self._candidates[hash_]

    def take(self, offer: SnapshotOffer) -> Candidate:
        """Check an offer, and add what speaks for its manifest to what is known.

        Raises:
            RemoteProtocolError: Malformed, not tied to the chain, or with a forged voucher.
        """
        try:
            manifest = MANIFESTS.decode(offer.manifest)
        except MalformedBytes as error:
            raise RemoteProtocolError(f"snapshot: {error}") from error
        hash_ = manifest_hash(manifest)
        candidate = self._candidates.get(hash_) or self._tie(hash_, manifest, offer.anchor)
        for voucher in offer.vouchers:
            self._vouch(candidate, voucher)
        self._candidates[hash_] = candidate
        return candidate

    def _tie(self, hash_: bytes, manifest: Manifest, anchor: bytes) -> Candidate:
        try:
            anchored = verify_anchor(self._genesis_set, self._chain_id, manifest, ANCHORS.decode(anchor))
        except (InvalidAnchor, MalformedBytes) as error:
            raise RemoteProtocolError(f"snapshot of height {manifest.height}: {error}") from error
        return Candidate(hash_, manifest, anchor, anchored, {})

    def _vouch(self, candidate: Candidate, voucher: Voucher) -> None:
        """Count a voucher; one of a validator that is none at this height says nothing and is passed over."""
        is_one = candidate.anchored.validators.index_of(voucher.validator) is not None
        if not is_one or voucher.validator in candidate.vouchers:
            return
        is_about = (voucher.height, voucher.manifest_hash) == (candidate.manifest.height, candidate.hash)
        if not is_about or not verify_voucher(self._chain_id, voucher):
            raise RemoteProtocolError(f"snapshot of height {candidate.manifest.height}: a forged voucher")
        candidate.vouchers[voucher.validator] = voucher

    def keep_only(self, held: Iterable[bytes]) -> None:
        """Forget candidates that no peer offers any more."""
        self._candidates = {hash_: self._candidates[hash_] for hash_ in set(held)}
