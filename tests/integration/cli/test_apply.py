"""`unitward apply`: one pass without the daemon, and the question before it."""

from collections.abc import Callable
from typing import Any

import pytest


def test_apply_makes_the_machine_equal(account: Any, api: str) -> None:
    """Without a terminal nothing is asked: the unit is installed, enabled and runs."""
    account.write("api.yaml", api)
    ended = account.run("unitward", "apply")
    assert (0, "") == (ended.returncode, ended.stderr)
    assert {"ActiveState": "active", "UnitFileState": "enabled"} == account.show(
        "api.service", "ActiveState", "UnitFileState"
    )
    assert "Done: 1 in sync." == ended.stdout.splitlines()[-1]

    again = account.run("unitward", "apply")
    assert (0, "Nothing to do: 1 in sync.\n") == (again.returncode, again.stdout)


def test_apply_says_what_it_removed(account: Any, api: str) -> None:
    """A unit that `removed:` names is gone afterwards, and the outcome says so."""
    account.write("api.yaml", api)
    account.run("unitward", "apply")
    account.write("api.yaml", "version: 1\nremoved: [api.service]\n")

    plan = account.run("unitward", "plan").stdout
    ended = account.run("unitward", "apply")

    assert "  - api.service  stop + remove" in plan
    assert "forget" not in plan
    assert 0 == ended.returncode
    assert "\napi.service  removed: " in ended.stdout
    assert not (account.unit_dir / "api.service").exists()


def test_a_failed_unit_is_not_converged(account: Any, api: str) -> None:
    """When a unit does not come up the exit code is 3 and its row says why."""
    account.write("api.yaml", api.replace("/bin/sleep infinity", "/bin/false"))
    assert account.run("unitward", "apply").returncode in {0, 1, 3}
    account.wait_for(lambda: account.units("failed"), "the unit fails")
    ended = account.run("unitward", "status", "--detailed-exitcode")
    assert 3 == ended.returncode
    assert "api.service" in ended.stdout


@pytest.mark.parametrize("keys", ["n\n", "\n"])
def test_saying_no_changes_nothing(
    account: Any, on_terminal: Any, world: Callable[[], object], api: str, keys: str
) -> None:
    """On a terminal the plan is shown and asked for; no, the default, is 0 and without effect."""
    account.write("api.yaml", api)
    before = world()
    code, seen = on_terminal("apply", keys=keys)
    assert "create + enable + start" in seen
    assert "Carry this out? [y/N]" in seen
    assert 0 == code
    assert before == world()


def test_saying_yes_carries_it_out(account: Any, on_terminal: Any, api: str) -> None:
    """Yes makes the pass that was shown, even the first one of an account."""
    account.write("api.yaml", api)
    code, seen = on_terminal("apply", keys="y\n")
    assert 0 == code, seen
    assert {"ActiveState": "active"} == account.show("api.service", "ActiveState")
    assert 1 == seen.count("create + enable + start")


def test_interrupting_the_question_is_130(
    account: Any, on_terminal: Any, world: Callable[[], object], api: str
) -> None:
    """Ctrl-C at the question changes nothing and has the exit code of an interruption."""
    account.write("api.yaml", api)
    before = world()
    code, _ = on_terminal("apply", keys="\x03")
    assert 130 == code
    assert before == world()


def test_yes_on_the_command_line_is_not_asked(on_terminal: Any, account: Any, api: str) -> None:
    """`--yes` asks nothing on a terminal either; nor does a plan without actions."""
    account.write("api.yaml", api)
    code, seen = on_terminal("apply", "--yes")
    assert (0, False) == (code, "[y/N]" in seen)
    code, seen = on_terminal("apply")
    assert (0, False) == (code, "[y/N]" in seen)


def test_a_plan_that_changed_while_it_was_read_is_not_carried_out(
    account: Any, on_terminal: Any, api: str
) -> None:
    """What is carried out is what was shown: a source that changed meanwhile stops it."""
    account.write("api.yaml", api)
    file = account.desired / "api.yaml"

    class Changing(str):
        """Keys that change the source at the moment they are typed."""

        __slots__ = ()

        def encode(self, *arguments: Any) -> bytes:
            file.write_text(api.replace("infinity", "1000"), encoding="utf-8")
            return super().encode(*arguments)

    code, seen = on_terminal("apply", keys=Changing("y\n"))
    assert 1 == code
    assert "no longer the one that was shown" in seen
    assert not (account.unit_dir / "api.service").exists()


def test_colour_is_for_terminals(on_terminal: Any, account: Any, api: str) -> None:
    """A terminal gets colours unless NO_COLOR is set; a pipe never does."""
    account.write("api.yaml", api)
    assert "\x1b[32m  + api.service" in on_terminal("plan")[1]
    assert "\x1b" not in on_terminal("plan", env={"NO_COLOR": "1"})[1]
    assert "\x1b" not in account.run("unitward", "plan").stdout


def test_apply_leaves_the_account_to_a_running_daemon(account: Any, daemon: Any) -> None:
    """While the daemon holds the account apply says so, names sync, and changes nothing."""
    assert daemon.poll() is None
    ended = account.run("unitward", "apply")
    assert 1 == ended.returncode
    assert f"the daemon (process {daemon.pid})" in ended.stderr
    assert "unitward sync" in ended.stderr


def test_on_a_terminal_a_running_daemon_is_told_before_the_question(
    daemon: Any, on_terminal: Any
) -> None:
    """Nobody is asked to agree to a pass that the daemon's lock will not let happen."""
    code, seen = on_terminal("apply", keys="y\n")
    assert 1 == code
    assert f"the daemon (process {daemon.pid})" in seen
    assert "[y/N]" not in seen
