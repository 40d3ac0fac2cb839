"""What the folder asks for: put together, frozen where it is broken (F)."""

import hashlib
from typing import Any

import pytest

from unitward.model.declared import State
from unitward.model.desired import Desired
from unitward.model.recorded import Recorded, RecordedFile, RecordedUnit
from unitward.model.source import Place, Revision, Snapshot, SourceFile, Unavailable
from unitward.model.unittext import DirectiveTable
from unitward.reconcile.desire import DesireCache, Terms, decode_in_steps, desire

UNIT = dict.fromkeys(("Description", "After", "Requires", "Wants", "Conflicts"), "OTHER")
EXEC = dict.fromkeys(("ExecStart", "Type", "Nice", "Restart"), "OTHER")
INSTALL = dict.fromkeys(("WantedBy", "Alias", "Also"), "OTHER")
TABLE = DirectiveTable(252, {"Unit": UNIT, "Service": EXEC, "Install": INSTALL, "Timer": {}})
SERVICE = "Service: {ExecStart: /bin/true}"


def manifest(*units: str) -> str:
    """Return a manifest of units, each `name: {...}`."""
    return "version: 1\nunits:\n" + "".join(f"  {unit}\n" for unit in units)


def asked(
    files: dict[str, str],
    recorded: Recorded | None = None,
    *,
    settled: bool = True,
    cache: DesireCache | None = None,
    **terms: Any,
) -> Desired:
    """Return what a folder of files asks for."""
    sources = tuple(
        SourceFile(path, text.encode(), hashlib.sha256(text.encode()).hexdigest())
        for path, text in sorted(files.items())
    )
    facts: dict[str, Any] = {"table": TABLE, "folder": "/d", "home": "/h", "installation": "here"}
    return desire(
        Snapshot("/d", sources, Revision("r"), settled=settled),
        recorded or Recorded("here"),
        Terms(**{**facts, **terms}),
        cache or DesireCache(),
    )


def remembered(*units: str, file: str = "a.yaml", paths: dict[str, str] | None = None) -> Recorded:
    """Return a ledger with units that came from a file, and files by path and unit."""
    known = {name: RecordedUnit(name, Place(file, 3)) for name in units}
    files = {p: RecordedFile(p, unit, "0", b"") for p, unit in (paths or {}).items()}
    return Recorded("here", units=known, files=files)


def test_only_what_changed_is_made_anew() -> None:
    """Only the changed file is parsed again, and only units it has a say in are put together."""
    files = {f"{name}.yaml": manifest(f"{name}.service: {{{SERVICE}}}") for name in "abc"}
    files["t.yaml"] = manifest(f"t@.service: {{{SERVICE}}}", "t@1.service: {}")
    cache = DesireCache()
    first, parsed = asked(files, cache=cache), dict(cache.files)
    files["b.yaml"] = files["b.yaml"].replace("/bin/true", "/bin/false")
    files["t@1.service.d/50.conf"] = "[Service]\nNice=1\n"
    del files["c.yaml"]
    second = asked(files, cache=cache)

    assert {"a.yaml", "t.yaml"} == {p for p, was in parsed.items() if cache.files.get(p) is was}
    assert {"a.service", "t@.service"} == {
        name for name, unit in second.units.items() if first.units.get(name) is unit
    }
    assert asked(files) == second
    assert second.units.keys() == cache.built.kept.keys()


def test_a_folder_becomes_units() -> None:
    """Fragments, drop-ins and policy of several files make one unit each, in order of names."""
    desired = asked(
        {
            "b.yaml": manifest(f"b.service: {{{SERVICE}}}"),
            "a.service": "[Service]\nExecStart=/bin/a\n",
            "p.yaml": manifest("a.service: {state: stopped}"),
            "a.service.d/50.conf": "[Service]\nNice=1\n",
        }
    )
    assert ["a.service", "b.service"] == list(desired.units)
    unit = desired.units["a.service"]
    assert State.STOPPED is unit.policy.state
    assert ["a.service", "a.service.d/50.conf"] == [file.path for file in unit.files()]
    assert ("1",) == unit.text.values("Service", "Nice")
    assert desired.complete


def test_the_order_of_files_does_not_matter() -> None:
    """The same files in another order ask for the same."""
    files = {
        "b.yaml": manifest(f"b.service: {{{SERVICE}}}", "b.service.d/1.conf: {Unit: {After: x}}"),
        "a.yaml": manifest(f"a.service: {{{SERVICE}}}"),
    }
    turned = dict(reversed(files.items()))
    assert asked(files) == asked(turned)


def test_an_invalid_file_freezes_what_came_from_it() -> None:
    """F: a broken file freezes its recorded units and makes the reading incomplete."""
    desired = asked(
        {"a.yaml": "version: 1\nunits: [", "b.yaml": manifest(f"b.service: {{{SERVICE}}}")},
        remembered("a.service"),
    )
    assert {"a.service"} == desired.frozen.keys()
    assert {"b.service"} == desired.units.keys()
    assert not desired.complete
    assert desired.incomplete_because.startswith("a.yaml")


def test_a_unit_that_moved_out_of_an_invalid_file_is_not_frozen() -> None:
    """R8, F: declared in a valid file, it is what that file says."""
    desired = asked(
        {"a.yaml": "version: 1\nunits: [", "b.yaml": manifest(f"a.service: {{{SERVICE}}}")},
        remembered("a.service"),
    )
    assert {} == desired.frozen
    assert {"a.service"} == desired.units.keys()


def test_a_unit_that_lost_a_file_to_a_broken_one_is_frozen() -> None:
    """F: its drop-in may be declared in the broken file, so the unit stays as it is."""
    paths = {"b.service": "b.service", "b.service.d/50.conf": "b.service"}
    desired = asked(
        {"a.yaml": "version: 1\nunits: [", "b.yaml": manifest(f"b.service: {{{SERVICE}}}")},
        remembered("b.service", file="b.yaml", paths=paths),
    )
    assert {"b.service"} == desired.frozen.keys()
    whole = asked(
        {"b.yaml": manifest(f"b.service: {{{SERVICE}}}")},
        remembered("b.service", file="b.yaml", paths=paths),
    )
    assert {} == whole.frozen


def test_twice_is_neither() -> None:
    """F: a unit declared twice is frozen and both places are named."""
    desired = asked(
        {
            "a.yaml": manifest(f"a.service: {{{SERVICE}}}"),
            "b.yaml": manifest(f"a.service: {{{SERVICE}}}"),
        }
    )
    assert {"a.service"} == desired.frozen.keys()
    assert "a.yaml" in desired.frozen["a.service"].reason
    assert "b.yaml" in desired.frozen["a.service"].reason


def test_declared_and_removed_is_frozen() -> None:
    """F, R1: a unit that is declared and listed under `removed:` is an error."""
    text = manifest(f"a.service: {{{SERVICE}}}") + "removed: [a.service]\n"
    assert {"a.service"} == asked({"a.yaml": text}).frozen.keys()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("n.service", "{Unit: {After: x.service}, Service: {ExecStart: /bin/n}}"),
        ("x.timer", "{Timer: {OnCalendar: daily}}"),
        ("n.service", "{Unit: {Conflicts: x.service}, Service: {ExecStart: /bin/n}}"),
    ],
)
def test_what_names_the_frozen_is_frozen_if_it_changed(name: str, body: str) -> None:
    """F: units changed in the same revision that name a frozen one, activation included."""
    table = DirectiveTable(252, {**TABLE.sections, "Timer": {"OnCalendar": "OTHER"}})
    broken = {"x.yaml": "version: 1\nunits: [", "n.yaml": manifest(f"{name}: {body}")}
    changed = asked(broken, remembered("x.service", file="x.yaml"), table=table)
    assert {name, "x.service"} == changed.frozen.keys()
    unit = asked({"n.yaml": broken["n.yaml"]}, table=table).units[name]
    assert unit.fragment is not None
    same = remembered("x.service", file="x.yaml")
    file = RecordedFile(name, name, unit.fragment.digest, unit.fragment.content)
    kept = Recorded("here", units=same.units, files={name: file})
    assert {"x.service"} == asked(broken, kept, table=table).frozen.keys()


def test_what_is_no_manifest_any_more_is_invalid() -> None:
    """F: a file that units came from does not become a stranger; it is broken."""
    desired = asked({"a.yaml": "services: {}\n"}, remembered("a.service"))
    assert {"a.service"} == desired.frozen.keys()
    assert not desired.complete
    assert {} == asked({"a.yaml": "services: {}\n"}).frozen


def test_a_source_that_is_gone_freezes_everything() -> None:
    """F, R2: nothing is declared, everything recorded is frozen."""
    terms = Terms(TABLE, "/d", "/h", "here")
    desired = desire(Unavailable("gone"), remembered("a.service"), terms, DesireCache())
    assert {"a.service"} == desired.frozen.keys()
    assert not desired.complete


def test_a_reading_under_constant_writes_is_incomplete() -> None:
    """R2: a folder that never became quiet may be half-copied."""
    assert not asked({}, settled=False).complete


def test_strict_is_held_by_one_error() -> None:
    """F: `strict: true` and one invalid file hold the revision."""
    files = {"a.yaml": "version: 1\nunits: [", "b.yaml": manifest(f"b.service: {{{SERVICE}}}")}
    assert asked(files, strict=True).held_by_strict
    assert not asked(files).held_by_strict
    assert not asked({"b.yaml": files["b.yaml"]}, strict=True).held_by_strict


def test_a_unit_for_a_newer_systemd_is_unsupported() -> None:
    """`min_version` above this systemd: reported, in no way removed."""
    desired = asked({"a.yaml": manifest(f"a.service: {{min_version: 255, {SERVICE}}}")})
    assert {} == desired.units
    assert "needs systemd 255, this is systemd 252" == desired.unsupported["a.service"].reason


def test_allow_beside_a_raw_file_silences_its_lints() -> None:
    """A policy of its own silences the lints of a raw file."""
    raw = {"a.service": "[Service]\nExecStart=/bin/a\n[Install]\nWantedBy=multi-user.target\n"}
    lints = {p.lint for p in asked(raw).problems if p.lint}
    assert lints
    policy = manifest(f"a.service: {{allow: [{', '.join(sorted(lints))}]}}")
    silenced = asked({**raw, "p.yaml": policy})
    assert not [p for p in silenced.problems if p.lint]
    assert ["a.service"] == list(silenced.units)


def test_unchanged_files_are_not_decoded_again() -> None:
    """The cache returns the very same decoded file for the same digest."""
    text = manifest(f"a.service: {{{SERVICE}}}").encode()
    file = SourceFile("a.yaml", text, "d1")
    cache, terms = DesireCache(), Terms(TABLE, "/d", "/h", "here")
    desire(Snapshot("/d", (file,), Revision("r")), Recorded("here"), terms, cache)
    first = cache.files["a.yaml"][1]
    desire(Snapshot("/d", (file,), Revision("r")), Recorded("here"), terms, cache)
    assert first is cache.files["a.yaml"][1]
    desire(Snapshot("/d", (), Revision("r")), Recorded("here"), terms, cache)
    assert {} == cache.files


def test_decoding_pauses_after_every_file_and_is_not_done_twice() -> None:
    """Thousands of files let the loop breathe between them; what is known costs no step."""

    def read(texts: dict[str, str]) -> Snapshot:
        sources = (
            SourceFile(path, text.encode(), hashlib.sha256(text.encode()).hexdigest())
            for path, text in sorted(texts.items())
        )
        return Snapshot("/d", tuple(sources), Revision("r"))

    texts = {f"{n}.yaml": manifest(f"u{n}.service: {{{SERVICE}}}") for n in range(5)}
    terms, cache = Terms(TABLE, "/d", "/h", "here"), DesireCache()
    steps = decode_in_steps(read(texts), terms, cache)
    next(steps)
    assert ["0.yaml"] == list(cache.files)
    assert 4 == len(list(steps))
    known = {path: item for path, (_, item) in cache.files.items()}
    desired = desire(read(texts), Recorded("here"), terms, cache)
    assert 5 == len(desired.units)
    assert all(cache.files[path][1] is item for path, item in known.items())
    texts["3.yaml"] += "# another"
    assert 1 == len(list(decode_in_steps(read(texts), terms, cache)))
    assert [] == list(decode_in_steps(Unavailable("gone"), terms, cache))


def test_a_dropin_that_is_too_new_is_left_out_alone() -> None:
    """`min_version` of a drop-in, for one unit or for all: the notice names it, units go on."""
    late = "min_version: 300, Service: {Nice: 3}"
    desired = asked(
        {
            "a.yaml": manifest(
                f"a.service: {{{SERVICE}}}",
                f"a.service.d/5-x.conf: {{{late}}}",
                f"service.d/5-x.conf: {{{late}}}",
                f"b.service: {{min_version: 300, {SERVICE}}}",
            )
        }
    )
    assert (["a.service"], ["b.service"]) == (list(desired.units), list(desired.unsupported))
    assert () == desired.units["a.service"].dropins == desired.loose
    assert {
        "a.service.d/5-x.conf is left out: it needs systemd 300, this is systemd 252",
        "service.d/5-x.conf is left out: it needs systemd 300, this is systemd 252",
    } == {problem.message for problem in desired.problems}
    assert desired.complete


def test_a_frozen_unit_names_the_line_of_its_mistake() -> None:
    """F1: the place in the reason is the one to mend; the unit's own place stays its source."""
    text = manifest("a.service:", "  Service: {Nise: 1}")
    freeze = asked({"a.yaml": text}).frozen["a.service"]
    assert ("invalid at a.yaml:4:15", 3, "F1") == (freeze.reason, freeze.place.line, freeze.row)
