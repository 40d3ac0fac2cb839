"""What is read from a real manager."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from unitward.systemd.manager import Manager

SLEEP = "[Service]\nExecStart=/bin/sleep infinity\n"

Unit = Callable[..., str]


def process_name(pid: int) -> str:
    """Return the name of a living process."""
    return Path(f"/proc/{pid}/comm").read_text().strip()


async def test_facts_of_the_manager(manager: Manager, account: Any) -> None:
    """Version, state, load time and unit folders are those of the manager connected to."""
    version = await manager.version()
    booted = await manager.units_load_timestamp()
    await manager.reload()
    loaded = await manager.units_load_timestamp()
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000

    assert version.major >= 249
    assert str(version.major) in version.text
    assert await manager.system_state() in {"running", "degraded", "starting"}
    assert now - 60_000_000 < booted < loaded < now
    assert str(account.unit_dir) in await manager.unit_path()


async def test_list_units_tells_each_load_state(manager: Manager, unit: Unit, account: Any) -> None:
    """Every name asked for is answered under that name, whatever became of loading it."""
    name, masked = unit(SLEEP), unit("")
    bad = unit("[Service]\nType=simple\n")
    broken = unit("[Service\n")
    template = unit("[Service]\nExecStart=/bin/sleep %i\n", "@.service")
    instance = template.replace("@", "@1")
    alias = account.unit_dir / f"alias-{name}"
    alias.symlink_to(name)
    asked = [bad, alias.name, "none-such.service", masked, instance, broken, name]

    states = await manager.list_units([template, "no unit", *asked])

    assert asked == list(states)
    assert [
        "bad-setting",
        "loaded",
        "not-found",
        "masked",
        "loaded",
        "error",
        "loaded",
    ] == [state.load for state in states.values()]
    assert states[alias.name].name == name


async def test_details_of_services(manager: Manager, unit: Unit, account: Any) -> None:
    """Files, dependencies, settings and process of a service are told."""
    base = unit(SLEEP)
    name = unit(
        f"[Unit]\nRequires={base}\nPartOf={base}\nAfter={base}\nRefuseManualStop=no\n"
        "[Service]\nExecStart=/bin/sleep infinity\nRestart=on-failure\n"
        "RestartPreventExitStatus=3 SIGUSR1\nExecReload=/bin/true\n"
    )
    dropin = account.unit_dir / f"{name}.d" / "50-a.conf"
    dropin.parent.mkdir()
    dropin.write_text("[Unit]\nDescription=x\n")
    job = await manager.start(name)
    await manager.wait([job], limit_seconds=20)

    found = await manager.details([name, base, "none-such.service", "template@.service"])
    detail = found[name]

    assert [name, base, "none-such.service"] == list(found)
    assert (detail.load_state, detail.active_state, detail.sub_state) == (
        "loaded",
        "active",
        "running",
    )
    assert detail.fragment_path == str(account.unit_dir / name)
    assert detail.dropin_paths == (str(dropin),)
    assert base in detail.requires
    assert base in detail.part_of
    assert name in found[base].required_by
    assert name in found[base].consists_of
    assert (detail.type, detail.restart, detail.can_reload) == ("simple", "on-failure", True)
    assert (detail.restart_prevent_codes, detail.restart_prevent_signals) == ((3,), (10,))
    assert process_name(detail.main_pid) == "sleep"
    assert len(detail.invocation_id) == 32
    assert detail.active_enter_timestamp >= detail.inactive_exit_timestamp > 0
    assert found["none-such.service"].load_state == "not-found"
    assert found["none-such.service"].load_error[0].endswith("NoSuchUnit")


async def test_details_of_sockets_timers_and_targets(
    manager: Manager, unit: Unit, account: Any
) -> None:
    """A socket's addresses, a timer's next elapse and a target's wants are told."""
    service = unit("[Service]\nExecStart=/bin/true\n")
    stem = service.removesuffix(".service")
    address = f"{account.env['XDG_RUNTIME_DIR']}/{stem}.sock"
    socket = unit(f"[Socket]\nListenStream={address}\nService={service}\n", ".socket")
    timer = unit(f"[Timer]\nOnActiveSec=1h\nUnit={service}\nRemainAfterElapse=no\n", ".timer")
    target = unit(f"[Unit]\nWants={timer}\n", ".target")
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    jobs = [await manager.start(target), await manager.start(socket)]
    await manager.wait(jobs, limit_seconds=20)

    found = await manager.details([socket, timer, target, service])

    assert found[socket].listen == (("Stream", address),)
    assert found[socket].triggers == (service,)
    assert set(found[service].triggered_by) == {socket, timer}
    assert now + 3500_000_000 < found[timer].next_elapse < now + 3800_000_000
    assert found[timer].next_elapse_realtime == 0
    assert not found[timer].remain_after_elapse
    assert timer in found[target].wants
    assert found[target].active_state == "active"


async def test_properties_fill_only_what_was_asked(manager: Manager, unit: Unit) -> None:
    """Chosen fields equal those of the full detail, the others keep their defaults."""
    name, target = unit(SLEEP), unit("[Unit]\n", ".target")
    await manager.wait([await manager.start(name)], limit_seconds=20)
    wanted = ["load_state", "fragment_path", "invocation_id", "main_pid", "restart_prevent_codes"]

    full = await manager.details([name, target])
    some = await manager.properties([name, target, "template@.service"], wanted)

    assert [name, target] == list(some)
    for asked in (name, target):
        assert [getattr(full[asked], field) for field in wanted] == [
            getattr(some[asked], field) for field in wanted
        ]
    assert some[name].main_pid > 0
    assert some[name].active_state == ""


async def test_a_kept_unit_is_remembered(manager: Manager, unit: Unit) -> None:
    """A stopped unit is forgotten by systemd, but not by who was to keep it until it is dropped."""
    kept, lost = unit(SLEEP), unit(SLEEP)
    manager.keep([kept, "none-such.service", "template@.service"])
    for name in (kept, lost):
        await manager.wait([await manager.start(name)], limit_seconds=20)
        await manager.wait([await manager.stop(name)], limit_seconds=20)

    found = await manager.details([kept, lost])
    manager.drop([kept, lost])
    after = await manager.details([kept])

    assert found[kept].active_exit_timestamp > 0
    assert found[lost].active_exit_timestamp == 0
    assert after[kept].active_exit_timestamp == 0


async def test_load_units_tells_who_was_refused(manager: Manager, unit: Unit) -> None:
    """Units load; names that are none are told with the manager's words."""
    name = unit(SLEEP)

    refused = await manager.load_units([name, "none-such.service", "no unit"])

    assert ["no unit"] == list(refused)
    assert "not valid" in str(refused["no unit"])
