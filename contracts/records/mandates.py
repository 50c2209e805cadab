"""Records of acting for another: rule 27."""

import msgspec

from contracts.records.head import Head


class Mandate(msgspec.Struct, frozen=True, array_like=True, tag=65):
    """Rule 27: a partner lets an agent sign for it, or no more; what was let before is replaced."""

    head: Head
    """When and where."""
    agent: bytes
    """Packed party GLN of the agent."""
    kinds: tuple[int, ...]
    """Tags of the records that it may sign, ascending."""
    premises: tuple[bytes, ...]
    """Packed GLNs of the partner's premises that such a record must state; none for any or no place."""
    until_height: int
    """First height at which it may sign no more; 0 withdraws the mandate."""


class ActFor(msgspec.Struct, frozen=True, array_like=True, tag=66):
    """Rule 27: what follows in this document is stated for another partner, under its mandate."""

    head: Head
    """When and where the agent signs."""
    principal: bytes
    """Packed party GLN of that partner."""
