"""What a seed decides before its world begins: how many nodes, how bad the network, who lies.

Everything that is drawn later comes from streams of its own (`stream`), so that one more draw in one place
does not change what happens in another.
"""

from random import Random

import msgspec

from contracts.chain.parameters import ConsensusTiming, Limits, Parameters, Tolerances
from node.pool.pool import PoolLimits
from tests.simulation.lying_snapshots import MORE_SNAPSHOT_BEHAVIOURS, SNAPSHOT_BEHAVIOURS

TARGET_HEIGHT = 30
"""Every seed decides at least so many heights."""

MAX_TROUBLE_HEIGHTS = 1_000
MAX_FAULTS = 1_000
"""No limit, but for a plan that is made smaller."""

TIMING = ConsensusTiming(
    propose_ms=300,
    prevote_ms=150,
    precommit_ms=150,
    delta_ms=150,
    cap_ms=3_000,
    proof_block_delay_ms=60,
    heartbeat_ms=400,
    precision_ms=1_000,
    message_delay_ms=1_000,
)
"""A quick network's timers: virtual seconds are cheap, but not free."""

SMALL_LIMITS = Limits(
    document_bytes=16 * 1024,
    document_weight=200,
    document_records=20,
    record_items=100,
    bundle_bytes=32 * 1024,
    bundle_weight=400,
    bundle_documents=6,
    block_bytes=48 * 1024,
    block_weight=500,
    block_bundles=5,
    container_sources=4,
    container_depth=3,
)
"""Caps that a small workload reaches."""

SIZES = {4: 0.75, 7: 0.235, 10: 0.012, 16: 0.002, 31: 0.001}
"""How many validators, and in which part of the seeds: a height of 31 costs sixty times one of 4.

A seed comes to 16,000 events and inputs of engines on average, so that two processors run five thousand
seeds in half an hour.
"""
LARGE = 16
"""Networks of so many, and more, live shorter …"""
LARGE_HEIGHTS = 8
"""… in trouble for so many heights, and four more."""

JOINS = 0.2
"""In this part of the seeds an observer joins by a snapshot …"""
MORE_JOINS = 0.4
"""In this part of the worlds made for joining, the liar does what is drawn apart."""
JOINS_AT = (6, 20)
"""… when a height from here to below there is decided."""

FAULT_KINDS = {
    "crash": 5,
    "trap": 6,
    "refuse": 1,
    "blackout": 1,
    "cut": 2,
    "isolate": 3,
    "one_way": 3,
    "deafen": 2,
    "partition": 3,
    "slow_link": 2,
    "slow_disk": 2,
    "ambush": 20,
    "decay": 1,
    "restore": 3,
    "lose_database": 1,
}
"""Kinds of faults with their weights. A seed has only some of them: all at once would hide what one does."""

WEEK_MS = 7 * 24 * 60 * 60 * 1_000

MAX_SKEW_MS = 600_000
"""Clocks are off by up to ten minutes."""


SMALL_POOL = PoolLimits(total_bytes=8 << 10, lane_bytes=4 << 10, lane_bundles=6, total_bundles=16)
"""A pool that a small workload fills …"""
SMALL_POOLS = 0.2
"""… in this part of the seeds."""


class Plan(msgspec.Struct, frozen=True):
    """One seed's world."""

    seed: int
    """The seed."""
    powers: tuple[int, ...]
    """Voting power of each validator; their number is the network's size."""
    has_member: bool
    """A member takes part: it holds partner keys and does not vote."""
    has_observer: bool
    """An observer follows."""
    liars: tuple[int, ...]
    """Validators that equivocate; together less than a third of the power."""
    skewed: tuple[int, ...]
    """Validators whose clocks are wrong; with the liars, less than a third of the power."""
    real_signatures: bool
    """Ed25519 instead of the quick stand-in."""
    governs: bool
    """Partners change who votes."""
    shares_lane: bool
    """Two nodes hold the same partner key, and never agree on what comes next."""
    loss: float
    """Part of the messages that are lost before they reach a session."""
    duplicates: float
    """Part of the messages that are sent twice."""
    late: float
    """Part of the messages that are held back for a while before they are sent."""
    latency_us: int
    """Shortest time on a link."""
    jitter_us: int
    """What is added at most, in quiet times."""
    faults: tuple[str, ...]
    """Kinds of faults that happen."""
    fault_interval_ms: int
    """Mean time between two faults."""
    documents_per_second: int
    """How busy the partners are."""
    parameters: Parameters
    """The network's."""
    segment_bytes: int
    """Length of log files."""
    trouble_heights: int = MAX_TROUBLE_HEIGHTS
    """Trouble ends when so many heights are decided, if no limit of the world is less."""
    target_height: int = TARGET_HEIGHT
    """Height that is decided at the least."""
    spared: tuple[int, ...] = ()
    """Numbers of faults, in the order in which they are drawn, from 1, that do not happen."""
    most_faults: int = MAX_FAULTS
    """After so many there are no more."""
    behaviours: tuple[str, ...] = ()
    """What liars do; empty for what each of them draws."""
    has_small_pools: bool = False
    """Nodes have little room for bundles."""
    joins_at: int = 0
    """The observer begins when this height is decided, and joins by a snapshot; 0 for from the beginning."""

    @property
    def size(self) -> int:
        """Number of validators."""
        return len(self.powers)

    @property
    def total_power(self) -> int:
        """Power of all validators."""
        return sum(self.powers)


def stream(seed: int, purpose: str) -> Random:
    """Return the random numbers of one purpose in one seed's world."""
    return Random(f"packtrail {seed} {purpose}")


def make_plan(seed: int) -> Plan:
    """Draw a world."""
    random = stream(seed, "plan")
    powers = _powers(random)
    liars = _below_a_third(random, powers, ()) if random.random() < 0.2 else ()
    skewed = _below_a_third(random, powers, liars) if random.random() < 0.1 else ()
    joining = stream(seed, "joining")
    joins_at = joining.randrange(*JOINS_AT) if joining.random() < JOINS and len(powers) < LARGE else 0
    return Plan(
        seed=seed,
        powers=powers,
        has_member=random.random() < 0.3,
        has_observer=random.random() < 0.3 or joins_at > 0,
        liars=liars,
        skewed=skewed,
        real_signatures=random.random() < 0.05,
        shares_lane=random.random() < 0.1,
        loss=random.choice((0.0, 0.02, 0.1, 0.2, 0.3)),
        duplicates=random.choice((0.0, 0.0, 0.05, 0.5)),
        late=random.choice((0.0, 0.0, 0.05, 0.2)),
        latency_us=random.randrange(500, 15_000),
        jitter_us=random.randrange(500, 40_000),
        faults=tuple(kind for kind in FAULT_KINDS if random.random() < 0.55) or ("crash",),
        fault_interval_ms=random.choice((250, 500, 1_000)),
        documents_per_second=random.choice((10, 25, 50)),
        parameters=_with_evidence(_parameters(random), stream(seed, "evidence")),
        segment_bytes=random.choice((8 * 1024, 64 * 1024)),
        governs=random.random() < 0.3,
        trouble_heights=LARGE_HEIGHTS if len(powers) >= LARGE else MAX_TROUBLE_HEIGHTS,
        joins_at=joins_at,
        has_small_pools=stream(seed, "pools").random() < SMALL_POOLS,
        target_height=LARGE_HEIGHTS + 4 if len(powers) >= LARGE else TARGET_HEIGHT,
    )


def joining_plan(seed: int) -> Plan:
    """Draw a world in which an observer joins by a snapshot, and one of four validators lies about it."""
    random, more = stream(seed, "joining plan"), stream(seed, "more about joining")
    behaviours = random.choice((("snapshot_chunk",), ("snapshot_forged",), SNAPSHOT_BEHAVIOURS))
    if more.random() < MORE_JOINS:
        all_of_them = (*SNAPSHOT_BEHAVIOURS, *MORE_SNAPSHOT_BEHAVIOURS)
        behaviours = more.choice((*((each,) for each in MORE_SNAPSHOT_BEHAVIOURS), all_of_them))
    return msgspec.structs.replace(
        make_plan(seed),
        powers=(1,) * 4,
        liars=(random.randrange(4),),
        skewed=(),
        behaviours=behaviours,
        has_observer=True,
        governs=False,
        faults=("slow_disk",),
        loss=random.choice((0.0, 0.05)),
        joins_at=random.randrange(*JOINS_AT),
        trouble_heights=MAX_TROUBLE_HEIGHTS,
        target_height=TARGET_HEIGHT,
    )


def _powers(random: Random) -> tuple[int, ...]:
    size = random.choices(tuple(SIZES), tuple(SIZES.values()))[0]
    if random.random() < 0.7:
        return (1,) * size
    return tuple(random.choice((1, 1, 2, 3)) for _ in range(size))


def _below_a_third(random: Random, powers: tuple[int, ...], others: tuple[int, ...]) -> tuple[int, ...]:
    """Draw validators, none of `others`, that have less than a third of the power together with those."""
    chosen: list[int] = []
    candidates = [index for index in range(len(powers)) if index not in others]
    for index in random.sample(candidates, len(candidates)):
        taken = sum(powers[at] for at in (*others, *chosen, index))
        if 3 * taken < sum(powers):
            chosen.append(index)
    return tuple(sorted(chosen[: random.randint(1, max(len(chosen), 1))]))


def _with_evidence(parameters: Parameters, random: Random) -> Parameters:
    """Let evidence age quickly in some worlds."""
    heights, age_ms = random.choice(((500_000, WEEK_MS), (500_000, WEEK_MS), (12, WEEK_MS), (500_000, 6_000)))
    tolerances = msgspec.structs.replace(
        parameters.tolerances, evidence_age_heights=heights, evidence_age_ms=age_ms
    )
    return msgspec.structs.replace(parameters, tolerances=tolerances)


def _parameters(random: Random) -> Parameters:
    lifetime_ms = random.choice((600_000, 600_000, 10_000))
    return Parameters(
        limits=SMALL_LIMITS if random.random() < 0.4 else Limits(),
        tolerances=Tolerances(bundle_lifetime_ms=lifetime_ms, claimed_time_ms=300_000),
        timing=TIMING,
    )
