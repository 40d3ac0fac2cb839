"""One entry below `units:`: a unit, a template or a drop-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unitward.manifest import body as bodies
from unitward.manifest import draft, generated, guards, instances, sugar
from unitward.manifest import policy as policies
from unitward.manifest.draft import Draft
from unitward.manifest.generated import Maker
from unitward.manifest.keys import Where
from unitward.manifest.nodes import Node, Pairs, Scalar
from unitward.manifest.report import passed_on, shown
from unitward.manifest.values import kind
from unitward.model.declared import Declaration, Policy
from unitward.model.records import dataclass
from unitward.unitfile import names
from unitward.unitfile.errors import BadNameError

if TYPE_CHECKING:
    from unitward.manifest.draft import Content
    from unitward.manifest.report import Report
    from unitward.manifest.values import Context

_MAKES = ("schedule", "listen", "instances")


@dataclass(frozen=True, slots=True)
class Name:
    """The key of an entry, understood: `unit` is None for a drop-in."""

    text: str
    suffix: str
    unit: names.UnitName | None


def name(at: Scalar, report: Report) -> Name | None:
    """Return the name that a key is, or report why it is none and return None."""
    text = at.text
    try:
        if "/" not in text:
            unit = names.parse_name(text)
            return Name(text, unit.suffix, unit)
        drop_in = names.parse_dropin(text)
    except BadNameError as error:
        if "/" in text and ".d/" not in text:
            report.error(
                at,
                f"{shown(text)!r}: a unit's name has no folder",
                f"write {shown(text.rpartition('/')[2]) or 'the name alone'}",
            )
        else:
            report.error(at, *passed_on(error))
        return None
    return Name(text, drop_in.suffix, None)


def read(found: Name, at: Scalar, node: Node, context: Context, report: Report) -> list[Draft]:
    """Return everything that an entry declares; what is wrong concerns the unit of that name."""
    own = report.about(found.text)
    if not isinstance(node, Pairs):
        hint = "write what it should be; {} for a unit as someone else ships it"
        own.error(
            node if isinstance(node, Scalar) and not node.missing else at,
            f"{found.text} must be a map of sections and keys, not {kind(node)}",
            hint,
        )
        return [_bare(found, at, own)]
    if found.unit is None:
        return [_drop_in(found, at, node, context, own)]
    return _unit(found.unit, at, node, context, own)


def _bare(found: Name, at: Scalar, report: Report) -> Draft:
    return Draft(Declaration(found.text, report.place(at), None), (found.text,))


def _drop_in(found: Name, at: Scalar, node: Pairs, context: Context, report: Report) -> Draft:
    body = bodies.read(node, Where.DROP_IN, report)
    content = draft.content(body, found.suffix, context, report)
    if not body.sections and not any(body.key(key) for key in sugar.KEYS):
        report.error(at, f"{found.text} says nothing", "write a section, or remove it")
    policy = policies.read(body, Policy(env_files=content.env_files), context, report)
    return Draft(_declaration(found.text, at, content, policy, report), (found.text,))


def _unit(
    unit: names.UnitName,
    at: Scalar,
    node: Pairs,
    context: Context,
    report: Report,
) -> list[Draft]:
    body = bodies.read(node, Where.UNIT, report)
    content = draft.content(body, unit.suffix, context, report)
    policy = policies.read(body, Policy(env_files=content.env_files), context, report)
    maker = Maker(unit, body, content, policy, (str(unit),))
    _guard(maker, at, report)
    own = Draft(_declaration(str(unit), at, content, policy, report), maker.owners)
    return [
        own,
        *generated.read(maker, context, report),
        *instances.read(maker, context, report),
    ]


def _guard(maker: Maker, at: Scalar, report: Report) -> None:
    unit, body, policy = str(maker.name), maker.body, maker.policy
    for message, hint in (guards.name_fault(unit), guards.policy_fault(unit, policy)):
        if message:
            report.error(at, message, hint)
    if not policy.mask:
        return
    makes = [key for key in _MAKES if body.key(key)]
    if body.sections or maker.content.lines or makes:
        mask = body.key("mask")
        what = "sections" if body.sections else "content"
        report.error(
            mask[0] if mask else at,
            f"mask: and {what} exclude each other",
            "a masked unit is nothing: remove one of them",
        )


def _declaration(
    name_of: str,
    at: Scalar,
    content: Content,
    policy: Policy,
    report: Report,
) -> Declaration:
    return Declaration(
        name_of,
        report.place(at),
        draft.text(content.lines),
        policy=policy,
        places=draft.places(content.lines),
        min_version=content.min_version,
    )
