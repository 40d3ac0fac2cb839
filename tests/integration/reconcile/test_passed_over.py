"""What systemd is not asked again is what it would answer as before."""

import hashlib
import random
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from unitward.model.desired import DesiredFile
from unitward.model.source import Place
from unitward.reconcile.check.passed_over import PassedOver
from unitward.reconcile.check.question import Question
from unitward.reconcile.check.the_rest import check_the_rest
from unitward.reconcile.check.together import groups
from unitward.reconcile.check.with_systemd import answer
from unitward.systemd.findings import Finding
from unitward.unitfile.syntax import parse

STEPS = 25
OWN = (
    "a.service",
    "b.service",
    "c.service",
    "c.timer",
    "d.service",
    "e.target",
    "i-x.service",
    "w@.service",
)
FOREIGN = ("f.service", "g.service", "h.target", "far.timer", "app.slice", "w@1.service")
SYSTEM = ("basic.target", "timers.target", "default.target", "dbus.socket")
RELATIONS = ("After", "Before", "Requires", "Wants", "BindsTo", "Conflicts")


def of_texts(texts: dict[str, str]) -> Question:
    """Return the question that is asked when all these files are new."""
    files = {
        path: DesiredFile(
            path,
            text.encode(),
            hashlib.sha256(text.encode()).hexdigest(),
            Place("a.yaml"),
            parse(text.encode()).text,
        )
        for path, text in texts.items()
    }
    return Question(files, frozenset(files), tuple(groups(files)))


class Machine:
    """An account with a good set of units, and a systemd-analyze that notes what it is asked."""

    def __init__(self, top: Path, runtime: str) -> None:
        """Make folders, programs and units: all is well."""
        self.top = top
        self.home = top / "home"
        self.shared = top / "share/systemd/user"
        self.own = self.home / ".config/systemd/user"
        self.kept = top / "cache/verified"
        for folder in (self.shared, self.own):
            folder.mkdir(parents=True)
        self._asked = top / "asked"
        self.env = {
            "HOME": str(self.home),
            "PATH": f"{self.analyze('bin').parent}:/usr/bin:/bin",
            "XDG_DATA_HOME": str(top / "share"),
            "XDG_RUNTIME_DIR": runtime,
        }
        self.program = self.put(self.home / "bin/p", "#!/bin/sh\n", 0o755)
        self.put(self.shared / "far.service", "[Unit]\nRequires=farther.service\n" + self.run())
        self.put(self.shared / "farther.service", self.run())
        self.texts = {
            "a.service": self.run(),
            "b.service": "[Unit]\nRequires=far.service\n" + self.run(),
            "c.timer": "[Timer]\nOnCalendar=Mon *-*-* 04:00\n",
            "c.service": self.run("%h/bin/p --word"),
        }

    def run(self, command: str = "") -> str:
        """Return a service of a command, by default the account's program."""
        return f"[Service]\nExecStart={command or self.program}\n"

    def analyze(self, folder: str, then: str = "") -> Path:
        """Return a new systemd-analyze: the real one, which notes its arguments before."""
        real = shutil.which("systemd-analyze")
        script = (
            f'#!/bin/sh\necho "$@" >>{self._asked}\n{real} "$@"\nended=$?\n{then}\nexit $ended\n'
        )
        return self.put(self.top / folder / "systemd-analyze", script, 0o755)

    def put(self, path: Path, text: str, mode: int = 0o644) -> Path:
        """Write a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def link(self, path: Path, end: str) -> Path:
        """Make a link."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(end)
        return path

    def folder(self, path: Path) -> Path:
        """Make a folder in place of what is there."""
        path.unlink()
        path.mkdir()
        return path

    async def check(self) -> tuple[set[str], dict[str, str]]:
        """Return the units that systemd was asked about, and what is said of files."""
        self._asked.unlink(missing_ok=True)
        question = of_texts(self.texts)
        passed = PassedOver(self.kept, self.env, question)
        findings = await check_the_rest(question, self.env, passed)
        words = self._asked.read_text().split() if self._asked.exists() else []
        asked = {word.removeprefix("./") for word in words if word.startswith("./")}
        return asked, {finding.file: finding.message for finding in findings}


@pytest.fixture
def runtime() -> Iterator[str]:
    """Give a runtime folder of a short name: the sockets of shipped units have to fit in."""
    with tempfile.TemporaryDirectory(prefix="r") as folder:
        yield folder


@pytest.fixture
async def machine(tmp_path: Path, runtime: str) -> Machine:
    """Give a machine on which everything was checked once and found good."""
    made = Machine(tmp_path, runtime)
    assert (set(made.texts), {}) == await made.check()
    return made


def told(question: Question, findings: Iterable[Finding]) -> list[list[str]]:
    """Return the groups that systemd has something to say of."""
    concerned = {finding.file for finding in findings}
    return sorted(sorted(group) for group in question.groups if group & concerned)


ALL = {"a.service", "b.service", "c.service", "c.timer"}
TIMER = "[Timer]\nOnCalendar=daily\n"
NOT_WELL = "[Unit]\nRequires=none-such.service\n"


async def test_nothing_is_asked_twice(machine: Machine) -> None:
    """What was found good is passed over, also by a process with other variables around it."""
    machine.env["OLDPWD"] = "/elsewhere"

    assert (set(), {}) == await machine.check()


async def test_what_changed_is_asked_with_its_group(machine: Machine) -> None:
    """F4: a text that changed is judged, and what has to do with it; then it is known, too."""
    machine.texts["c.service"] += "Restart=sometimes\n"
    asked, found = await machine.check()
    assert {"c.service", "c.timer"} == asked
    assert {"c.service"} == found.keys()
    assert "Failed to parse" in found["c.service"]

    machine.texts["c.service"] = machine.run()
    machine.texts["new.service"] = machine.run()
    assert ({"c.service", "c.timer", "new.service"}, {}) == await machine.check()
    assert (set(), {}) == await machine.check()
    del machine.texts["new.service"]
    assert (set(), {}) == await machine.check()


CHANGES: dict[str, tuple[Callable[[Machine], object], set[str], set[str], str]] = {
    "a program is gone": (
        lambda m: m.program.unlink(),
        ALL,
        {"a.service", "b.service", "c.service"},
        "is not executable",
    ),
    "a program cannot be executed": (
        lambda m: m.program.chmod(0o644),
        ALL,
        {"a.service", "b.service", "c.service"},
        "is not executable",
    ),
    "a folder stands where a program was": (
        lambda m: m.folder(m.program),
        ALL,
        {"a.service", "b.service", "c.service"},
        "is not executable",
    ),
    "another home": (
        lambda m: m.env.update(HOME=str(m.top)),
        ALL,
        {"c.service"},
        "is not executable",
    ),
    "a required unit is gone": (
        lambda m: (m.shared / "far.service").unlink(),
        {"b.service"},
        {"b.service"},
        "not found",
    ),
    "what that requires is gone": (
        lambda m: (m.shared / "farther.service").unlink(),
        {"b.service"},
        {"b.service"},
        "not found",
    ),
    "a required unit is masked": (
        lambda m: m.link(m.own / "far.service", "/dev/null"),
        ALL,
        {"b.service"},
        "masked",
    ),
    "a required unit has a drop-in": (
        lambda m: m.put(m.own / "far.service.d/1.conf", NOT_WELL),
        {"b.service"},
        {"b.service"},
        "not found",
    ),
    "a required unit requires by a link": (
        lambda m: m.link(m.own / "far.service.requires/none-such.service", "../none-such.service"),
        {"b.service"},
        {"b.service"},
        "not found",
    ),
    "a drop-in of another folder": (
        lambda m: m.put(m.shared / "a.service.d/1.conf", NOT_WELL),
        {"a.service"},
        {"a.service"},
        "not found",
    ),
    "a drop-in for an alias": (
        lambda m: (
            m.link(m.own / "alias.service", "a.service"),
            m.put(m.own / "a.service", m.run()),
            m.put(m.own / "alias.service.d/1.conf", "[Service]\nNonsense=1\n"),
        ),
        ALL,
        set(),
        "",
    ),
    "a drop-in for every service": (
        lambda m: m.put(m.shared / "service.d/1.conf", NOT_WELL),
        ALL,
        {"a.service", "b.service", "c.service"},
        "not found",
    ),
    "a cycle through what is wanted by all": (
        lambda m: (
            m.put(m.own / "basic.target.wants/x.service", ""),
            m.put(m.own / "x.service", "[Unit]\nRequires=basic.target\n" + m.run()),
            m.put(m.own / "basic.target.d/1.conf", "[Unit]\nRequires=x.service\nAfter=x.service\n"),
        ),
        ALL,
        {"a.service", "b.service", "c.service"},
        "cyclic",
    ),
    "another systemd-analyze": (
        lambda m: m.env.update(PATH=f"{m.analyze('other').parent}:{m.env['PATH']}"),
        ALL,
        set(),
        "",
    ),
    "a systemd-analyze that was written anew": (lambda m: m.analyze("bin"), ALL, set(), ""),
    "another search path": (
        lambda m: m.env.update(XDG_DATA_HOME=str(m.top / "elsewhere")),
        ALL,
        {"b.service"},
        "not found",
    ),
    "a mount unit, which paths name": (
        lambda m: m.put(m.own / "data.mount", "[Mount]\nWhat=/a\nWhere=/data\n"),
        ALL,
        set(),
        "",
    ),
    "what is kept was written by others": (lambda m: m.kept.chmod(0o620), ALL, set(), ""),
    "what is kept is damaged": (
        lambda m: m.kept.write_bytes(m.kept.read_bytes()[:-1] + b"x"),
        ALL,
        set(),
        "",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_whatever_an_answer_depends_on_changes_it(machine: Machine, change: str) -> None:
    """F4: no answer outlives what it was given on: units are asked about anew, and told of."""
    make, asked, concerned, message = CHANGES[change]
    make(machine)

    now, found = await machine.check()

    assert asked == now
    assert concerned == found.keys()
    assert all(message in said for said in found.values())


async def test_what_was_wrong_is_asked_until_it_is_mended(machine: Machine) -> None:
    """F2: a finding is told each time, and no more once its cause is gone."""
    machine.program.chmod(0o644)
    for _ in range(2):
        _, found = await machine.check()
        assert {"a.service", "b.service", "c.service"} == found.keys()
    machine.program.chmod(0o755)

    assert (set(), {}) == await machine.check()


async def test_what_is_deployed_of_the_set_does_not_matter(machine: Machine) -> None:
    """Files that the checked ones stand before are not read; their links to targets may come."""
    for name, text in machine.texts.items():
        machine.put(machine.own / name, f"{text}# deployed\n")
        machine.put(machine.own / "default.target.wants" / name, "")

    assert (set(), {}) == await machine.check()


async def test_what_everyone_starts_is_there_when_one_is_asked_about(machine: Machine) -> None:
    """A timer of the set that is enabled has a part in all: changed, everything is asked about."""
    machine.put(machine.own / "timers.target.wants/c.timer", "")
    assert (ALL, {}) == await machine.check()
    machine.texts["a.service"] += "Restart=always\n"
    assert ({"a.service", "c.service", "c.timer"}, {}) == await machine.check()
    machine.texts["c.timer"] = TIMER

    assert (ALL, {}) == await machine.check()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.timer", "[Timer]\nOnCalendar=daily Europe/Berlin\nUnit=a.service\n"),
        ("x.timer", "[Timer]\nOnCalendar=Mon *-*-* 04:00 UTC\nUnit=a.service\n"),
        ("x.service", "[Service]\nExecStart=/bin/true\nMemoryMax=50%\n"),
        ("x.service", "[Service]\nExecStart=/bin/true\nCPUAffinity=numa\n"),
        ("x.service", "[Service]\nExecStart=/bin/true\nIPAddressDeny=any\n"),
        ("x.service", "[Service]\nExecStart=/bin/../%o/../bin/true\n"),
        ("x@.service", "[Unit]\nAfter=y-%i.service\n[Service]\nExecStart=/bin/true\n"),
        ("x.socket", "[Socket]\nListenStream=[::1]:4711\nService=a.service\n"),
    ],
)
async def test_what_depends_on_more_is_always_asked(machine: Machine, name: str, text: str) -> None:
    """Where systemd looks beyond texts, names and programs, no answer is kept."""
    machine.texts[name] = text
    await machine.check()

    asked, _ = await machine.check()

    assert name in asked


async def test_nothing_is_kept_while_all_lack_something(machine: Machine) -> None:
    """What systemd tells by chance is asked each time: here all require what is not there."""
    machine.put(machine.own / "app.slice.d/1.conf", NOT_WELL)

    assert ALL == (await machine.check())[0]
    assert ALL == (await machine.check())[0]


async def test_in_a_cycle_all_are_asked_together(machine: Machine) -> None:
    """Which unit of a cycle systemd tells of depends on who was asked about before: so all are."""
    machine.texts["z.service"] = "[Unit]\nBefore=timers.target\n" + machine.run()

    for _ in range(2):
        assert {*ALL, "z.service"} == (await machine.check())[0]


async def test_nothing_is_kept_that_changed_meanwhile(machine: Machine) -> None:
    """An answer is kept for what was there from its beginning to its end."""
    far = machine.shared / "far.service"
    text = far.read_text()
    machine.analyze("bin", f'case "$*" in *verify*) rm -f {far};; esac')
    for _ in range(2):
        machine.put(far, text)
        assert (ALL, {}) == await machine.check()
        assert not far.exists()

    _, found = await machine.check()

    assert {"b.service"} == found.keys()


async def test_a_run_that_saw_nothing_is_not_kept(machine: Machine) -> None:
    """When systemd-analyze could not do its work, that is told, and the next run does it."""
    good = machine.env["PATH"]
    broken = machine.put(machine.top / "broken/systemd-analyze", "#!/bin/sh\nexit 1\n", 0o755)
    machine.env["PATH"] = f"{broken.parent}:/usr/bin:/bin"
    for _ in range(2):
        _, found = await machine.check()
        assert [""] == list(found)
        assert "not checked by systemd" in found[""]
    machine.env["PATH"] = good

    assert (set(), {}) == await machine.check()


class World:
    """An account whose files change at random."""

    def __init__(self, top: Path, runtime: str, seed: int) -> None:
        self._random = random.Random(seed)
        self._folders = [top / "home/.config/systemd/user", top / "share/systemd/user"]
        self._programs = [top / f"bin/p{number}" for number in range(3)]
        for folder in (*self._folders, top / "bin"):
            folder.mkdir(parents=True)
        for program in self._programs:
            self._turn(program)
        self.texts = {name: self._text(name) for name in OWN[:5]}
        self.env = {
            "HOME": str(top / "home"),
            "PATH": "/usr/bin:/bin",
            "XDG_DATA_HOME": str(top / "share"),
            "XDG_RUNTIME_DIR": runtime,
        }

    def change(self) -> str:
        """Change one thing and tell which."""
        pick = self._random
        folder = pick.choice(self._folders)
        own, name = pick.choice(OWN), pick.choice((*OWN, *FOREIGN))
        match pick.randrange(7):
            case 0 | 1:
                self.texts[own] = self._text(own)
                return f"text {own}"
            case 2 if len(self.texts) > 1:
                gone = pick.choice(sorted(self.texts))
                del self.texts[gone]
                return f"gone {gone}"
            case 3:
                return self._turn(pick.choice(self._programs))
            case 4:
                other = pick.choice(
                    (name, f"{name}.d/50-x.conf", "service.d/1.conf", "i-.service.d/1.conf")
                )
                return self._write_or_remove(folder / other, name)
            case 5:
                target = pick.choice(("basic.target", "timers.target", "a.service", "h.target"))
                return self._link_or_remove(folder / f"{target}.wants" / name, f"../{name}")
            case _:
                to = pick.choice((name.replace(".", "2."), name))
                end = pick.choice(("/dev/null", name)) if to != name else "/dev/null"
                return self._link_or_remove(folder / to, end)

    def _text(self, name: str) -> str:
        pick = self._random
        lines = ["[Unit]"]
        named = (*OWN[:-1], *FOREIGN, *SYSTEM)
        lines += [
            f"{pick.choice(RELATIONS)}={pick.choice(named)}"
            for _ in range(pick.choice((0, 0, 0, 0, 0, 1, 2)))
        ]
        if name.endswith(".service"):
            lines += ["[Service]", f"ExecStart={pick.choice(self._programs)}"]
        if name.endswith(".timer"):
            lines += ["[Timer]", "OnCalendar=daily"]
        return "\n".join((*lines, ""))

    def _turn(self, program: Path) -> str:
        match self._random.choice(("there", "there", "there", "gone", "no program")):
            case "there":
                program.write_text("#!/bin/sh\n")
                program.chmod(0o755)
            case "gone":
                program.unlink(missing_ok=True)
            case _:
                program.write_text("")
                program.chmod(0o644)
        return f"program {program.name}"

    def _write_or_remove(self, path: Path, unit: str) -> str:
        path.parent.mkdir(exist_ok=True)
        there = path.is_symlink() or path.exists()
        path.unlink(missing_ok=True)
        if not there:
            text = self._text(unit) if path.name == unit else self._text("")
            path.write_text(text)
        return f"{'removed' if there else 'wrote'} {path}"

    def _link_or_remove(self, path: Path, end: str) -> str:
        path.parent.mkdir(exist_ok=True)
        there = path.is_symlink() or path.exists()
        path.unlink(missing_ok=True)
        if not there:
            path.symlink_to(end)
        return f"{'removed' if there else 'linked'} {path} -> {end}"


@pytest.mark.parametrize("seed", range(2))
async def test_it_is_what_systemd_would_say(tmp_path: Path, runtime: str, seed: int) -> None:
    """F4: whatever changes, what is told is what a check of everything tells at that moment."""
    world = World(tmp_path, runtime, seed)
    done: list[str] = []
    passed_over = 0
    for _ in range(STEPS):
        done.append(world.change())
        question = of_texts(world.texts)
        passed = PassedOver(tmp_path / "kept", world.env, question)

        some = await check_the_rest(question, world.env, passed)
        if len(passed.unanswered) == len(question.groups):
            continue  # All were asked: nothing is from earlier.
        everything = await answer(question, question.groups, world.env)

        passed_over += len(question.groups) - len(passed.unanswered)
        assert told(question, everything.findings) == told(question, some), "\n".join(done)
    assert passed_over
