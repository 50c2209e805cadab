"""All decoders under fire."""

import functools

from tests.fuzz.target import Target
from tests.fuzz.targets_archive import archive_targets
from tests.fuzz.targets_client import client_targets
from tests.fuzz.targets_gateway import gateway_targets
from tests.fuzz.targets_ledger import ledger_targets
from tests.fuzz.targets_operator import operator_targets
from tests.fuzz.targets_rows import row_targets
from tests.fuzz.targets_storage import storage_targets
from tests.fuzz.targets_wire import wire_targets


@functools.cache
def all_targets() -> dict[str, Target]:
    """Return every target by its name; made once in a process, for samples take a while to cut."""
    families = (
        wire_targets(),
        ledger_targets(),
        gateway_targets(),
        client_targets(),
        operator_targets(),
        storage_targets(),
        row_targets(),
        archive_targets(),
    )
    return {target.name: target for family in families for target in family}
