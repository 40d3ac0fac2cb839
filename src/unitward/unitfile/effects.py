"""What a change of a unit file does to the running unit (docs: semantics, C)."""

import hashlib
import json
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from sys import intern

from unitward.model.unittext import UnitText
from unitward.unitfile.compare import Key, changed_keys, is_ignored, meanings


class Effect(IntEnum):
    """What a change asks for; the greater contains the lesser."""

    NONE = 0
    """C0: nothing."""
    INSTALL = 1
    """C6: only the links of `[Install]`."""
    LOAD = 2
    """C1, C8, C9: file and reload."""
    LOAD_WANTS = 3
    """C2, C10: file and reload, then the units it newly pulls in."""
    NOW = 4
    """C3: file and reload; the reload itself stops, starts or kills."""
    RESTART = 5
    """C4: file, reload, restart."""
    STOP_START = 6
    """C5: stop by the old definition, file, reload, start."""


_UNIT_LOAD = (
    "Description",
    "Documentation",
    "SourcePath",
    "On*",
    "*JobMode",
    "Job*",
    "StartLimit*",
    "*Action",
    "RefuseManual*",
    "AllowIsolate",
    "IgnoreOnIsolate",
    "CollectMode",
    "Condition*",
    "Assert*",
    "After",
    "Before",
    "Wants",
    "Requires",
    "Requisite",
    "Conflicts",
    "PartOf",
    "Propagates*",
    "RequiresMountsFor",
)
_PROCESS_LOAD = (
    "Restart",
    "RestartSec",
    "Restart*ExitStatus",
    "SuccessExitStatus",
    "TimeoutStopSec",
    "TimeoutAbortSec",
    "Timeout*FailureMode",
    "KillMode",
    "*KillSignal",
    "WatchdogSignal",
    "Send*",
    "RemainAfterExit",
    "ExecReload",
    "ExecCondition",
    "ExecStartPre",
    "ExecStartPost",
    "OOMPolicy",
    "NotifyAccess",
    "FileDescriptorStoreMax",
    "StartLimit*",
    "*Action",
)
_CGROUP_LOAD = (
    "CPUWeight",
    "CPUShares",
    "CPUQuota*",
    "Startup*",
    "*Accounting",
    "MemoryMin",
    "MemoryLow",
    "MemoryHigh",
    "MemoryMax",
    "MemorySwapMax",
    "MemoryLimit",
    "TasksMax",
    "IOWeight*",
    "IODevice*",
    "IORead*",
    "IOWrite*",
    "BlockIO*",
    "Allowed*",
    "IPAddress*",
    "Device*",
    "ManagedOOM*",
)
_UNIT_NOW = ("BindsTo", "StopWhenUnneeded", "Upholds")
_PROCESS_NOW = ("RuntimeMaxSec",)
_STOP = ("ExecStop", "ExecStopPost")
_STOP_WITH_RESTART = ("PIDFile", "BusName", "RuntimeDirectory", "Kill*", "TimeoutStop*")
_PULLS_IN = ("Wants", "Requires", "BindsTo", "Upholds")

NOW_WHILE_STARTING: frozenset[Key] = frozenset({("Service", "TimeoutStartSec")})
"""Keys of effect LOAD that act at the reload itself on a unit that is being started (C3)."""

_RELOAD_APPLIES = frozenset({".timer", ".path", ".slice", ".target"})


@lru_cache(maxsize=1024)
def effect_of_key(suffix: str, section: str, key: str) -> Effect:
    """Return what a change of one key does to a unit of a type, `suffix` being `.service` etc.

    Remembered, for thousands of units share a few dozen keys.
    """
    if is_ignored(section, key):
        return Effect.NONE
    if section == "Install":
        return Effect.INSTALL
    if _is_now(section, key):
        return Effect.NOW
    if suffix in _RELOAD_APPLIES or _is_load(section, key):
        return Effect.LOAD
    if suffix == ".service" and section == "Service" and key in _STOP:
        return Effect.STOP_START
    return Effect.RESTART


def effect_of_change(
    suffix: str,
    old: UnitText,
    new: UnitText,
    *,
    dropin: bool = False,
) -> tuple[Effect, frozenset[Key]]:
    """Return what a change does, and the keys that decide it.

    `old` and `new` are best whole definitions (`compare.merged`), since what the old one does
    on a stop counts. `dropin`: they are drop-ins alone. A changed `[Install]` hides behind
    greater effects; ask `compare.changed_keys` for it.
    """
    changed = changed_keys(old, new, dropin=dropin)
    effects = {key: effect_of_key(suffix, *key) for key in changed}
    effect = max(effects.values(), default=Effect.NONE)
    deciding = frozenset(key for key in changed if effects[key] is effect)
    if effect is Effect.LOAD and gained(old, new):
        pulling = frozenset(key for key in changed if key in _pulling_keys())
        return Effect.LOAD_WANTS, pulling
    if effect is Effect.RESTART and suffix == ".service":
        stopping = _stopping_keys(changed, old)
        if stopping:
            return Effect.STOP_START, deciding | stopping
    return effect, deciding


def gained(old: UnitText, new: UnitText) -> tuple[str, ...]:
    """Return the units that the new text pulls in and the old did not, in their order.

    Names are as written: specifiers in them are not expanded.
    """
    before = set(_pulled_in(old))
    return tuple(dict.fromkeys(unit for unit in _pulled_in(new) if unit not in before))


def run_digest(suffix: str, text: UnitText) -> str:
    """Return a sha256, in hexadecimal, of all that the running process depends on (P).

    It covers the keys whose change is RESTART or STOP_START, by meaning: comments, blank
    lines and the order of sections do not matter.
    """
    covered = sorted(
        (section, key, meaning)
        for (section, key), meaning in meanings(text).items()
        if effect_of_key(suffix, section, key) >= Effect.RESTART
    )
    return intern(hashlib.sha256(json.dumps(covered).encode()).hexdigest())


def run_digest_of(unit: str, text: UnitText) -> str:
    """Return the `run_digest` of a unit by its name, "" where it says nothing at all."""
    return run_digest(unit[unit.rindex(".") :], text) if text.entries else ""


def _is_now(section: str, key: str) -> bool:
    return key in (_UNIT_NOW if section == "Unit" else _PROCESS_NOW)


def _is_load(section: str, key: str) -> bool:
    if section == "Unit":
        return _matches(key, _UNIT_LOAD)
    return (
        _matches(key, _PROCESS_LOAD)
        or _matches(key, _CGROUP_LOAD)
        or (section, key) in NOW_WHILE_STARTING
    )


def _stopping_keys(changed: Iterable[Key], old: UnitText) -> frozenset[Key]:
    """Return the keys for which a restart has to stop by the old definition first."""
    return frozenset(
        {
            *(k for k in changed if k[0] == "Service" and _matches(k[1], _STOP_WITH_RESTART)),
            *(("Service", key) for key in _STOP if old.values("Service", key)),
        },
    )


def _pulling_keys() -> frozenset[Key]:
    return frozenset(("Unit", key) for key in _PULLS_IN)


def _pulled_in(text: UnitText) -> list[str]:
    return [
        word
        for entry in text.entries
        if entry.section == "Unit" and entry.key in _PULLS_IN
        for word in entry.value.split()
    ]


def _matches(key: str, patterns: Iterable[str]) -> bool:
    """Tell whether a pattern fits; each has one `*` at most.

    `fnmatch` compiles every pattern first: 3.5 ms of a command that looks at any service.
    """
    return any(_fits(key, *pattern.partition("*")) for pattern in patterns)


def _fits(key: str, begin: str, star: str, end: str) -> bool:
    if not star:
        return key == begin
    return len(key) >= len(begin) + len(end) and key.startswith(begin) and key.endswith(end)
