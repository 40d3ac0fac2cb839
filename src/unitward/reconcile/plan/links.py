"""Enablement and masks: which links should exist (semantics.md C6, D3, O "Links")."""

from collections.abc import Mapping
from dataclasses import replace

from unitward.model.declared import State
from unitward.model.desired import DesiredUnit
from unitward.model.observed import DiskKind
from unitward.model.plan import Action, Phase, Verb
from unitward.model.recorded import IntentKind, RecordedLink
from unitward.model.unittext import UnitText
from unitward.reconcile.plan.files import is_ours
from unitward.reconcile.plan.sides import Sides
from unitward.reconcile.traits import INSTALL_KEYS, traits_of
from unitward.unitfile.names import parse_name
from unitward.unitfile.specifiers import expand_name_specifiers

FOLDERS = {"WantedBy": "wants", "RequiredBy": "requires", "UpheldBy": "upholds"}


def link_actions(unit: DesiredUnit, sides: Sides) -> list[Action]:
    """Return the actions that make the unit's links what they should be."""
    recorded = sides.links_of.get(unit.name, ())
    known = sides.known(unit.name)
    traits = traits_of(unit)
    match traits.enabling:
        case None if lost_its_install(unit):
            return [_unlink(unit, link, "[Install] is gone") for link in recorded]
        case None:
            return []
        case False:
            return [_unlink(unit, link, "enable: no") for link in recorded]
        case True:
            pass
    digest = traits.install_digest
    if known is None or known.install_digest != digest:
        expected = expected_links(unit.name, unit.text)
        stale = [
            _unlink(unit, link, "[Install] changed")
            for link in recorded
            if link.path not in expected
        ]
        reason = "[Install] changed" if known and known.install_digest else _install_reason(unit)
        return [*stale, _enable(unit, reason, digest, sides)]
    needed = [link.path for link in recorded]
    if (before := sides.recorded.before.get(unit.name)) is not None:
        # systemd leaves a link to a shipped unit as it is when ours takes its place: it counts too.
        stood = {path for path, _ in before.links}
        needed += sorted(stood & expected_links(unit.name, unit.text) - {*needed})
    gone = [path for path in needed if path not in sides.observed.links]
    if gone:
        return [_enable(unit, f"its link {gone[0]} is gone", digest, sides)]
    return []


def lost_its_install(unit: DesiredUnit) -> bool:
    """Tell whether nothing is left to install, so that links of ours are stale (C6)."""
    policy = unit.policy
    keeps = policy.enable_any or policy.mask or policy.state is State.STOPPED
    return not keeps and not unit.is_policy_only


def are_links_drift(unit: DesiredUnit, sides: Sides) -> bool:
    """Tell whether links only changed because somebody removed them (D3)."""
    traits, known = traits_of(unit), sides.known(unit.name)
    return bool(
        traits.enabling and known is not None and known.install_digest == traits.install_digest
    )


def links_to(name: str, links: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the links, as (path, target), by which a unit is enabled, in the order of paths."""
    return tuple(
        (path, target)
        for path, target in sorted(links.items())
        if path.rpartition("/")[2] == name
        or ("/" not in path and target.rpartition("/")[2] == name)
    )


def _install_reason(unit: DesiredUnit) -> str:
    targets = [w for key in INSTALL_KEYS for w in unit.text.words("Install", key)]
    return f"installed into {', '.join(targets)}" if targets else "has an [Install] section"


def expected_links(name: str, text: UnitText) -> frozenset[str]:
    """Return the links that enabling a unit makes, paths relative to the unit folder."""
    parsed = parse_name(name)
    if parsed.is_template:
        instance = text.last("Install", "DefaultInstance")
        if not instance:
            return frozenset()
        parsed = replace(parsed, instance=instance)
    paths = set()
    for key, folder in FOLDERS.items():
        for word in text.words("Install", key):
            target = expand_name_specifiers(word, parsed)
            if target:
                paths.add(f"{target}.{folder}/{parsed}")
    for word in text.words("Install", "Alias"):
        alias = expand_name_specifiers(word, parsed)
        if alias:
            paths.add(alias)
    return frozenset(paths)


def has_link_intent(unit: str, sides: Sides) -> bool:
    """Tell whether an interrupted pass was about to enable the unit."""
    return any(i.unit == unit and i.kind is IntentKind.LINK for i in sides.recorded.intents)


def _was_found(unit: DesiredUnit, sides: Sides) -> bool:
    """Tell whether only its mark shows that the unit's file is ours: then its links are, too."""
    path = unit.template or unit.name
    return path not in sides.recorded.files and is_ours(sides.observed.file(path), sides)


def _enable(unit: DesiredUnit, reason: str, digest: str, sides: Sides) -> Action:
    made: frozenset[str] = frozenset()
    adopted = unit.name in sides.recorded.orders.adoptions
    if adopted or has_link_intent(unit.name, sides) or _was_found(unit, sides):
        made = expected_links(unit.name, unit.text) & sides.observed.links.keys()
    return Action(
        Phase.WRITE,
        Verb.ENABLE,
        unit.name,
        reason,
        place=unit.place,
        digest=digest,
        adopts=tuple(sorted(made)),
    )


def _unlink(unit: DesiredUnit, link: RecordedLink, reason: str) -> Action:
    return unlink_action(unit.name, link.path, link.target, reason)


def unlink_action(unit: str, path: str, target: str, reason: str) -> Action:
    """Return the removal of exactly one recorded link."""
    return Action(Phase.WRITE, Verb.UNLINK, unit, reason, path=path, target=target)


def give_back_links(unit: str, ours: Mapping[str, str], reason: str, sides: Sides) -> list[Action]:
    """Return what undoes our links of a unit that stays, and puts back those before them."""
    before = dict(sides.recorded.was(unit).links)
    standing = {path for path, to in sides.observed.links.items() if ours.get(path) != to}
    gone = [(path, to) for path, to in ours.items() if before.get(path) != to]
    back = [(path, to) for path, to in before.items() if path not in standing]
    again = f"{reason}; it was enabled before"
    return [
        *(unlink_action(unit, path, to, reason) for path, to in gone),
        *(
            Action(Phase.WRITE, Verb.LINK, unit, again, path=path, target=to)
            for path, to in back
            if sides.observed.links.get(path) != to
        ),
    ]


def mask_actions(unit: DesiredUnit, sides: Sides) -> list[Action]:
    """Return the actions that mask the unit or undo a mask of ours."""
    known = sides.known(unit.name)
    masked_by_us = known is not None and known.masked
    if not unit.policy.mask and not masked_by_us:
        return []
    kind = sides.observed.file(unit.name).kind
    if unit.policy.mask and kind is DiskKind.ABSENT:
        if masked_by_us and sides.reports_drift(unit):
            return []
        return [Action(Phase.WRITE, Verb.MASK, unit.name, "mask: yes", place=unit.place)]
    if not unit.policy.mask and masked_by_us and kind is DiskKind.MASK:
        return [Action(Phase.WRITE, Verb.UNMASK, unit.name, "no longer masked", place=unit.place)]
    return []


def mask_obstacle(unit: DesiredUnit, sides: Sides) -> str:
    """Return why the unit cannot be masked now, "" when it can or need not."""
    if not unit.policy.mask:
        return ""
    if sides.observed.file(unit.name).kind in {DiskKind.ABSENT, DiskKind.MASK}:
        return ""
    if unit.name in sides.recorded.files:
        return "masked once its own file is removed"
    return f"{unit.name}: a file that unitward did not make stands where its mask should"
