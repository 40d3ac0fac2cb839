"""What any input has to leave whole: manifests, raw units, drop-ins and config.yaml.

Tried with the kept corpus by `make test`, and with what a fuzzer finds by `make chaos`.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import yaml

from unitward.config import load_settings
from unitward.errors import ConfigError
from unitward.model.declared import Policy, State
from unitward.model.desired import Desired
from unitward.model.observed import DiskFile, DiskKind, ManagerFacts, Observed
from unitward.model.plan import Verb
from unitward.model.recorded import Recorded, RecordedFile, RecordedUnit
from unitward.model.settings import Settings
from unitward.model.source import Revision, Snapshot, SourceFile
from unitward.model.unitstate import UnitStatus
from unitward.reconcile.desire import DesireCache, desire
from unitward.reconcile.gather import Terms
from unitward.reconcile.plan import plan
from unitward.systemd.directives import load_directives

KINDS = ("manifest", "unit", "drop-in", "config")
CORPUS = Path(__file__).parent / "corpus"
LIMIT_S = 1.0
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml takes a tab after a colon, as YAML 1.1 does; PyYAML's own reading does not."""
_OURS = {"manifest": "fuzz.yaml", "unit": "fuzz.service", "drop-in": "keep.service.d/fuzz.conf"}
_KEEP = b"[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=default.target\n"
_BEFORE = {
    "manifest": b"version: 1\nunits:\n  fuzz.service:\n    Service: {ExecStart: /bin/true}\n",
    "unit": _KEEP,
    "drop-in": b"[Service]\nNice=1\n",
}
_LOSSES = frozenset({Verb.REMOVE, Verb.DELETE, Verb.RELEASE, Verb.FORGET})
_REMOVALS = _LOSSES | {Verb.STOP, Verb.UNLINK}


def promises(kind: str, scratch: Path) -> Callable[[bytes], None]:
    """Return what takes inputs of a kind and raises for one that breaks a promise.

    The promises: no exception but the documented one, no second of CPU time, and no plan that
    removes what a file declares, or anything at all while the input is invalid.
    """
    path = scratch / "config.yaml"
    take = _Account(kind, scratch).take if kind in _OURS else lambda text: _read_config(text, path)

    def keep(content: bytes) -> None:
        began = time.process_time()
        take(content)
        took = time.process_time() - began
        assert took < LIMIT_S, f"{took:.2f} s for {len(content)} bytes"

    return keep


class _Account:
    """An account, as values, in which keep.service and a first input run."""

    def __init__(self, kind: str, scratch: Path) -> None:
        self._kind, self._path = kind, _OURS[kind]
        self._terms = Terms(load_directives(scratch), "/home/a/desired", "/home/a", "1-1-new")
        self._settings = replace(Settings(), prune_after=0.0, stop_grace=0.0)
        applied = self._desired(_BEFORE[kind], Recorded("1-1-new"))
        units = {name: RecordedUnit(name, unit.place) for name, unit in applied.units.items()}
        files = {
            file.path: RecordedFile(file.path, name, file.digest, file.content)
            for name, unit in applied.units.items()
            for file in unit.files()
        }
        self._recorded = Recorded("1-1-new", units=units, files=files)
        on_disk = {
            path: DiskFile(path, DiskKind.FILE, file.digest, file.content)
            for path, file in files.items()
        }
        run = {name: UnitStatus(name, "loaded", "active", "running") for name in units}
        facts = ManagerFacts(252, "running", "life", 0)
        self._observed = Observed(facts, now=1e9, now_monotonic=1, units=run, files=on_disk)

    def _desired(self, content: bytes, recorded: Recorded) -> Desired:
        files = (
            SourceFile(self._path, content, str(hash(content))),
            SourceFile("keep.service", _KEEP, "keep"),
        )
        snapshot = Snapshot("/home/a/desired", files, Revision("r"))
        return desire(snapshot, recorded, self._terms, DesireCache())

    def take(self, content: bytes) -> None:
        """Plan with an input in the place of the first one."""
        desired = self._desired(content, self._recorded)
        decided = plan(desired, self._recorded, self._observed, self._settings)
        asked_for = {name for name, unit in desired.units.items() if _is_to_be_down(unit.policy)}
        removed = [
            action
            for action in decided.actions
            if action.verb in _REMOVALS
            and not (action.verb is Verb.STOP and action.unit in asked_for)
        ]
        if not desired.complete:
            assert [] == removed, "removed while something is invalid"
        lost = [a.path or a.unit for a in removed if a.verb in _LOSSES]
        assert "keep.service" not in lost, "declared by another file"
        # What follows is said without unitward: an error of its reading would hide here.
        if self._kind == "manifest":
            assert _may_be_manifest(content) or [] == removed, "removed by what is no manifest"
        else:
            assert [] == lost, "its own file declares it, whatever it says"


def _is_to_be_down(policy: Policy) -> bool:
    return policy.state is State.STOPPED or policy.mask


def _may_be_manifest(content: bytes) -> bool:
    """Tell whether it is one YAML mapping with a key that manifests have."""
    try:
        root = yaml.compose(content.decode(), Loader=_LOADER)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        return False
    keys = [key.value for key, _ in root.value] if isinstance(root, yaml.MappingNode) else []
    return "version" in keys or "units" in keys


def _read_config(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    try:
        load_settings(path)
    except ConfigError as error:
        assert str(path) in str(error)  # noqa: PT017 - no test: the error has to say where
