"""Enablement and masks: which links should exist (semantics.md C6, D3, O "Links")."""

import hashlib

from unitward.model.desired import DesiredUnit
from unitward.model.observed import DiskKind
from unitward.model.plan import Action, Phase, Verb
from unitward.model.recorded import IntentKind
from unitward.reconcile.plan.sides import Sides
from unitward.reconcile.plan.want import INSTALL_KEYS, wants_enabling
from unitward.unitfile.names import parse_name
from unitward.unitfile.specifiers import expand_name_specifiers

FOLDERS = {"WantedBy": "wants", "RequiredBy": "requires", "UpheldBy": "upholds"}


def install_digest(unit: DesiredUnit) -> str:
    """Return the identity of what enabling the unit depends on."""
    lines = [f"{e.key}={e.value}" for e in unit.text.entries if e.section == "Install"]
    return hashlib.sha256("\n".join([unit.name, *lines]).encode()).hexdigest()


def link_actions(unit: DesiredUnit, sides: Sides) -> list[Action]:
    """Return the actions that make the unit's links what they should be."""
    recorded = {p: link for p, link in sides.recorded.links.items() if link.unit == unit.name}
    known = sides.known(unit.name)
    digest = install_digest(unit)
    match wants_enabling(unit):
        case None:
            return []
        case False:
            return [
                _unlink(unit, path, link.target, "enable: no") for path, link in recorded.items()
            ]
        case True:
            pass
    if known is None or known.install_digest != digest:
        stale = [
            _unlink(unit, path, link.target, "[Install] changed")
            for path, link in recorded.items()
            if path not in _expected_paths(unit)
        ]
        reason = "[Install] changed" if known and known.install_digest else _install_reason(unit)
        return [*stale, _enable(unit, reason, digest, sides)]
    gone = [path for path in recorded if path not in sides.observed.links]
    if gone:
        return [_enable(unit, f"its link {gone[0]} is gone", digest, sides)]
    return []


def _install_reason(unit: DesiredUnit) -> str:
    targets = [w for key in INSTALL_KEYS for w in unit.text.words("Install", key)]
    return f"installed into {', '.join(targets)}" if targets else "has an [Install] section"


def _expected_paths(unit: DesiredUnit) -> frozenset[str]:
    name = parse_name(unit.name)
    paths = set()
    for key, folder in FOLDERS.items():
        for word in unit.text.words("Install", key):
            target = expand_name_specifiers(word, name)
            if target:
                paths.add(f"{target}.{folder}/{unit.name}")
    for word in unit.text.words("Install", "Alias"):
        alias = expand_name_specifiers(word, name)
        if alias:
            paths.add(alias)
    return frozenset(paths)


def _enable(unit: DesiredUnit, reason: str, digest: str, sides: Sides) -> Action:
    interrupted = any(
        intent.unit == unit.name and intent.kind is IntentKind.LINK
        for intent in sides.recorded.intents
    )
    made = _expected_paths(unit) & sides.observed.links.keys() if interrupted else ()
    return Action(
        Phase.WRITE,
        Verb.ENABLE,
        unit.name,
        reason,
        place=unit.place,
        digest=digest,
        adopts=tuple(sorted(made)),
    )


def _unlink(unit: DesiredUnit, path: str, target: str, reason: str) -> Action:
    return unlink_action(unit.name, path, target, reason)


def unlink_action(unit: str, path: str, target: str, reason: str) -> Action:
    """Return the removal of exactly one recorded link."""
    return Action(Phase.WRITE, Verb.UNLINK, unit, reason, path=path, target=target)


def mask_actions(unit: DesiredUnit, sides: Sides) -> list[Action]:
    """Return the actions that mask the unit or undo a mask of ours."""
    known = sides.known(unit.name)
    masked_by_us = known is not None and known.masked
    is_masked = sides.observed.file(unit.name).kind is DiskKind.MASK
    if unit.policy.mask and not is_masked:
        return [Action(Phase.WRITE, Verb.MASK, unit.name, "mask: yes", place=unit.place)]
    if not unit.policy.mask and masked_by_us and is_masked:
        return [Action(Phase.WRITE, Verb.UNMASK, unit.name, "no longer masked", place=unit.place)]
    return []
