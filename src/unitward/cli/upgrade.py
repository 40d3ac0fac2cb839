"""`unitward upgrade`: another version in the place of this one, and back if it does not work."""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from unitward.cli.daemon_door import daemon_pid, own_ledger, wake
from unitward.cli.install import ask
from unitward.cli.output import GREEN, say
from unitward.errors import Exit

if TYPE_CHECKING:
    from unitward.model.settings import Settings
    from unitward.setup.upgrade.environment import Origin
    from unitward.setup.upgrade.record import Upgrade
    from unitward.setup.upgrade.scene import Scene

POLL_SECONDS = 0.1
PASS_SECONDS = 120.0


@click.command("upgrade")
@click.argument("version", required=False, default="")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--from",
    "wheels",
    type=click.Path(path_type=Path),
    help="A folder of wheels, instead of `unitward_from` of the configuration.",
)
@click.option(
    "--hashes",
    type=click.Path(path_type=Path),
    help="A requirements file with the hash of every package.",
)
def upgrade_command(version: str, yes: bool, wheels: Path | None, hashes: Path | None) -> int:
    """Put VERSION in the place of this unitward: by default the newest, or the pinned one.

    It is installed beside this one and has to make a plan with a copy of the ledger. Then the
    daemon hands over at the end of a pass. Unless the new version finishes a pass within three
    minutes, the old one comes back by itself, with its unit file and its ledger.
    """
    return asyncio.run(_upgrade(version, yes=yes, wheels=wheels, hashes=hashes))


async def _upgrade(version: str, *, yes: bool, wheels: Path | None, hashes: Path | None) -> int:
    from unitward.model.release import is_older_release
    from unitward.reconcile.account import assemble
    from unitward.setup.upgrade.environment import find_version
    from unitward.setup.upgrade.prepare import prepare
    from unitward.setup.upgrade.scene import scene_of

    account = assemble(os.environ)
    scene = scene_of(account.folders, account.env)
    wanted = _wanted(version, account.settings)
    origin = _origin(account.settings, wheels, hashes)
    found = await find_version(scene, wanted, origin)
    if found == scene.running:
        say(f"unitward {found} runs already.")
        return Exit.OK
    if not wanted and is_older_release(found, scene.running):
        say(f"unitward {scene.running} runs; the newest in {origin} is {found}.")
        return Exit.OK
    _show(scene, found, origin)
    ask("Upgrade?", yes=yes)
    upgrade = await prepare(scene, found, origin, _tell)
    if daemon_pid(account.folders):
        with own_ledger(account.folders) as ledger:
            ledger.passes.ask_for_pass(time.time())
        wake(account.folders)
    else:
        await _switch_here(scene, upgrade)
    return await _await_end(scene, upgrade)


def _wanted(version: str, settings: "Settings") -> str:
    """Return the version that is asked for. Raises UpgradeError where a pin asks for another."""
    from unitward.model.release import is_same_release
    from unitward.setup.upgrade.record import UpgradeError

    pin = settings.unitward_version
    if version and pin and not is_same_release(version, pin):
        raise UpgradeError(
            f"the configuration asks for unitward {pin}, and would put that in place again",
            hint="change `unitward_version` in config.yaml, then: systemctl --user reload"
            " unitward.service",
        )
    return version or pin


def _origin(settings: "Settings", wheels: Path | None, hashes: Path | None) -> "Origin":
    from dataclasses import replace

    from unitward.setup.upgrade.environment import Origin

    named = wheels.absolute() if wheels else settings.unitward_from
    origin = Origin.of(Path(named) if named is not None else None)
    return replace(origin, hashes=hashes.absolute()) if hashes else origin


def _show(scene: "Scene", version: str, origin: "Origin") -> None:
    from unitward.setup.upgrade.environment import is_complete

    folder = scene.environment(version)
    say(f"To go from unitward {scene.running} to {version}:")
    if is_complete(folder):
        say(f"  = use {folder}, which stands", GREEN)
    else:
        say(f"  + install into {folder}", GREEN)
        say(f"    from {origin}")
    say("  > try it: it has to make a plan with a copy of the ledger")
    say("  > hand over to it at the end of a pass; managed units run on")


def _tell(text: str) -> None:
    print(f"unitward: {text}", file=sys.stderr, flush=True)


async def _switch_here(scene: "Scene", upgrade: "Upgrade") -> None:
    """Switch in the place of a daemon, when none runs."""
    from unitward.reconcile.account import assemble, connected, recorded_now
    from unitward.setup.upgrade.switch import Doors, switch
    from unitward.store.lock import hold_lock

    account = assemble(os.environ)
    with hold_lock(account.folders.lock, "unitward upgrade"):
        async with connected(account) as manager:
            doors = Doors(manager, account.files)
            await switch(scene, upgrade, doors, recorded_now(account))


async def _await_end(scene: "Scene", upgrade: "Upgrade") -> int:
    """Wait for what becomes of it. Raises UpgradeError unless the new version is confirmed."""
    from unitward.setup.upgrade.record import Phase, UpgradeError, read_upgrade

    _tell(f"waiting for the first pass of unitward {upgrade.version}")
    deadline = time.monotonic() + upgrade.limit + PASS_SECONDS
    while time.monotonic() < deadline:
        last = read_upgrade(scene.record)
        if last is None or last.version != upgrade.version:
            break
        match last.phase:
            case Phase.CONFIRMED:
                say(f"unitward {last.version} runs; {last.previous} is kept for going back.", GREEN)
                return Exit.OK
            case Phase.REFUSED | Phase.UNDONE:
                raise UpgradeError(last.summary, hint="its log: unitward logs unitward.service")
            case Phase.READY | Phase.SWITCHING:
                await asyncio.sleep(POLL_SECONDS)
    raise UpgradeError(
        f"nothing was heard of the upgrade to {upgrade.version}",
        hint="`unitward status` tells when it is decided",
    )
