"""The instances of a template that should exist."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from unitward.manifest import body as bodies
from unitward.manifest import draft, generated, sections, values
from unitward.manifest import policy as policies
from unitward.manifest.body import Body
from unitward.manifest.draft import Draft
from unitward.manifest.keys import Where
from unitward.manifest.nodes import Items, Node, Pairs, Scalar
from unitward.manifest.report import shown
from unitward.model.declared import Declaration, Policy
from unitward.model.records import dataclass
from unitward.unitfile import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unitward.manifest.draft import Content
    from unitward.manifest.generated import Maker
    from unitward.manifest.report import Report
    from unitward.manifest.sections import Line
    from unitward.manifest.values import Context

DROP_IN = "unitward.conf"
"""The file name of an instance's drop-in."""


@dataclass(frozen=True, slots=True)
class _Instance:
    """One instance being read.

    `unit` is the instance itself; `declared` is what should exist: the timer that starts
    the unit where the template (`by_template`) or the instance has a `schedule`, else the unit.
    """

    maker: Maker
    at: Scalar
    unit: names.UnitName
    declared: str
    by_template: bool
    body: Body
    context: Context
    report: Report

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose errors make the instance invalid."""
        return (*self.maker.owners, self.declared)

    def declare(self, name: str, lines: tuple[Line, ...], policy: Policy, needed: int) -> Draft:
        """Return a draft that the template asked for."""
        declaration = Declaration(
            name,
            self.report.place(self.at),
            draft.text(lines),
            policy=policy,
            places=draft.places(lines),
            generated_by=str(self.maker.name),
            min_version=needed,
        )
        return Draft(declaration, self.owners)


def read(maker: Maker, context: Context, report: Report) -> list[Draft]:
    """Return the instances that a template's key asks for, with their drop-ins."""
    found = maker.body.key("instances")
    if found is None:
        return []
    key, node = found
    if not maker.name.is_template:
        stem = maker.name.prefix
        report.error(
            key,
            "instances: needs a template",
            f"name the unit {stem}@{maker.name.suffix}",
        )
        return []
    drafts: list[Draft] = []
    seen: dict[str, Scalar] = {}
    for name, value in _listed(node, report):
        if not _is_fit(maker, name, report):
            continue
        if (first := seen.get(name.text)) is not None:
            report.error(
                name, f"{name.text} is listed twice: in line {first.line} and in line {name.line}"
            )
            continue
        seen[name.text] = name
        drafts += _of_one(maker, name, value, context, report)
    return drafts


def _listed(node: Node, report: Report) -> Iterator[tuple[Scalar, Node | None]]:
    """Yield names and values. Where they cannot be told, the whole file is in doubt."""
    whole_file = report.about("")
    if isinstance(node, Pairs):
        yield from node.pairs
        return
    if isinstance(node, Scalar):
        hint = f"write a list: [{shown(node.text)}]" if node.text else "write a list of names"
        whole_file.error(node, f"instances must be a list or a map, not {values.kind(node)}", hint)
        return
    for item in node.items:
        if isinstance(item, Scalar):
            yield item, None
        else:
            whole_file.error(
                item,
                f"an instance is a name here, not {values.kind(item)}",
                "write a map for instances with keys of their own",
            )


def _is_fit(maker: Maker, name: Scalar, report: Report) -> bool:
    full = f"{maker.name.prefix}@{name.text}{maker.name.suffix}"
    whole_file = report.about("")
    if name.missing or not name.text:
        whole_file.error(name, "an instance needs a name", "remove the empty item")
    elif names.is_unit_name(full):
        return True
    else:
        escaped = names.escape(name.text)
        hint = f"escaped, it is {shown(escaped)}" if len(escaped) < names.NAME_LIMIT else ""
        whole_file.error(name, f"{shown(name.text)!r} cannot name an instance", hint)
    return False


def _of_one(
    maker: Maker,
    name: Scalar,
    value: Node | None,
    context: Context,
    report: Report,
) -> list[Draft]:
    by_template = maker.body.key("schedule") is not None
    by_itself = isinstance(value, Pairs) and value.get("schedule") is not None
    unit = replace(maker.name, instance=name.text)
    declared = str(replace(unit, suffix=".timer") if by_template or by_itself else unit)
    own = report.about(declared)
    body = Body()
    if isinstance(value, Pairs):
        body = bodies.read(value, Where.INSTANCE, own)
    elif isinstance(value, Items) or (value is not None and not value.missing):
        own.error(value, f"an instance takes a map of keys, not {values.kind(value)}")
    inner = replace(context, min_version=maker.content.min_version)
    return _drafts(_Instance(maker, name, unit, declared, by_template, body, inner, own))


def _drafts(instance: _Instance) -> list[Draft]:
    unit_part, timer_part = _parts(instance)
    content = draft.content(unit_part, instance.unit.suffix, instance.context, instance.report)
    policy = _policy(instance, content)
    made = _made(instance, content, policy)
    drafts = [
        replace(item, declaration=replace(item.declaration, policy=policy))
        if item.declaration.name == instance.declared
        else item
        for item in made
    ]
    if all(item.declaration.name != instance.declared for item in made):
        drafts.insert(0, instance.declare(instance.declared, (), policy, content.min_version))
    quiet = Policy(allow=policy.allow)
    for target, lines in (
        (str(instance.unit), content.lines),
        (instance.declared, _timer_lines(instance, timer_part)),
    ):
        if lines:
            name = f"{target}.d/{DROP_IN}"
            drafts.append(instance.declare(name, lines, quiet, content.min_version))
    return drafts


def _parts(instance: _Instance) -> tuple[Body, Body]:
    """Split a body into what concerns the unit, and what its template's timer."""
    body = instance.body
    if not instance.by_template:
        return body, Body()
    schedule = {key: found for key, found in (body.keys or {}).items() if key == "schedule"}
    others = {key: found for key, found in (body.keys or {}).items() if key != "schedule"}
    timer = tuple(pair for pair in body.sections if pair[0].text == "Timer")
    rest = tuple(pair for pair in body.sections if pair[0].text != "Timer")
    return Body(rest, others), Body(timer, schedule)


def _timer_lines(instance: _Instance, part: Body) -> tuple[Line, ...]:
    context, report = instance.context, instance.report
    verbatim = sections.read(part.sections, ".timer", context.table, report)
    found = part.key("schedule")
    if found is None:
        return tuple(verbatim)
    return (*generated.timer_lines(found[1], context, report, override=True), *verbatim)


def _policy(instance: _Instance, content: Content) -> Policy:
    inherited, report = instance.maker.policy, instance.report
    policy = policies.read(instance.body, inherited, instance.context, report)
    if policy.mask and (instance.body.sections or content.lines):
        report.error(instance.at, "mask: and content exclude each other", "remove one of them")
    if instance.declared != str(instance.unit):
        return replace(policy, env_files=(), restart_on=(), reload_on=())
    return replace(policy, env_files=inherited.env_files + content.env_files)


def _made(instance: _Instance, content: Content, policy: Policy) -> list[Draft]:
    """Return the units that the instance's own sugar makes."""
    template = instance.maker.content
    described = content if content.description else replace(template, min_version=0)
    unit_part, _ = _parts(instance)
    maker = generated.Maker(
        instance.unit,
        unit_part,
        replace(described, min_version=content.min_version),
        policy,
        instance.owners,
    )
    return generated.read(maker, instance.context, instance.report)
