"""The timers and sockets that `schedule` and `listen` make beside a unit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from unitward.manifest import draft, sections, values
from unitward.manifest.draft import Draft
from unitward.manifest.keys import TRUE
from unitward.manifest.nodes import Pairs, Scalar
from unitward.model.declared import Declaration, Policy, State
from unitward.model.records import dataclass

if TYPE_CHECKING:
    from unitward.manifest.body import Body
    from unitward.manifest.draft import Content
    from unitward.manifest.nodes import Node
    from unitward.manifest.report import Report
    from unitward.manifest.sections import Line
    from unitward.manifest.values import Context
    from unitward.unitfile.names import UnitName

_TIMES = frozenset(
    {
        "OnCalendar",
        "OnActiveSec",
        "OnBootSec",
        "OnStartupSec",
        "OnUnitActiveSec",
        "OnUnitInactiveSec",
        "OnClockChange",
        "OnTimezoneChange",
    },
)


@dataclass(frozen=True, slots=True)
class Maker:
    """The unit whose keys make others."""

    name: UnitName
    body: Body
    content: Content
    policy: Policy
    owners: tuple[str, ...]

    def inherited(self) -> Policy:
        """Return the policy of what is made: to pause or report a unit is to do so for its pair.

        `state: running` or `any` speak of the unit alone.
        """
        paused = self.policy.state is State.STOPPED
        return Policy(
            state=State.STOPPED if paused else None,
            enable=False if self.policy.enable is False else None,
            on_remove=self.policy.on_remove,
            drift=self.policy.drift,
            allow=self.policy.allow,
        )


def read(maker: Maker, context: Context, report: Report) -> list[Draft]:
    """Return the timer and the socket that the maker's keys ask for."""
    drafts: list[Draft] = []
    for key, make in (("schedule", _timer), ("listen", _socket)):
        found = maker.body.key(key)
        if found is None:
            continue
        name, node = found
        if maker.name.suffix == ".service":
            drafts.append(make(maker, name, node, context, report))
        else:
            report.error(name, f"{key}: has no place in a {maker.name.suffix} unit")
    return drafts


def timer_lines(node: Node, context: Context, report: Report, *, override: bool) -> list[Line]:
    """Return the [Timer] lines of a `schedule`.

    override: for a drop-in on the timer; its times take the place of those before
    (an empty On*= of any kind resets all of them, systemd.timer(5)).
    """
    if isinstance(node, Pairs):
        lines = sections.pairs("Timer", node, context.table, report)
        timed = any(line.entry.key in _TIMES for line in lines)
        if not timed and not override and _all_understood(node, lines):
            report.error(node, "schedule says no time", "add OnCalendar: daily, or such")
    else:
        found = values.text(node, "schedule", report)
        timed = found is not None
        lines = [sections.made("Timer", "OnCalendar", found, node, report)] if found else []
    reset = [sections.made("Timer", "OnCalendar", "", node, report)] if override and timed else []
    return reset + lines


def _timer(
    maker: Maker,
    name: Scalar,
    node: Node,
    context: Context,
    report: Report,
) -> Draft:
    made = replace(maker.name, suffix=".timer")
    lines = timer_lines(node, context, report, override=False)
    return _draft(maker, made, name, lines, report)


def _socket(
    maker: Maker,
    name: Scalar,
    node: Node,
    context: Context,
    report: Report,
) -> Draft:
    made = replace(maker.name, suffix=".socket")
    if maker.name.is_template:
        made = replace(made, instance=None)
    return _draft(maker, made, name, _listening(maker, name, node, context, report), report)


def _listening(
    maker: Maker,
    name: Scalar,
    node: Node,
    context: Context,
    report: Report,
) -> list[Line]:
    if isinstance(node, Pairs):
        lines = sections.pairs("Socket", node, context.table, report)
        addressed = any(line.entry.key.startswith("Listen") for line in lines)
        if not addressed and _all_understood(node, lines):
            report.error(node, "listen says no address", "add ListenStream: 127.0.0.1:7777")
    else:
        lines = []
        for item in values.items(node, "listen", report) or ():
            if address := values.text(item, "an address of listen", report):
                lines.append(sections.made("Socket", "ListenStream", address, item, report))
    said = [line for line in lines if line.entry.key == "Accept"]
    accepts = bool(said) and said[-1].entry.value.casefold() in TRUE
    if said and accepts != maker.name.is_template:
        report.error(
            name,
            "a template is started once per connection (Accept=yes), another service never",
            "remove Accept, or rename the service: with an @ it is a template",
        )
    elif maker.name.is_template and not said:
        lines.append(sections.made("Socket", "Accept", "yes", name, report))
    return lines


def _all_understood(node: Pairs, lines: list[Line]) -> bool:
    """Tell whether every key gave a line: else what is missing may be what was misspelt."""
    return bool(lines) and len(node.pairs) == len({line.entry.key for line in lines})


def _draft(maker: Maker, made: UnitName, name: Scalar, lines: list[Line], report: Report) -> Draft:
    kind = made.suffix.removeprefix(".")
    head = (
        [
            sections.made(
                "Unit", "Description", f"{maker.content.description} ({kind})", name, report
            )
        ]
        if maker.content.description
        else []
    )
    target = f"{kind}s.target"
    tail = sections.made("Install", "WantedBy", target, name, report)
    content = (*head, *lines, tail)
    declaration = Declaration(
        str(made),
        report.place(name),
        draft.text(content),
        policy=maker.inherited(),
        places=draft.places(content),
        generated_by=str(maker.name),
        min_version=maker.content.min_version,
    )
    return Draft(declaration, (*maker.owners, str(made)))
