"""What a declared unit says by itself and every pass asks, read once for each unit. Pure."""

import hashlib
from collections.abc import Iterable
from sys import intern

from unitward.model.declared import State
from unitward.model.desired import DesiredUnit, keep_with
from unitward.model.records import dataclass
from unitward.reconcile.kinds import is_oneshot, is_true, started_by, stays_active
from unitward.unitfile.names import parse_name
from unitward.unitfile.specifiers import expand_name_specifiers

INSTALL_KEYS = ("WantedBy", "RequiredBy", "UpheldBy")


@dataclass(frozen=True, slots=True)
class Traits:
    """The readings of one unit; 1000 services need 0.16 MB for them.

    enabling: whether the unit's links should exist, None when either is fine.
    installs_into: the units that pull it in once it is enabled, whether or not it is to be.
    install_digest: identity of what enabling the unit depends on.
    is_oneshot: it runs to its end; ends: and is not active afterwards.
    refuses_start: `RefuseManualStart=`. conflicts: what it names in `Conflicts=`.
    starts: what a timer, socket or path starts, "" for other units.
    watches: the contents of files decide whether it is restarted or reloaded.
    """

    enabling: bool | None
    installs_into: tuple[str, ...]
    install_digest: str
    is_oneshot: bool
    ends: bool
    refuses_start: bool
    conflicts: tuple[str, ...]
    starts: str
    watches: bool


def traits_of(unit: DesiredUnit) -> Traits:
    """Return the unit's traits, which are kept with it: units outlive the passes of the daemon."""
    kept = unit.kept
    return kept if isinstance(kept, Traits) else keep_with(unit, _read(unit))


def _read(unit: DesiredUnit) -> Traits:
    text, policy = unit.text, unit.policy
    keys = {entry.key for entry in text.entries}  # most units have none of those asked for below
    words = [w for key in INSTALL_KEYS if key in keys for w in text.words("Install", key)]
    once = is_oneshot(text)
    return Traits(
        enabling=_enabling(unit, words),
        installs_into=_expanded(words, unit.name),
        install_digest=_install_digest(unit),
        is_oneshot=once,
        ends=once and not stays_active(text),
        refuses_start="RefuseManualStart" in keys
        and is_true(text.last("Unit", "RefuseManualStart")),
        conflicts=text.words("Unit", "Conflicts") if "Conflicts" in keys else (),
        starts=started_by(unit),
        watches=bool(policy.env_files or policy.restart_on or policy.reload_on),
    )


def _enabling(unit: DesiredUnit, installs_into: Iterable[str]) -> bool | None:
    policy, text = unit.policy, unit.text
    if policy.enable is not None:
        return policy.enable
    if policy.enable_any or policy.mask or policy.state is State.STOPPED:
        return None
    if unit.is_policy_only:
        return None
    if unit.is_template and not text.last("Install", "DefaultInstance"):
        return None
    keys = (*INSTALL_KEYS, "Alias", "Also")
    named = installs_into or any(text.values("Install", key) for key in keys)
    return True if named else None


def _expanded(words: Iterable[str], name: str) -> tuple[str, ...]:
    if not any("%" in word for word in words):
        return tuple(dict.fromkeys(words))
    parsed = parse_name(name)
    expanded = (expand_name_specifiers(word, parsed) for word in words)
    return tuple(dict.fromkeys(target for target in expanded if target))


def _install_digest(unit: DesiredUnit) -> str:
    lines = [f"{e.key}={e.value}" for e in unit.text.entries if e.section == "Install"]
    return intern(hashlib.sha256("\n".join([unit.name, *lines]).encode()).hexdigest())
