"""Overages of the law against the model's (rule 6): what was claimed with which shipment, and how often."""

from contracts.state.layout import OVERAGE_COUNTS, OVERAGES, overage_key
from tests.properties.differ import require
from tests.properties.facts import PARTNER_NAMES, item_key
from tests.properties.mirror import Mirror
from tests.properties.model import Model


def compare_overages(mirror: Mirror, model: Model, shipments: dict[str, bytes]) -> None:
    """Ask that the rows of overages are those of the model."""
    found = {key: (row.shipment, row.until_ms) for key, row in mirror.rows(OVERAGES).items()}
    numbers = {name: number for number, name in PARTNER_NAMES.items()}
    expected = {
        overage_key(numbers[claimant], item_key(item)): (shipments[shipment], until_ms)
        for (claimant, item), (shipment, until_ms) in model.overages.items()
    }
    require(found == expected, "overages", law=found, model=expected)
    counts = {shipments[name]: count for name, count in model.overage_counts.items() if count}
    counted = mirror.rows(OVERAGE_COUNTS)
    require(counted == counts, "counts of overages", law=counted, model=counts)
