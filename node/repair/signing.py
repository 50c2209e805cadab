"""An empty signer's record in place of a lost one, for a validator that then listens first (ADR 22).

Without its record a validator does not know what it signed last. It need not know: a home that may be older
than its last vote is silent until a quorum of the others has said where the chain is, and votes from three
heights above on (`node/host/rejoining.py`). So the order here is: first the right to vote is taken away,
durably; then the old record goes aside; then there is an empty one. Stopped anywhere between, it is silent.
"""

from pathlib import Path

from contracts.primitives import signing
from node.home import LOG_FOLDER, SIGNER_FILE
from node.identity.signer import create_signer_record
from node.identity.standing import Standing
from node.last_height import last_signed
from node.places import aside_folder, move_aside
from node.setting import Setting
from node.storage.errors import StorageDamaged
from node.storage.files import DiskFiles


def find_signer_damage(setting: Setting) -> StorageDamaged | None:
    """Return what is wrong with a validator's signer's record; None for a whole one, and for other nodes.

    Raises:
        WrongSignerRecord: It belongs to another key or network.
        StorageFailed: The disk refused.
    """
    try:
        last_signed(setting)
    except StorageDamaged as damage:
        return damage
    return None


def renew_signer(setting: Setting) -> Path | None:
    """Put an empty record in place of the damaged one, and let the validator listen before it votes.

    Args:
        setting: Of a stopped validator whose record is missing or damaged.

    Returns:
        Where the damaged record and the log are kept; None when there was neither.

    Raises:
        StorageFailed: The disk refused.
    """
    data = setting.home.data
    data.mkdir(mode=0o700, exist_ok=True)
    files = DiskFiles(data)
    Standing(files).suspend()
    aside = None
    if any((data / name).exists() for name in (LOG_FOLDER, SIGNER_FILE)):
        aside = aside_folder(data)
        # The log without the record would be replayed as if its votes had never been sent.
        move_aside(data, aside, [LOG_FOLDER, SIGNER_FILE])
    public_key = signing.public_key_of(setting.secrets.validator_seed)
    create_signer_record(files, SIGNER_FILE, setting.genesis.chain_id, public_key)
    return aside
