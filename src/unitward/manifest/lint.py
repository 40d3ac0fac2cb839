"""Things that a unit's text shows to be mistakes though systemd accepts them.

`systemd-analyze verify` finds none of them (measured on 252): they are about what a *user*
manager lacks, or about values that are fine to parse and wrong to mean.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from unitward.manifest.report import shown
from unitward.model.source import Problem, Severity
from unitward.unitfile import words
from unitward.unitfile.errors import BadQuotingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from unitward.model.declared import Declaration
    from unitward.model.unittext import Entry, UnitText

_SYSTEM_TARGETS = frozenset(
    f"{name}.target"
    for name in (
        "multi-user",
        "graphical",
        "rescue",
        "emergency",
        "sysinit",
        "getty",
        "network",
        "network-online",
        "network-pre",
        "local-fs",
        "remote-fs",
        "nss-lookup",
        "time-sync",
    )
)
_INSTALLING = frozenset({"WantedBy", "RequiredBy", "UpheldBy"})
_ORDERING = frozenset({"After", "Wants", "Requires", "BindsTo", "Requisite", "Upholds"})
_NETWORK = frozenset({"network.target", "network-online.target"})
_IDENTITY = frozenset({"User", "Group", "SupplementaryGroups", "DynamicUser"})
_TILDE_PATHS = frozenset({"WorkingDirectory", "EnvironmentFile", "RootDirectory"})
_PROSE = frozenset({"Description", "Documentation"})
_FIRST_TIMES = ("OnActiveSec", "OnBootSec", "OnStartupSec", "OnCalendar")
_REPEATS = ("OnUnitActiveSec", "OnUnitInactiveSec")
_SECRET = re.compile(r"PASSW|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIAL", re.IGNORECASE)
_NO_SECRET = re.compile(r"_(?:FILE|PATH|DIR|URL|NAME|TTL)$", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{\w+\}|PATH\b|HOME\b|USER\b|XDG_\w+|PWD\b)")
_COMMENT = re.compile(r"\s#(?=\s)")

_Finding = tuple[int, str, str]


def lint(declaration: Declaration) -> tuple[Problem, ...]:
    """Return what is probably wrong with a declaration's text, as warnings.

    What the declaration's policy allows is left out. Each problem's `lint` names its check.
    """
    text = declaration.text
    if text is None:
        return ()
    found = [
        (place, name, message, hint)
        for name, check in _CHECKS.items()
        if name not in declaration.policy.allow
        for place, message, hint in check(text)
    ]
    return tuple(
        Problem(
            declaration.places[index] if index < len(declaration.places) else declaration.place,
            Severity.WARNING,
            message,
            hint=hint,
            unit=declaration.name,
            lint=name,
        )
        for index, name, message, hint in found
    )


def _wanted_by_multi_user(text: UnitText) -> Iterator[_Finding]:
    for index, entry in _entries(text, "Install", _INSTALLING):
        for target in entry.value.split():
            if target in _SYSTEM_TARGETS:
                message = f"{entry.key}={target}: a user manager never starts {target}"
                yield index, message, f"write {entry.key}: default.target"


def _after_network_online(text: UnitText) -> Iterator[_Finding]:
    for index, entry in _entries(text, "Unit", _ORDERING):
        for target in entry.value.split():
            if target in _NETWORK:
                message = f"{entry.key}={target}: a user manager has no {target}"
                yield index, message, "remove it, and let the program or Restart= try again"


def _user_key(text: UnitText) -> Iterator[_Finding]:
    for index, entry in _entries(text, "Service", _IDENTITY):
        if entry.value and entry.value.casefold() not in {"no", "false", "off", "0"}:
            message = f"{entry.key}= cannot work: a user manager runs everything as its own user"
            yield index, message, f"remove {entry.key}="


def _on_active_sec(text: UnitText) -> Iterator[_Finding]:
    for index, entry in _entries(text, "Timer", frozenset({"OnActiveSec"})):
        if entry.value:
            message = "OnActiveSec= begins anew, and fires again, with every reload of the manager"
            yield index, message, "use OnStartupSec= or OnCalendar="


def _on_unit_only(text: UnitText) -> Iterator[_Finding]:
    if any(text.values("Timer", key) for key in _FIRST_TIMES):
        return
    for index, entry in _entries(text, "Timer", frozenset(_REPEATS)):
        if entry.value:
            message = f"{entry.key}= alone never fires: it counts from a run that nothing starts"
            yield index, message, "add OnStartupSec= or OnBootSec= for the first run"
            return


def _persistent_without_calendar(text: UnitText) -> Iterator[_Finding]:
    if text.values("Timer", "OnCalendar"):
        return
    for index, entry in _entries(text, "Timer", frozenset({"Persistent"})):
        if entry.value.casefold() in {"yes", "true", "on", "1", "y", "t"}:
            message = "Persistent= says nothing without OnCalendar="
            yield index, message, "remove it, or use OnCalendar="


def _inline_comment(text: UnitText) -> Iterator[_Finding]:
    for index, entry in enumerate(text.entries):
        if " #" not in entry.value or entry.key in _PROSE or entry.section.startswith("X-"):
            continue
        found = _COMMENT.search(entry.value)
        if found and not _quotes_are_open(entry.value[: found.start()]):
            message = f"{entry.key}= has a # in its value: a unit file has no comments there"
            yield index, message, "put the comment on a line of its own, or quote the #"


def _relative_exec(text: UnitText) -> Iterator[_Finding]:
    for index, entry in enumerate(text.entries):
        if not entry.key.startswith("Exec") or entry.section == "Unit":
            continue
        program = entry.value.lstrip("@-:+!|").split(" ", 1)[0].strip("\"'")
        if ("/" in program and program[0] not in "/%") or program.startswith("$"):
            message = f"{entry.key}= begins with {shown(program)!r}, which systemd cannot find"
            yield index, message, "write an absolute path; %h is the home folder"


def _tilde_path(text: UnitText) -> Iterator[_Finding]:
    for index, entry in enumerate(text.entries):
        if entry.key in _TILDE_PATHS and entry.value.lstrip("-").startswith("~/"):
            message = f"{entry.key}={shown(entry.value)}: systemd expands no ~/"
            yield index, message, "write %h/ for the home folder"


def _secret_in_env(text: UnitText) -> Iterator[_Finding]:
    for index, name, value in _variables(text, _SECRET):
        literal = bool(value) and value[0] not in "/%$"
        if literal and _SECRET.search(name) and not _NO_SECRET.search(name):
            message = f"{name} looks like a secret, and every program of the account can read it"
            yield index, message, "keep it in a file and name that in secrets: or env_files:"


def _dollar_in_env(text: UnitText) -> Iterator[_Finding]:
    for index, name, value in _variables(text, _VARIABLE):
        if found := _VARIABLE.search(value):
            message = f"{name} holds {found[0]} as it is: systemd expands no variables here"
            yield index, message, "write the value, or a specifier such as %h"


_CHECKS: dict[str, Callable[[UnitText], Iterator[_Finding]]] = {
    "wanted-by-multi-user": _wanted_by_multi_user,
    "after-network-online": _after_network_online,
    "user-key": _user_key,
    "on-active-sec": _on_active_sec,
    "on-unit-only": _on_unit_only,
    "persistent-without-calendar": _persistent_without_calendar,
    "inline-comment": _inline_comment,
    "relative-exec": _relative_exec,
    "tilde-path": _tilde_path,
    "secret-in-env": _secret_in_env,
    "dollar-in-env": _dollar_in_env,
}

VERIFY = "verify"
"""What systemd-analyze says that does not keep a unit from loading."""

LINTS = (*_CHECKS, VERIFY)
"""The names that `allow:` takes."""


def _entries(text: UnitText, section: str, keys: frozenset[str]) -> Iterator[tuple[int, Entry]]:
    for index, entry in enumerate(text.entries):
        if entry.key in keys and entry.section == section:
            yield index, entry


def _variables(text: UnitText, hint: re.Pattern[str]) -> Iterator[tuple[int, str, str]]:
    """Yield the variables of the lines in which the pattern occurs at all."""
    for index, entry in enumerate(text.entries):
        if entry.key != "Environment" or not hint.search(entry.value):
            continue
        try:
            assignments = words.split(entry.value)
        except BadQuotingError:
            continue
        for assignment in assignments:
            name, equals, value = assignment.partition("=")
            if equals:
                yield index, name, value


def _quotes_are_open(value: str) -> bool:
    try:
        words.split(value)
    except BadQuotingError:
        return True
    return False
