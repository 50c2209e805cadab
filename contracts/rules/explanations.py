"""What each verdict code means to people and what to do next: all families of rules in one table."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained import (
    agreeing,
    cataloguing,
    cold_chain,
    correcting,
    counting,
    ending,
    every_record,
    exempting,
    governing,
    holding,
    late,
    making,
    mandating,
    observing,
    onboarding,
    outside,
    overages,
    packing,
    recalling,
    receiving,
    returns,
    shipping,
    tracing,
    trade_lanes,
    transforming,
    verifying,
)
from contracts.rules.explained.explanation import Explanation

EXPLANATIONS: Final[dict[Code, Explanation]] = {
    **every_record.TEXTS,
    **making.TEXTS,
    **packing.TEXTS,
    **shipping.TEXTS,
    **receiving.TEXTS,
    **overages.TEXTS,
    **late.TEXTS,
    **agreeing.TEXTS,
    **returns.TEXTS,
    **ending.TEXTS,
    **holding.TEXTS,
    **transforming.TEXTS,
    **recalling.TEXTS,
    **cold_chain.TEXTS,
    **correcting.TEXTS,
    **exempting.TEXTS,
    **governing.TEXTS,
    **verifying.TEXTS,
    **trade_lanes.TEXTS,
    **cataloguing.TEXTS,
    **onboarding.TEXTS,
    **outside.TEXTS,
    **mandating.TEXTS,
    **observing.TEXTS,
    **tracing.TEXTS,
    **counting.TEXTS,
}
"""Every code, in the order in which the codes are defined."""
