"""Folders: where things lie."""

from pathlib import Path

import pytest

from unitward.errors import UnitwardError
from unitward.model.folders import folders_from


def test_defaults_follow_the_specification() -> None:
    """Without XDG variables everything lies where the specification puts it."""
    folders = folders_from({"HOME": "/home/ada"}, 1000)

    assert Path("/home/ada/.config/systemd/user") == folders.unit_dir
    assert Path("/home/ada/.config/unitward/desired") == folders.desired
    assert Path("/home/ada/.config/unitward/config.yaml") == folders.config_file
    assert Path("/home/ada/.local/state/unitward/ledger.sqlite") == folders.ledger
    assert Path("/home/ada/.local/state/unitward/lock") == folders.lock
    assert Path("/home/ada/.local/state/unitward/edited") == folders.edited
    assert Path("/home/ada/.cache") == folders.cache
    assert Path("/run/user/1000/unitward/wake") == folders.wake
    assert Path("/run/user/1000/unitward/remembered.json") == folders.remembered


def test_absolute_xdg_values_are_used() -> None:
    """Each XDG variable moves what belongs to it."""
    folders = folders_from(
        {
            "HOME": "/home/ada",
            "XDG_CONFIG_HOME": "/c",
            "XDG_STATE_HOME": "/s",
            "XDG_CACHE_HOME": "/k",
            "XDG_RUNTIME_DIR": "/r",
        },
        1000,
    )

    assert Path("/c/systemd/user") == folders.unit_dir
    assert Path("/s/unitward/ledger.sqlite") == folders.ledger
    assert Path("/k") == folders.cache
    assert (Path("/r"), Path("/r/unitward/wake")) == (folders.runtime, folders.wake)


@pytest.mark.parametrize("value", ["", "relative", "./here"])
def test_relative_xdg_values_are_ignored(value: str) -> None:
    """A relative or empty XDG value counts as unset."""
    env = {"HOME": "/home/ada", "XDG_CONFIG_HOME": value, "XDG_RUNTIME_DIR": value}

    folders = folders_from(env, 7)

    assert (Path("/home/ada/.config"), Path("/run/user/7")) == (folders.config, folders.runtime)


@pytest.mark.parametrize("env", [{}, {"HOME": ""}, {"HOME": "ada"}])
def test_without_a_home_nothing_is_guessed(env: dict[str, str]) -> None:
    """An unset or relative HOME is an error that says so and what to do."""
    with pytest.raises(UnitwardError, match="HOME is not set") as caught:
        folders_from(env, 1000)

    assert "set HOME" in caught.value.hint
