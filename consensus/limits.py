"""Every cap of the consensus core, in one table: what peers can make a node remember is bounded here.

None of these is part of the protocol: what is dropped because of a cap can be sent again, and is (`Send`).
"""

MAX_FUTURE_ROUNDS = 4
"""Rounds above the current one for which one validator's votes are kept; the highest ones win."""

MAX_ROUNDS_GIVEN_UP = 1_000
"""Future rounds of one validator that are given up for higher ones while this node stays in its round: each
vote taken is logged, and a liar has 2^24 rounds to name."""

MAX_PROPOSAL_LEAD = 16
"""Rounds above the current one for which a proposal is kept."""

PAST_ROUNDS_KEPT = 200
"""Rounds below the current one that are kept; those of the lock, the valid value and the round that a current
proposal names are kept for ever (line 28 needs them)."""

FREE_VALUES = 2
"""Different values of one author in one step that are kept unseen; a further one only once more than a third
of the power voted for it."""

MAX_EVIDENCE_PER_VALIDATOR = 32
"""Equivocations of one validator reported per height."""

MAX_FUTURE_MESSAGES = 32
"""Messages of one validator kept for the next height; the newest ones win."""

MAX_BUDGET_SHIFT = 10
"""A fresh value's byte budget is halved per round, at most this often."""

RESEND_INTERVAL_MS = 1_000
"""How often a round that lasts has its messages sent again."""
