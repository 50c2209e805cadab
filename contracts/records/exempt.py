"""Records of movements that the law exempts from what a sale is asked: rule 20."""

from enum import IntEnum

import msgspec

from contracts.records.custody import Ship
from contracts.records.head import Head


class ExemptReason(IntEnum):
    """Why a movement is no transaction (21 USC 360eee(24)(B)), or asks less (360eee(19))."""

    AFFILIATE = 1
    """(i) between members of an affiliate."""
    COMMON_CONTROL = 2
    """(ii) among hospitals or other health care entities under common control."""
    EMERGENCY = 3
    """(iii) for emergency medical reasons; a mere shortage is none."""
    OFFICE_USE = 4
    """(vii) minimal quantities from a pharmacy to a practitioner."""
    CHARITY = 5
    """(viii) by a charitable organization to a nonprofit affiliate."""
    MERGER = 6
    """(ix) the stock of pharmacies or wholesalers that are sold or merged."""
    SPECIFIC_PATIENT = 7
    """360eee(19): from one pharmacy to another, for the prescription of an identified patient."""


class Exempt(msgspec.Struct, frozen=True, array_like=True, tag=59):
    """Rule 20: items go on their way although a sale could not; the shipment is as any other."""

    reason: ExemptReason
    """Why that is lawful."""
    evidence: bytes
    """Hash (32 bytes) of what shows it."""
    record: Ship
    """What goes where."""

    @property
    def head(self) -> Head:
        """When and where from."""
        return self.record.head

    @property
    def items(self) -> tuple[bytes, ...]:
        """Item keys."""
        return self.record.items
