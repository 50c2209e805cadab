"""A simulated world, from its beginning to its end: trouble, healing, and what is checked on the way."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from consensus.effects import Effect, Input, StartHeight
from consensus.engine import Engine
from contracts.chain.commit import Commit
from contracts.primitives import signing
from network.wire.messages import Message, VoucherMessage
from node.host.applied import Applied
from node.storage.base import base_height
from node.storage.convictions import Convictions
from node.storage.evidence import load_evidence
from tests.simulation.accusers import Accuser
from tests.simulation.audit import Audit
from tests.simulation.bounds import Bounds
from tests.simulation.cast import Role, make_cast
from tests.simulation.clock import US_PER_MS, Scheduler
from tests.simulation.faults import Faults
from tests.simulation.invariants import MAX_ROUNDS_AFTER_HEALING, Broken, Invariants
from tests.simulation.joining import Joined
from tests.simulation.liars import Liar
from tests.simulation.lies import Lie, Lies
from tests.simulation.machine import SNAPSHOT_INTERVAL, Machine
from tests.simulation.plan import Plan, stream
from tests.simulation.sets import Sets
from tests.simulation.signatures import SignatureBook
from tests.simulation.wire import Mood, Wire
from tests.simulation.workload import Workload

LOOK_MS = 50
"""How often the world looks whether it is done."""
TROUBLE_HEIGHTS = 22
"""Trouble ends when so many heights are decided …"""
GOVERNED_HEIGHTS = 8
"""… so many more where partners change who votes …"""
TROUBLE_MS = 15_000
"""… or after this long."""
CONNECT_MS = 10_000
"""Once all is mended, all are connected again within this time."""
CATCH_UP_MS = 8_000
"""... and whoever was left behind is level: a request that was lost before is given up after 5 s."""
DRAIN_MS = 90_000
"""Then everything that was promised is in the chain, everywhere, within this time."""


class World:
    """One world. Everything in it is deterministic; `run` may be called once.

    Attributes:
        plan: What it is like.
        scheduler: Time.
        wire: What carries bytes.
        mood: How messages fare.
        cast: Who plays.
        machines: By node name.
        addresses: Where nodes listen, by name.
        liars: By node name.
        stale: Names of validators whose home is an old copy, or may be one.
        bereft: Names of nodes that once lost their database, or of which a file decayed.
        has_forgotten: Whether a node has lost the chain, so that it may say again what is in it.
        invariants: What must hold.
        lies: What becomes of lies.
        stops: How often machines stopped.
        inputs: What engines were told so far.
        items: Items that exist at the end.
        counts: What else happened, by kind.
        changes: How partners changed who votes, by kind.
        joined: Who joined by a snapshot, and with which state.
    """

    def __init__(self, plan: Plan, book: SignatureBook, *, is_told: bool = False) -> None:
        """Create a world; signatures must be simulated already if they are to be.

        Args:
            plan: What it is like.
            book: Told of every signature.
            is_told: Print what happens.
        """
        self.plan = plan
        self.scheduler = Scheduler()
        self.wire = Wire(self.scheduler, stream(plan.seed, "wire"), plan.latency_us, plan.jitter_us)
        self.mood = Mood()
        self.cast = make_cast(plan)
        self.stops = self.items = self.inputs = 0
        self.counts: Counter[str] = Counter()
        self.changes: Counter[str] = Counter()
        self._is_told = is_told
        self._trace = hashlib.blake2b(digest_size=16)
        self._rounds_allowed: dict[int, int] = {}
        self._healed_at = self._level_at_us = 0
        self.machines = {role.name: Machine(self, role, at) for at, role in enumerate(self.cast.roles)}
        self.addresses = {machine.name: machine.address for machine in self.machines.values()}
        self.liars = self._make_liars(book)
        self.stale: set[str] = set()
        self.bereft: set[str] = set()
        self.has_forgotten = False
        self._wrong = frozenset((*self.liars, *(f"v{index}" for index in plan.skewed)))
        self.invariants = Invariants(Sets(self.cast.genesis), self.liars)
        self.lies = Lies(self.invariants.sets, self.liars, plan.parameters.tolerances)
        self._listed = frozenset(node.name for node in self.cast.genesis.nodes)
        self._idle = {role.name for role in self.cast.roles if role.is_spare}
        self._late = {machine.name for machine in self.machines.values() if machine.joins}
        self._idle |= self._late
        self.joined = Joined(self, SNAPSHOT_INTERVAL)
        self.faults = Faults(self, stream(plan.seed, "faults"))
        self.workload = Workload(self, stream(plan.seed, "workload"))

    def _make_liars(self, book: SignatureBook) -> dict[str, Liar]:
        """Have some validators lie; the keys of the others are watched."""
        liars: dict[str, Liar] = {}
        for at, role in enumerate(self.cast.roles):
            if at in self.plan.liars:
                machine = self.machines[role.name]
                random, accusing = (
                    stream(self.plan.seed, f"{purpose} {role.name}") for purpose in ("liar", "accuser")
                )
                accuser = Accuser(accusing, role.validator_seed)
                asked = (machine.lane_of, machine.proposed_in, machine.chunk_of)
                liar = Liar(random, role.validator_seed, *asked, accuser, self.plan.behaviours)
                liars[role.name] = machine.tampering = liar
            elif role.validator_seed:
                book.watch(role.name, role.validator_seed)
        return liars

    def public_key_of(self, role: Role) -> signing.PublicKey:
        """Return the key that a validator votes with."""
        return signing.public_key_of(role.validator_seed)

    # ------------------------------------------------------------------------------- run

    def run(self) -> None:
        """Let the world run to its end.

        Raises:
            AssertionError: An invariant does not hold.
        """
        random = stream(self.plan.seed, "boot")
        for machine in self._awaited():
            self.scheduler.after(random.randrange(400) * US_PER_MS, machine.boot)
        self.workload.begin()
        self.faults.begin()
        Bounds(self).begin()
        end = min(TROUBLE_HEIGHTS + GOVERNED_HEIGHTS * self.plan.governs, self.plan.trouble_heights)
        self.scheduler.run(lambda: self.invariants.height >= end, TROUBLE_MS * US_PER_MS)
        self._heal()
        self._drain()
        self._check_end()
        self.trace("end")

    def _run_until(self, condition: Callable[[], bool], longest_ms: int) -> bool:
        """Let time pass until a condition holds that is dear to ask; false when it does not in time."""
        deadline_us = self.scheduler.now_us + longest_ms * US_PER_MS
        while not condition():
            if self.scheduler.now_us >= deadline_us:
                return False
            self.scheduler.run(lambda: False, self.scheduler.now_us + LOOK_MS * US_PER_MS)
        return True

    def _heal(self) -> None:
        self.trace("heal")
        self.faults.end()
        for machine in self._awaited():
            machine.boot()
        if not self._run_until(self._are_connected, CONNECT_MS):
            raise Broken("I7: the nodes do not find together again")
        self._healed_at = self.invariants.height
        self._level_at_us = self.scheduler.now_us + CATCH_UP_MS * US_PER_MS
        for height in {engine.height for _machine, engine in self._engines()}:
            self._count_rounds_anew(height)
        self.trace("healed")

    def _count_rounds_anew(self, height: int) -> None:
        """Rounds of a height count from those that are now: before, too few may have taken part (I7)."""
        rounds = [engine.round for _machine, engine in self._engines() if engine.height == height]
        self._rounds_allowed[height] = max((self._rounds_allowed.get(height, 0), *rounds))

    def _awaited(self) -> list[Machine]:
        """The machines that should run by now."""
        return [machine for machine in self.machines.values() if machine.name not in self._idle]

    def _honest(self) -> list[Machine]:
        """The machines that promises are about: liars may be banned, and who was removed is left behind."""
        return [self.machines[name] for name in sorted(self._listed - self.liars.keys() - self._late)]

    @property
    def wrong(self) -> frozenset[str]:
        """Names of liars, and of those with a wrong clock, with an old home, or once without a database."""
        return self._wrong | self.stale | self.bereft

    def may_be_wrong(self, name: str) -> bool:
        """Tell whether the network stays alive when one more validator is wrong."""
        voters = self.invariants.sets.voters(self.invariants.height + 1)
        wrong = self.wrong | {name}
        power = sum(each.power for other, each in voters.items() if other in wrong)
        is_enough = 3 * power < sum(each.power for each in voters.values())
        return name in voters and name not in self.wrong and is_enough and self.workload.may_be_wrong(name)

    def proposer(self) -> str:
        """Return whose turn it is to propose at the height that is being decided; empty when nobody knows."""
        sets = self.invariants.sets
        for _machine, engine in self._engines():
            index = engine.proposer(max(engine.round, 0))
            if engine.height == self.invariants.height + 1 and index is not None:
                return sets.names(engine.height)[index]
        return ""

    def _engines(self) -> Iterator[tuple[Machine, Engine]]:
        for machine in self._honest():
            if machine.core is not None and machine.core.consensus is not None:
                yield machine, machine.core.consensus.engine

    def _are_connected(self) -> bool:
        # Who still joins knows the nodes of genesis only, and not who was admitted since.
        honest = [machine for machine in self._honest() if not machine.is_joining]
        names = {machine.name for machine in honest}
        return all(
            machine.postbox is not None
            and {peer.name for peer in machine.postbox.connected()} >= names - {machine.name}
            for machine in honest
        )

    def _drain(self) -> None:
        """Let everything that was promised come into the chain, and everybody learn of it."""
        again = self._healed_at + 4
        if not self._run_until(lambda: self.invariants.height >= again, DRAIN_MS):
            raise Broken(f"I7: no decision after healing, stuck at {self._standing()}")
        self.workload.end()
        listed: frozenset[str] = frozenset()
        while listed != self._listed:
            # Who is taken in again meanwhile brings along what it promised before it was removed.
            listed = self._listed
            self._settle()

    def _settle(self) -> None:
        if not self._run_until(self._is_drained, DRAIN_MS):
            raise Broken(f"I3: what was promised is not in the chain: {self._standing()}")
        kept = self._kept_lies()
        if not self._run_until(lambda: not self.lies.missing(kept), DRAIN_MS):
            heights = sorted({height for height, _key in self.lies.missing(kept)})
            raise Broken(f"I6: no block carries lies of heights {heights}")
        target = max(self.plan.target_height, self.invariants.height + 1)
        if not self._run_until(lambda: all(each.height >= target for each in self._honest()), DRAIN_MS):
            raise Broken(f"I7: not everybody got to height {target}: {self._standing()}")

    def _is_drained(self) -> bool:
        known = self.invariants.documents_up_to(self.invariants.height)
        able = {machine.name for machine in self._honest()}
        promised = (each for each, name in self.workload.promises.durable.items() if name in able)
        return known.issuperset(promised) and all(
            machine.core is not None and not machine.core.submissions.waiting for machine in self._honest()
        )

    def _voting(self) -> list[Machine]:
        """The honest machines that vote on the next block: what they keep against liars comes into blocks."""
        voters = self.invariants.sets.voters(self.invariants.height + 1)
        return [machine for machine in self._honest() if machine.name in voters]

    def _kept_lies(self) -> set[Lie]:
        """Return the lies that honest validators keep by now: liars go on lying, so these must do."""
        stores = (machine.disk.store for machine in self._voting())
        return {self.lies.lie_of(kept.evidence) for store in stores for kept in load_evidence(store)}

    def _standing(self) -> str:
        """Say where every node stands."""
        engines = {machine.name: engine for machine, engine in self._engines()}
        parts = []
        for machine in self.machines.values():
            part = f"{machine.name} {machine.height}" + ("" if machine.is_up else " down")
            engine = engines.get(machine.name)
            if engine is not None:
                part += f" ({engine.height}/{engine.round} {engine.step.name.lower()})"
            if machine.core is not None and machine.core.submissions.waiting:
                part += f" waiting {machine.core.submissions.waiting}"
            parts.append(part)
        return ", ".join(parts)

    # ----------------------------------------------------------------------------- events

    @property
    def trace_hash(self) -> str:
        """Hash of everything that was noted."""
        return self._trace.hexdigest()

    def trace(self, *what: object) -> None:
        """Note something that happened: two runs of a seed are alike if they note the same."""
        self._trace.update(f"{self.scheduler.now_us} {what}".encode())
        if self._is_told:
            print(self.scheduler.now_us, *what)

    def on_sent(self, machine: Machine, name: str, message: Message) -> None:
        """A node sends a message."""
        self.trace("send", machine.name, name, type(message).__name__)
        if isinstance(message, VoucherMessage):
            self.invariants.on_vouched(machine.name, message.voucher)

    def on_applied(self, machine: Machine, applied: Applied, commit: Commit) -> None:
        """A node has a new block."""
        height = applied.tip.height
        self.trace("applied", machine.name, height, applied.tip.app_hash.hex()[:16], commit.round)
        if self.invariants.on_applied(machine.name, applied, commit):
            self.lies.on_block(applied)
            self._follow(applied)
            self.joined.on_applied(machine, height)
            self.faults.on_decided(machine, height)
            allowed = self._rounds_allowed.get(height, 0) + MAX_ROUNDS_AFTER_HEALING
            if self._healed_at and height > self._healed_at and commit.round > allowed:
                raise Broken(f"I7: height {height} took {commit.round} rounds after healing")
        if self._healed_at and machine.core is not None and machine in self._voting():
            self.lies.on_pending(machine.core.evidence.pending(), height)

    def _follow(self, applied: Applied) -> None:
        """Governance may have changed who takes part: who is admitted starts, at once or after a while."""
        height = applied.tip.height
        before, voters = (self.invariants.sets.voters(at) for at in (height, height + 1))
        for name in sorted(before.keys() | voters.keys()):
            if name not in voters:
                is_proposer = before[name].key == applied.block.header.proposer
                self.changes["removed_proposer" if is_proposer else "removed"] += 1
            elif name not in before:
                self.changes["admitted"] += 1
            elif before[name].power != voters[name].power:
                self.changes["power"] += 1
        if height == self.plan.joins_at:
            self._begin(self._late)
            self._late = set()
        if applied.nodes is None:
            return
        self._listed = frozenset(node.name for node in applied.nodes)
        self._begin(name for name in self._listed if not self.machines[name].joins)

    def _begin(self, names: Iterable[str]) -> None:
        """Start those that wait, after a while."""
        for name in sorted(self._idle.intersection(names)):
            self._idle.discard(name)
            pause_ms = stream(self.plan.seed, f"start {name}").randrange(1_500)
            self.scheduler.after(pause_ms * US_PER_MS, self.machines[name].boot)

    def watch_engine(self, machine: Machine) -> None:
        """Look over the shoulder of a validator's engine."""
        if machine.core is None or machine.core.consensus is None:
            return
        engine = machine.core.consensus.engine
        if "handle" in vars(engine):
            return
        handle = engine.handle

        def watched(event: Input) -> list[Effect]:
            self.inputs += 1
            effects = handle(event)
            self.invariants.on_handled(machine, engine, event, effects)
            takes_part = engine.own_index is not None and machine.name not in self.liars
            if isinstance(event, StartHeight) and takes_part and self.scheduler.now_us <= self._level_at_us:
                self._count_rounds_anew(event.height)
            return effects

        engine.handle = watched  # type: ignore[method-assign]

    def check_opened(self, machine: Machine) -> None:
        """A node has opened its disk: what it told others before is still there (I3)."""
        if machine.ledger is not None and machine.ledger.tip.height < machine.told:
            raise Broken(f"I3: {machine.name} told of height {machine.told} and lost it")

    def on_stopped(self, machine: Machine) -> None:
        """A machine has stopped."""
        self.stops += 1
        self.faults.reboot_later(machine)

    def quarrel(self, accuser: str, accused: str, reason: str) -> None:
        """A node bans another, which an honest one must not do to an honest one."""
        self.trace("ban", accuser, accused, reason)
        if accused not in self.liars:
            raise Broken(f"honest {accused} is accused by {accuser}: {reason}")

    def diverged(self, machine: Machine, reason: str) -> None:
        """A node holds a decided block to be invalid."""
        raise Broken(f"I2: {machine.name} and the network part: {reason}")

    def crashed(self, error: BaseException) -> None:
        """A node failed by itself."""
        raise error

    # -------------------------------------------------------------------------------- end

    def _check_end(self) -> None:
        self._check_promises()
        for machine in self._honest():
            self._check_history(machine)
            self._check_rest(machine)
        self.items = Audit(self._honest()[0].disk.store).check()
        for machine in self._honest():
            if machine.joins:
                Audit(machine.disk.store).check()

    def _check_promises(self) -> None:
        places: dict[bytes, list[tuple[int, str]]] = {}
        for height, block in self.invariants.decided.items():
            for document, code in block.receipts:
                if document in places and not (self.plan.shares_lane or self.has_forgotten):
                    raise Broken(f"I3: document {document.hex()} came into the chain twice")
                places.setdefault(document, []).append((height, code))
        for document, told in self.workload.promises.committed.items():
            if told not in places.get(document, []):
                raise Broken(f"I3: document {document.hex()} was told to be at {told}")

    def _check_history(self, machine: Machine) -> None:
        """Everything that was ever decided is on this node's disk."""
        if machine.ledger is None:
            raise Broken(f"I7: {machine.name} is down at the end")
        for height, decided in self.invariants.decided.items():
            receipts = machine.ledger.blocks.receipts(height)
            is_before = height <= base_height(machine.disk.store)
            if receipts is None and (is_before or height > machine.height):
                continue
            found = tuple((receipt.document_id, receipt.code) for receipt in receipts or ())
            if receipts is None or found != decided.receipts:
                raise Broken(f"I3: {machine.name} has other receipts at height {height}")

    def _check_rest(self, machine: Machine) -> None:
        """Nothing is left in the queues of a node for which there is nothing to do (I8)."""
        core = machine.core
        if core is None:
            raise Broken(f"I7: {machine.name} is down at the end")
        for kept in load_evidence(machine.disk.store):
            if kept.validator != self.lies.lie_of(kept.evidence)[1]:
                raise Broken(f"I6: {machine.name} lays a lie of {kept.evidence.first.height} to another key")
        counts = {one.public_key: one.row.count for one in Convictions(machine.disk.store).all()}
        self.lies.check_state(machine.name, machine.height, counts)
        if core.consensus is not None and core.consensus.rejoining.votes_from is None:
            raise Broken(f"I7: {machine.name} still does not vote")
        if core.consensus is not None and core.consensus.stopped_because:
            raise Broken(f"I7: {machine.name}: {core.consensus.stopped_because}")
        # Who was removed takes along what others need to use its later bundles; liars withhold it; who lost
        # its database bundles once more what the chain holds, and nobody continues that: it expires.
        # Two nodes may sign with one key.
        able = self._listed - self.stale - self.bereft - self.liars.keys()
        lanes, others = set[bytes](), set[bytes]()
        for role in self.cast.roles:
            (lanes if role.name in able else others).update(key.public_key for key in role.keys)
        lanes -= others
        kept = sum(pooled.bundle.header.lane in lanes for pooled in core.pool._by_id.values())
        if kept or core.submissions.waiting:
            raise Broken(f"I8: {machine.name} keeps {kept} bundles for which there is no use")
