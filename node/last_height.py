"""What is known of a chain without its database: by the head marker, and by what a validator has signed."""

from network.peer.face import VALIDATOR
from node.home import HEAD_FILE, SIGNER_FILE
from node.identity.signer import FileSigner, SignedStep
from node.setting import Setting
from node.storage.files import DiskFiles
from node.storage.head_marker import HeadMarker, load_head_marker


def last_known(setting: Setting) -> HeadMarker | None:
    """Return what the head marker says; None without one that can be read."""
    found = load_head_marker(DiskFiles(setting.home.data), HEAD_FILE)
    return found if isinstance(found, HeadMarker) else None


def last_height(setting: Setting) -> int:
    """Return the greatest height that was durable here, or that this validator has voted on top of.

    Raises:
        StorageDamaged: The signer's record is missing or damaged.
        WrongSignerRecord: It belongs to another key or network.
    """
    marker, signed = last_known(setting), last_signed(setting)
    return max(0 if marker is None else marker.height, 0 if signed is None else signed.sign.height - 1)


def last_signed(setting: Setting) -> SignedStep | None:
    """Return what this validator signed last; None when that is nothing, and for other nodes.

    Raises:
        StorageDamaged: The signer's record is missing or damaged.
        WrongSignerRecord: It belongs to another key or network.
        StorageFailed: The disk refused.
    """
    if setting.node.role != VALIDATOR:
        return None
    files = DiskFiles(setting.home.data)
    signer = FileSigner(files, SIGNER_FILE, setting.genesis.chain_id, setting.secrets.validator_seed)
    try:
        signer.open()
    finally:
        signer.close()
    return signer.last
