"""What only root's sandboxes promise: whom they run as, and a machine left alone."""

from pathlib import Path
from typing import Any

import pytest

from unitward.systemd.sandbox.account import choose_account

PATH = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}


def test_person_behind_sudo_is_the_user_inside() -> None:
    """With SUDO_UID, the sandbox is that person's; root and unknown uids are not taken."""
    known = choose_account({"SUDO_UID": "1"})
    others = [choose_account({"SUDO_UID": uid}) for uid in ("0", "4000000000", "x", "")]

    assert ("daemon", 1) == (known.name, known.uid)
    assert {"unitward-sandbox"} == {account.name for account in others}
    assert all(account.uid >= 1000 for account in others)


def test_sudo_user_is_used(probe: Any) -> None:
    """The command runs as the person behind sudo, whose home is not touched."""
    ended = probe.run("id -un; id -u; getent passwd daemon", env={"SUDO_UID": "1", **PATH})

    name, uid, entry = ended.stdout.splitlines()
    assert ("daemon", "1") == (name, uid)
    assert "/run/user/sandbox-home" == entry.split(":")[5]


@pytest.mark.parametrize("machine_id", ["missing", "empty"])
def test_machine_without_an_id_gets_one_inside_only(
    probe: Any, folder: Path, run_program: Any, machine_id: str, in_namespace: Any
) -> None:
    """Without a machine id the journal works all the same, and the machine still has none."""
    etc = folder / "etc"
    make = f"cp -a /etc {etc}; rm {etc}/machine-id; mount --bind {etc} /etc"
    if machine_id == "empty":
        make += "; : >/etc/machine-id"

    ended = run_program(
        in_namespace(
            make, probe.command("wc -c </etc/machine-id; systemd-cat echo; journalctl -n1")
        )
    )

    assert "33" == ended.stdout.splitlines()[0]
    assert 0 == ended.returncode
    left = etc / "machine-id"
    assert "" == (left.read_text(encoding="ascii") if left.exists() else "")


def test_journal_has_the_lines_of_services(probe: Any) -> None:
    """`journalctl --user-unit NAME` shows what a service of the sandbox printed.

    The service lives on for a moment: journald looks its unit up by the process, and misses some
    that end at once (measured, systemd 252: 2 of 20).
    """
    ended = probe.run(
        """
        systemd-run --user --quiet --wait --unit=talker.service \\
            sh -c 'echo line $MARK; sleep 0.3'
        for try in 1 2 3 4 5 6 7 8 9 10; do
            journalctl --user-unit talker.service --output=cat --no-pager | grep line && exit
            sleep 0.1
        done
        """
    )

    assert f"line {probe.mark}\n" == ended.stdout


def test_without_journald_it_goes_on_and_says_so(
    probe: Any, folder: Path, run_program: Any, in_namespace: Any
) -> None:
    """A journald that does not start is no reason to stop."""
    broken = _program(folder, "echo no journal today >&2; exit 1")

    ended = run_program(
        in_namespace(
            f"mount --bind {broken} /usr/lib/systemd/systemd-journald",
            probe.command("systemctl --user is-system-running"),
        )
    )

    assert "running\n" == ended.stdout
    assert "no journal today" in ended.stderr


def test_manager_that_does_not_boot_is_quoted(
    probe: Any, folder: Path, run_program: Any, in_namespace: Any
) -> None:
    """When the manager ends while booting, the error has its last words and nothing is left."""
    broken = _program(folder, "echo the cat ate my bus >&2; exit 1")

    ended = run_program(
        in_namespace(
            f"mount --bind {broken} /usr/lib/systemd/systemd", probe.command("echo never $MARK")
        )
    )

    assert (1, "") == (ended.returncode, ended.stdout)
    assert "the cat ate my bus" in ended.stderr


def test_missing_package_is_named(
    folder: Path, probe: Any, run_program: Any, in_namespace: Any
) -> None:
    """Without the bus of the session, the error names the Debian package and the command."""
    ended = run_program(
        in_namespace(f"mount --bind {folder} /usr/lib/systemd/user", probe.command("echo never"))
    )

    assert (1, "") == (ended.returncode, ended.stdout)
    assert "apt install dbus-user-session" in ended.stderr


def test_without_a_bus_its_packages_are_not_needed(
    folder: Path, probe: Any, run_program: Any, in_namespace: Any
) -> None:
    """Where dbus-user-session is not installed, a sandbox without a bus works."""
    *program, end = probe.sandbox
    probe.sandbox = (*program, "--no-bus", end)
    hide = f"cp -a /usr/lib/systemd/user/. {folder}; rm -r {folder}/dbus* {folder}/*/dbus*"

    ended = run_program(
        in_namespace(
            f"{hide}; mount --bind {folder} /usr/lib/systemd/user",
            probe.command("systemctl --user is-system-running"),
        )
    )

    assert (0, "running\n") == (ended.returncode, ended.stdout), ended.stderr


def test_machines_system_bus_and_sessions_are_out_of_reach(probe: Any) -> None:
    """Inside there is no system bus, and no runtime folder but the sandbox's own."""
    ended = probe.run('ls /run/dbus; ls /run/user; basename "$XDG_RUNTIME_DIR"')

    *visible, runtime_dir = ended.stdout.split()
    assert sorted([runtime_dir, "sandbox-home"]) == sorted(visible)


def test_machine_with_an_empty_run_keeps_it(
    probe: Any, run_program: Any, in_namespace: Any
) -> None:
    """Where /run has none of the folders we need, none is made; what it has is seen inside."""
    command = probe.command("cat /run/kept/text /run/file; journalctl --quiet -n1 >&2")

    ended = run_program(
        in_namespace(
            "mount -t tmpfs tmpfs /run; mkdir /run/kept; echo kept | tee /run/kept/text >/run/file",
            ["sh", "-c", '"$@"; ls /run', "sh", *command],
        )
    )

    assert ["kept", "kept", "file", "kept"] == ended.stdout.split()


def _program(folder: Path, script: str) -> Path:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path
