"""The signer: one value per step, whatever crashes."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consensus.effects import Sign
from consensus.values import NO_VALUE, RoundValue, Step
from contracts.chain.votes import VoteType, proposal_sign_bytes, vote_sign_bytes
from contracts.primitives import signing
from contracts.primitives.encoding import encode
from node.identity.signer import (
    DoubleSignRefused,
    FileSigner,
    SignerRecord,
    WrongSignerRecord,
    create_signer_record,
    sign_bytes_of,
)
from node.storage.errors import StorageDamaged, StorageFailed
from node.storage.memory_files import MemoryFiles, PowerLoss, Survive
from node.storage.slots import create_slots
from tests.unit.node.storage.faults import at_every_crash, fail_at, restarts, stop_at

CHAIN, SEED = "test-chain", b"\x07" * 32
PUBLIC_KEY = signing.public_key_of(SEED)
A, B = b"a" * 32, b"b" * 32


def request(height, round_, step, value=A, valid_round=-1):
    return Sign(height, round_, step, value, valid_round, NO_VALUE, RoundValue(A, 0))


def prepare(files):
    create_signer_record(files, "signer", CHAIN, PUBLIC_KEY)


def opened(files):
    signer = FileSigner(files, "signer", CHAIN, SEED)
    signer.open()
    return signer


@pytest.fixture
def files():
    made = MemoryFiles()
    prepare(made)
    return made


@pytest.fixture
def signer(files):
    return opened(files)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Step.PROPOSE, proposal_sign_bytes(CHAIN, 3, 1, A, 0)),
        (Step.PREVOTE, vote_sign_bytes(CHAIN, VoteType.PREVOTE, 3, 1, A)),
        (Step.PRECOMMIT, vote_sign_bytes(CHAIN, VoteType.PRECOMMIT, 3, 1, A)),
    ],
)
def test_it_signs_what_the_law_verifies(signer, step, expected):
    asked = request(3, 1, step, valid_round=0)
    assert sign_bytes_of(CHAIN, asked) == expected
    assert signing.verify(signer.public_key, expected, signer.sign(asked))


@pytest.mark.parametrize("step", [Step.IDLE, Step.DECIDED])
def test_nothing_is_signed_in_other_steps(signer, step):
    with pytest.raises(ValueError, match="nothing is signed"):
        signer.sign(request(1, 0, step))
    assert signer.last is None


def test_the_same_step_has_the_same_signature_also_after_a_restart(files, signer):
    asked = request(1, 0, Step.PREVOTE)
    signature = signer.sign(asked)
    operations = files.operations
    assert signer.sign(asked) == signature
    assert files.operations == operations, "nothing is written twice"
    signer.close()
    assert opened(files).sign(asked) == signature


@pytest.mark.parametrize(
    ("asked", "is_refused"),
    [
        (request(5, 2, Step.PREVOTE, A), False),
        (request(5, 2, Step.PREVOTE, B), True),
        (request(5, 2, Step.PREVOTE, b""), True),
        (request(5, 2, Step.PROPOSE, A), True),
        (request(5, 1, Step.PRECOMMIT, A), True),
        (request(4, 9, Step.PRECOMMIT, A), True),
        (request(5, 2, Step.PRECOMMIT, B), False),
        (request(5, 3, Step.PROPOSE, B), False),
        (request(6, 0, Step.PROPOSE, B), False),
    ],
)
def test_another_value_or_an_older_step_is_refused(files, signer, asked, is_refused):
    signer.sign(request(5, 2, Step.PREVOTE, A))
    for one in (signer, opened(files)):
        if is_refused:
            with pytest.raises(DoubleSignRefused, match=f"height {asked.height}, round {asked.round}"):
                one.sign(asked)
        else:
            one.sign(asked)


def test_a_proposal_with_another_valid_round_is_another_value(signer):
    signer.sign(request(1, 2, Step.PROPOSE, A, valid_round=0))
    with pytest.raises(DoubleSignRefused):
        signer.sign(request(1, 2, Step.PROPOSE, A, valid_round=1))


def test_the_record_keeps_the_round_with_lock_and_valid_value(files, signer):
    asked = [request(1, 0, step) for step in (Step.PROPOSE, Step.PREVOTE, Step.PRECOMMIT)]
    signatures = [signer.sign(one) for one in asked]
    again = opened(files)
    for one, signature in zip(asked, signatures, strict=True):
        found = again.find(1, 0, one.step)
        assert (found.sign, found.signature) == (one, signature)
    assert again.last.sign == asked[-1]
    assert again.last.sign.valid == RoundValue(A, 0)
    again.sign(request(1, 1, Step.PREVOTE))
    assert again.find(1, 0, Step.PRECOMMIT) is None
    with pytest.raises(DoubleSignRefused):
        again.sign(asked[-1])


def test_the_longest_record_fits_its_slot(files):
    chain, top = "c" * 50, 1 << 48
    create_signer_record(files, "long", chain, PUBLIC_KEY)
    signer = FileSigner(files, "long", chain, SEED)
    signer.open()
    value = RoundValue(A, 1 << 24)
    for step in (Step.PROPOSE, Step.PREVOTE, Step.PRECOMMIT):
        signer.sign(Sign(top, 1 << 24, step, A, (1 << 24) - 1, value, value))


def test_a_signature_is_released_only_when_its_record_is_durable(files):
    for number in (1, 2, 3):
        crashed = files.crash(Survive.KEPT, lambda _count: 0)
        signer = opened(crashed)
        crashed._before = stop_at(crashed.operations + number)
        with pytest.raises(PowerLoss):
            signer.sign(request(1, 0, Step.PREVOTE))
    signer = opened(files)
    signer.sign(request(1, 0, Step.PREVOTE))
    assert opened(files.crash(Survive.DROPPED, lambda _count: 0)).last.sign == request(1, 0, Step.PREVOTE)


def test_when_the_disk_fails_no_signature_comes_out_and_none_after(files):
    for number in (1, 2, 3):
        failing = files.crash(Survive.KEPT, lambda _count: 0)
        signer = opened(failing)
        failing._before = fail_at(failing.operations + number)
        with pytest.raises(StorageFailed):
            signer.sign(request(1, 0, Step.PREVOTE))
        failing._before = None
        with pytest.raises(StorageFailed):
            signer.sign(request(1, 0, Step.PREVOTE))
        assert signer.last is None


def test_a_lost_or_foreign_record_is_not_signed_on_with(files):
    with pytest.raises(StorageDamaged, match="missing; not knowing what it signed last"):
        opened(MemoryFiles())
    with pytest.raises(WrongSignerRecord, match="never overwritten"):
        prepare(files)
    for chain, seed in (("other-chain", SEED), (CHAIN, b"\x08" * 32)):
        with pytest.raises(WrongSignerRecord, match="expected"):
            FileSigner(files, "signer", chain, seed).open()


@pytest.mark.parametrize(
    ("record", "error"),
    [
        (b"\xc0", StorageDamaged),
        (encode(SignerRecord(2, CHAIN, PUBLIC_KEY, ())), WrongSignerRecord),
    ],
)
def test_a_record_of_another_form_is_refused(record, error):
    files = MemoryFiles()
    create_slots(files, "signer", record)
    with pytest.raises(error):
        opened(files)


# ---------------------------------------------------------------------------------------- properties

STEPS = [Step.PROPOSE, Step.PREVOTE, Step.PRECOMMIT]
REQUESTS = st.builds(
    request, st.integers(1, 2), st.integers(0, 1), st.sampled_from(STEPS), st.sampled_from([A, B])
)


def ask(signer, requests, released):
    for one in requests:
        try:
            signature = signer.sign(one)
        except DoubleSignRefused:
            continue
        released.append((one, signature))


def assert_never_two_values(released):
    values = {}
    for one, signature in released:
        step = (one.height, one.round, one.step)
        assert values.setdefault(step, (one.block_id, signature)) == (one.block_id, signature)


@settings(max_examples=40, deadline=None)
@given(before=st.lists(REQUESTS, max_size=6), after=st.lists(REQUESTS, min_size=1, max_size=6))
def test_no_crash_at_any_operation_makes_it_sign_two_values(before, after):
    def run(files, told):
        ask(opened(files), before, told)

    def check(files, told):
        released = list(told)
        ask(opened(files), after, released)
        assert_never_two_values(released)

    at_every_crash(prepare, run, check)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_chain_of_crashes_makes_it_sign_two_values(data):
    files, released = MemoryFiles(), []
    prepare(files)
    for _life in range(data.draw(st.integers(1, 5))):
        files._before = stop_at(files.operations + data.draw(st.integers(1, 12)))
        requests = data.draw(st.lists(REQUESTS, max_size=6))
        with suppress(PowerLoss):
            ask(opened(files), requests, released)
        files = data.draw(st.sampled_from(list(restarts(files))))
    assert_never_two_values(released)


@settings(max_examples=60, deadline=None)
@given(requests=st.lists(REQUESTS, min_size=1, max_size=8), damage=st.integers(0, 4 * 4096 * 8 - 1))
def test_no_flipped_bit_makes_it_sign_two_values(requests, damage):
    files, released = MemoryFiles(), []
    prepare(files)
    ask(opened(files), requests, released)
    files.flip("signer", damage // 8, damage % 8)
    again = opened(files)
    contradicting = [msgspec.structs.replace(one, block_id=b"c" * 32) for one, _signature in released]
    ask(again, contradicting, released)
    assert_never_two_values(released)
