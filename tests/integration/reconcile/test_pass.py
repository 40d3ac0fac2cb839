"""One pass on a real manager: what it takes over from the last one, and what it leaves alone."""

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from unitward.config import load_settings
from unitward.model.plan import Verb
from unitward.model.report import Report, Result
from unitward.reconcile import again
from unitward.reconcile.account import Account, assemble
from unitward.reconcile.apply import aftermath
from unitward.reconcile.carry_out import carry_out
from unitward.reconcile.one_pass import Considered, consider, look_ahead
from unitward.store.identity import identity
from unitward.store.ledger import Ledger, open_ledger
from unitward.systemd.manager import Manager

A = (
    "version: 1\nunits:\n  a.service:\n    Service: {ExecStart: /bin/sleep infinity}\n"
    "    Install: {WantedBy: default.target}\n"
)


class Passes:
    """An account on which passes are made one by one."""

    def __init__(self, account: Account, manager: Manager, ledger: Ledger) -> None:
        self.account = account
        self.manager = manager
        self.ledger = ledger

    async def look(self) -> Considered:
        """Run a pass up to its plan."""
        return await consider(self.account, self.manager, self.ledger.read())

    async def do(self, considered: Considered | None = None) -> Report:
        """Carry a plan out; without one, make a whole pass."""
        considered = considered or await self.look()
        return await carry_out(considered, self.account, self.manager, self.ledger)


@pytest.fixture
async def passes(account: Any) -> AsyncIterator[Passes]:
    """Connect to the throw-away account as the daemon does."""
    assembled = assemble(account.env)
    manager = await Manager.connect(account.env)
    with open_ledger(assembled.folders.ledger, identity=identity(os.getuid())) as ledger:
        yield Passes(assembled, manager, ledger)
    await manager.close()


async def test_nothing_to_do_is_not_weighed_again(account: Any, passes: Passes) -> None:
    """While nothing changes a pass concludes what the last one did, and reloads nothing."""
    account.write("a.yaml", A)
    await passes.do()
    await passes.do()
    loaded = await passes.manager.units_load_timestamp()
    first = await passes.look()
    assert () == first.plan.actions
    again = await passes.look()
    assert first.desired is again.desired
    assert first.plan is again.plan
    await passes.do(again)
    assert loaded == await passes.manager.units_load_timestamp()

    path = account.unit_dir / "a.service"
    path.write_bytes(path.read_bytes() + b"# edited\n")
    drifted = await passes.look()
    assert drifted.plan.actions
    await passes.do(drifted)
    assert b"# edited" not in path.read_bytes()
    assert () == (await passes.look()).plan.actions

    account.systemctl("stop", "a.service")
    assert first.plan.verdicts != (await passes.look()).plan.verdicts


async def test_a_look_ahead_has_no_effect_and_binds_nobody(account: Any, passes: Passes) -> None:
    """O1, T: what is concluded ahead holds for the pass only while all is as it was seen."""
    account.write("a.yaml", A)
    await look_ahead(passes.account, passes.manager, passes.ledger.read())
    ahead = passes.account.caches.decided
    assert ahead is not None
    assert ahead.plan.actions
    assert [] == list(account.unit_dir.rglob("a.service"))
    assert "not-found" == account.show("a.service", "LoadState")["LoadState"]
    assert ahead.plan is (await passes.look()).plan

    account.write("a.yaml", A.replace("infinity", "5000"))
    other = await passes.look()
    assert ahead.plan is not other.plan
    (account.unit_dir / "a.service").write_text("[Service]\nExecStart=/bin/sleep 77\n")
    blocked = await passes.look()
    assert () == blocked.plan.actions
    (account.unit_dir / "a.service").unlink()
    await passes.do()
    assert "active" == account.show("a.service", "ActiveState")["ActiveState"]
    assert b"5000" in (account.unit_dir / "a.service").read_bytes()


async def test_a_look_ahead_stands_for_one_pass(
    account: Any, passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T, D: a pass may go by what was seen just before it, and overwrites nothing unseen."""
    monkeypatch.setattr(again, "SEEN_US", 60_000_000)  # however slow this machine is
    account.write("a.yaml", A)

    async def look(*, looked: bool) -> Considered:
        recorded = passes.ledger.read()
        return await consider(passes.account, passes.manager, recorded, looked=looked)

    await look_ahead(passes.account, passes.manager, passes.ledger.read())
    path = account.unit_dir / "a.service"
    path.write_text("[Service]\nExecStart=/bin/sleep 77\n")
    by_ahead = await look(looked=True)
    assert by_ahead.plan.actions
    report = await passes.do(by_ahead)
    assert Result.STALE in {outcome.result for outcome in report.outcomes}
    assert "[Service]\nExecStart=/bin/sleep 77\n" == path.read_text()
    assert () == (await look(looked=True)).plan.actions

    path.unlink()
    account.write("a.yaml", A.replace("infinity", "5000"))
    await look_ahead(passes.account, passes.manager, passes.ledger.read())
    path.write_text("[Service]\nExecStart=/bin/sleep 77\n")
    assert () == (await look(looked=False)).plan.actions
    path.unlink()
    monkeypatch.setattr(again, "SEEN_US", 0)
    account.write("a.yaml", A.replace("infinity", "6000"))
    await look_ahead(passes.account, passes.manager, passes.ledger.read())
    path.write_text("[Service]\nExecStart=/bin/sleep 77\n")
    assert () == (await look(looked=True)).plan.actions


async def test_a_file_that_changed_since_the_plan_is_left_alone(
    account: Any, passes: Passes
) -> None:
    """What a person saved between the plan and its execution is not overwritten unseen."""
    account.write("a.yaml", A)
    await passes.do()
    account.write("a.yaml", A.replace("infinity", "5000"))
    considered = await passes.look()
    path = account.unit_dir / "a.service"
    path.write_text("[Service]\nExecStart=/bin/sleep 77\n")
    report = await passes.do(considered)
    assert Result.STALE in {outcome.result for outcome in report.outcomes}
    assert "[Service]\nExecStart=/bin/sleep 77\n" == path.read_text()
    await passes.do()
    assert b"5000" in path.read_bytes()
    [kept] = (account.state_home / "unitward/edited").iterdir()
    assert b"sleep 77" in kept.read_bytes()


async def test_stopping_begins_no_further_action(account: Any, passes: Passes) -> None:
    """Once unitward has to end nothing more begins, and the next pass finishes it."""
    account.write("a.yaml", A)
    considered = await passes.look()
    report = await carry_out(
        considered, passes.account, passes.manager, passes.ledger, stop=lambda: True
    )
    assert {Result.SKIPPED} == {outcome.result for outcome in report.outcomes}
    assert [] == [*account.unit_dir.iterdir()]
    await passes.do()
    assert "active" == account.show("a.service", "ActiveState")["ActiveState"]
    assert () == passes.ledger.read().intents


async def test_each_instance_follows_its_own_contents(account: Any, passes: Passes) -> None:
    """A pattern with %i means another file for every instance; only that one restarts."""
    for name in "ab":
        (account.home / f"{name}.conf").write_text("1")
    account.write(
        "w.yaml",
        "version: 1\nunits:\n  w@.service:\n    instances:\n"
        "      a: {restart_on: ['%h/%i.conf']}\n      b: {restart_on: ['%h/%i.conf']}\n"
        "    Service: {ExecStart: /bin/sleep infinity}\n"
        "    Install: {WantedBy: default.target}\n",
    )
    await passes.do()
    await passes.do()
    (account.home / "b.conf").write_text("2")
    considered = await passes.look()
    assert {"w@b.service"} == {action.unit for action in considered.plan.actions}


def two(account: Any) -> None:
    """Declare b beside a; only b stays when a leaves."""
    for name in ("a", "b"):
        account.write(f"{name}.yaml", A.replace("a.service", f"{name}.service"))


@pytest.fixture
async def leaving(account: Any, passes: Passes) -> Considered:
    """Have a leave, and the pass that removes it considered ahead."""
    (account.home / ".config/unitward").mkdir(parents=True, exist_ok=True)
    (account.home / ".config/unitward/config.yaml").write_text("prune_after: 0s\n")
    passes.account.use(load_settings(account.home / ".config/unitward/config.yaml"))
    two(account)
    await passes.do()
    (account.home / ".config/unitward/desired/a.yaml").unlink()
    await look_ahead(passes.account, passes.manager, passes.ledger.read())
    return await passes.look()


async def test_a_removal_is_taken_over_from_the_look_ahead(
    account: Any, passes: Passes, leaving: Considered
) -> None:
    """O1, R1: what was concluded about a unit that leaves holds while nothing is heard."""
    ahead = passes.account.caches.decided
    assert ahead is not None
    assert ahead.plan is leaving.plan
    assert "active" == account.show("a.service", "ActiveState")["ActiveState"]
    await passes.do(leaving)
    assert not (account.unit_dir / "a.service").exists()
    assert "inactive" == account.show("a.service", "ActiveState")["ActiveState"]
    assert "active" == account.show("b.service", "ActiveState")["ActiveState"]


@pytest.mark.parametrize("deed", ["restart", "stop"])
async def test_what_others_do_after_the_look_ahead_stands(
    account: Any, passes: Passes, leaving: Considered, deed: str
) -> None:
    """R1, V10: a unit that somebody restarts or stops before our stop is planned anew."""
    account.systemctl(deed, "a.service")
    run = account.show("a.service", "InvocationID")["InvocationID"]
    report = await passes.do(leaving)
    assert Result.STALE in {outcome.result for outcome in report.outcomes}
    assert run == account.show("a.service", "InvocationID")["InvocationID"]
    assert (account.unit_dir / "a.service").exists()
    await passes.do()
    assert not (account.unit_dir / "a.service").exists()


async def test_who_needs_a_leaving_unit_since_the_look_ahead_is_seen(
    account: Any, passes: Passes, leaving: Considered
) -> None:
    """A unit of somebody else that starts after the look ahead, and needs what leaves, is seen."""
    assert () == leaving.observed.details["a.service"].required_by
    text = "[Unit]\nRequires=a.service\n[Service]\nExecStart=/bin/sleep infinity\n"
    (account.unit_dir / "theirs.service").write_text(text)
    account.systemctl("start", "theirs.service")
    again = await passes.look()
    assert ("theirs.service",) == again.observed.details["a.service"].required_by
    assert leaving.plan is not again.plan


async def test_what_ends_while_the_others_settle_has_failed(
    account: Any, passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that is up when its pass first looks again, and not in the end, is said to fail."""
    monkeypatch.setattr(aftermath, "SETTLE_SECONDS", 2.0)  # long enough for a slow machine
    account.write("a.yaml", A)
    ending = A.replace("/bin/sleep infinity", "\"/bin/sh -c 'sleep 0.5; exit 3'\"")
    account.write("b.yaml", ending.replace("a.service", "b.service"))
    report = await passes.do()
    starts = {o.action.unit: o.result for o in report.outcomes if o.action.verb is Verb.START}
    assert {"a.service": Result.DONE, "b.service": Result.FAILED} == starts
    recorded = passes.ledger.read().units
    for name in ("a.service", "b.service"):
        assert account.show(name, "InvocationID")["InvocationID"] == recorded[name].invocation


@pytest.mark.parametrize("refused", [False, True])
async def test_what_is_done_meanwhile_precedes_every_effect(
    account: Any, passes: Passes, refused: bool
) -> None:
    """O1: while systemd checks the files, once in a pass, nothing is changed nor intended yet."""
    command = "relative/program" if refused else "/bin/sleep infinity"
    account.write("a.yaml", A.replace("/bin/sleep infinity", command))
    found: list[object] = []

    def meanwhile() -> None:
        found.append((list(account.unit_dir.rglob("a.service")), passes.ledger.read().intents))

    recorded = passes.ledger.read()
    considered = await consider(passes.account, passes.manager, recorded, meanwhile=meanwhile)
    assert [([], ())] == found
    assert refused == ("a.service" in considered.desired.frozen)
