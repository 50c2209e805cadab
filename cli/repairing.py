"""`packtrail node repair` and `reindex`: what is said about damage, and when nothing is done."""

from typing import TYPE_CHECKING, NamedTuple

from cli.failures import CommandError, Exit
from cli.local import disk_errors
from cli.output import Format, say, write_facts
from node.home import Home

if TYPE_CHECKING:
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


def repair_home(home: Home, wish: Wish, output: Format) -> None:
    """Find what is damaged, and repair it.

    Raises:
        CommandError: What is damaged cannot be fetched from peers; nothing was changed.
    """
    from contracts.chain.genesis import InvalidGenesis
    from node.config.errors import InvalidConfig
    from node.logs import configure_logs
    from node.repair.diagnosis import Finding, Part, diagnose
    from node.repair.rebuilding import CannotRepair, repair
    from node.repair.signing import find_signer_damage
    from node.setting import NotThisNode, read_setting

    configure_logs("warning", "text")
    with disk_errors():
        try:
            setting = read_setting(home)
            if (damage := find_signer_damage(setting)) is not None:
                _replace_signer(setting, damage, wish)
            findings = diagnose(setting, thorough=wish.thorough, progress=_progress)
        except (InvalidConfig, InvalidGenesis, NotThisNode) as error:
            raise CommandError(
                Exit.USAGE, str(error), "Peers do not have these files: restore them from a backup."
            ) from error
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
            done = repair(setting, findings, wish.patience_s, say)
        except CannotRepair as error:
            raise CommandError(Exit.UNREACHABLE, f"nothing was changed: {error}") from error
    facts = {
        "damaged": [f"{finding.part} ({finding.where})" for finding in findings],
        "kept in": done.aside,
        "height": done.height,
        "app hash": done.app_hash.hex(),
        "own rows kept": done.kept_rows,
    }
    write_facts(output, facts, "Repaired")


def reindex_home(home: Home, output: Format) -> None:
    """Build a database anew from its blocks, and say how it went.

    Raises:
        CommandError: A block is missing or damaged; nothing was changed.
    """
    from contracts.chain.genesis import InvalidGenesis
    from node.config.errors import InvalidConfig
    from node.host.verify_chain import ChainFault
    from node.logs import configure_logs
    from node.repair.reindexing import reindex
    from node.setting import NotThisNode, read_setting

    configure_logs("warning", "text")
    with disk_errors():
        try:
            done = reindex(read_setting(home), _progress)
        except (InvalidConfig, InvalidGenesis, NotThisNode) as error:
            raise CommandError(Exit.USAGE, str(error), "Restore these files from a backup.") from error
        except ChainFault as fault:
            advice = "packtrail node repair --rebuild fetches the chain from peers."
            raise CommandError(Exit.FAILED, f"nothing was changed: {fault}", advice) from fault
    facts = {
        "height": done.height,
        "app hash": done.app_hash.hex(),
        "blocks executed": done.executed,
        "own rows kept": done.kept_rows,
        "old database in": done.aside,
    }
    write_facts(output, facts, "Built anew")


def _replace_signer(setting: "Setting", damage: "StorageDamaged", wish: Wish) -> None:
    from node.repair.signing import renew_signer

    if not wish.give_up_signer:
        raise CommandError(
            Exit.UNHEALTHY,
            str(damage),
            "No peer knows it. Restore data/signer from a backup newer than its last vote, or let"
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
