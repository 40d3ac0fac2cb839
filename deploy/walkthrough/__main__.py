"""unitward at work in a throw-away account: `make run`."""

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.walkthrough.checks import Check
from deploy.walkthrough.daemon import Daemon, unitward
from deploy.walkthrough.hands_on import hands_on
from deploy.walkthrough.machine import Machine
from deploy.walkthrough.steps import STEPS, Step

PATIENCE_S = 20.0
POLL_S = 0.1
SABOTAGE = "UNITWARD_SABOTAGE"


def main() -> int:
    """Walk through the steps; with a terminal, hand over after the first. Return the exit code."""
    sabotaged = os.environ.get(SABOTAGE, "")
    if sabotaged and sabotaged not in STEPS:
        print(f"{SABOTAGE}={sabotaged}: the steps are {', '.join(STEPS)}", file=sys.stderr)
        return 64
    machine = Machine(Path.home())
    if machine.desired.exists() or any(machine.unit_dir.glob("*")):
        print("this account is in use: the walk-through wants a throw-away one: `make run`")
        return 64
    with_person = not sabotaged and sys.stdin.isatty() and sys.stdout.isatty()
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(Path(folder, "daemon.log"))
        try:
            return _walk(machine, daemon, sabotaged, with_person=with_person)
        except KeyboardInterrupt:
            return 130
        finally:
            daemon.end()


def _walk(machine: Machine, daemon: Daemon, sabotaged: str, *, with_person: bool) -> int:
    for number, (name, prepare) in enumerate(STEPS.items(), 1):
        step = prepare(machine, daemon)
        print(f"\n{_bold(f'{number}/{len(STEPS)} {name}')}: {step.title}")
        if not _came_true(step, daemon, sabotaged=sabotaged == name):
            return 1
        if number == 1:
            print(f"\n{unitward('status')}", flush=True)
            if with_person:
                return hands_on(machine, daemon)
    print("\nEvery step came true. The account and its user manager go now.")
    return 0


def _came_true(step: Step, daemon: Daemon, *, sabotaged: bool) -> bool:
    """Carry a step out, tell what unitward did about it and why, and look at the world."""
    step.act()
    waited = _wait_for(step.checks)
    unitward("sync")
    for sentence in daemon.news():
        if step.told:
            print(f"  unitward: {sentence}")
    if sabotaged:
        print("  sabotage: the daemon is paused, and the effect undone behind its back")
        daemon.pause()
        step.spoil()
    for check in step.checks:
        wrong = check.wrong()
        if wrong:
            late = "" if waited else f" within {PATIENCE_S:g} s"
            print(f"  ✗ {check.promise}{late}: {wrong}")
            return False
        print(f"  ✓ {check.promise}", flush=True)
    return True


def _wait_for(checks: Sequence[Check]) -> bool:
    """Wait until all promises hold at once; False when they do not in time."""
    give_up_at = time.monotonic() + PATIENCE_S
    while any(check.wrong() for check in checks):
        if time.monotonic() >= give_up_at:
            return False
        time.sleep(POLL_S)
    return True


def _bold(text: str) -> str:
    plain = os.environ.get("NO_COLOR") or not sys.stdout.isatty()
    return text if plain else f"\033[1m{text}\033[0m"


if __name__ == "__main__":
    sys.exit(main())
