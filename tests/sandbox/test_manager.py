"""The manager inside: it answers, runs services with credentials, and is our own."""

import sys
from typing import Any

import pytest

import unitward


@pytest.mark.parametrize("depth", [1, 2])
def test_manager_is_up_and_has_a_bus(probe: Any, depth: int) -> None:
    """The manager is `running` and owns its name on the bus when the command starts."""
    ended = probe.run(
        "systemctl --user is-system-running && "
        "busctl --user get-property org.freedesktop.systemd1 /org/freedesktop/systemd1 "
        "org.freedesktop.systemd1.Manager Version | cut -d' ' -f1",
        depth=depth,
    )

    assert ["running", "s"] == ended.stdout.splitlines()


@pytest.mark.parametrize("depth", [1, 2])
def test_command_and_services_are_one_unprivileged_user(probe: Any, depth: int) -> None:
    """The command, the manager and its services have one uid, which is not root's."""
    ended = probe.run("id -u; systemd-run --user --quiet --pipe --wait id -u", depth=depth)

    uids = ended.stdout.split()
    assert 2 == len(uids)
    assert 1 == len(set(uids))
    assert "0" not in uids


@pytest.mark.parametrize("depth", [1, 2])
def test_nobody_inside_has_a_capability(probe: Any, depth: int) -> None:
    """Neither the command nor a service has any capability."""
    look = "sed -n -E 's/^Cap(Inh|Prm|Eff|Amb):\\s*//p' /proc/self/status"

    ended = probe.run(f"{look}; systemd-run --user --quiet --pipe --wait {look}", depth=depth)

    assert ["0000000000000000"] * 8 == ended.stdout.split()


@pytest.mark.parametrize("depth", [1, 2])
def test_unreadable_file_is_unreadable(probe: Any, depth: int) -> None:
    """A file without permissions cannot be read by the command, nor by a service."""
    ended = probe.run(
        """
        echo words >"$HOME/text"; cat "$HOME/text"
        chmod 000 "$HOME/text"; cat "$HOME/text" || echo refused
        systemd-run --user --quiet --pipe --wait cat "$HOME/text" || echo refused
        """,
        depth=depth,
    )

    assert ["words", "refused", "refused"] == ended.stdout.splitlines()
    assert 2 == ended.stderr.count("Permission denied")


@pytest.mark.parametrize("depth", [1, 2])
def test_service_can_run_our_python(probe: Any, depth: int) -> None:
    """A service runs the Python of the tests and imports unitward, from where we have it."""
    ended = probe.run(
        f"systemd-run --user --quiet --pipe --wait '{sys.executable}' -c "
        "'import sys, unitward; print(sys.prefix); print(unitward.__file__)'",
        depth=depth,
    )

    assert ([sys.prefix, unitward.__file__], "") == (ended.stdout.splitlines(), ended.stderr)


@pytest.mark.parametrize("depth", [1, 2])
def test_service_gets_its_credential(probe: Any, depth: int) -> None:
    """LoadCredential= gives a service the content of the file, not an empty one."""
    ended = probe.run(
        """
        printf 'top secret' >"$HOME/token"
        mkdir -p "$HOME/.config/systemd/user"
        cat >"$HOME/.config/systemd/user/reader.service" <<'END'
[Service]
Type=oneshot
LoadCredential=token:%h/token
ExecStart=/bin/sh -c 'cat "$$CREDENTIALS_DIRECTORY/token" >%h/seen'
END
        systemctl --user start reader.service && cat "$HOME/seen"
        """,
        depth=depth,
    )

    assert ("top secret", "") == (ended.stdout, ended.stderr)


@pytest.mark.parametrize("depth", [1, 2])
def test_folders_are_private_and_the_commands(probe: Any, depth: int) -> None:
    """Home and runtime folder belong to the command's user alone; TMPDIR is in the home folder."""
    ended = probe.run(
        """
        stat -c '%a %u' "$HOME" "$XDG_RUNTIME_DIR" "$TMPDIR"
        id -u
        case $TMPDIR in "$HOME"/*) echo inside;; esac
        """,
        depth=depth,
    )

    lines = ended.stdout.splitlines()
    assert [f"700 {lines[3]}"] * 3 == lines[:3]
    assert "inside" == lines[4]


def test_two_side_by_side_do_not_see_each_other(probe: Any) -> None:
    """Two sandboxes at the same time have managers, homes and units of their own."""
    script = """
    systemd-run --user --quiet --unit=NAME.service sleep $MARK && touch "$HOME/NAME"
    echo started; read go
    ls "$HOME"; systemctl --user is-active one.service two.service
    """
    both = [probe.start(script.replace("NAME", name)) for name in ("one", "two")]
    assert ["started\n"] * 2 == [running.stdout.readline() for running in both]

    seen_by_one, seen_by_two = (running.communicate("\n", timeout=60)[0] for running in both)

    assert ["one", "tmp", "active", "inactive"] == seen_by_one.split()
    assert ["tmp", "two", "inactive", "active"] == seen_by_two.split()


def test_nested_one_does_not_disturb_the_outer(probe: Any, sandbox_line: list[str]) -> None:
    """What a nested sandbox stops and leaves behind changes nothing in the manager above it."""
    nested = " ".join(sandbox_line)
    ended = probe.run(
        f"""
        systemd-run --user --quiet --unit=outer.service sleep $MARK
        state() {{
            systemctl --user list-units --all --no-legend --plain | sort
            systemctl --user show outer.service -p MainPID -p InvocationID
            ls -A "$XDG_RUNTIME_DIR" "$HOME"
        }}
        state >$TMPDIR/before
        {nested} sh -c '
            systemctl --user list-units --all --no-legend outer.service
            systemctl --user stop "*.service" "*.socket"
            sleep $MARK & setsid sleep $MARK & exit 6'
        echo "code $?"
        state >$TMPDIR/after
        diff $TMPDIR/before $TMPDIR/after && echo same
        """
    )

    assert ["code 6", "same"] == ended.stdout.splitlines()
