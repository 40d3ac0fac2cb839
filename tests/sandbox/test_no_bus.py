"""A sandbox without D-Bus, as on a server that has no dbus-user-session."""

from typing import Any

import pytest


@pytest.fixture
def bare(probe: Any) -> Any:
    """Give a probe whose sandboxes have no bus."""
    *program, end = probe.sandbox
    probe.sandbox = (*program, "--no-bus", end)
    return probe


@pytest.mark.parametrize("depth", [1, 2])
def test_there_is_a_manager_and_no_bus(bare: Any, depth: int) -> None:
    """The manager is `running` and runs services; no bus listens and no variable names one."""
    ended = bare.run(
        """
        systemctl --user is-system-running
        systemd-run --user --quiet --property=Type=oneshot sh -c "echo ran >'$HOME/ran'"
        cat "$HOME/ran"
        ls "$XDG_RUNTIME_DIR/bus" 2>&1 | grep -c 'No such'
        echo "${DBUS_SESSION_BUS_ADDRESS-none}"
        busctl --user list >/dev/null 2>&1 || echo unreachable
        """,
        depth=depth,
    )

    assert ["running", "ran", "1", "none", "unreachable"] == ended.stdout.splitlines()


def test_unitward_works_in_it(bare: Any) -> None:
    """A first unit comes up without a bus, and status says which way unitward goes."""
    ended = bare.run(
        """
        mkdir -p ~/.config/unitward/desired
        printf '%s\\n' 'version: 1' 'units:' '  a.service:' \
            '    Service: {ExecStart: /bin/sleep infinity}' \
            '    Install: {WantedBy: default.target}' > ~/.config/unitward/desired/a.yaml
        unitward() { "$PYTHON" -m unitward "$@"; }
        unitward apply --yes >/dev/null && systemctl --user is-active a.service
        unitward status | grep -c 'private socket'
        """.replace("$PYTHON", bare.sandbox[0])
    )

    assert ["active", "1"] == ended.stdout.splitlines(), ended.stderr


def test_the_bus_can_be_given_later(bare: Any) -> None:
    """What withholds the bus can be taken away from inside; it works from then on."""
    ended = bare.run(
        """
        systemctl --user unmask --quiet --runtime dbus.socket dbus.service
        systemctl --user start dbus.socket
        busctl --user get-property org.freedesktop.systemd1 /org/freedesktop/systemd1 \
            org.freedesktop.systemd1.Manager Version | cut -d' ' -f1
        """
    )

    assert ["s"] == ended.stdout.splitlines(), ended.stderr
