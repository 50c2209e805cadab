"""Records that declare an earlier record of the same partner to be an error (rule 19)."""

from enum import IntEnum

import msgspec

from contracts.records.head import Head


class ErrorIn(IntEnum):
    """What was recorded by mistake."""

    COMMISSION = 1
    PACK = 2
    ENDING = 3


class Correct(msgspec.Struct, frozen=True, array_like=True, tag=69):
    """Rule 19: what the signer recorded of these items did not happen."""

    head: Head
    """When and where; the reason goes with the attachments."""
    error: ErrorIn
    """What was recorded by mistake."""
    items: tuple[bytes, ...]
    """Item keys."""


class ProposeCorrection(msgspec.Struct, frozen=True, array_like=True, tag=70):
    """Rule 19: the same, where it takes others' consent."""

    head: Head
    """When and where; the reason goes with the attachments."""
    error: ErrorIn
    """What was recorded by mistake."""
    items: tuple[bytes, ...]
    """Item keys."""
    until_height: int
    """Last height at which the others may consent; 0 for as long as nobody ends it."""


CorrectionRecord = Correct | ProposeCorrection
"""Any of these."""
