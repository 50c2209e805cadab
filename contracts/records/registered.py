"""All records about who and what is registered, and who may sign for whom: rules 24 and 27."""

from contracts.records.catalogue import Delegate, DescribePremises, DescribeProduct, OfferProduct, TakeProduct
from contracts.records.mandates import ActFor, Mandate

RegisterRecord = DescribeProduct | OfferProduct | TakeProduct | DescribePremises | Delegate | Mandate | ActFor
"""Any of them."""


def listed_in_register(record: RegisterRecord) -> tuple[bytes, ...]:
    """Return the identifiers that such a record lists: the premises of a mandate, else none."""
    return record.premises if isinstance(record, Mandate) else ()
