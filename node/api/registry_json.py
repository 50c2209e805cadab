"""Records about who and what is registered: JSON in, the ledger's structs out, and back."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, assert_never

from contracts.records.catalogue import (
    Delegate,
    DelegationStep,
    DescribePremises,
    DescribeProduct,
    OfferProduct,
    ProductFacts,
    TakeProduct,
)
from contracts.records.lanes import LaneStep, SetTradeLane
from contracts.records.mandates import ActFor, Mandate
from contracts.records.record import RECORD_TAGS, Record
from contracts.records.registered import RegisterRecord
from contracts.state.rows import Role, Serialisation
from node.api import registry_forms as forms
from node.api.field_readers import INVALID_FIELD, FieldFault, read_gln, read_gtin, read_lot
from node.api.record_texts import (
    gln_text,
    gtin_text,
    plain_text,
    read_head,
    read_required_gln,
    word_of,
    written_head,
)
from node.storage.partners import role_words
from node.storage.views import RECORD_NAMES

_TAGS: Final = {RECORD_NAMES[kind]: tag for tag, kind in RECORD_TAGS.items()}
"""Tags of records by their names."""


def read_facts(form: forms.ProductFactsForm | forms.DescribeProductForm) -> ProductFacts:
    """Read what is stated of a product; raises FieldFault."""
    return ProductFacts(
        form.name,
        form.strength,
        form.form,
        form.markets,
        int(Serialisation[form.serialisation.upper()]),
        form.units_per_pack,
        read_gtin("contains_gtin", form.contains_gtin) if form.contains_gtin else b"",
        form.contains_count,
        form.national_numbers,
        form.storage,
        int(form.logger_required),
        form.leaflet,
    )


def _describe_product(form: forms.DescribeProductForm) -> DescribeProduct:
    return DescribeProduct(read_head(form), read_gtin("gtin", form.gtin), read_facts(form))


def _describe_premises(form: forms.DescribePremisesForm) -> DescribePremises:
    gln = read_required_gln("gln", form.gln)
    return DescribePremises(read_head(form), gln, form.name, form.address, form.market, form.kind)


def _delegate(form: forms.DelegateForm) -> Delegate:
    partner = read_required_gln("partner", form.partner)
    step = DelegationStep[form.step.upper()]
    return Delegate(read_head(form), read_gtin("gtin", form.gtin), partner, step)


def _mandate(form: forms.MandateForm) -> Mandate:
    kinds: set[int] = set()
    for at, name in enumerate(form.kinds):
        if name not in _TAGS:
            raise FieldFault(INVALID_FIELD, ("kinds", at), f"{name[:80]!r} is no kind of record")
        kinds.add(_TAGS[name])
    premises = tuple(read_required_gln("only_at", gln) for gln in form.only_at)
    agent = read_required_gln("agent", form.agent)
    return Mandate(read_head(form), agent, tuple(sorted(kinds)), premises, form.until_height)


def read_roles(field: str, names: Iterable[str]) -> int:
    """Return the bits of roles by their names; raises FieldFault."""
    roles = Role(0)
    for at, name in enumerate(names):
        if name.upper() not in Role.__members__:
            raise FieldFault(INVALID_FIELD, (field, at), f"{name[:80]!r} is no role")
        roles |= Role[name.upper()]
    return int(roles)


def _set_trade_lane(form: forms.SetTradeLaneForm) -> SetTradeLane:
    return SetTradeLane(
        read_head(form),
        read_gtin("gtin", form.gtin),
        read_lot("lot", form.lot) if form.lot else b"",
        tuple(read_required_gln("receivers", gln) for gln in form.receivers),
        read_roles("roles", form.roles),
        form.markets,
        LaneStep[form.step.upper()],
    )


READERS: Final[Mapping[type, Callable[[Any], Record]]] = {
    forms.DescribeProductForm: _describe_product,
    forms.OfferProductForm: lambda form: OfferProduct(
        read_head(form), read_gtin("gtin", form.gtin), read_gln("partner", form.partner)
    ),
    forms.TakeProductForm: lambda form: TakeProduct(read_head(form), read_gtin("gtin", form.gtin)),
    forms.DescribePremisesForm: _describe_premises,
    forms.DelegateForm: _delegate,
    forms.MandateForm: _mandate,
    forms.SetTradeLaneForm: _set_trade_lane,
    forms.ActForForm: lambda form: ActFor(read_head(form), read_required_gln("principal", form.principal)),
}
"""How each form is read; all raise FieldFault."""


def write_registry_record(record: RegisterRecord) -> forms.RegistryForm:  # noqa: C901 - a case for each kind
    """Return a record as JSON shows it; also one that the law refused."""
    head = written_head(record.head)
    match record:
        case DescribeProduct():
            return _written_product(record, head)
        case OfferProduct(gtin=gtin, partner=partner):
            return forms.OfferProductForm(**head, gtin=gtin_text(gtin), partner=gln_text(partner))
        case TakeProduct(gtin=gtin):
            return forms.TakeProductForm(**head, gtin=gtin_text(gtin))
        case DescribePremises():
            return _written_premises(record, head)
        case Delegate(gtin=gtin, partner=partner, step=step):
            return forms.DelegateForm(
                **head, gtin=gtin_text(gtin), partner=gln_text(partner), step=word_of(step)
            )
        case Mandate():
            return _written_mandate(record, head)
        case ActFor(principal=principal):
            return forms.ActForForm(**head, principal=gln_text(principal))
        case SetTradeLane():
            return _written_lane(record, head)
        case _:
            assert_never(record)


def _written_lane(record: SetTradeLane, head: dict[str, Any]) -> forms.SetTradeLaneForm:
    return forms.SetTradeLaneForm(
        **head,
        gtin=gtin_text(record.gtin),
        lot=plain_text(record.lot),
        receivers=tuple(map(gln_text, record.receivers)),
        roles=role_words(record.roles),
        markets=record.markets,
        step=word_of(record.step),
    )


def _written_mandate(record: Mandate, head: dict[str, Any]) -> forms.MandateForm:
    return forms.MandateForm(
        **head,
        agent=gln_text(record.agent),
        kinds=tuple(
            RECORD_NAMES[RECORD_TAGS[tag]] if tag in RECORD_TAGS else str(tag) for tag in record.kinds
        ),
        only_at=tuple(map(gln_text, record.premises)),
        until_height=record.until_height,
    )


def _written_product(record: DescribeProduct, head: dict[str, Any]) -> forms.DescribeProductForm:
    return forms.DescribeProductForm(**head, gtin=gtin_text(record.gtin), **written_facts(record.facts))


def written_facts(facts: ProductFacts) -> dict[str, Any]:
    """Return what is stated of a product as the fields of its form."""
    return {
        "name": facts.name,
        "strength": facts.strength,
        "form": facts.form,
        "markets": facts.markets,
        "serialisation": _serialisation(facts.serialisation),
        "units_per_pack": facts.units_per_pack,
        "contains_gtin": gtin_text(facts.contains_gtin) if facts.contains_gtin else "",
        "contains_count": facts.contains_count,
        "national_numbers": facts.national_numbers,
        "storage": facts.storage,
        "logger_required": facts.logger_required == 1,
        "leaflet": facts.leaflet,
    }


def _serialisation(number: int) -> Any:  # noqa: ANN401 - a literal of the form
    try:
        return word_of(Serialisation(number))
    except ValueError:
        return str(number)


def _written_premises(record: DescribePremises, head: dict[str, Any]) -> forms.DescribePremisesForm:
    kind: Any = record.kind
    return forms.DescribePremisesForm(
        **head,
        gln=gln_text(record.gln),
        name=record.name,
        address=record.address,
        market=record.market,
        kind=kind,
    )
