"""A scene of three sides that a test writes in a few words, and the plan for it."""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from unitward.model.declared import DriftPolicy, OnChange, OnRemove, Policy, State
from unitward.model.desired import Desired, DesiredFile, DesiredUnit, Freeze
from unitward.model.observed import DiskFile, DiskKind, ManagerFacts, Observed
from unitward.model.plan import Plan, Verdict
from unitward.model.recorded import (
    Before,
    Intent,
    IntentKind,
    Prior,
    Recorded,
    RecordedFile,
    RecordedLink,
    RecordedUnit,
)
from unitward.model.settings import Settings
from unitward.model.source import Place, Revision
from unitward.model.unitstate import UnitDetail, UnitStatus
from unitward.reconcile.plan import plan
from unitward.reconcile.traits import traits_of
from unitward.unitfile.compare import merged
from unitward.unitfile.effects import run_digest
from unitward.unitfile.mark import seal
from unitward.unitfile.names import parse_name
from unitward.unitfile.syntax import parse

HERE = "here"
NOW = 10_000.0
MONOTONIC = 5_000_000_000
LOADED = NOW - 1000
WRITTEN = NOW - 2000
SERVICE = "[Service]\nExecStart=/bin/a\n[Install]\nWantedBy=default.target\n"


def ago(seconds: float) -> int:
    """Return a CLOCK_MONOTONIC moment that long ago, in microseconds."""
    return MONOTONIC - int(seconds * 1e6)


def sealed(path: str, body: str, installation: str = HERE) -> bytes:
    """Return a file as unitward writes it."""
    return seal(body.encode(), installation=installation, unit=path)


@dataclass
class Scene:
    """What is declared, recorded and observed; `default.target` is active."""

    units: dict[str, DesiredUnit] = field(default_factory=dict)
    loose: list[DesiredFile] = field(default_factory=list)
    desired: dict[str, Any] = field(default_factory=dict)
    known: dict[str, RecordedUnit] = field(default_factory=dict)
    files: dict[str, RecordedFile] = field(default_factory=dict)
    links: dict[str, RecordedLink] = field(default_factory=dict)
    intents: list[Intent] = field(default_factory=list)
    before: dict[str, Before] = field(default_factory=dict)
    recorded: dict[str, Any] = field(default_factory=dict)
    disk: dict[str, DiskFile] = field(default_factory=dict)
    disk_links: dict[str, str] = field(default_factory=dict)
    status: dict[str, UnitStatus] = field(default_factory=dict)
    details: dict[str, UnitDetail] = field(default_factory=dict)
    observed: dict[str, Any] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    system_state: str = "running"

    def declare(
        self,
        name: str,
        body: str | None = SERVICE,
        *,
        dropins: dict[str, str] | None = None,
        **policy: Any,
    ) -> DesiredUnit:
        """Declare a unit; without a body it is policy, drop-ins or an instance."""
        words = {"state": State, "on_change": OnChange, "drift": DriftPolicy, "on_remove": OnRemove}
        policy = {key: words[key](v) if key in words else v for key, v in policy.items()}
        template = parse_name(name).template
        base = self.units.get(template)
        fragment = None if body is None else self._file(name, body)
        own = tuple(self._file(f"{name}.d/{base}", text) for base, text in (dropins or {}).items())
        parts = [base.text] if base and fragment is None else []
        parts += [fragment.text] if fragment else []
        text = merged(*parts, *(file.text for file in own))
        suffix = name[name.rindex(".") :]
        self.units[name] = DesiredUnit(
            name,
            Place("a.yaml", 3),
            text,
            Policy(**policy),
            fragment=fragment,
            dropins=own,
            template=template if base and fragment is None else "",
            run_digest=run_digest(suffix, text) if text.entries else "",
        )
        return self.units[name]

    def _file(self, path: str, body: str) -> DesiredFile:
        content = sealed(path, body)
        digest = hashlib.sha256(content).hexdigest()
        return DesiredFile(path, content, digest, Place("a.yaml", 3), parse(content).text)

    def declare_loose(self, path: str, body: str) -> None:
        """Declare a type-wide or prefix drop-in."""
        self.loose.append(self._file(path, body))

    def on_disk(self, path: str, content: bytes | str, changed_at: float = WRITTEN) -> None:
        """Put a file into the unit folder; text stands for itself, without a mark."""
        raw = content.encode() if isinstance(content, str) else content
        digest = hashlib.sha256(raw).hexdigest()
        self.disk[path] = DiskFile(path, DiskKind.FILE, digest, raw, int(changed_at * 1e6))

    def not_a_file(self, path: str, kind: DiskKind) -> None:
        """Put something that is no file into the unit folder."""
        self.disk[path] = DiskFile(path, kind, changed_at=int(WRITTEN * 1e6))

    def record_file(self, path: str, body: str) -> None:
        """Have a file recorded and on disk as unitward wrote it."""
        content = sealed(path, body)
        unit = path.partition(".d/")[0] if "/" in path else path
        if "/" in path and not {unit} & (self.units.keys() | self.known.keys()):
            unit = path.partition("/")[0]
        self.on_disk(path, content)
        self.files[path] = RecordedFile(path, unit, self.disk[path].digest, content)

    def applied(self, name: str, body: str | None = SERVICE, **known: Any) -> None:
        """Have a unit as an earlier pass left it: file, record, link; not its run state."""
        unit = self.units.get(name)
        if body is not None:
            self.record_file(name, body)
        text = parse(body.encode()).text if body is not None else None
        if text is None and unit is not None:
            text = unit.text
        was = DesiredUnit(name, Place("a.yaml", 3), text) if text is not None else None
        suffix = name[name.rindex(".") :]
        facts: dict[str, Any] = {
            "install_digest": traits_of(was).install_digest if was else "",
            "run_digest": run_digest(suffix, text) if text and text.entries else "",
            "invocation": "1" * 32,
            "life": "life",
            "wish": "running",
        }
        self.known[name] = RecordedUnit(name, Place("a.yaml", 3), **{**facts, **known})
        wanted = text.words("Install", "WantedBy") if text else ()
        for target in wanted if not parse_name(name).is_template else ():
            self.link(f"{target}.wants/{name}", name)

    def link(self, path: str, unit: str, *, recorded: bool = True) -> None:
        """Put a link into the unit folder."""
        target = f"/unit-folder/{unit}"
        self.disk_links[path] = target
        if recorded:
            self.links[path] = RecordedLink(path, target, unit)

    def settled(self, name: str, body: str | None = SERVICE, **policy: Any) -> None:
        """Have a unit declared, applied and running."""
        self.declare(name, body, **policy)
        self.applied(name, body)
        self.up(name)

    def up(self, name: str, active: str = "active", sub: str = "running", **detail: Any) -> None:
        """Have a unit running, started after its file was loaded."""
        job: dict[str, Any] = {
            k: detail.pop(k) for k in ("job_id", "job_type", "load") if k in detail
        }
        status: dict[str, Any] = {"load": "loaded", "active": active, "sub": sub, **job}
        self.status[name] = UnitStatus(name, **status)
        facts: dict[str, Any] = {
            "load_state": "loaded",
            "active_state": active,
            "sub_state": sub,
            "fragment_path": f"/unit-folder/{name}",
            "invocation_id": "1" * 32,
            "inactive_exit_timestamp": ago(500),
            "active_enter_timestamp": ago(500),
            "exec_main_start_timestamp": ago(500) if name.endswith(".service") else 0,
        }
        self.details[name] = UnitDetail(name, **{**facts, **detail})

    def down(self, name: str, active: str = "inactive", **detail: Any) -> None:
        """Have a unit that is loaded and down; without facts it never ran."""
        job: dict[str, Any] = {
            k: detail.pop(k) for k in ("job_id", "job_type", "load") if k in detail
        }
        status: dict[str, Any] = {"load": "loaded", "active": active, "sub": "dead", **job}
        self.status[name] = UnitStatus(name, **status)
        self.details[name] = UnitDetail(name, active_state=active, **detail)

    def ended(
        self, name: str, *, asked: bool = False, seconds_ago: float = 20, **detail: Any
    ) -> None:
        """Have a service that ran and ended; `asked`: its stop was asked for."""
        end = ago(seconds_ago)
        facts: dict[str, Any] = {
            "invocation_id": "1" * 32,
            "inactive_exit_timestamp": ago(500),
            "active_enter_timestamp": ago(500),
            "exec_main_start_timestamp": ago(500),
            "active_exit_timestamp": end - 5000 if asked else end + 5000,
            "exec_main_exit_timestamp": end,
            "inactive_enter_timestamp": end + 9000,
            "exec_main_code": 1,
            "result": "success",
        }
        facts |= detail
        active = "inactive" if facts["result"] == "success" else "failed"
        self.down(name, active, **facts)

    def intend(self, unit: str, kind: IntentKind, **facts: Any) -> int:
        """Leave an intent open, as a pass does that was killed."""
        ident = len(self.intents) + 1
        self.intents.append(Intent(ident, unit, kind, **facts))
        return ident

    def was(self, unit: str, state: Prior, **links: str) -> None:
        """Have it recorded what a unit was before; links: those into targets, by their stems."""
        found = {f"{stem}.target.wants/{unit}": target for stem, target in links.items()}
        self.before[unit] = Before(unit, state, tuple(sorted(found.items())))

    def freeze(self, name: str) -> None:
        """Freeze a unit."""
        self.desired.setdefault("frozen", {})[name] = Freeze("broken", Place("a.yaml", 1))

    def hide(self, *names: str) -> None:
        """Have the manager's details of units not asked for, as for units in sync."""
        for name in names:
            del self.details[name]

    def plan(self) -> Plan:
        """Return the plan for the scene."""
        target = UnitStatus("default.target", "loaded", "active", "active")
        sides: dict[str, Any] = {
            "manager": ManagerFacts(252, self.system_state, "life", int(LOADED * 1e6)),
            "now": NOW,
            "now_monotonic": MONOTONIC,
            "files": self.disk,
            "links": self.disk_links,
            "units": {"default.target": target, **self.status},
            "details": self.details,
        }
        desired = Desired(
            Revision("r"), **{"units": self.units, "loose": tuple(self.loose), **self.desired}
        )
        recorded = Recorded(
            HERE,
            units=self.known,
            files=self.files,
            links=self.links,
            intents=tuple(self.intents),
            before=self.before,
            **self.recorded,
        )
        return plan(desired, recorded, Observed(**{**sides, **self.observed}), self.settings)

    def does(self) -> list[str]:
        """Return the plan's actions as `verb unit-or-path`, in order."""
        return [f"{a.verb} {a.path or a.unit}".strip() for a in self.plan().actions]

    def verdict(self, name: str) -> Verdict:
        """Return the plan's verdict on a unit."""
        return self.plan().verdicts[name]

    def says(self, name: str) -> str:
        """Return a verdict as `word: reason`."""
        verdict = self.verdict(name)
        return f"{verdict.sync}: {verdict.reason}"

    def set(self, **settings: Any) -> None:
        """Change settings."""
        self.settings = replace(self.settings, **settings)


@pytest.fixture
def scene() -> Scene:
    """Return an empty scene."""
    return Scene()
