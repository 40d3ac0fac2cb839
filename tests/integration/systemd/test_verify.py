"""The installed systemd's own check, on tables of bad and good units."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from unitward.systemd.directives import load_directives
from unitward.systemd.findings import Finding
from unitward.systemd.verify import verify

TRUE = "[Service]\nExecStart=/bin/true\n"

FATAL: list[tuple[str, str, int, str]] = [
    ("unknown-key.service", f"{TRUE}ExecStrt=x\n", 3, "Unknown key"),
    ("unknown-section.service", f"[Servise]\nA=b\n{TRUE}", 1, "Unknown section"),
    ("install-key.service", f"{TRUE}[Install]\nWantedBi=default.target\n", 4, "Unknown key"),
    ("header.service", f"[Unit\n{TRUE}", 1, "Invalid section header"),
    ("no-equals.service", f"{TRUE}word\n", 3, "Missing '='"),
    ("no-section.service", f"A=b\n{TRUE}", 1, "Assignment outside of section"),
    ("enum.service", f"{TRUE}Restart=sometimes\n", 3, "Failed to parse"),
    ("boolean.service", f"{TRUE}RemainAfterExit=maybe\n", 3, "Failed to parse"),
    ("time.service", f"{TRUE}RestartSec=5 parsecs\n", 3, "Failed to parse"),
    ("continued.service", "[Service]\nExecStart=/bin/echo \\\n a\nRestart=x\n", 4, "Failed to"),
    ("environment.service", f"{TRUE}Environment=1A=b\n", 3, "Invalid environment"),
    ("relative.service", f"{TRUE}WorkingDirectory=here\n", 3, "not absolute"),
    ("quotes.service", '[Service]\nExecStart=/bin/echo "a\n', 2, "Unbalanced quoting"),
    ("specifier.service", "[Service]\nExecStart=/bin/echo %Z\n", 2, "specifiers"),
    ("no-exec.service", "[Service]\nType=simple\n", 0, "Refusing."),
    ("two-exec.service", f"{TRUE}ExecStart=/bin/true\n", 0, "more than one ExecStart="),
    ("dbus.service", f"{TRUE}Type=dbus\n", 0, "D-Bus"),
    ("oneshot.service", f"{TRUE}Type=oneshot\nRestart=always\n", 0, "Restart="),
    ("empty.timer", "[Timer]\n", 0, "Refusing."),
    ("calendar.timer", "[Timer]\nOnCalendar=someday\nOnCalendar=daily\n", 2, "calendar"),
    ("empty.socket", "[Socket]\n", 0, "Refusing."),
    ("empty.path", "[Path]\n", 0, "Refusing."),
    ("weight.slice", "[Slice]\nCPUWeight=heavy\n", 2, "ignoring"),
    ("key.target", "[Unit]\nDescriptoin=x\n", 2, "Unknown key"),
    ("template@.service", f"{TRUE}Foo=1\n", 3, "Unknown key"),
    ("masked.service", "", 0, "masked"),
]

WAITING: list[tuple[str, str, str]] = [
    ("program.service", "[Service]\nExecStart=/nonexistent/program\n", "not executable"),
    ("required.service", f"[Unit]\nRequires=none-such.service\n{TRUE}", "none-such.service"),
    ("alone.socket", "[Socket]\nListenStream=%t/x\n", "not loaded"),
]

GOOD = {
    "good.service": f"[Unit]\nDescription=100%%\n{TRUE}Environment=A=b\nX-Note=1\n[X-Site]\nA=b\n",
    "good.service.d/50-a.conf": "[Service]\nNice=5\n",
    "good.timer": "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n",
    "good.socket": "[Socket]\nListenStream=%t/good\n",
    "good.path": "[Path]\nPathExists=%h/x\n",
    "good.slice": "[Slice]\nCPUWeight=10\n",
    "good.target": "[Unit]\nWants=good.service none-such.service\nAfter=none-such.service\n",
    "tmpl@.service": "[Service]\nExecStart=/bin/echo %i\n[Install]\nDefaultInstance=a\n",
    "tmpl@b.service.d/50-a.conf": "[Service]\nNice=5\n",
    "pipewire.service.d/50-a.conf": "[Service]\nExecStart=\nExecStart=/bin/true\n",
    "service.d/50-a.conf": "[Unit]\nStartLimitBurst=9\n",
}


def environment(tmp_path: Path) -> dict[str, str]:
    """Return an account's environment, with noise that must not disturb."""
    return {
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "PATH": os.environ["PATH"],
        "SYSTEMD_LOG_LEVEL": "debug",
        "SYSTEMD_LOG_LOCATION": "1",
        "SYSTEMD_LOG_TIME": "1",
        "SYSTEMD_COLORS": "1",
        "LANG": "de_DE.UTF-8",
    }


async def check(tmp_path: Path, files: dict[str, str]) -> tuple[Finding, ...]:
    """Verify files given as text; the staging folder must be gone afterwards."""
    found = await verify(
        {name: text.encode() for name, text in files.items()}, env=environment(tmp_path)
    )

    assert list((tmp_path / "unitward").iterdir()) == []
    return found.findings


async def test_what_systemd_would_not_take_is_fatal(tmp_path: Path) -> None:
    """Each bad unit has one fatal finding, at its line, also when all are checked together."""
    found = await check(tmp_path, {name: text for name, text, _, _ in FATAL})
    by_file = {finding.file: finding for finding in found if finding.fatal}

    assert {(name, line) for name, _, line, _ in FATAL} == {(f.file, f.line) for f in found}
    for name, _, _, words in FATAL:
        assert words in by_file[name].message


async def test_what_may_come_right_is_not_fatal(tmp_path: Path) -> None:
    """Missing programs and units do not count against the file."""
    found = await check(tmp_path, {name: text for name, text, _ in WAITING})

    assert sorted((name, False) for name, _, _ in WAITING) == [(f.file, f.fatal) for f in found]
    for name, _, words in WAITING:
        assert [words in f.message for f in found if f.file == name] == [True]


async def test_ordering_cycles_are_not_fatal(tmp_path: Path) -> None:
    """Two units that wait for each other are told, and not counted against their files."""
    files = {
        "a.service": f"[Unit]\nAfter=b.service\nRequires=b.service\n{TRUE}",
        "b.service": f"[Unit]\nAfter=a.service\nRequires=a.service\n{TRUE}",
    }

    found = await check(tmp_path, files)

    assert any("cycl" in finding.message for finding in found)
    assert not [finding for finding in found if finding.fatal]


async def test_obsolete_settings_are_advice(tmp_path: Path) -> None:
    """Lines that systemd obeys or knows to be gone are told and not fatal."""
    files = {"old.service": f"{TRUE}KillMode=none\nSysVStartPriority=1\n"}

    found = await check(tmp_path, files)

    assert [("old.service", 3, False), ("old.service", 4, False)] == [
        (f.file, f.line, f.fatal) for f in found
    ]


async def test_good_units_have_no_finding(tmp_path: Path) -> None:
    """Units, templates and drop-ins that systemd takes give nothing to say."""
    assert await check(tmp_path, GOOD) == ()


@pytest.mark.parametrize(
    "folder",
    ["good.service.d", "pipewire.service.d", "service.d", "good-.service.d", "tmpl@b.service.d"],
)
async def test_dropins_are_checked_with_and_without_their_unit(tmp_path: Path, folder: str) -> None:
    """An unknown key in a drop-in is found at its line, wherever its unit comes from."""
    name = f"{folder}/50-b.conf"

    found = await check(tmp_path, GOOD | {name: "[Service]\n\nFoo=1\n"})

    assert [(name, 3, True)] == [(f.file, f.line, f.fatal) for f in found]


async def test_invalid_utf8_is_fatal(tmp_path: Path) -> None:
    """A file that is not UTF-8 does not load; its line is told."""
    found = await verify(
        {"a.service": b"[Service]\nExecStart=/bin/true\nEnvironment=A=\xff\n"},
        env=environment(tmp_path),
    )

    assert [("a.service", 3, True)] == [(f.file, f.line, f.fatal) for f in found.findings]


async def test_what_makes_variables_has_no_part_in_it(tmp_path: Path) -> None:
    """The account's environment generators are not run: here one would wait for ever."""
    folder = tmp_path / ".config/environment.d"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "50-a.conf")
    assert () == await check(tmp_path, GOOD)


async def test_a_check_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """Without systemd-analyze, or out of time, one finding says so and nothing is fatal."""
    files = {"a.service": TRUE.encode()}

    missing = await verify(files, env=environment(tmp_path) | {"PATH": str(tmp_path)})
    late = await verify(files, env=environment(tmp_path), limit_seconds=1e-6)

    assert [("", 0, False)] == [(f.file, f.line, f.fatal) for f in missing.findings]
    assert [("", 0, False)] == [(f.file, f.line, f.fatal) for f in late.findings]
    assert list((tmp_path / "unitward").iterdir()) == []


async def test_a_check_that_does_not_begin_is_told(tmp_path: Path) -> None:
    """A systemd-analyze that ends without a look at the units found nothing good."""
    program = tmp_path / "systemd-analyze"
    real = shutil.which("systemd-analyze")
    program.write_text(f"#!/bin/sh\nexec {real} --no-such-option\n")
    program.chmod(0o755)
    env = environment(tmp_path) | {"PATH": f"{tmp_path}:/usr/bin:/bin"}

    refused = await verify({"a.service": TRUE.encode()}, env=env)
    program.write_text("#!/bin/sh\nkill -SEGV $$\n")
    crashed = await verify({"a.service": TRUE.encode()}, env=env)

    for verdict, status in ((refused, 1), (crashed, -11)):
        assert not verdict.by_itself
        (finding,) = verdict.findings
        assert ("", False) == (finding.file, finding.fatal)
        assert f"ended with status {status}" in finding.message


async def test_a_cancelled_check_leaves_nothing(tmp_path: Path) -> None:
    """Cancelled in the middle, the check ends its process and removes its folder."""
    files = {f"u{number}.service": TRUE.encode() for number in range(200)}
    task = asyncio.create_task(verify(files, env=environment(tmp_path)))
    await asyncio.sleep(0.02)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert list((tmp_path / "unitward").iterdir()) == []


async def test_without_a_runtime_folder_it_still_checks(tmp_path: Path) -> None:
    """systemd-analyze needs XDG_RUNTIME_DIR; where the account has none, one is made up."""
    env = environment(tmp_path)
    del env["XDG_RUNTIME_DIR"]

    found = await verify({"a.service": f"{TRUE}Foo=1\n".encode()}, env=env)

    assert [("a.service", 3, True)] == [(f.file, f.line, f.fatal) for f in found.findings]


def test_the_installed_systemd_gives_a_table(tmp_path: Path) -> None:
    """The directive table of this machine is its systemd's own, from the cache as well."""
    asked = load_directives(tmp_path)
    remembered = load_directives(tmp_path)

    assert asked == remembered
    assert asked.version >= 249
    assert asked.knows("Service", "ExecStart")
    assert asked.knows("Install", "WantedBy")
    assert (tmp_path / "directives.json").exists()
