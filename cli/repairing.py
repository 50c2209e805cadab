"""`packtrail node repair`: what is said about damage, and when nothing is done."""

from typing import NamedTuple

from cli.failures import CommandError, Exit
from cli.local import disk_errors
from cli.output import Format, say, write_facts
from node.home import Home


class Wish(NamedTuple):
    """What the operator asks for."""

    thorough: bool
    """Execute the whole chain to find damage."""
    rebuild: bool
    """Fetch the chain anew whatever is found."""
    give_up_outbox: bool
    """Own bundles that are in no block may be lost."""
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
    from node.setting import NotThisNode, read_setting
    from node.storage.errors import StorageDamaged

    configure_logs("warning", "text")
    with disk_errors():
        try:
            setting = read_setting(home)
            findings = diagnose(setting, thorough=wish.thorough, progress=_progress)
        except (InvalidConfig, InvalidGenesis, NotThisNode) as error:
            raise CommandError(
                Exit.USAGE, str(error), "Peers do not have these files: restore them from a backup."
            ) from error
        except StorageDamaged as damage:
            raise CommandError(
                Exit.UNHEALTHY,
                str(damage),
                "No peer knows it. The network can give this node a new validator key.",
            ) from damage
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


def _progress(height: int) -> None:
    if height % 1_000 == 0:
        say(f"height {height} …")
