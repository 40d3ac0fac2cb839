"""What differs between two unit files for systemd, whatever they look like.

Comments, blank lines, the order of sections and everything called `X-` mean nothing (C0).
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import chain

from unitward.model.unittext import Entry, UnitText

Key = tuple[str, str]
"""A section and a key in it."""

Meaning = tuple[str, ...]
"""What stands for a key after resets, in an order that two equal meanings share."""

RESET = ""
"""Stands in a meaning for a reset of what other files say."""

_UNIT_WORDS = frozenset(
    {
        "After",
        "Before",
        "BindsTo",
        "Conflicts",
        "JoinsNamespaceOf",
        "OnFailure",
        "OnSuccess",
        "PartOf",
        "PropagatesReloadTo",
        "PropagatesStopTo",
        "ReloadPropagatedFrom",
        "Requires",
        "RequiresMountsFor",
        "Requisite",
        "StopPropagatedFrom",
        "Upholds",
        "Wants",
        "WantsMountsFor",
    },
)
_INSTALL_WORDS = frozenset({"Alias", "Also", "RequiredBy", "UpheldBy", "WantedBy"})
_SHARED_LISTS = (
    ("Socket", ("Listen*",)),
    ("Timer", ("On*Sec", "OnCalendar")),
    ("Path", ("Path*", "DirectoryNotEmpty")),
)
"""Keys that fill one list in systemd, so that a reset of one is a reset of all."""


def merged(*texts: UnitText) -> UnitText:
    """Return a unit's whole definition: its fragment and then its drop-ins, as systemd reads them.

    Line numbers of the entries are those of the file each one comes from.
    """
    if len(texts) == 1:
        return texts[0]
    return UnitText(tuple(chain.from_iterable(text.entries for text in texts)))


def changed_keys(old: UnitText, new: UnitText, *, dropin: bool = False) -> frozenset[Key]:
    """Return each section and key whose meaning differs.

    `dropin`: the texts are drop-ins, where a reset counts though nothing stands before it.
    """
    before, after = meanings(old, dropin=dropin), meanings(new, dropin=dropin)
    return frozenset(
        key for key in before.keys() | after.keys() if before.get(key) != after.get(key)
    )


def meanings(text: UnitText, *, dropin: bool = False) -> dict[Key, Meaning]:
    """Return what each key means; keys that mean nothing are left out.

    Dependencies of `[Unit]` are sets of words that no reset empties; the keys of `[Install]`
    are sets of words; every other key is a list whose order counts.
    `dropin`: as in `changed_keys`; a meaning then begins with RESET where one is in force.
    """
    lists: dict[Key, list[tuple[str, str]]] = {}
    keys: dict[Key, None] = {}
    for entry in text.entries:
        if is_ignored(entry.section, entry.key):
            continue
        keys[entry.section, entry.key] = None
        group = lists.setdefault(_group(entry), [])
        if not entry.value and not is_dependency(entry.section, entry.key):
            group.clear()
            if dropin:
                group.append((entry.key, RESET))
        else:
            group.append((entry.key, entry.value))
    found = ((key, _meaning(key, lists[_group_of(*key)])) for key in keys)
    return {key: meaning for key, meaning in found if meaning}


def is_ignored(section: str, key: str) -> bool:
    """Tell whether systemd ignores the key silently, by its name or its section's."""
    return section.startswith("X-") or key.startswith("X-")


def is_dependency(section: str, key: str) -> bool:
    """Tell whether a key lists other units or paths that the unit depends on.

    Such a list cannot be reset (systemd.unit(5)), and its order means nothing.
    """
    return section == "Unit" and key in _UNIT_WORDS


def _meaning(key: Key, group: Iterable[tuple[str, str]]) -> Meaning:
    section, name = key
    values = [value for owner, value in group if owner == name]
    if is_dependency(section, name):
        return tuple(sorted({word for value in values for word in value.split()}))
    if section == "Install" and name in _INSTALL_WORDS:
        resets = [RESET] if RESET in values else []
        return (*resets, *sorted({word for value in values for word in value.split()}))
    if section == "Socket" and _shares_list(section, name):
        return _with_positions(name, group)
    return tuple(values)


def _with_positions(name: str, group: Iterable[tuple[str, str]]) -> Meaning:
    """Return a key's values with their places in a list that it shares with other keys.

    A service gets its sockets in the order of that list, whatever key each one has.
    """
    result: list[str] = []
    for position, (owner, value) in enumerate(group):
        if owner == name or value == RESET:
            result.append(value if value == RESET else f"{position}:{value}")
    return tuple(result)


def _group(entry: Entry) -> Key:
    return _group_of(entry.section, entry.key)


def _group_of(section: str, key: str) -> Key:
    return (section, "") if _shares_list(section, key) else (section, key)


@lru_cache(maxsize=1024)
def _shares_list(section: str, key: str) -> bool:
    return any(
        section == owner and any(fnmatchcase(key, pattern) for pattern in patterns)
        for owner, patterns in _SHARED_LISTS
    )
