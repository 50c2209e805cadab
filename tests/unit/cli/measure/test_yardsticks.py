"""The machine's limits: the law alone executes what the network does, and every number is one."""

import msgspec
import pytest

from cli.measure import yardsticks
from cli.measure.goods import PARTNERS, Moment, commissions, ships
from cli.testnet import shipped
from contracts.chain.genesis import PartnerKey
from contracts.primitives import signing
from network.description import build_genesis
from network.testnet.manifest import description_of, read_manifest

NOW = 1_790_000_000_000
MOMENT = Moment("2026-09-21T13:20:00.000Z", "2028-11-20")


@pytest.fixture
def genesis():
    description = description_of(read_manifest(shipped("bench").read_bytes()))
    made = build_genesis(description, "bench", time_ms=NOW - 1_000, is_test=True)
    partners = tuple(
        msgspec.structs.replace(partner, keys=(PartnerKey(signing.public_key_of(bytes((at,)) * 32)),))
        for at, partner in enumerate(made.partners)
    )
    return msgspec.structs.replace(made, partners=partners)


def test_every_limit_is_measured(genesis, tmp_path, monkeypatch):
    for name in (
        "_SHIPMENTS",
        "_COMMISSIONS",
        "_SERIALS",
        "_SIGNATURES",
        "_SYNCS",
        "_BATCHES",
        "_BATCH_ROWS",
    ):
        monkeypatch.setattr(yardsticks, name, 8)
    # So little takes no time that a coarse clock would show.
    ticks = iter(range(1_000))
    monkeypatch.setattr(yardsticks.time, "process_time", lambda: float(next(ticks)))
    limits = yardsticks.measure(genesis, tmp_path, MOMENT, NOW)
    assert all(value > 0 for value in msgspec.structs.astuple(limits))


def test_the_law_refuses_aloud(genesis):
    law = yardsticks.Law(genesis, NOW)
    made = list(commissions("s", len(PARTNERS), 2, MOMENT))
    for job, _packs in made:
        law.block([job])
    packs = [found for _job, found in made]
    assert len(law.block(ships(packs, 0, 8, MOMENT))[1]) == 8
    with pytest.raises(RuntimeError, match="in_transit"):
        law.block(ships(packs, 0, 8, MOMENT))
