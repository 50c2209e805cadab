"""Whether a home holds the keys that its network knows it by: as the ledger has it, else genesis."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from cli.local import KEYS_FOLDER
from node.home import Home

if TYPE_CHECKING:
    from contracts.chain.genesis import Genesis
    from contracts.state.governance_rows import NodeRow
    from contracts.state.view import Overlay
    from node.config.schema import Config


class Known(NamedTuple):
    """What a network knows of its nodes, partners and keys, and since when."""

    state: "Overlay"
    """The state."""
    height: int
    """The state is the one after it; 0 for genesis."""

    @property
    def source(self) -> str:
        """Who says so, in words."""
        return f"the ledger at height {self.height}" if self.height else "genesis"


@contextmanager
def known_to(home: Home, genesis: "Genesis") -> Iterator[Known]:
    """Yield what the network knows: as this home's ledger says, as genesis says where there is none.

    Raises:
        StorageBusy: The node runs, and has its ledger open.
        StorageError: The ledger is damaged, of another network, or the disk refused.
        InvalidGenesis: Genesis contradicts itself.
    """
    from contracts.chain.genesis import genesis_hash
    from contracts.state.view import Overlay
    from node.storage.head import check_identity, load_head
    from node.storage.level_glance import glanced_level
    from node.storage.leveldb import has_level
    from node.storage.store import STATE, Space

    if not has_level(home.database):
        yield _first(genesis)
        return
    with glanced_level(home.database) as store:
        head = load_head(store)
        if head is None:
            # A first start was cut short: the next one writes genesis.
            yield _first(genesis)
            return
        check_identity(store, genesis_hash(genesis))
        yield Known(Overlay(Space(store, STATE)), head.height)


def _first(genesis: "Genesis") -> Known:
    from contracts.ledger.genesis_state import genesis_writes
    from contracts.state.view import Overlay

    return Known(Overlay(dict(genesis_writes(genesis))), 0)


def own_row(known: Known, name: str) -> "NodeRow | None":
    """Return what is known of the node called `name`; None when it may not connect."""
    from contracts.state.layout import NODES, text_key

    return known.state.read(NODES, text_key(name))


def mismatches(home: Home, settings: "Config", known: Known, row: "NodeRow") -> list[str]:
    """Return, in sentences, what this home holds other than the network knows.

    Args:
        home: Of the node.
        settings: Its configuration.
        known: What the network knows.
        row: Of that, about this node.

    Raises:
        KeystoreError: A key that is needed is missing or damaged.
        StorageError: The disk refused.
    """
    from node.identity.keystore import KeyKind, Keystore
    from node.storage.files import DiskFiles

    store = Keystore(DiskFiles(home.root), KEYS_FOLDER)
    wrong = []
    if not home.certificate.is_file() or home.certificate.read_bytes() != row.certificate:
        wrong.append(f"the certificate is not the one that {known.source} pins")
    if row.role == "validator" and store.find(KeyKind.VALIDATOR).public_key != row.validator_key:
        wrong.append(f"the validator key is not the one that {known.source} names")
    held = {name: store.find(KeyKind.PARTNER, name).public_key for name in settings.keys.partners}
    return wrong + _silent_keys(known, held)


def _silent_keys(known: Known, held: dict[str, bytes]) -> list[str]:
    """Return which partner keys do not sign, unless another one that is held signs for that partner."""
    from contracts.state.layout import KEYS

    rows = {name: known.state.read(KEYS, key) for name, key in held.items()}
    coming = known.height + 1
    signed_for = {row.partner for row in rows.values() if row is not None and row.acts_at(coming)}
    wrong = []
    for name, row in rows.items():
        if row is None:
            wrong.append(f"{known.source} knows no partner with the key {name}: add_key names one")
        elif row.partner not in signed_for:
            until = f" until {row.until_height}" if row.until_height else " on"
            wrong.append(f"the key {name} acts from height {row.from_height}{until}, not at {coming}")
    return wrong
