"""Rule 22: governance."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.NOT_A_VALIDATOR: Explanation(
        "22",
        "This partner runs no validator now, and so has no say in the network.",
        "Let a partner that runs a validator propose or vote; `packtrail status` names them.",
    ),
    Code.REASON_INVALID: Explanation(
        "22",
        "A proposal says why, in 1 to 500 characters.",
        "State the reason in words that others can judge.",
    ),
    Code.CHANGES_INVALID: Explanation(
        "22",
        "The proposal lists no change, more than 64, or more than 1,000 items in one.",
        "Split it into several proposals.",
    ),
    Code.ACTS_TOO_SOON: Explanation(
        "22",
        "The height at which the changes would act is less than two blocks ahead.",
        "Name a later height: who votes on a block is known one block before.",
    ),
    Code.VOTING_END_INVALID: Explanation(
        "22",
        "The last height for votes is past, or less than two before the height at which the changes act.",
        "Let voting end two blocks before the changes act, or earlier.",
    ),
    Code.ROLES_INVALID: Explanation(
        "22", "The roles are none, or one of them does not exist.", "Name at least one role of the law."
    ),
    Code.LICENCE_INVALID: Explanation(
        "22",
        "A licence is active, suspended or revoked.",
        "Name one of these three.",
    ),
    Code.KEY_INVALID: Explanation(
        "22",
        "It is no valid Ed25519 public key, or its end is before its beginning.",
        "Take the public key that `packtrail keys show` prints; leave the end open, or name a later height.",
    ),
    Code.PREFIX_INVALID: Explanation(
        "22", "A GS1 company prefix has 4 to 12 digits.", "Check the prefix on the GS1 certificate."
    ),
    Code.PRODUCT_KNOWN: Explanation(
        "22",
        "The product is registered already.",
        "Let its marketing holder change it; if that one is gone, propose to assign it to another.",
    ),
    Code.HOLD_NOT_LIFTABLE: Explanation(
        "22",
        "Governance lifts only locks, quarantines and suspicions that a partner set.",
        "Look up the hold: others end by verification, receipt, their recall, a regulator, or destruction.",
    ),
    Code.PROFILE_INVALID: Explanation(
        "22",
        "The profile has no name, or its limits are not all there, or out of range.",
        "State every limit; `packtrail explain 22` says what governance may change.",
    ),
    Code.MARKET_INVALID: Explanation(
        "22",
        "The market has no code, an offset beyond 14 hours, or another offset than it has had.",
        "Keep the offset of a known market: expiry dates were fixed by it.",
    ),
    Code.PARAMETER_UNKNOWN: Explanation(
        "22",
        "No parameter has this name, or genesis fixes it for ever.",
        "Check the name in the network's genesis; the sizes of documents, bundles and blocks stay as "
        "they are.",
    ),
    Code.NODE_INVALID: Explanation(
        "22",
        "The node's name, role or certificate is malformed, or its key and power do not fit its role.",
        "Take it all from the node record that `packtrail init` wrote; only validators have key and power.",
    ),
    Code.SCHEDULE_FULL: Explanation(
        "22",
        "So many proposals (64) are decided and wait for the height at which they act.",
        "Wait until some of them act, then propose or vote again.",
    ),
    Code.PARTNER_KNOWN: Explanation(
        "22",
        "A partner with this GLN is registered by then.",
        "Change its roles or licence instead of admitting it.",
    ),
    Code.KEY_KNOWN: Explanation(
        "22",
        "The key was registered before, for a partner or a validator.",
        "Make a new key: none serves two purposes, and an ended one never comes back.",
    ),
    Code.KEY_UNKNOWN: Explanation(
        "22", "No such key acts at that height.", "Check the key; `packtrail partner` lists a partner's keys."
    ),
    Code.PREFIX_UNKNOWN: Explanation(
        "22", "The company prefix is nobody's.", "Check the prefix; there is nothing to take away."
    ),
    Code.PREFIX_OVERLAPS: Explanation(
        "22",
        "The company prefix begins with another that is registered, or is the beginning of one.",
        "Check both prefixes with GS1; take the wrong one away first.",
    ),
    Code.PROFILE_UNKNOWN: Explanation(
        "22", "There is no profile of this name by then.", "Set the profile first, in the same proposal."
    ),
    Code.RULES_NOT_NEWER: Explanation(
        "22",
        "The version of the rules is not greater than the one in force by then.",
        "Propose the next version: rules only move forward.",
    ),
    Code.CERTIFICATE_KNOWN: Explanation(
        "22",
        "Another node has this certificate.",
        "Make a key and certificate of its own for every node.",
    ),
    Code.NODE_UNKNOWN: Explanation(
        "22", "No node has this name by then.", "Check the name; `packtrail status` lists peers."
    ),
    Code.PARAMETERS_INVALID: Explanation(
        "22",
        "With this change the parameters would contradict each other, or one would be out of range.",
        "Change all that belong together in one proposal; every value is more than 0.",
    ),
    Code.VALIDATORS_INVALID: Explanation(
        "22",
        "The validators that would be left are none or too many, two share a key, their power is too great,"
        " or partners run no more than two thirds of it, so that nobody could govern any more.",
        "Correct keys and powers, or let the partners that take part run the nodes.",
    ),
    Code.CHANGES_CONFLICT: Explanation(
        "22",
        "A proposal that is decided already (named) could not act any more after this one.",
        "Wait until that one acts, or take out of this proposal what contradicts it.",
    ),
    Code.ALREADY_VOTED: Explanation(
        "22",
        "The partner has given this same vote on the proposal before.",
        "Nothing is left to do: the vote counts already.",
    ),
    Code.NOT_PROPOSER: Explanation(
        "22",
        "Only the author of a proposal withdraws it.",
        "Vote to reject it; a third of the power ends it.",
    ),
}
