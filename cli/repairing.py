"""`packtrail node repair` and `reindex`: what is said about damage, and when nothing is done."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cli.failures import CommandError, Exit
from cli.local import disk_errors
from cli.output import Format, say, write_facts
from node.home import Home

if TYPE_CHECKING:
    from node.archive.restoring import ArchivedBodies
    from node.repair.diagnosis import Finding
    from node.repair.rebuilding import NewDatabase
    from node.setting import Setting
    from node.storage.errors import StorageDamaged


class Wish(NamedTuple):
    """What the operator asks for."""

    thorough: bool
    """Execute the whole chain to find damage."""
    rebuild: bool
    """Fetch the chain anew whatever is found."""
    give_up_outbox: bool
    """Own bundles that are in no block may be lost."""
    give_up_signer: bool
    """A lost signer's record is replaced by an empty one; the validator listens before it votes."""
    patience_s: int
    """Seconds without a new block before giving up."""
    archive: Path | None
    """Where old blocks are that peers may no longer have."""


def repair_home(home: Home, wish: Wish, output: Format) -> None:
    """Find what is damaged, and repair it.

    Raises:
        CommandError: What is damaged cannot be fetched from peers; nothing was changed.
    """
    from node.archive.manifest import WrongArchive
    from node.logs import configure_logs
    from node.repair.diagnosis import Finding, Part
    from node.repair.rebuilding import CannotRepair, repair

    configure_logs("warning", "text")
    with disk_errors():
        archive = open_archive(wish.archive)
        setting, findings = _examined(home, wish, archive)
        for finding in findings:
            say(f"damaged: {finding.part}, {finding.where}: {finding.reason}")
        if wish.rebuild and not any(finding.part is Part.DATABASE for finding in findings):
            findings.append(Finding(Part.DATABASE, str(home.database), "it is fetched anew, as you wish"))
        if not findings:
            say("Nothing is damaged." if wish.thorough else "Nothing is damaged. --thorough looks closer.")
            return
        if any(finding.part is Part.OUTBOX for finding in findings) and not wish.give_up_outbox:
            raise CommandError(
                Exit.UNHEALTHY,
                "own bundles that are in no block yet are damaged, and no peer has them",
                "--give-up-outbox goes on without them: clients must send again what is not committed.",
            )
        try:
            done = repair(setting, findings, wish.patience_s, say, archive)
        except CannotRepair as error:
            raise CommandError(Exit.UNREACHABLE, f"nothing was changed: {error}") from error
        except WrongArchive as error:
            advice = (
                "packtrail archive verify FOLDER tells more; another copy, or another node's, serves as well."
            )
            raise CommandError(Exit.FAILED, f"nothing was changed: {error}", advice) from error
    facts = {
        "damaged": [f"{finding.part} ({finding.where})" for finding in findings],
        "kept in": done.aside,
        **({} if done.database is None else _facts_of(done.database, Path(done.aside) / home.database.name)),
    }
    write_facts(output, facts, "Repaired")


def _facts_of(new: "NewDatabase", aside: Path) -> dict[str, object]:
    """Return what there is to say of a new database; say it when rows of this node alone may be missing."""
    if not new.is_whole:
        left = f"{aside} has what is left of the old database: keep it, or bring back a backup."
        if not aside.exists():
            left = "Nothing is left of the old database: only a backup has them."
        say(
            f"Not everything that only this node knew could be read, and no peer has it: {new.kept_rows} rows"
            " were saved. What documents of this node named by their hashes, drafts, and keys of requests may"
            f" be missing. {left}"
        )
    return {
        "height": new.height,
        "app hash": new.app_hash.hex(),
        "own rows kept": new.kept_rows,
        "own rows complete": new.is_whole,
    }


def reindex_home(home: Home, folder: Path | None, output: Format) -> None:
    """Build a database anew from its blocks, and say how it went.

    Args:
        home: Of the stopped node.
        folder: An archive with contents that are no longer in the database.
        output: How to say it.

    Raises:
        CommandError: A block is missing or damaged; nothing was changed.
    """
    from contracts.chain.genesis import InvalidGenesis
    from node.archive.manifest import WrongArchive
    from node.config.errors import InvalidConfig
    from node.host.chain_fault import ChainFault
    from node.logs import configure_logs
    from node.repair.reindexing import reindex
    from node.setting import NotThisNode, read_setting

    configure_logs("warning", "text")
    with disk_errors():
        try:
            done = reindex(read_setting(home), _progress, open_archive(folder))
        except (InvalidConfig, InvalidGenesis, NotThisNode) as error:
            raise CommandError(Exit.USAGE, str(error), "Restore these files from a backup.") from error
        except ChainFault as fault:
            advice = "packtrail node repair --rebuild fetches the chain from peers."
            raise CommandError(Exit.FAILED, f"nothing was changed: {fault}", advice) from fault
        except WrongArchive as error:
            advice = "--archive FOLDER names where archived contents are."
            raise CommandError(Exit.FAILED, f"nothing was changed: {error}", advice) from error
    facts = {
        "height": done.height,
        "app hash": done.app_hash.hex(),
        "blocks executed": done.executed,
        "own rows kept": done.kept_rows,
        "old database in": done.aside,
    }
    write_facts(output, facts, "Built anew")


def _examined(home: Home, wish: Wish, archive: "ArchivedBodies | None") -> "tuple[Setting, list[Finding]]":
    """Return what the home is, and what is damaged in it; a lost signer's record begins anew if wished.

    Raises:
        CommandError: What peers do not have is damaged.
    """
    from contracts.chain.genesis import InvalidGenesis
    from node.archive.manifest import WrongArchive
    from node.config.errors import InvalidConfig
    from node.repair.diagnosis import diagnose
    from node.repair.signing import find_signer_damage
    from node.setting import NotThisNode, read_setting

    try:
        setting = read_setting(home)
        if (damage := find_signer_damage(setting)) is not None:
            _replace_signer(setting, damage, wish)
        findings = diagnose(setting, thorough=wish.thorough, progress=_progress, archive=archive, tell=say)
    except (InvalidConfig, InvalidGenesis, NotThisNode) as error:
        raise CommandError(
            Exit.USAGE, str(error), "Peers do not have these files: restore them from a backup."
        ) from error
    except WrongArchive as error:
        raise CommandError(Exit.FAILED, str(error), "packtrail archive verify FOLDER tells more.") from error
    return setting, findings


def open_archive(folder: Path | None) -> "ArchivedBodies | None":
    """Return an archive's blocks; None without a folder.

    Raises:
        CommandError: There is no archive in it, or a damaged one.
    """
    from node.archive.folder import ArchiveFolder
    from node.archive.manifest import WrongArchive
    from node.archive.restoring import ArchivedBodies
    from node.storage.files import DiskFiles

    if folder is None:
        return None
    try:
        found = ArchivedBodies(ArchiveFolder(DiskFiles(folder.expanduser().absolute())))
    except WrongArchive as error:
        raise CommandError(Exit.FAILED, str(error), "packtrail archive verify FOLDER tells more.") from error
    if not found.last:
        raise CommandError(Exit.NOT_FOUND, f"there is no archive in {folder}")
    return found


def _replace_signer(setting: "Setting", damage: "StorageDamaged", wish: Wish) -> None:
    from node.repair.signing import renew_signer

    if not wish.give_up_signer:
        raise CommandError(
            Exit.UNHEALTHY,
            str(damage),
            "No peer knows it, and a copy may be older than its last vote: bring none back. Let"
            " --give-up-signer begin an empty one: the validator then listens for some heights, and votes."
            " Stop every other node that uses its key first.",
        )
    say(f"damaged: signer, {damage.where}: {damage.reason}")
    aside = renew_signer(setting)
    kept = "there was nothing to keep" if aside is None else f"what was damaged is in {aside}"
    say(f"The signer's record begins anew; this validator listens before it votes; {kept}.")


def _progress(height: int) -> None:
    if height % 1_000 == 0:
        say(f"height {height} …")
