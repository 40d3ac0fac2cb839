"""What wakes the daemon, what does not, and how often."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

A = (
    "version: 1\nunits:\n  a.service:\n    Service: {ExecStart: /bin/sleep infinity}\n"
    "    Install: {WantedBy: default.target}\n"
)


def edit(number: int) -> str:
    """Return the manifest with another description."""
    return A + f"    description: Edit {number}\n"


def vim(path: Path, text: str) -> None:
    """Save as vim does: swap file, a probe named 4913, backup by renaming, write, remove."""
    swap = path.with_name(f".{path.name}.swp")
    swap.write_bytes(b"b0VIM")
    probe = path.with_name("4913")
    probe.touch()
    probe.unlink()
    backup = path.with_name(f"{path.name}~")
    path.rename(backup)
    path.write_text(text)
    path.chmod(0o644)
    backup.unlink()
    swap.unlink()


def emacs(path: Path, text: str) -> None:
    """Save as Emacs does: lock link, backup by copy, truncate and write, remove the lock."""
    lock = path.with_name(f".#{path.name}")
    lock.symlink_to("me@here.1:1")
    shutil.copy2(path, path.with_name(f"{path.name}~"))
    auto = path.with_name(f"#{path.name}#")
    auto.write_text(text)
    with path.open("w") as file:
        for line in text.splitlines(keepends=True):
            file.write(line)
            file.flush()
    auto.unlink()
    lock.unlink()


def code(path: Path, text: str) -> None:
    """Save as VS Code does: truncate, then write."""
    path.write_text("")
    path.write_text(text)


def rename(path: Path, text: str) -> None:
    """Save by an atomic rename, as sed -i and most tools do."""
    draft = path.with_name("sedA1b2C3")
    draft.write_text(text)
    os.fsync(os.open(draft, os.O_RDONLY | os.O_CLOEXEC))
    draft.rename(path)


@pytest.mark.parametrize("save", [vim, emacs, code, rename])
def test_one_save_is_one_pass(account: Any, loop: Any, save: Callable[[Path, str], None]) -> None:
    """T2: however an editor saves, one save is one pass, and the unit follows it."""
    path = account.write("a.yaml", A)
    loop.start()
    passes = loop.settled()
    invocation = loop.invocation("a.service")
    save(path, edit(1))
    loop.until(
        lambda: account.show("a.service", "Description")["Description"] == "Edit 1", "applied"
    )
    assert passes + 1 == loop.settled()
    assert invocation == loop.invocation("a.service")


def test_quiet_when_nothing_happens(account: Any, loop: Any) -> None:
    """After convergence there is no pass, no child process and no write by the daemon."""
    for name in ("a", "b", "c"):
        account.write(f"{name}.yaml", A.replace("a.service", f"{name}.service"))
    loop.start()
    passes = loop.settled()
    ledger = loop.ledger_path.stat().st_mtime_ns
    spent = loop.children_time()
    assert loop.quiet(2.0)
    assert passes == loop.passes
    assert ledger == loop.ledger_path.stat().st_mtime_ns
    loop.sync()
    assert spent == loop.children_time(), "a pass without work starts no process"


def test_files_that_mean_nothing(account: Any, loop: Any) -> None:
    """Foreign unit files, hidden files and readmes wake nobody."""
    account.write("a.yaml", A)
    loop.start()
    passes = loop.settled()
    (account.unit_dir / "mine.service").write_text("[Service]\nExecStart=/bin/true\n")
    (account.desired / ".hidden.yaml").write_text("x")
    (account.desired / "README.md").write_text("x")
    (account.desired / "a.yaml~").write_text("x")
    assert loop.quiet(0.7)
    assert passes == loop.passes


def test_source_folder_comes_and_goes(account: Any, loop: Any) -> None:
    """A source folder that is absent, appears, vanishes or is replaced never removes units."""
    account.desired.rmdir()
    loop.start()
    assert "does not exist" in loop.report["unavailable"]
    account.desired.mkdir()
    account.write("a.yaml", A)
    loop.until(lambda: loop.is_active("a.service"), "the folder that appeared is read")
    before = loop.invocation("a.service")
    away = account.desired.with_name("away")
    account.desired.rename(away)
    loop.until(lambda: loop.report["unavailable"], "the folder's absence is seen")
    assert before == loop.invocation("a.service")
    away.rename(account.desired)
    loop.until(lambda: not loop.report["unavailable"], "the folder is back")
    other = account.desired.with_name("other")
    other.mkdir()
    (other / "a.yaml").write_text(A)
    (other / "b.yaml").write_text(A.replace("a.service", "b.service"))
    account.desired.rename(away)
    other.rename(account.desired)
    loop.until(lambda: loop.is_active("b.service"), "the folder in its place is read")
    account.write("c.yaml", A.replace("a.service", "c.service"))
    loop.until(lambda: loop.is_active("c.service"), "and watched")
    assert before == loop.invocation("a.service")


def test_linked_source_folder(account: Any, loop: Any) -> None:
    """A source folder that is a link is followed when it is pointed elsewhere."""
    one, two = account.home / "one", account.home / "two"
    for folder, names in ((one, "a"), (two, "ab")):
        folder.mkdir()
        for name in names:
            (folder / f"{name}.yaml").write_text(A.replace("a.service", f"{name}.service"))
    account.desired.rmdir()
    account.desired.symlink_to(one)
    loop.start()
    before = loop.invocation("a.service")
    draft = account.desired.with_name("draft")
    draft.symlink_to(two)
    draft.rename(account.desired)
    loop.until(lambda: loop.is_active("b.service"), "the new target is read")
    (two / "c.yaml").write_text(A.replace("a.service", "c.service"))
    loop.until(lambda: loop.is_active("c.service"), "and watched")
    assert before == loop.invocation("a.service")


def git(account: Any, folder: Path, *arguments: str) -> str:
    """Run git as the account."""
    who = {
        "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b", "GIT_CONFIG_GLOBAL": "/dev/null",
    }  # fmt: skip
    done = account.run("git", "-C", str(folder), *arguments, env=who)
    assert 0 == done.returncode, done.stderr
    return str(done.stdout).strip()


def test_git_pull_is_one_pass(account: Any, loop: Any) -> None:
    """A pull of twenty files is one pass, its revision the commit; git's own files wake nobody."""
    origin = account.home / "origin"
    origin.mkdir()
    git(account, origin, "init", "-q", "-b", "main")
    for number in range(20):
        (origin / f"u{number}.yaml").write_text(A.replace("a.service", f"u{number}.service"))
    git(account, origin, "add", ".")
    git(account, origin, "commit", "-qm", "one")
    account.desired.rmdir()
    git(account, account.home, "clone", "-q", str(origin), str(account.desired))
    loop.start()
    assert git(account, origin, "rev-parse", "HEAD")[:12] == loop.report["revision"]
    before = loop.invocations(*(f"u{n}.service" for n in range(20)))

    for number in range(20):
        (origin / f"u{number}.yaml").write_text(
            edit(number).replace("a.service", f"u{number}.service")
        )
    git(account, origin, "commit", "-qam", "two")
    passes = loop.settled()
    git(account, account.desired, "pull", "-q")
    head = git(account, origin, "rev-parse", "HEAD")[:12]
    loop.until(lambda: loop.report["revision"] == head, "the commit is applied")
    assert passes + 1 == loop.settled()
    assert "Edit 19" == account.show("u19.service", "Description")["Description"]
    assert before == loop.invocations(*before)

    git(account, account.desired, "fetch", "-q")
    assert loop.quiet(0.7)


def test_git_index_lock_is_waited_for(account: Any, loop: Any) -> None:
    """T5: while git changes the work tree nothing is read; SIGTERM is still obeyed at once."""
    git(account, account.desired, "init", "-q", "-b", "main")
    account.write("a.yaml", A)
    git(account, account.desired, "add", ".")
    git(account, account.desired, "commit", "-qm", "one")
    loop.start()
    loop.settled()
    lock = account.desired / ".git/index.lock"
    lock.touch()
    account.write("b.yaml", A.replace("a.service", "b.service"))
    passes = loop.passes
    assert loop.quiet(0.7)
    assert not loop.is_active("b.service")
    assert passes == loop.passes
    lock.unlink()
    loop.until(lambda: loop.is_active("b.service"), "what came meanwhile is applied")
    lock.touch()
    account.write("c.yaml", A.replace("a.service", "c.service"))
    loop.until(lambda: loop.quiet(0.3), "the pass waits for the lock")
    loop.signal(signal.SIGTERM)
    assert 0 == loop.wait(2.0)
