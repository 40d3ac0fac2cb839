"""What a change does to the running unit."""

import pytest

from unitward.model.unittext import UnitText
from unitward.unitfile.effects import (
    NOW_WHILE_STARTING,
    Effect,
    effect_of_change,
    effect_of_key,
    gained,
    run_digest,
)
from unitward.unitfile.syntax import parse


def text(content: str) -> UnitText:
    """Parse a unit file that has no problems."""
    parsed = parse(content.encode())
    assert parsed.problems == ()
    return parsed.text


@pytest.mark.parametrize(
    "key",
    [
        *("Description", "Documentation", "SourcePath", "OnFailure", "OnSuccess"),
        *("OnFailureJobMode", "JobTimeoutSec", "JobTimeoutAction", "StartLimitBurst"),
        *("FailureAction", "RefuseManualStop", "AllowIsolate", "IgnoreOnIsolate", "CollectMode"),
        *("ConditionPathExists", "AssertUser", "After", "Before", "Wants", "Requires"),
        *("Requisite", "Conflicts", "PartOf", "PropagatesReloadTo", "RequiresMountsFor"),
    ],
)
def test_c1_unit_keys_need_only_a_reload(key: str) -> None:
    """C1: class L of [Unit]."""
    assert Effect.LOAD is effect_of_key(".service", "Unit", key)


@pytest.mark.parametrize(
    "key",
    [
        *("Restart", "RestartSec", "RestartPreventExitStatus", "SuccessExitStatus"),
        *("TimeoutStopSec", "TimeoutAbortSec", "TimeoutStopFailureMode", "KillMode"),
        *("KillSignal", "FinalKillSignal", "RestartKillSignal", "WatchdogSignal", "SendSIGHUP"),
        *("RemainAfterExit", "ExecReload", "ExecCondition", "ExecStartPre", "ExecStartPost"),
        *("OOMPolicy", "NotifyAccess", "FileDescriptorStoreMax", "CPUWeight", "CPUShares"),
        *("CPUQuota", "CPUQuotaPeriodSec", "StartupCPUWeight", "MemoryAccounting", "MemoryMin"),
        *("MemoryLow", "MemoryHigh", "MemoryMax", "MemorySwapMax", "MemoryLimit", "TasksMax"),
        *("IOWeight", "IODeviceWeight", "IOReadBandwidthMax", "IOWriteIOPSMax", "BlockIOWeight"),
        *("AllowedCPUs", "IPAddressDeny", "DeviceAllow", "DevicePolicy", "ManagedOOMSwap"),
        "TimeoutStartSec",
    ],
)
def test_c1_service_keys_need_only_a_reload(key: str) -> None:
    """C1: class L of [Service]."""
    assert Effect.LOAD is effect_of_key(".service", "Service", key)


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("Service", "ExecStart"),
        ("Service", "Environment"),
        ("Service", "Type"),
        ("Service", "CPUAffinity"),
        ("Service", "CPUSchedulingPolicy"),
        ("Service", "LimitNOFILE"),
        ("Service", "Slice"),
        ("Service", "RestartMode"),
        ("Service", "WatchdogSec"),
        ("Service", "MemoryDenyWriteExecute"),
        ("Service", "IOSchedulingClass"),
        ("Service", "Nonsense"),
        ("Service", "Description"),
        ("Unit", "JoinsNamespaceOf"),
        ("Unit", "DefaultDependencies"),
        ("Nonsense", "Key"),
    ],
)
def test_c4_all_else_restarts(section: str, key: str) -> None:
    """C4: what is not known to be harmless restarts a service, unknown keys too."""
    assert Effect.RESTART is effect_of_key(".service", section, key)


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("Unit", "BindsTo"),
        ("Unit", "StopWhenUnneeded"),
        ("Unit", "Upholds"),
        ("Service", "RuntimeMaxSec"),
    ],
)
def test_c3_some_keys_act_at_the_reload(section: str, key: str) -> None:
    """C3: the reload itself stops, starts or kills."""
    assert Effect.NOW is effect_of_key(".service", section, key)
    assert ("Service", "TimeoutStartSec") in NOW_WHILE_STARTING


@pytest.mark.parametrize(
    ("section", "key"),
    [("X-Foo", "A"), ("Service", "X-Foo"), ("X-Unitward", "Digest")],
)
def test_c0_extensions_do_nothing(section: str, key: str) -> None:
    """C0: what systemd ignores has no effect."""
    assert Effect.NONE is effect_of_key(".service", section, key)


@pytest.mark.parametrize(
    ("suffix", "old", "new", "effect", "keys"),
    [
        (".service", "", "", Effect.NONE, set()),
        (
            ".service",
            "[Unit]\nDescription=a",
            "[Unit]\nDescription=b\n[Install]\nWantedBy=x.target",
            Effect.LOAD,
            {("Unit", "Description")},
        ),
        (
            ".service",
            "",
            "[Install]\nWantedBy=x.target",
            Effect.INSTALL,
            {("Install", "WantedBy")},
        ),
        (
            ".service",
            "[Unit]\nWants=a.service",
            "[Unit]\nWants=a.service b.service\nDescription=x",
            Effect.LOAD_WANTS,
            {("Unit", "Wants")},
        ),
        (
            ".service",
            "[Unit]\nWants=a.service b.service",
            "[Unit]\nWants=a.service",
            Effect.LOAD,
            {("Unit", "Wants")},
        ),
        (
            ".service",
            "[Service]\nExecStart=/a\nKillMode=process",
            "[Service]\nExecStart=/b\nKillMode=process",
            Effect.RESTART,
            {("Service", "ExecStart")},
        ),
        (".timer", "", "[Timer]\nOnCalendar=daily", Effect.LOAD, {("Timer", "OnCalendar")}),
        (".path", "", "[Path]\nPathExists=/a", Effect.LOAD, {("Path", "PathExists")}),
        (".slice", "", "[Slice]\nCPUWeight=1", Effect.LOAD, {("Slice", "CPUWeight")}),
        (".target", "", "[Unit]\nWants=a.service", Effect.LOAD_WANTS, {("Unit", "Wants")}),
        (".target", "", "[Unit]\nAfter=a.service", Effect.LOAD, {("Unit", "After")}),
        (".socket", "", "[Socket]\nListenStream=1", Effect.RESTART, {("Socket", "ListenStream")}),
        (".socket", "", "[Unit]\nDescription=1", Effect.LOAD, {("Unit", "Description")}),
        (".socket", "", "[Socket]\nExecStopPost=/a", Effect.RESTART, {("Socket", "ExecStopPost")}),
    ],
)
def test_effect_of_change(
    suffix: str,
    old: str,
    new: str,
    effect: Effect,
    keys: set[tuple[str, str]],
) -> None:
    """The weightiest changed key decides, and is named (C1, C2, C4, C6, C8, C9, C10)."""
    assert (effect, frozenset(keys)) == effect_of_change(suffix, text(old), text(new))


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        ("", "ExecStop=/a", {"ExecStop"}),
        ("ExecStopPost=/a", "", {"ExecStopPost"}),
        ("PIDFile=/a", "PIDFile=/b", {"PIDFile"}),
        ("BusName=a.a", "BusName=b.b", {"BusName"}),
        ("RuntimeDirectory=a", "RuntimeDirectory=b", {"RuntimeDirectory"}),
        ("", "Nice=1\nKillSignal=SIGINT", {"Nice", "KillSignal"}),
        ("", "Nice=1\nTimeoutStopSec=5\nRestart=no", {"Nice", "TimeoutStopSec"}),
        ("ExecStop=/a\nNice=1", "ExecStop=/a\nNice=2", {"Nice", "ExecStop"}),
    ],
)
def test_c5_the_old_definition_has_to_stop_it(old: str, new: str, keys: set[str]) -> None:
    """C5: a restart that the new definition would stop wrongly is a stop and a start."""
    actual = effect_of_change(".service", text(f"[Service]\n{old}"), text(f"[Service]\n{new}"))

    assert (Effect.STOP_START, frozenset(("Service", key) for key in keys)) == actual


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "KillMode=process\nTimeoutStopSec=1"),
        ("ExecStop=/a", "ExecStop=/a\nRestart=no"),
    ],
)
def test_c5_needs_a_restart(old: str, new: str) -> None:
    """C5: keys about stopping alone need a reload only."""
    effect, _keys = effect_of_change(
        ".service",
        text(f"[Service]\n{old}"),
        text(f"[Service]\n{new}"),
    )

    assert Effect.LOAD is effect


def test_c5_an_exec_stop_that_was_reset_is_none() -> None:
    """C5: an old ExecStop= that a reset emptied stops nothing."""
    old = text("[Service]\nExecStop=/a\nExecStop=\nNice=1")
    effect, _keys = effect_of_change(".service", old, text("[Service]\nNice=2"))

    assert Effect.RESTART is effect


def test_dropin_resets_count() -> None:
    """C12: a reset added to a drop-in is a change of the unit."""
    old, new = text("[Service]\nNice=1"), text("[Service]\nNice=\nNice=1")

    assert (Effect.NONE, frozenset()) == effect_of_change(".service", old, new)
    assert (Effect.RESTART, frozenset({("Service", "Nice")})) == effect_of_change(
        ".service",
        old,
        new,
        dropin=True,
    )


def test_gained_names_each_new_unit_once() -> None:
    """C2, C10: a unit that moves between kinds of wanting is not new."""
    old = text("[Unit]\nWants=a.service b.service")
    new = text(
        "[Unit]\nRequires=a.service\nWants=c.service d.service\nBindsTo=c.service\nAfter=z.service"
    )

    assert gained(old, new) == ("c.service", "d.service")
    assert gained(new, new) == ()


def test_run_digest_covers_what_the_process_depends_on() -> None:
    """P: what a running process does not feel leaves its digest as it is."""
    digest = run_digest(".service", text("[Unit]\nDescription=a\n[Service]\nExecStart=/a\nNice=1"))

    for same in (
        "# c\n[Service]\nNice=1\nExecStart=/a\n[X-a]\nb=c",
        "[Service]\nExecStart=\nExecStart=/a\nNice=1\nRestart=no\n[Install]\nWantedBy=x.target",
    ):
        assert digest == run_digest(".service", text(same))
    for different in (
        "[Service]\nExecStart=/a\nNice=2",
        "[Service]\nExecStart=/a",
        "[Service]\nExecStart=/a\nNice=1\nExecStop=/b",
    ):
        assert digest != run_digest(".service", text(different))


@pytest.mark.parametrize(
    ("key", "fits"),
    [
        ("RestartForceExitStatus", True),
        ("RestartExitStatus", True),
        ("RestartExit", False),
        ("XRestartExitStatus", False),
        ("MemoryMax", True),
        ("MemoryMaxX", False),
        ("CPUQuotaPeriodSec", True),
        ("DefaultDeviceX", False),
    ],
)
def test_patterns_of_keys_fit_whole_keys(key: str, fits: bool) -> None:
    """C1: a pattern fits from the first letter of a key to its last."""
    assert fits == (effect_of_key(".service", "Service", key) is Effect.LOAD)
