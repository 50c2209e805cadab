"""What governance may change: one struct for each kind of change, told apart by its tag (rule 22).

Partners and places are named by packed GLNs, so that one proposal may admit a partner and say more of it.
What a change replaces it states whole, but for a parameter, which has a name of its own.
"""

import msgspec

from contracts.records.catalogue import ProductFacts


class AdmitPartner(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A partner joins the network; its licence is active."""

    gln: bytes
    """Packed party GLN, 6 bytes."""
    name: str
    """Name for people."""
    roles: int
    """`Role` bits, at least one."""
    market: str
    """Code of the market of its seat."""


class SetRoles(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """A partner has other roles."""

    partner: bytes
    """Packed party GLN, 6 bytes."""
    roles: int
    """All its `Role` bits from now on, at least one."""


class SetLicence(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """A partner's licence becomes active, suspended or revoked."""

    partner: bytes
    """Packed party GLN, 6 bytes."""
    licence: int
    """A `Licence`."""


class AddKey(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """A key signs a partner's bundles from the height at which the change acts."""

    partner: bytes
    """Packed party GLN, 6 bytes."""
    public_key: bytes
    """32 bytes."""
    until_height: int
    """First height at which it acts no more; 0 for open."""


class EndKey(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """A key signs nothing any more from the height at which the change acts."""

    public_key: bytes
    """32 bytes."""


class AssignPrefix(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """A GS1 company prefix is a partner's, or nobody's any more."""

    prefix: str
    """4 to 12 digits."""
    partner: bytes
    """Packed party GLN, 6 bytes; empty for nobody."""


class AssignPremises(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """Premises pass to another partner: who ran them is gone."""

    gln: bytes
    """Packed location GLN, 6 bytes."""
    partner: bytes
    """Packed party GLN, 6 bytes."""


class RegisterProduct(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """A product outside every company prefix is registered (a national number); it may change nothing."""

    gtin: bytes
    """Packed GTIN-14, 6 bytes."""
    holder: bytes
    """Packed party GLN of the marketing holder, 6 bytes."""
    facts: ProductFacts
    """All that is stated of it."""


class AssignProduct(msgspec.Struct, frozen=True, array_like=True, tag=9):
    """A product gets another marketing holder: the one it had is gone."""

    gtin: bytes
    """Packed GTIN-14, 6 bytes."""
    holder: bytes
    """Packed party GLN, 6 bytes."""


class LiftHolds(msgspec.Struct, frozen=True, array_like=True, tag=10):
    """Holds come off items whose setter is gone."""

    setter: bytes
    """Packed party GLN of the partner that set them, 6 bytes."""
    kind: int
    """A `HoldKind`: quarantined, locked or suspect."""
    items: tuple[bytes, ...]
    """Item keys."""


class SetProfile(msgspec.Struct, frozen=True, array_like=True, tag=11):
    """A profile of the law has other limits, or is new."""

    name: str
    """Its name."""
    limits: tuple[int, ...]
    """All its limits, in the order of the fields of `ProfileRow`."""


class SetMarket(msgspec.Struct, frozen=True, array_like=True, tag=12):
    """Another profile applies in a market, or the market is new."""

    code: str
    """ISO 3166 country code, or a name the network chose."""
    profile: str
    """Name of a profile."""
    utc_offset_minutes: int
    """Fixed offset in which an expiry date ends at 24:00; a market that is known keeps its own."""


class SetParameter(msgspec.Struct, frozen=True, array_like=True, tag=13):
    """A parameter has another value."""

    name: str
    """Such as `limits.container_depth`."""
    value: int
    """Its value from now on."""


class SetRules(msgspec.Struct, frozen=True, array_like=True, tag=14):
    """A later version of the rules is in force: programs that do not know it stop before it."""

    version: int
    """Greater than the present one."""


class PutNode(msgspec.Struct, frozen=True, array_like=True, tag=15):
    """A node may connect, and votes if it is a validator; one of that name is replaced."""

    name: str
    """Its name, unique."""
    role: str
    """validator, member or observer."""
    certificate: bytes
    """Self-made X.509 certificate (DER) of the node key."""
    partner: bytes
    """Packed party GLN of the partner that runs it, 6 bytes; empty for none."""
    validator_key: bytes
    """32 bytes for a validator, else empty."""
    power: int
    """Voting power of a validator, else 0."""


class RemoveNode(msgspec.Struct, frozen=True, array_like=True, tag=16):
    """A node may connect no more, and votes no more."""

    name: str
    """Its name."""


Change = (
    AdmitPartner
    | SetRoles
    | SetLicence
    | AddKey
    | EndKey
    | AssignPrefix
    | AssignPremises
    | RegisterProduct
    | AssignProduct
    | LiftHolds
    | SetProfile
    | SetMarket
    | SetParameter
    | SetRules
    | PutNode
    | RemoveNode
)
"""Any of them."""


def change_weight(change: Change) -> int:
    """Return a change's weight: one for itself, and one for each item it lists."""
    return 1 + (len(change.items) if isinstance(change, LiftHolds) else 0)
