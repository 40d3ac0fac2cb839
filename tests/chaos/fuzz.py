"""Coverage-guided fuzzing of one kind of input: `fuzz.py KIND NEW-CORPUS KEPT-CORPUS [OPTIONS]`.

KIND: manifest, unit, drop-in or config. The options are libFuzzer's, such as -max_total_time=60.
An input that breaks a promise ends the program with a traceback and is kept as `crash-...`. The
promises: no exception but the documented one, no second of CPU time, and no plan that removes what
another file declares, or anything at all while the input is invalid.
"""

import importlib
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

LIMIT_S = 1.0
OURS = {"manifest": "fuzz.yaml", "unit": "fuzz.service", "drop-in": "keep.service.d/fuzz.conf"}
KEEP = b"[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=default.target\n"
BEFORE = {
    "manifest": b"version: 1\nunits:\n  fuzz.service:\n    Service: {ExecStart: /bin/true}\n",
    "unit": KEEP,
    "drop-in": b"[Service]\nNice=1\n",
}
atheris: Any = importlib.import_module("atheris")

with atheris.instrument_imports(include=["unitward", "yaml"]):
    from unitward.config import load_settings
    from unitward.errors import ConfigError
    from unitward.model.desired import Desired
    from unitward.model.observed import DiskFile, DiskKind, ManagerFacts, Observed
    from unitward.model.plan import Verb
    from unitward.model.recorded import Recorded, RecordedFile, RecordedUnit
    from unitward.model.settings import Settings
    from unitward.model.source import Revision, Snapshot, SourceFile
    from unitward.reconcile.desire import DesireCache, desire
    from unitward.reconcile.gather import Terms
    from unitward.reconcile.plan import plan
    from unitward.systemd.directives import load_directives

REMOVALS = frozenset({Verb.REMOVE, Verb.DELETE, Verb.STOP, Verb.UNLINK})


class Account:
    """An account, as values, that has applied a file named keep.service and a first input."""

    def __init__(self, kind: str, scratch: Path) -> None:
        self._path = OURS[kind]
        self._terms = Terms(load_directives(scratch), "/home/a/desired", "/home/a", "1-1-new")
        self._settings = replace(Settings(), prune_after=0.0)
        applied = self._desired(BEFORE[kind], Recorded("1-1-new"))
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
        facts = ManagerFacts(252, "running", "life", 0)
        self._observed = Observed(facts, now=1e9, now_monotonic=1, files=on_disk)

    def _desired(self, content: bytes, recorded: Recorded) -> Desired:
        files = (
            SourceFile(self._path, content, str(hash(content))),
            SourceFile("keep.service", KEEP, "keep"),
        )
        snapshot = Snapshot("/home/a/desired", files, Revision("r"))
        return desire(snapshot, recorded, self._terms, DesireCache())

    def take(self, content: bytes) -> None:
        """Plan with an input in the place of the first one."""
        desired = self._desired(content, self._recorded)
        decided = plan(desired, self._recorded, self._observed, self._settings)
        removed = [action for action in decided.actions if action.verb in REMOVALS]
        if not desired.complete:
            assert [] == removed, "removed while something is invalid"
        lost = [a for a in removed if a.unit == "keep.service" and a.verb is not Verb.STOP]
        assert [] == [a for a in lost if a.path in {"", "keep.service"}], "declared by another file"


def read_config(content: bytes, path: Path) -> None:
    """Read an input as config.yaml."""
    path.write_bytes(content)
    try:
        load_settings(path)
    except ConfigError as error:
        assert str(path) in str(error)  # noqa: PT017 - no test: the error has to say where


def main() -> None:
    """Fuzz until libFuzzer ends it."""
    kind, options = sys.argv[1], [sys.argv[0], *sys.argv[2:]]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        account = Account(kind, scratch) if kind in OURS else None

        def one_input(content: bytes) -> None:
            began = time.process_time()
            if account is None:
                read_config(content, scratch / "config.yaml")
            else:
                account.take(content)
            took = time.process_time() - began
            assert took < LIMIT_S, f"{took:.2f} s for {len(content)} bytes"

        atheris.Setup(options, one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
