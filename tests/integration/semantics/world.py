"""The world of the stateful test: an account, its daemon, and what is known of both.

`Acts` is what people do to it, `World.check` what has to hold whenever it is quiet.
"""

import asyncio
import contextlib
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.integration.semantics.things import ALL, FILES, Kind, Thing, at_first, text_of

from unitward.model.plan import Sync
from unitward.model.recorded import Recorded
from unitward.reconcile.account import Account, assemble, connected, recorded_now
from unitward.reconcile.one_pass import Considered, consider

SETTINGS = "stop_grace: 0s\nprune_after: 500ms\nmax_restarts: 50\nsettle: 50ms\n"
SHOWN = (
    "Id",
    "LoadState",
    "ActiveState",
    "InvocationID",
    "FragmentPath",
    "NeedDaemonReload",
    "Description",
    "MainPID",
    "TimersCalendar",
)
UNDER_WAY = frozenset({Sync.STARTING, Sync.STOPPING, Sync.PENDING, Sync.STOPPED_BY_HAND})
THEIRS = "[Service]\nExecStart=/bin/sleep 7777\n[Install]\nWantedBy=default.target\n"
BY_HAND = {"# by hand", "ExecStart=/bin/sleep 9999"}
LIMIT_S = 30.0

Shown = Mapping[str, Mapping[str, str]]


class World:
    """An account whose declarations, and whose people, are the test's.

    declared: name -> file and thing, as they stand in the folder. broken: files that cannot be
    parsed. applied: what was declared, and could be read, at the last quiet moment.
    touched: units that may have a new process since then. spoilt: things of broken files that
    people did something to.
    """

    def __init__(self, account: Any, loop: Any) -> None:
        self.account = account
        self.loop = loop
        self.declared = at_first()
        self.broken: set[str] = set()
        self.applied: dict[str, Thing] = {}
        self.touched: set[str] = set()
        self.spoilt: set[str] = set()
        self._reader: Account = assemble(account.env)
        self._before: dict[str, str] = {}
        self._frozen_bytes: dict[str, bytes] = {}
        self._theirs: dict[str, str] = {}

    def begin(self) -> None:
        """Put foreign units in place, declare everything and start the daemon."""
        unit_dir = self.account.unit_dir
        (unit_dir / "theirs.service").write_text(THEIRS)
        (unit_dir / "theirs.service.d").mkdir()
        (unit_dir / "theirs.service.d/own.conf").write_text("[Service]\nNice=3\n")
        (unit_dir / "notes.txt").write_text("mine\n")
        self.account.systemctl("enable", "--now", "theirs.service")
        transient = ("systemd-run", "--user", "--unit=passing", "/bin/sleep", "8888")
        assert 0 == self.account.run(*transient).returncode
        self.loop.configure(SETTINGS)
        for file in FILES:
            self.save(file)
        self.loop.start()
        self._theirs = self._foreign()

    def save(self, file: str) -> None:
        """Write a manifest as editors do, whole or broken."""
        text = text_of(thing for at, thing in self.declared.values() if at == file)
        if file in self.broken:
            text += "  broken: ["
        draft = self.account.home / "tmp/draft"
        draft.write_text(text)
        draft.rename(self.account.desired / file)

    def quiet(self) -> None:
        """Have the daemon work until a plan made afresh is empty and nothing is under way."""
        if not self.loop.runs:
            self.loop.start()
        last: list[object] = []

        def is_quiet() -> bool:
            report = self.loop.sync()
            for held in report["held"]:
                assert 0 == self.account.run("unitward", "approve", held["digest"]).returncode
            considered = asyncio.run(self._consider())
            frozen = self._frozen()
            under_way = {
                name: verdict
                for name, verdict in considered.plan.verdicts.items()
                if (verdict.sync in UNDER_WAY or verdict.until) and name not in frozen
            }
            last[:] = [considered.plan.actions, under_way]
            return not (considered.plan.actions or under_way or report["held"])

        with contextlib.suppress(pytest.fail.Exception):
            self.account.wait_for(is_quiet, "the plan is empty", LIMIT_S)
            return
        pytest.fail(f"it does not become quiet: {last}\n{self.loop.log}")

    async def _consider(self) -> Considered:
        recorded = recorded_now(self._reader)
        async with connected(self._reader) as manager:
            return await consider(self._reader, manager, recorded)

    def _frozen(self) -> set[str]:
        """Return the units that may not change while a file is broken."""
        names = {
            unit
            for at, thing in self.declared.values()
            for unit in thing.units
            if at in self.broken
        }
        if self.broken:
            gone = self.applied.keys() - self.declared.keys()
            names |= {unit for name in gone for unit in self.applied[name].units}
        return names

    def check(self) -> None:
        """Assert that declared, recorded and observed agree and that nothing foreign changed."""
        shown = self._show()
        recorded = recorded_now(self._reader)
        frozen = self._frozen()
        live = {n: t for n, (at, t) in self.declared.items() if at not in self.broken}
        for thing in live.values():
            self._check_files(thing, recorded)
            self._check_loaded(thing, shown)
            self._check_running(thing, shown)
        self._check_gone(live, recorded, shown, frozen)
        self._check_untouched(shown, frozen)
        assert self._theirs == self._foreign()
        assert () == recorded.intents, self.loop.log
        self._remember(live, shown, frozen)

    def _check_files(self, thing: Thing, recorded: Recorded) -> None:
        root: Path = self.account.unit_dir
        for path in thing.files:
            assert recorded.files[path].content == (root / path).read_bytes(), path
        text = (root / thing.files[0]).read_text()
        assert f"Description={thing.described}\n" in text
        assert thing.units[0] in recorded.units
        services = [path for path in thing.files if path.endswith(".service")]
        for path in services:
            assert f"ExecStart={thing.command}\n" in (root / path).read_text()
        if thing.site:
            assert f"SITE={thing.site}\n" in (root / thing.drop_in).read_text()
        for path, unit in thing.links.items():
            assert (root / path).is_symlink(), f"{path}\n{self.loop.log}"
            assert unit == recorded.links[path].unit

    def _check_loaded(self, thing: Thing, shown: Shown) -> None:
        root: Path = self.account.unit_dir
        for unit in thing.units:
            if unit.endswith("@.service"):
                continue
            now = shown[unit]
            assert "loaded" == now["LoadState"], unit
            own = thing.units[0] if thing.kind is Kind.TEMPLATE else unit
            assert str(root / own) == now["FragmentPath"]
            assert "no" == now["NeedDaemonReload"], unit
            assert thing.described == now["Description"]

    def _check_running(self, thing: Thing, shown: Shown) -> None:
        for unit in thing.active:
            assert "active" == shown[unit]["ActiveState"], f"{unit}\n{self.loop.log}"
        for unit in thing.units:
            pid = int(shown.get(unit, {}).get("MainPID", "0"))
            if pid:
                said = f"{unit} runs with {thing.command}\n{self.loop.log}"
                self.account.wait_for(lambda pid=pid: _command(pid) in {thing.command, ""}, said)
                if thing.site:
                    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                    assert f"SITE={thing.site}".encode() in environment, said
        if thing.kind is Kind.SOCKET:
            assert (self.account.runtime_dir / thing.address).is_socket()
        if thing.kind is Kind.TIMER:
            assert thing.calendar in shown[thing.units[0]]["TimersCalendar"]

    def _check_gone(
        self, live: Mapping[str, Thing], recorded: Recorded, shown: Shown, frozen: set[str]
    ) -> None:
        declared = {unit for thing in live.values() for unit in thing.units}
        assert recorded.units.keys() - frozen == declared - frozen
        root: Path = self.account.unit_dir
        for thing in ALL:
            if thing.name in live or frozen & {*thing.units}:
                continue
            if self._is_left_to_people(thing, shown):
                continue
            assert [] == [*root.glob(f"**/{thing.name}[.@]*")], self.loop.log
            for unit in thing.units:
                if unit.endswith("@.service"):
                    continue
                stays = unit.endswith(".target")
                assert "not-found" == shown[unit]["LoadState"], unit
                assert stays or shown[unit]["ActiveState"] in {"inactive", "failed"}, unit

    def _is_left_to_people(self, thing: Thing, shown: Shown) -> bool:
        """Tell whether what people wrote in the place of a removed thing's files is left to them.

        What ran by a file of ours is stopped even so; then they clean up after themselves.
        """
        root: Path = self.account.unit_dir
        left = [path for path in root.glob(f"**/{thing.name}[.@]*") if not path.is_dir()]
        if not left or thing.name not in self.spoilt:
            return False
        for path in left:
            is_mask = path.is_symlink() and str(path.readlink()) == "/dev/null"
            assert is_mask or path.is_symlink() or BY_HAND & {*path.read_text().splitlines()}
            if is_mask and path.name in shown and not path.name.endswith(".target"):
                assert shown[path.name]["ActiveState"] in {"inactive", "failed"}, self.loop.log
            path.unlink()
        units = [unit for unit in thing.units if not unit.endswith("@.service")]
        self.account.systemctl("stop", *units, check=False)
        self.account.systemctl("daemon-reload")
        return True

    def _check_untouched(self, shown: Shown, frozen: set[str]) -> None:
        for unit, invocation in self._before.items():
            if unit not in self.touched:
                assert invocation == shown[unit]["InvocationID"], f"{unit}\n{self.loop.log}"
        for path, content in self._frozen_bytes.items():
            if path.partition(".d/")[0] in frozen:
                assert content == (self.account.unit_dir / path).read_bytes(), path

    def _remember(self, live: dict[str, Thing], shown: Shown, frozen: set[str]) -> None:
        kept = {n: t for n, t in self.applied.items() if frozen & {*t.units}}
        self.applied = {**kept, **live}
        self._before = {
            unit: now["InvocationID"]
            for unit, now in shown.items()
            if now["ActiveState"] == "active" and not unit.endswith(".slice")
        }
        self.touched &= frozen
        self.spoilt &= kept.keys()
        root: Path = self.account.unit_dir
        paths = [p for n, t in kept.items() if n not in self.spoilt for p in t.files]
        self._frozen_bytes = {p: (root / p).read_bytes() for p in paths if (root / p).exists()}

    def spoil(self, thing: Thing) -> None:
        """Note that people did something to the files of a thing that may be frozen."""
        self.spoilt.add(thing.name)
        for path in thing.files:
            self._frozen_bytes.pop(path, None)

    def _show(self) -> Shown:
        units = [unit for thing in ALL for unit in thing.units if not unit.endswith("@.service")]
        wanted = f"--property={','.join(SHOWN)}"
        text = self.account.systemctl("show", wanted, "--", *units)
        blocks = [
            dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
            for block in text.split("\n\n")
        ]
        return {block["Id"]: block for block in blocks if block}

    def _foreign(self) -> dict[str, str]:
        """Return all that is not unitward's and has to stay as it is."""
        root: Path = self.account.unit_dir
        wants = root / "default.target.wants/theirs.service"
        found = {
            str(path): path.read_text()
            for path in (root / "theirs.service", root / "notes.txt", *root.glob("theirs.*/*"))
        }
        found[str(wants)] = str(wants.readlink())
        for unit in ("theirs.service", "passing.service"):
            shown = self.account.show(unit, "InvocationID", "ActiveState", "FragmentPath")
            found[unit] = str(sorted(shown.items()))
        return found


class Acts:
    """What people, and accidents, do. Each act is a method of a name and a number."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._account = world.account

    def _thing(self, name: str) -> tuple[str, Thing] | None:
        """Return a declared thing whose file can be edited."""
        found = self._world.declared.get(name)
        return found if found is not None and found[0] not in self._world.broken else None

    def _become(self, name: str, changed: Thing) -> None:
        file, thing = self._world.declared[name]
        self._world.declared[name] = (file, changed)
        self._world.touched |= thing.restarted_by(changed)
        self._world.save(file)

    def renumber(self, name: str, number: int) -> None:
        """Declare another command, address or time."""
        if (found := self._thing(name)) is not None:
            self._become(name, replace(found[1], number=number))

    def describe(self, name: str, number: int) -> None:
        """Declare another description (class L)."""
        if (found := self._thing(name)) is not None:
            self._become(name, replace(found[1], about=number))

    def site(self, name: str, number: int) -> None:
        """Declare a drop-in, change it, or take it away."""
        if (found := self._thing(name)) is not None:
            self._become(name, replace(found[1], site=number % 3))

    def remove(self, name: str, _: int) -> None:
        """Declare a thing no more."""
        found = self._thing(name)
        if found is not None:
            del self._world.declared[name]
            self._world.touched |= {*found[1].units}
            self._world.save(found[0])

    def add(self, name: str, number: int) -> None:
        """Declare a thing that is not declared, in a file that can be edited."""
        file = FILES[number % len(FILES)]
        if name in self._world.declared or file in self._world.broken:
            return
        kind = next(thing.kind for thing in ALL if thing.name == name)
        thing = Thing(kind, name, number)
        self._world.declared[name] = (file, thing)
        self._world.touched |= {*thing.units}
        self._world.save(file)

    def move(self, name: str, _: int) -> None:
        """Rename a thing's place: from one file to the other, the old one saved first."""
        found = self._thing(name)
        if found is None or self._world.broken:
            return
        other = next(file for file in FILES if file != found[0])
        self._world.declared[name] = (other, found[1])
        self._world.save(found[0])
        self._world.save(other)

    def break_file(self, _: str, number: int) -> None:
        """Save a file that cannot be parsed; what was to change in it is lost in it."""
        file = FILES[number % len(FILES)]
        names = {name for name, (at, _) in self._world.declared.items() if at == file}
        same = all(self._world.applied.get(name) == self._world.declared[name][1] for name in names)
        if same and self._world.applied.keys() == self._world.declared.keys():
            self._world.broken.add(file)
            self._world.save(file)

    def mend(self, _: str, number: int) -> None:
        """Save such a file whole again."""
        file = FILES[number % len(FILES)]
        if file in self._world.broken:
            self._world.broken.remove(file)
            self._world.save(file)

    def _touch(self, name: str) -> Thing:
        found = self._world.declared.get(name)
        thing = found[1] if found else next(thing for thing in ALL if thing.name == name)
        self._world.touched |= {*thing.units}
        return thing

    def _unit(self, name: str, number: int) -> str:
        units = [unit for unit in self._touch(name).units if "@." not in unit]
        return units[number % len(units)]

    def stop(self, name: str, number: int) -> None:
        """Stop a unit."""
        self._account.systemctl("stop", self._unit(name, number), check=False)

    def start(self, name: str, number: int) -> None:
        """Start a unit."""
        self._account.systemctl("start", self._unit(name, number), check=False)

    def restart(self, name: str, number: int) -> None:
        """Restart a unit."""
        self._account.systemctl("restart", self._unit(name, number), check=False)

    def disable(self, name: str, number: int) -> None:
        """Disable a unit."""
        self._account.systemctl("disable", self._unit(name, number), check=False)

    def kill(self, name: str, number: int) -> None:
        """Kill the process of a unit, with one signal or another."""
        sent = (signal.SIGKILL, signal.SIGTERM, signal.SIGABRT)[number % 3]
        unit = self._unit(name, number)
        self._account.systemctl("kill", f"--signal={sent.name}", unit, check=False)

    def edit(self, name: str, number: int) -> None:
        """Edit an installed unit file by hand: a comment, or another command."""
        thing = self._touched_files(name)
        path = self._account.unit_dir / thing.files[number % len(thing.files)]
        with contextlib.suppress(FileNotFoundError):
            text = path.read_text()
            command = "[Service]\nExecStart=\nExecStart=/bin/sleep 9999\n"
            path.write_text(text + ("# by hand\n" if number % 2 else command))

    def delete(self, name: str, number: int) -> None:
        """Delete an installed unit file."""
        thing = self._touched_files(name)
        (self._account.unit_dir / thing.files[number % len(thing.files)]).unlink(missing_ok=True)

    def mask(self, name: str, number: int) -> None:
        """Put a mask in the place of a unit file."""
        thing = self._touched_files(name)
        path = self._account.unit_dir / thing.files[number % len(thing.files)]
        if path.exists():
            path.unlink()
            path.symlink_to("/dev/null")

    def unlink(self, name: str, number: int) -> None:
        """Delete an enablement link."""
        thing = self._touched_files(name)
        links = [*thing.links]
        (self._account.unit_dir / links[number % len(links)]).unlink(missing_ok=True)

    def _touched_files(self, name: str) -> Thing:
        """Return a thing of whose files people do something; its sockets and timers may begin anew.

        A timer that a reload finds masked fails in systemd, and is started again.
        """
        found = self._world.declared.get(name)
        thing = found[1] if found else next(thing for thing in ALL if thing.name == name)
        self._world.spoil(thing)
        if thing.kind in {Kind.SOCKET, Kind.TIMER}:
            self._world.touched |= {*thing.units}
        return thing

    def reload(self, _: str, __: int) -> None:
        """Have the manager read its units again."""
        self._account.systemctl("daemon-reload", check=False)

    def kill_daemon(self, _: str, __: int) -> None:
        """Kill the daemon, and start it again at once."""
        if self._world.loop.runs:
            self._world.loop.kill()
        self._world.loop.spawn()

    def end_daemon(self, _: str, __: int) -> None:
        """Kill the daemon; it is started again when it is to become quiet."""
        if self._world.loop.runs:
            self._world.loop.kill()


ACTS = tuple(name for name in vars(Acts) if not name.startswith("_"))


def perform(world: World, act: tuple[str, str, int]) -> None:
    """Do one act."""
    verb, name, number = act
    getattr(Acts(world), verb)(name, number)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""
