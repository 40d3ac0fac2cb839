"""Broken input: named with its place, and nothing that came from it changes."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GOOD = (
    "version: 1\nunits:\n  {0}.service:\n    Service:\n      ExecStart: /bin/sleep {1}\n"
    "    Install: {{WantedBy: default.target}}\n"
)


def broken_yaml(path: Path) -> None:
    """Leave a quote open."""
    path.write_text('version: 1\nunits:\n  a.service: {Service: {ExecStart: "/bin/sleep}}\n')


def unknown_directive(path: Path) -> None:
    """Misspell a directive."""
    path.write_text(GOOD.format("a", "5").replace("ExecStart", "ExecStrat"))


def not_utf8(path: Path) -> None:
    """Write bytes that are no text."""
    path.write_bytes(GOOD.format("a", "5").encode() + b"# \xff\xfe\n")


def huge(path: Path) -> None:
    """Make the file a hundred megabytes long without writing them."""
    os.truncate(path, 100 * 1024 * 1024)


def exploding(path: Path) -> None:
    """Nest anchors so that they would expand to billions of values."""
    lines = ["version: 1", "x-0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    path.write_text("\n".join([*lines, "units:", "  a.service: {env: *a9}"]) + "\n")


def bad_name(path: Path) -> None:
    """Name a unit that lies outside of the unit folder."""
    path.write_text(GOOD.format("../a", "5"))


def link_to_nowhere(path: Path) -> None:
    """Make the manifest a link to nothing."""
    path.unlink()
    path.symlink_to("/nonexistent/a.yaml")


def bad_value(path: Path) -> None:
    """Give a directive a value that systemd does not know."""
    path.write_text(GOOD.format("a", "5") + "    Unit: {Description: x}\n")
    path.write_text(path.read_text().replace("sleep 5\n", "sleep 5\n      Restart: sometimes\n"))


def two_commands(path: Path) -> None:
    """Give a service two main processes."""
    path.write_text(GOOD.format("a", "5").replace("/bin/sleep 5", "[/bin/sleep 5, /bin/sleep 6]"))


CASES: list[tuple[Callable[[Path], None], str]] = [
    (broken_yaml, "a.yaml:3"),
    (unknown_directive, "a.yaml:5"),
    (not_utf8, "a.yaml"),
    (huge, "a.yaml"),
    (exploding, "a.yaml"),
    (bad_name, "a.yaml:3"),
    (link_to_nowhere, "a.yaml"),
    (bad_value, "a.yaml:6"),
    (two_commands, "a.yaml"),
]


@pytest.mark.parametrize(("spoil", "place"), CASES, ids=[c[0].__name__ for c in CASES])
def test_broken_file(account: Any, loop: Any, spoil: Callable[[Path], None], place: str) -> None:
    """F1, R2: the place is named everywhere; its unit stays, the others converge."""
    path = account.write("a.yaml", GOOD.format("a", "1111"))
    account.write("b.yaml", GOOD.format("b", "1111"))
    loop.start()
    before = loop.invocation("a.service"), (account.unit_dir / "a.service").read_bytes()
    spoil(path)
    account.write("b.yaml", GOOD.format("b", "2222"))
    account.write("c.yaml", GOOD.format("c", "3333"))
    loop.until(lambda: loop.is_active("c.service"), "the others converge")
    loop.sync()

    assert before == (
        loop.invocation("a.service"),
        (account.unit_dir / "a.service").read_bytes(),
    )
    assert loop.is_active("a.service")
    assert "invalid" == loop.sync_of("a.service")
    assert {"in-sync"} == {loop.sync_of("b.service"), loop.sync_of("c.service")}
    assert b"2222" in (account.unit_dir / "b.service").read_bytes()
    assert place in loop.log
    validated = account.run("unitward", "validate")
    assert 0 != validated.returncode
    assert place in validated.stdout + validated.stderr
    status = account.run("unitward", "status")
    assert place in status.stdout + status.stderr

    (account.desired / "b.yaml").unlink()
    loop.sync()
    loop.sync()
    assert loop.is_active("b.service"), "nothing is removed while a file is broken"
    path.unlink(missing_ok=True)
    account.write("a.yaml", GOOD.format("a", "1111"))
    loop.until(lambda: not loop.is_active("b.service"), "the removal goes on once it is mended")
    loop.until(lambda: loop.sync_of("a.service") == "in-sync", "a is in sync")
    assert before[0] == loop.invocation("a.service")


def test_declared_twice(account: Any, loop: Any) -> None:
    """F2: a unit declared twice stays as it is; both places are named."""
    account.write("a.yaml", GOOD.format("a", "1111"))
    loop.start()
    before = loop.invocation("a.service")
    account.write("z.yaml", GOOD.format("a", "2222"))
    account.write("c.yaml", GOOD.format("c", "3333"))
    loop.until(lambda: loop.is_active("c.service"), "the others converge")
    loop.sync()
    assert "invalid" == loop.sync_of("a.service")
    assert before == loop.invocation("a.service")
    assert "z.yaml:3" in loop.log
    assert "a.yaml:3" in loop.log


def test_unreadable_folder(account: Any, loop: Any) -> None:
    """R2: a sub-folder that cannot be read stops every decision; nothing is removed."""
    account.write("a.yaml", GOOD.format("a", "1111"))
    folder = account.write("sub/b.yaml", GOOD.format("b", "1111")).parent
    loop.start()
    before = loop.invocations("a.service", "b.service")
    folder.chmod(0o000)
    try:
        loop.until(lambda: loop.report["unavailable"], "it is said")
        assert "sub" in loop.report["unavailable"]
        loop.sync()
        assert before == loop.invocations("a.service", "b.service")
    finally:
        folder.chmod(0o755)
    loop.until(lambda: not loop.report["unavailable"], "it goes on")
    assert before == loop.invocations("a.service", "b.service")


def test_link_out_of_a_git_source(account: Any, loop: Any) -> None:
    """F1: a link that leaves a checkout is not followed; its unit stays as it is."""
    account.write("a.yaml", GOOD.format("a", "1111"))
    loop.start()
    before = loop.invocation("a.service")
    for command in (["init", "-q"], ["add", "."]):
        account.run("git", "-C", str(account.desired), *command)
    outside = account.home / "outside.yaml"
    outside.write_text(GOOD.format("a", "2222"))
    path = account.desired / "a.yaml"
    path.unlink()
    path.symlink_to(outside)
    loop.until(lambda: loop.sync_of("a.service") == "invalid", "it is refused")
    assert before == loop.invocation("a.service")
    assert b"1111" in (account.unit_dir / "a.service").read_bytes()
