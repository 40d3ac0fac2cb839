"""What a unit file cannot say: the keys that become a policy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from unitward.manifest import values
from unitward.manifest.lint import LINTS
from unitward.manifest.nodes import Node, Scalar
from unitward.manifest.report import shown
from unitward.model.declared import DriftPolicy, OnChange, OnRemove, Policy, State

if TYPE_CHECKING:
    from unitward.manifest.body import Body
    from unitward.manifest.report import Report
    from unitward.manifest.values import Context


def read(body: Body, base: Policy, context: Context, report: Report) -> Policy:
    """Return the policy that the keys of a body make of a base."""
    policy = base
    for name, node in (body.keys or {}).values():
        policy = _with(policy, name.text, node, context, report)
    return policy


def _with(policy: Policy, key: str, node: Node, context: Context, report: Report) -> Policy:
    match key:
        case "state":
            return replace(policy, state=values.word(node, key, State, report))
        case "enable":
            return _enabled(policy, node, report)
        case "mask":
            return replace(policy, mask=bool(values.boolean(node, key, report)))
        case "on_change":
            on_change = values.word(node, key, OnChange, report)
            return replace(policy, on_change=on_change or policy.on_change)
        case "on_remove":
            on_remove = values.word(node, key, OnRemove, report)
            return replace(policy, on_remove=on_remove or policy.on_remove)
        case "drift":
            return replace(policy, drift=values.word(node, key, DriftPolicy, report))
        case "restart_on":
            return replace(policy, restart_on=values.paths(node, key, context, report) or ())
        case "reload_on":
            return replace(policy, reload_on=values.paths(node, key, context, report) or ())
        case "allow":
            return replace(policy, allow=policy.allow + _lints(node, report))
        case _:
            return policy


def _enabled(policy: Policy, node: Node, report: Report) -> Policy:
    if isinstance(node, Scalar) and node.text == "any":
        return replace(policy, enable=None, enable_any=True)
    enable = values.boolean(node, "enable", report, also="any")
    return replace(policy, enable=enable, enable_any=False)


def _lints(node: Node, report: Report) -> tuple[str, ...]:
    names: list[str] = []
    for item in values.items(node, "allow", report) or ():
        name = item.text if isinstance(item, Scalar) else ""
        if name in LINTS:
            names.append(name)
            continue
        hint = report.suggest(name, LINTS) or f"one of: {', '.join(LINTS)}"
        report.error(item, f"there is no lint {shown(name)!r}", hint)
    return tuple(names)
