"""The consensus engine: one height after another, `handle(input) -> list[effect]`.

It follows arXiv 1807.04938 and nothing else. It never reads a clock, draws a number, waits, touches a disk or
holds a key; a host does all that (`consensus/effects.py` is the whole contract, `consensus/SPEC.md` the text).
"""

from consensus.effects import Effect, Input, Send
from consensus.values import RoundValue, Step
from contracts.chain.commit import Commit
from contracts.chain.validators import ValidatorSet


class Engine:
    """One node's part in the order of blocks. The constructor does nothing; StartHeight begins."""

    def handle(self, event: Input) -> list[Effect]:
        """Take one input and return what is to be done about it, in order.

        Raises:
            LocalProtocolError: The host broke the contract (a height started twice, a verdict taken back).
        """
        raise NotImplementedError

    @property
    def height(self) -> int:
        """The height being decided, or just decided; 0 before the first StartHeight."""
        raise NotImplementedError

    @property
    def round(self) -> int:
        """The current round; -1 while the height is idle."""
        raise NotImplementedError

    @property
    def step(self) -> Step:
        """Where this node stands in the round."""
        raise NotImplementedError

    @property
    def locked(self) -> RoundValue:
        """The lock, lines 6-7; NO_VALUE when there is none."""
        raise NotImplementedError

    @property
    def valid(self) -> RoundValue:
        """The valid value, lines 8-9; NO_VALUE when there is none."""
        raise NotImplementedError

    @property
    def validators(self) -> ValidatorSet | None:
        """The set that votes at this height; None before the first StartHeight."""
        raise NotImplementedError

    @property
    def own_index(self) -> int | None:
        """This node's index in the set; None when it follows without voting."""
        raise NotImplementedError

    @property
    def last_commit(self) -> Commit:
        """The newest commit known, late signatures included: of `height` once decided, else of height - 1.

        This is what the next block carries and what the next StartHeight hands back; NO_COMMIT at first.
        """
        raise NotImplementedError

    @property
    def outstanding(self) -> tuple[Effect, ...]:
        """What the host still owes the engine: signatures not handed back, checks, builds, fetches, timers.

        After a replay (whose effects are dropped) the host carries these out and is where it was before.
        """
        raise NotImplementedError

    def proposer(self, round_: int) -> int | None:
        """Return the index of the validator that proposes in this round of this height; None at height 0."""
        raise NotImplementedError

    def messages_for(self, peer_round: int) -> Send:
        """Return the messages that help a peer in `peer_round` (-1: idle) of this height to catch up."""
        raise NotImplementedError
