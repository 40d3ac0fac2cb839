"""The session: lingering, and what to do when no manager answers."""

import os
from pathlib import Path

import pytest

from unitward.systemd.connection import Route, bus_addresses, routes
from unitward.systemd.session import default_runtime_dir, explain_unreachable, linger_enabled


def test_linger_is_read_from_logind(tmp_path: Path) -> None:
    """A user lingers when logind has a file of that name."""
    (tmp_path / "ada").touch()

    assert linger_enabled("ada", folder=tmp_path) is True
    assert linger_enabled("bob", folder=tmp_path) is False


def test_linger_before_the_first_user(tmp_path: Path) -> None:
    """Without the folder nobody lingers where logind runs, and nobody knows where it does not."""
    none = tmp_path / "none"

    assert linger_enabled("ada", folder=none, logind=tmp_path) is False
    assert linger_enabled("ada", folder=none, logind=none) is None


def test_default_runtime_dir() -> None:
    """The folder is the one pam_systemd makes."""
    assert Path("/run/user/1000") == default_runtime_dir(1000)


def test_unset_runtime_dir_says_what_to_export() -> None:
    """Without XDG_RUNTIME_DIR the hint is the line to type."""
    message, hint = explain_unreachable({})

    assert "XDG_RUNTIME_DIR is not set" in message
    assert f"export XDG_RUNTIME_DIR=/run/user/{os.getuid()}" in hint


def test_missing_runtime_dir_says_linger(tmp_path: Path) -> None:
    """A runtime folder that is gone means nobody is logged in: lingering helps."""
    message, hint = explain_unreachable({"XDG_RUNTIME_DIR": str(tmp_path / "gone")})

    assert f"{tmp_path}/gone does not exist" in message
    assert "loginctl enable-linger" in hint


def test_no_manager_says_linger(tmp_path: Path) -> None:
    """A runtime folder without a manager's socket: the manager is not running."""
    message, hint = explain_unreachable({"XDG_RUNTIME_DIR": str(tmp_path)})

    assert f"no user manager runs in {tmp_path}" in message
    assert "loginctl enable-linger" in hint


def test_a_silent_manager_says_where_to_look(tmp_path: Path) -> None:
    """A manager that answers neither way: look at it; an old session's bus may be to blame."""
    (tmp_path / "systemd").mkdir()
    (tmp_path / "systemd" / "private").touch()
    env = {"XDG_RUNTIME_DIR": str(tmp_path)}

    message, hint = explain_unreachable(env)
    _, with_address = explain_unreachable({**env, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"})

    assert "neither through a bus nor on its private socket" in message
    assert f"systemctl status user@{os.getuid()}" in hint
    assert "unset it" not in hint
    assert "unset it" in with_address


def test_another_users_folder_is_named(tmp_path: Path) -> None:
    """A runtime folder inherited through su belongs to somebody else, which is said."""
    folder, owner = Path("/"), 0
    if os.getuid() == 0:
        folder, owner = tmp_path, 4242
        os.chown(folder, owner, -1)

    message, hint = explain_unreachable({"XDG_RUNTIME_DIR": str(folder)})

    assert f"(uid {owner})" in message
    assert f"export XDG_RUNTIME_DIR=/run/user/{os.getuid()}" in hint


@pytest.mark.parametrize(
    ("env", "addresses"),
    [
        ({}, ()),
        ({"DBUS_SESSION_BUS_ADDRESS": ""}, ()),
        ({"XDG_RUNTIME_DIR": "/run/user/7"}, ("unix:path=/run/user/7/bus",)),
        ({"XDG_RUNTIME_DIR": "/a b,c;d"}, ("unix:path=/a%20b%2Cc%3Bd/bus",)),
        (
            {"DBUS_SESSION_BUS_ADDRESS": "unix:abstract=x", "XDG_RUNTIME_DIR": "/r"},
            ("unix:abstract=x", "unix:path=/r/bus"),
        ),
        (
            {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/r/bus", "XDG_RUNTIME_DIR": "/r"},
            ("unix:path=/r/bus",),
        ),
    ],
)
def test_bus_addresses(env: dict[str, str], addresses: tuple[str, ...]) -> None:
    """The session's address comes first, the runtime folder's second, neither twice."""
    assert addresses == bus_addresses(env)


def test_the_private_socket_comes_last() -> None:
    """Where no bus answers, the manager's own socket is tried; without a runtime folder, none."""
    env = {"DBUS_SESSION_BUS_ADDRESS": "unix:abstract=x", "XDG_RUNTIME_DIR": "/r 1"}

    expected = (
        Route("unix:abstract=x"),
        Route("unix:path=/r%201/bus"),
        Route("unix:path=/r%201/systemd/private", private=True),
    )

    assert expected == routes(env)
    assert () == routes({})
