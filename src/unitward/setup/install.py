"""Installing unitward as a user unit of the account: a plan first, then carrying it out."""

import os
import re
from enum import StrEnum
from importlib.resources import files as package_files

from unitward.errors import UnitwardError
from unitward.manifest.guards import OWN_UNIT
from unitward.model.records import dataclass
from unitward.reconcile.account import Account
from unitward.setup.first_pass import FirstPass, run_first_pass
from unitward.setup.folders import Made, Wanted, all_or_nothing, is_open_to_others, wanted_folders
from unitward.setup.look import (
    Installation,
    check_environment,
    check_holder,
    is_older_than,
    look_at_installation,
)
from unitward.setup.own_unit import (
    OwnFile,
    Standing,
    judge_own_file,
    own_unit_text,
    sealed,
)
from unitward.setup.program import Invocation, installed_at, lasting_command
from unitward.store.identity import identity, own_name
from unitward.store.ledger import Ledger, open_ledger
from unitward.systemd.login import LoginUnavailableError, NotPermittedError, set_linger
from unitward.systemd.manager import Manager
from unitward.systemd.session import linger_enabled

_EXAMPLE_IDENTITY = "# identity:"


class Task(StrEnum):
    """What an installation does, in its order and in the words that people read."""

    FOLDER = "make"
    MODE = "close"
    CONFIG = "write"
    UNIT = "install"
    UPDATE = "update"
    ENABLE = "enable"
    LINGER = "linger"
    START = "start"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: to what, and why."""

    task: Task
    subject: str
    reason: str
    folder: Wanted | None = None


@dataclass(frozen=True, slots=True)
class InstallPlan:
    """What an installation will do.

    body: the own unit file, without its mark. own: what stands in its place.
    """

    found: Installation
    command: tuple[str, ...]
    body: bytes
    own: OwnFile
    steps: tuple[Step, ...]

    def does(self, *tasks: Task) -> bool:
        """Tell whether one of the tasks is among the steps."""
        return any(step.task in tasks for step in self.steps)


@dataclass(frozen=True, slots=True)
class Installed:
    """How an installation ended; `notes` say what a person has to do, as (what, how)."""

    first_pass: FirstPass | None
    notes: tuple[tuple[str, str], ...] = ()


def default_config(identity: str) -> bytes:
    """Return the configuration that a new account gets: its identity, and every key explained."""
    text = package_files("unitward.setup").joinpath("config.example.yaml").read_text("utf-8")
    lines = [_as_comment(line) for line in text.splitlines()[1:]]
    head = "# unitward's settings: every key with its default. Take the # off to change one."
    own = f"identity: {identity}"
    named = [own if line.startswith(_EXAMPLE_IDENTITY) else line for line in lines]
    return "\n".join([head, *named, ""]).encode()


def is_default_config(content: bytes) -> bool:
    """Tell whether a configuration is as `default_config` made it, for whatever identity."""
    found = re.search(rb"(?m)^identity: (.+)$", content)
    return found is not None and content == default_config(found[1].decode("utf-8", "replace"))


def _new_config(found: Installation) -> bytes:
    return default_config(found.recorded.identity or own_name(os.getuid()))


def _as_comment(line: str) -> str:
    return line if not line or line.startswith(("#", "version:")) else f"#{line}"


async def plan_install(account: Account, manager: Manager, invocation: Invocation) -> InstallPlan:
    """Decide what has to be done, without an effect.

    Raises UnitwardError, with what to do, where unitward cannot or must not be installed.
    """
    await check_environment(account, manager)
    found = await look_at_installation(account, manager)
    check_holder(found)
    command = lasting_command(invocation, found.layout)
    body = own_unit_text(command)
    own = judge_own_file(account.files.look(OWN_UNIT), body, found.recorded)
    _check_unit(found, own)
    steps = [
        *_folder_steps(found),
        *_config_step(found),
        *_unit_steps(found, own, command),
        *_linger_step(found),
        *_run_step(found, own),
    ]
    return InstallPlan(found, command, body, own, tuple(steps))


def _check_unit(found: Installation, own: OwnFile) -> None:
    path = found.account.folders.unit_dir / OWN_UNIT
    if own.standing is Standing.FOREIGN:
        raise UnitwardError(
            f"{path}: stands in the way: {own.reason}",
            hint=f"if it is no longer needed: systemctl --user disable --now {OWN_UNIT};"
            f" mv {path} {path}.old; then run this again",
        )
    if found.unit.load_state == "masked":
        raise UnitwardError(
            f"{OWN_UNIT} is masked by {found.unit.fragment_path or 'a link to /dev/null'}",
            hint=f"systemctl --user unmask {OWN_UNIT}; systemctl --user --runtime unmask"
            f" {OWN_UNIT}; then run this again",
        )
    if found.unit.transient:
        raise UnitwardError(
            f"a transient unit named {OWN_UNIT} runs ({found.unit.fragment_path})",
            hint=f"systemctl --user stop {OWN_UNIT}, then run this again",
        )


def _folder_steps(found: Installation) -> list[Step]:
    account = found.account
    steps = []
    for wanted in wanted_folders(account.folders, account.source.root):
        shown = f"{found.short(wanted.path)}/"
        if not wanted.path.is_dir():
            steps.append(Step(Task.FOLDER, shown, wanted.why, wanted))
        elif wanted.enforced and is_open_to_others(wanted.path):
            steps.append(Step(Task.MODE, shown, "others could read it: mode 0700", wanted))
    return steps


def _config_step(found: Installation) -> list[Step]:
    path = found.account.folders.config_file
    if os.path.lexists(path):
        return []
    return [Step(Task.CONFIG, found.short(path), "who this is, and settings, each explained")]


def _unit_steps(found: Installation, own: OwnFile, command: tuple[str, ...]) -> list[Step]:
    path = found.short(found.account.folders.unit_dir / OWN_UNIT)
    steps = []
    runs = f"runs {' '.join(command)} run"
    if own.standing is Standing.ABSENT:
        steps.append(Step(Task.UNIT, path, runs))
    elif own.standing is Standing.OUTDATED:
        steps.append(Step(Task.UPDATE, path, f"it changed; {runs}"))
    if not found.is_enabled:
        steps.append(Step(Task.ENABLE, OWN_UNIT, "it starts with the user manager"))
    return steps


def _linger_step(found: Installation) -> list[Step]:
    user = found.user
    if linger_enabled(user) is not False:
        return []
    return [Step(Task.LINGER, user, "units start at boot, and stay after logout")]


def _run_step(found: Installation, own: OwnFile) -> list[Step]:
    if not found.is_running:
        return [Step(Task.START, OWN_UNIT, "and wait for its first pass")]
    if own.standing is Standing.OUTDATED:
        return [Step(Task.RESTART, OWN_UNIT, "its unit file changed; units keep running")]
    if is_older_than(found, installed_at()):
        return [Step(Task.RESTART, OWN_UNIT, "it runs an older program; units keep running")]
    return []


async def carry_out_install(plan: InstallPlan, manager: Manager) -> Installed:
    """Carry the plan out.

    What was written is taken back when the rest of it cannot be. Raises UnitwardError.
    """
    folders = plan.found.account.folders
    made = Made()
    with all_or_nothing(made):
        _make_folders(plan, made)
        if plan.does(Task.CONFIG):
            made.folder(folders.config_file.parent, 0o755)
            made.file(folders.config_file, _new_config(plan.found), 0o644)
        beside = [
            folders.ledger.with_name(f"{folders.ledger.name}{end}") for end in ("-wal", "-shm")
        ]
        made.will_make(folders.ledger, *beside)
        with open_ledger(
            folders.ledger, identity=identity(os.getuid()), unit_dir=folders.unit_dir
        ) as ledger:
            await _write_unit(plan, manager, made, ledger.installation())
            made.paths.clear()
            notes = await _turn_on_linger(plan)
            return Installed(await _run(plan, manager, ledger), notes)


def _make_folders(plan: InstallPlan, made: Made) -> None:
    for step in plan.steps:
        match step:
            case Step(task=Task.FOLDER, folder=Wanted(path=path, mode=mode)):
                made.folder(path, mode)
            case Step(task=Task.MODE, folder=Wanted(path=path, mode=mode)):
                path.chmod(mode)
            case _:
                pass


async def _write_unit(plan: InstallPlan, manager: Manager, made: Made, installation: str) -> None:
    """Write and enable the own unit, or leave things as they were."""
    files = plan.found.account.files
    written = plan.does(Task.UNIT, Task.UPDATE)
    if not written and not plan.does(Task.ENABLE):
        return
    try:
        if written:
            if plan.own.standing is Standing.ABSENT:
                made.will_make(files.root / OWN_UNIT)
            files.write(OWN_UNIT, sealed(plan.body, installation))
            files.sync_folders({OWN_UNIT})
        await manager.reload()
        if plan.does(Task.ENABLE):
            await manager.enable([OWN_UNIT])
    except UnitwardError:
        if plan.own.disk.content is not None and written:
            files.write(OWN_UNIT, plan.own.disk.content)
        raise


async def _turn_on_linger(plan: InstallPlan) -> tuple[tuple[str, str], ...]:
    if not plan.does(Task.LINGER):
        return ()
    try:
        await set_linger(os.getuid(), enabled=True, env=plan.found.account.env)
    except (NotPermittedError, LoginUnavailableError) as error:
        what = "linger is off: units end with the last logout and start with the next login"
        return ((f"{what} ({error})", error.hint),)
    return ()


async def _run(plan: InstallPlan, manager: Manager, ledger: Ledger) -> FirstPass | None:
    if plan.does(Task.START):
        return await run_first_pass(manager, ledger, plan.found.account, restart=False)
    if plan.does(Task.RESTART):
        return await run_first_pass(manager, ledger, plan.found.account, restart=True)
    return None
