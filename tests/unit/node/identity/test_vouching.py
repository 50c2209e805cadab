"""A validator vouches for one manifest per height, whatever becomes of its disk."""

import contextlib

import pytest

from contracts.chain.snapshot import verify_voucher
from contracts.primitives import signing
from node.identity.vouching import MAX_KEPT_VOUCHERS, VoucherSigner
from node.storage.errors import StorageFailed
from node.storage.memory_files import MemoryFiles, Operation, PowerLoss, Survive

NAME, CHAIN, SEED = "snapshots/vouched", "a-chain", b"\x05" * 32
ONE, OTHER = b"\x01" * 32, b"\x02" * 32


def signer(files: MemoryFiles, height: int = 0, *, usable: bool = True, seed: bytes = SEED) -> VoucherSigner:
    found = VoucherSigner(files, NAME, CHAIN, seed)
    assert found.open(height) is usable
    return found


def test_it_signs_one_manifest_of_a_height_and_that_again() -> None:
    own = signer(MemoryFiles())
    voucher = own.sign(10, ONE)
    assert voucher is not None
    assert verify_voucher(CHAIN, voucher)
    assert not verify_voucher("another-chain", voucher)
    assert voucher.validator == signing.public_key_of(SEED)
    assert own.sign(10, ONE) == voucher
    assert own.sign(10, OTHER) is None
    assert own.sign(9, OTHER) is None
    assert own.sign(11, OTHER) is not None


def test_a_restart_forgets_nothing() -> None:
    files = MemoryFiles()
    own = signer(files)
    voucher = own.sign(10, ONE)
    again = signer(files, 25)
    assert again.vouchers == (voucher,)
    assert again.sign(10, OTHER) is None
    assert again.sign(20, OTHER) is not None


def test_it_remembers_the_last_and_refuses_what_it_does_not_remember() -> None:
    own = signer(MemoryFiles())
    for height in range(1, 20):
        assert own.sign(height, ONE) is not None
    assert len(own.vouchers) == MAX_KEPT_VOUCHERS
    assert own.sign(3, ONE) is None


@pytest.mark.parametrize("damage", [None, b"", b"junk", bytes(200)])
def test_without_its_record_it_signs_nothing_up_to_the_present(damage: bytes | None) -> None:
    files = MemoryFiles()
    signer(files).sign(10, ONE)
    files.remove(NAME)
    if damage is not None:
        files.open(NAME).append(damage)
    own = signer(files, 40, usable=False)
    assert own.sign(10, OTHER) is None
    assert own.sign(40, OTHER) is None
    assert own.sign(41, OTHER) is not None


def test_anothers_record_is_not_used() -> None:
    files = MemoryFiles()
    signer(files).sign(10, ONE)
    other = signer(files, 40, usable=False, seed=b"\x06" * 32)
    assert (other.vouchers, other.sign(10, OTHER)) == ((), None)


@pytest.mark.parametrize("survive", list(Survive))
def test_no_crash_lets_it_sign_twice(survive: Survive) -> None:
    """The power goes out before every operation of a signature; then another manifest comes."""
    for stop in range(1, 20):
        files = MemoryFiles()
        own = signer(files)
        first = own.sign(5, ONE)
        count = 0

        def before(operation: Operation, stop: int = stop) -> None:
            nonlocal count
            count += 1
            if count == stop:
                raise PowerLoss(operation.name)

        files._before = before
        released = None
        with contextlib.suppress(PowerLoss):
            released = own.sign(10, ONE)
        survivor = files.crash(survive, lambda limit: limit - 1)
        again = signer(survivor, 12)
        assert again.sign(5, OTHER) is None
        assert first in again.vouchers
        later = signer(survivor.crash(Survive.DROPPED, lambda _limit: 0), 12)
        # What a new life has found is told to peers.
        assert later.vouchers == again.vouchers
        if released is not None:
            assert again.sign(10, OTHER) is None
            return
    pytest.fail("it never came to an end")


def test_a_disk_that_refuses_lets_no_signature_out() -> None:
    files = MemoryFiles()
    own = signer(files)

    def refuse(operation: Operation) -> None:
        raise StorageFailed(operation.name, "no space left on device")

    files._before = refuse
    with pytest.raises(StorageFailed):
        own.sign(10, ONE)
    assert own.vouchers == ()
