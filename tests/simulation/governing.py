"""Partners who change the network while it is in trouble: they propose, vote, sometimes disagree (rule 22).

Validators are admitted (their machines start late, with an empty disk), removed or made members, also the one
whose turn it is to propose, taken in again, and given other powers. Whichever proposals come to act, those
who are wrong by plan (liars, wrong clocks) have less than a third of the power.
"""

from collections.abc import Collection, Sequence
from itertools import chain, permutations
from random import Random
from typing import TYPE_CHECKING, Final

from contracts.records.changes import Change, PutNode, RemoveNode
from contracts.records.governance import Choice, ProposeChanges, VoteOnChanges
from contracts.state.governance_rows import ChangesStanding
from node.storage.governance import Governance
from tests.simulation.cast import PARTIES, certificate_of, runner_of
from tests.simulation.sets import VALIDATOR, Voters, after

if TYPE_CHECKING:
    from tests.simulation.workload import Actor
    from tests.simulation.world import World

FEWEST: Final = 3
"""No proposal leaves fewer validators."""
LEADS: Final = (5, 7, 9, 11)
"""Heights from a proposal to its act: a document takes some to come into a block, and votes come after it."""
PENDING: Final = 4
"""Most proposals under way."""
PAUSE_US: Final = 25_000
"""Mean time between two acts of the partners about the network."""
REJECTS: Final = 0.03
"""Part of the votes that are against."""


class Governing:
    """The partners as those who run the network."""

    def __init__(self, world: "World", random: Random) -> None:
        """Prepare; `act` acts now, and again and again."""
        self._world = world
        self._random = random
        self._pending: list[tuple[int, list[Change]]] = []
        self._last = 0

    def act(self) -> None:
        """Let a partner vote on what is open, or propose something when nothing is; and again later."""
        workload = self._world.workload
        if not workload.is_on:
            return
        pause_us = int(self._random.expovariate(1 / PAUSE_US)) + 1
        self._world.scheduler.after(pause_us, self.act)
        height = self._world.invariants.height
        runners = {voter.partner for voter in self._world.invariants.sets.voters(height + 1).values()}
        party = self._random.choice([party for party in PARTIES if party.packed in runners])
        actor = workload.draw_actor(party)
        if actor is not None and actor.machine.ledger is not None and not self._vote(actor):
            self._propose(actor)

    def _vote(self, actor: "Actor") -> bool:
        """Vote on the first open proposal that the partner has not voted on; false when there is none."""
        if actor.machine.ledger is None:
            return False
        for found in Governance(actor.machine.ledger.store).proposals():
            ballot = found.ballot
            is_open = (
                ballot.standing == ChangesStanding.OPEN and actor.machine.height < found.row.until_height
            )
            if is_open and actor.number not in (*ballot.approved, *ballot.rejected):
                choice = Choice.REJECT if self._random.random() < REJECTS else Choice.APPROVE
                workload = self._world.workload
                workload.submit(actor, VoteOnChanges(workload.head(actor), found.id, choice))
                return True
        return False

    def _propose(self, actor: "Actor") -> None:
        height, random = self._world.invariants.height, self._random
        self._pending = [(at, changes) for at, changes in self._pending if at > height]
        if len(self._pending) >= PENDING or self._last == height:
            return
        voters = self._world.invariants.sets.voters(height + 1)
        changes: list[Change] = []
        for _ in range(random.choice((1, 1, 2))):
            change = self._draw(after(voters, changes))
            if self._is_safe(voters, [*changes, change]):
                changes.append(change)
        if not changes:
            return
        self._last, acts_at = height, height + random.choice(LEADS)
        self._pending.append((acts_at, changes))
        workload = self._world.workload
        proposed = ProposeChanges(workload.head(actor), tuple(changes), acts_at, acts_at - 2, "as agreed")
        workload.submit(actor, proposed)
        self._world.changes["proposed"] += 1

    def _draw(self, voters: Voters) -> Change:
        random, roles = self._random, self._world.cast.roles
        outside = [role.name for role in roles if role.validator_seed and role.name not in voters]
        kind = random.choice(("admit", "admit", "remove", "remove", "power"))
        if kind == "admit" and outside:
            return self._seat(random.choice(outside), random.choice((1, 1, 2)))
        if kind == "remove":
            name = self._leaving(sorted(voters))
            certificate = certificate_of(name)
            member = PutNode(name, "member", certificate, runner_of(name).packed, b"", 0)
            return random.choice((RemoveNode(name), member))
        return self._seat(random.choice(sorted(voters)), random.choice((1, 2, 3)))

    def _leaving(self, names: Sequence[str]) -> str:
        """Choose who goes: as like as not the one whose turn it is to propose."""
        proposer = self._world.proposer()
        return proposer if proposer in names and self._random.random() < 0.5 else self._random.choice(names)

    def _seat(self, name: str, power: int) -> PutNode:
        (role,) = (each for each in self._world.cast.roles if each.name == name)
        key = self._world.public_key_of(role)
        return PutNode(name, VALIDATOR, certificate_of(name), runner_of(name).packed, key, power)

    def may_be_wrong(self, name: str) -> bool:
        """Tell whether enough are right when one more is not, whatever is under way."""
        voters = self._world.invariants.sets.voters(self._world.invariants.height + 1)
        return self._is_safe(voters, [], {name})

    def _is_safe(self, voters: Voters, changes: list[Change], more: Collection[str] = ()) -> bool:
        """Tell whether enough are right, whichever of these changes and those under way act, in any order.

        What is proposed later may act sooner, and what acts sooner may be undone by what was judged before.
        """
        plans = [*(planned for _at, planned in self._pending), changes]
        for count in range(len(plans) + 1):
            for some in permutations(plans, count):
                left = after(voters, list(chain.from_iterable(some)))
                total = sum(each.power for each in left.values())
                wrong = sum(
                    each.power for name, each in left.items() if name in self._world.wrong or name in more
                )
                if len(left) < FEWEST or 3 * wrong >= total:
                    return False
        return True
