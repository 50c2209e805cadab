"""Vouching for snapshots: one manifest per height, for ever, and only what this node made itself.

The record of what was signed last is durable before a signature leaves. Without a record (a new node, a
deleted or damaged file) nothing is signed for heights up to the present one: it may have been signed before.
It is another record than that of votes, and another domain, so a snapshot can never stand for a vote.
"""

import zlib
from typing import Final

import msgspec

from contracts.chain.snapshot import Voucher, vouch
from contracts.primitives import signing
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from contracts.primitives.signing import PublicKey
from node.storage.files import FileSystem, folder_of, replace_file

MAX_KEPT_VOUCHERS: Final = 4
"""Own vouchers that are remembered, to be told to peers again."""

_CRC_BYTES: Final = 4


class VoucherRecord(msgspec.Struct, frozen=True, array_like=True):
    """What is on disk."""

    chain_id: str
    """Network that was signed for."""
    floor: int
    """Nothing is signed for heights up to this one that is not among the vouchers."""
    vouchers: tuple[Voucher, ...]
    """The last ones, by ascending height."""


_RECORDS: Final[Decoder[VoucherRecord]] = Decoder(VoucherRecord, 4_096)


class VoucherSigner:
    """Signs manifests with the key that votes. Blocking; for one thread."""

    def __init__(self, files: FileSystem, name: str, chain_id: str, seed: bytes) -> None:
        """Use the record `name`; `open` comes first."""
        self._files = files
        self._name = name
        self._chain_id = chain_id
        self._seed = seed
        self._record = VoucherRecord(chain_id, 0, ())
        self.public_key: PublicKey = signing.public_key_of(seed)

    @property
    def vouchers(self) -> tuple[Voucher, ...]:
        """What was signed last, by ascending height."""
        return self._record.vouchers

    def open(self, height: int) -> bool:
        """Read the record, or begin one above the present height.

        Returns:
            False when there is a chain, and no record of use: nothing up to `height` will be signed.

        Raises:
            StorageFailed: The disk refused.
        """
        data = self._files.read(self._name)
        record = None if data is None else self._decode(data)
        if record is None:
            self._files.make_folder(folder_of(self._name))
            self._save(VoucherRecord(self._chain_id, height, ()))
            return data is None and height == 0
        # What it holds is told to peers; a process that ended may not have made it durable.
        self._files.sync_folder(folder_of(self._name))
        self._record = record
        return True

    def _decode(self, data: bytes) -> VoucherRecord | None:
        body = data[_CRC_BYTES:]
        if _crc(body) != data[:_CRC_BYTES]:
            return None
        try:
            record = _RECORDS.decode(body)
        except MalformedBytes:
            return None
        is_own = record.chain_id == self._chain_id and all(
            voucher.validator == self.public_key for voucher in record.vouchers
        )
        return record if is_own else None

    def sign(self, height: int, manifest_hash: bytes) -> Voucher | None:
        """Vouch for a manifest that this node just made; None when it must not.

        Args:
            height: The manifest's.
            manifest_hash: 32 bytes.

        Returns:
            The voucher, once the record of it is durable; the same one when it is asked for again. None for
            another manifest of a height already signed, or for an older height.

        Raises:
            StorageFailed: The record could not be written; nothing was released.
        """
        for voucher in self._record.vouchers:
            if voucher.height == height:
                return voucher if voucher.manifest_hash == manifest_hash else None
        last = self._record.vouchers[-1].height if self._record.vouchers else 0
        if height <= max(last, self._record.floor):
            return None
        voucher = vouch(self._chain_id, self._seed, height, manifest_hash)
        kept = (*self._record.vouchers, voucher)[-MAX_KEPT_VOUCHERS:]
        self._save(msgspec.structs.replace(self._record, vouchers=kept))
        return voucher

    def _save(self, record: VoucherRecord) -> None:
        body = encode(record)
        replace_file(self._files, self._name, _crc(body) + body)
        self._record = record


def _crc(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(_CRC_BYTES, "big")
