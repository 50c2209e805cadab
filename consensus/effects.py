"""What goes into the consensus engine and what comes out: the whole contract with its host.

The host hands every input to `Engine.handle` and carries out the effects of one call in their order, with
one rule on top (SPEC.md, "What the host must do"): all `Append`s of the batch, one fsync, then each `Sign`
(sign, write the signer's record, fsync, send), then the rest, and only then the next input, own messages
first.

Inputs are array-like structs with a tag, so a host logs `encode(input)` and reads it back as `Input`.
Block ids have 32 bytes and are opaque here; empty means nil. Validators are named by index in the height's
set. Signatures are verified before an input is made of them; all else about an input is checked inside.
"""

import msgspec

from consensus.values import RoundValue, Step, Timer
from contracts.chain.commit import Commit
from contracts.chain.evidence import Evidence
from contracts.chain.parameters import ConsensusTiming
from contracts.chain.validators import Validator
from contracts.chain.votes import BlockId, Proposal, Vote


class LocalProtocolError(RuntimeError):
    """The host broke the contract written here; going on could fork the ledger."""


class Sign(msgspec.Struct, frozen=True, array_like=True, tag=64):
    """Effect: sign this proposal or vote, record that, send it, and hand it back as the next input.

    It holds what the signer's record must hold besides bytes and signature: a record restores the lock and
    the valid value when the log is lost (`StartHeight.signed`).
    """

    height: int
    """Height to sign for."""
    round: int
    """Round to sign for."""
    step: Step
    """PROPOSE for a proposal, PREVOTE or PRECOMMIT for a vote."""
    block_id: BlockId
    """What to propose or vote for; empty for a nil vote, never empty for a proposal."""
    valid_round: int
    """The proposal's valid round; -1 for a fresh value and for votes."""
    locked: RoundValue
    """The lock after this step."""
    valid: RoundValue
    """The valid value after this step."""


# -------------------------------------------------------------------------------------------- inputs


class StartHeight(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The block below is committed: take part in this height, idle until something asks for a block.

    Also the result of a sync: any height above the current one may be started, at any time.
    """

    height: int
    """Height to decide, above every height started before."""
    validators: tuple[Validator, ...]
    """The set that votes at this height."""
    own_key: bytes
    """Public key this node votes with; empty, or not in the set, to follow without voting."""
    timing: ConsensusTiming
    """Timers of this height."""
    round_zero_signers: tuple[bytes, ...]
    """Public keys that signed the commit carried by block height - 1; empty at heights 1 and 2."""
    previous_had_bundles: bool
    """Block height - 1 had bundles, so a proof block is due."""
    has_bundles: bool
    """This node holds a bundle that may go into this block."""
    previous_commit: Commit
    """The commit that decided height - 1 with all signatures known (`Engine.last_commit`); NO_COMMIT at 1."""
    previous_validators: tuple[Validator, ...]
    """The set of height - 1, whose late precommits may still join that commit; empty at 1."""
    signed: Sign | None = None
    """After a restart without log: what the signer's record says was signed last; its own message is handed
    in as an input afterwards. A record of a later height means: follow this height without voting."""


class ProposalReceived(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """A proposal with a verified signature, from a peer or this node's own."""

    proposal: Proposal
    """The proposal; its block travels beside it and stays with the host."""


class VoteReceived(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """A vote with a verified signature, from a peer or this node's own."""

    vote: Vote
    """The vote."""


class CertificateReceived(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """A verified commit for this height; it decides as soon as its block is held."""

    commit: Commit
    """The commit."""


class ValueBuilt(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """Answer to `BuildValue`; being logged, it is never built a second time for the same round."""

    height: int
    """As in the request."""
    round: int
    """As in the request."""
    block_id: BlockId
    """32 bytes, the block to propose."""


class ValueChecked(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """Answer to `CheckValue`; a second one follows when missing bundles have arrived (`FetchValue`)."""

    height: int
    """As in the request."""
    round: int
    """As in the request."""
    block_id: BlockId
    """As in the request."""
    valid: bool
    """False: the chain forbids this block, for good. True without `have`: nothing wrong found so far."""
    have: bool
    """The block and all its bundles are here and durable."""
    timely: bool
    """The block's time was near this node's clock when the proposal of that round came."""


class Timeout(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """A timer fired; stale ones are ignored."""

    timer: Timer
    """Which one."""
    height: int
    """As armed."""
    round: int
    """As armed; -1 for PROOF_BLOCK and HEARTBEAT."""


class BundlesAvailable(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """This node now holds a bundle that may go into the next block; begins an idle height."""

    height: int
    """Height it may go into."""


HeightInput = (
    ProposalReceived
    | VoteReceived
    | CertificateReceived
    | ValueBuilt
    | ValueChecked
    | Timeout
    | BundlesAvailable
)
"""What belongs to a height that was started."""

Input = StartHeight | HeightInput
"""Everything `Engine.handle` takes."""


# ------------------------------------------------------------------------------------------- effects


class Append(msgspec.Struct, frozen=True):
    """Append this input to the log: it changed the engine, so a replay needs it.

    Inputs without an Append changed nothing. A log that begins with a StartHeight and goes on with the
    inputs appended since rebuilds the same engine.
    """

    input: Input
    """The input, or one held back for this height until it started."""


class Send(msgspec.Struct, frozen=True):
    """Send these messages to all peers again, as they are: some peer may have missed them."""

    height: int
    """Height they belong to."""
    round: int
    """The round this node is in; votes of earlier rounds that brought it there are included."""
    proposals: tuple[Proposal, ...]
    """Proposals of the current round."""
    votes: tuple[Vote, ...]
    """Votes of the current round, precommits that ended the round before, prevotes of the valid round."""


class ArmTimer(msgspec.Struct, frozen=True):
    """Hand back a Timeout after this delay; replaces a running timer of the same kind."""

    timer: Timer
    """Which one."""
    height: int
    """To be handed back."""
    round: int
    """To be handed back."""
    delay_ms: int
    """From now, in ms."""


class CancelTimer(msgspec.Struct, frozen=True):
    """Forget the running timer of this kind; were it not forgotten, its stale Timeout would be ignored."""

    timer: Timer
    """Which one."""


class BuildValue(msgspec.Struct, frozen=True):
    """This node proposes in this round: build a block, make it durable, answer `ValueBuilt`."""

    height: int
    """Height of the block."""
    round: int
    """Round it is proposed in."""
    budget_shift: int
    """Use at most (largest block bytes >> budget_shift): the budget is halved per round."""


class CheckValue(msgspec.Struct, frozen=True):
    """Judge this block and answer `ValueChecked`, also when parts of it are missing."""

    height: int
    """Height of the block."""
    round: int
    """Round it was proposed in, -1 when it is asked about because others vote for it; to be handed back."""
    block_id: BlockId
    """The block."""
    valid_round: int
    """The proposal's valid round, -1 for none: `timely` decides only over fresh proposals of a round."""


class FetchValue(msgspec.Struct, frozen=True):
    """Fetch what is missing of this block until `CancelFetch`; once here, answer `ValueChecked` again.

    It is repeated, for the same block, as sources grow.
    """

    height: int
    """Height of the block."""
    round: int
    """To be handed back."""
    block_id: BlockId
    """The block."""
    sources: tuple[int, ...]
    """Whom to ask: its proposers and all who voted for it, without this node; ascending."""


class CancelFetch(msgspec.Struct, frozen=True):
    """Stop fetching this block."""

    height: int
    """Height of the block."""
    block_id: BlockId
    """The block."""


class Decide(msgspec.Struct, frozen=True):
    """This block is decided. Commit and execute it, then start the next height."""

    height: int
    """Height decided."""
    round: int
    """Round of the commit."""
    block_id: BlockId
    """The block; held and valid."""
    commit: Commit
    """Its precommits; later ones join `Engine.last_commit`."""


class ReportEvidence(msgspec.Struct, frozen=True):
    """A validator signed two conflicting things; once per validator, round and kind."""

    evidence: Evidence
    """Proof, in canonical order."""


class ReportDivergence(msgspec.Struct, frozen=True):
    """A quorum precommitted a block that this node holds to be invalid: stop voting and say why."""

    height: int
    """Height of the block."""
    round: int
    """Round of the precommits."""
    block_id: BlockId
    """The block."""


Effect = (
    Append
    | Sign
    | Send
    | ArmTimer
    | CancelTimer
    | BuildValue
    | CheckValue
    | FetchValue
    | CancelFetch
    | Decide
    | ReportEvidence
    | ReportDivergence
)
"""Everything `Engine.handle` returns."""
