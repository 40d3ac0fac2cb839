"""Decoded files -> Desired: all declarations put together, what is broken is frozen. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import field

from unitward.model.declared import Declaration, Manifest
from unitward.model.desired import Desired, DesiredFile, DesiredUnit, Freeze
from unitward.model.recorded import Recorded
from unitward.model.records import dataclass
from unitward.model.source import Place, Problem, Severity, Snapshot
from unitward.model.unittext import DirectiveTable
from unitward.reconcile.built import BuiltUnits, DeclaredText, Parts
from unitward.reconcile.freezing import freeze_what_names_the_frozen
from unitward.unitfile.names import parse_dropin, parse_name


@dataclass(frozen=True, slots=True)
class Terms:
    """What decoding depends on besides the files themselves."""

    table: DirectiveTable
    folder: str
    home: str
    installation: str
    strict: bool = False


@dataclass(frozen=True, slots=True)
class DecodedFile:
    """One source file: what it declares, and each declaration's file as it would be written."""

    manifest: Manifest
    rendered: Mapping[str, DesiredFile]


@dataclass(slots=True)
class Gathered:
    """Declarations of all files by name while they are being put together."""

    texts: dict[str, list[DeclaredText]] = field(default_factory=lambda: defaultdict(list))
    policies: dict[str, list[Declaration]] = field(default_factory=lambda: defaultdict(list))
    problems: list[Problem] = field(default_factory=list)
    frozen: dict[str, Freeze] = field(default_factory=dict)
    broken_files: dict[str, Place] = field(default_factory=dict)
    removed: dict[str, Place] = field(default_factory=dict)


def put_together(
    snapshot: Snapshot,
    decoded: Iterable[DecodedFile],
    recorded: Recorded,
    terms: Terms,
    built: BuiltUnits,
) -> Desired:
    """Return what the whole folder asks for; what is broken in it is frozen."""
    gathered = _gather(decoded)
    _freeze_declared_twice(gathered)
    units, loose, unsupported = _build_units(gathered, terms, built)
    declared = units.keys() | unsupported.keys()
    for name, unit in recorded.units.items():
        broken = gathered.broken_files.get(unit.place.file)
        if broken is not None and name not in declared:
            gathered.frozen.setdefault(name, Freeze(f"{broken} is invalid", broken, "F1"))
    _freeze_what_lost_a_file(units, gathered, recorded)
    freeze_what_names_the_frozen(units, gathered.frozen, recorded)
    problems = _unsilenced(gathered)
    errors = [p for p in problems if p.severity is Severity.ERROR]
    because = ""
    if errors:
        because = str(min(errors).place)
    elif not snapshot.settled:
        because = "the folder never became quiet while it was read"
    return Desired(
        revision=snapshot.revision,
        units={name: u for name, u in sorted(units.items()) if name not in gathered.frozen},
        loose=tuple(loose),
        frozen=dict(sorted(gathered.frozen.items())),
        unsupported=unsupported,
        removed=gathered.removed,
        problems=tuple(sorted(problems)),
        complete=not because,
        incomplete_because=because,
        strict=terms.strict,
        held_by_strict=terms.strict and bool(errors),
    )


def _gather(decoded: Iterable[DecodedFile]) -> Gathered:
    gathered = Gathered()
    for item in decoded:
        manifest = item.manifest
        gathered.problems.extend(manifest.problems)
        gathered.removed.update(manifest.removed)
        if manifest.invalid:
            worst = [p for p in manifest.problems if p.severity is Severity.ERROR]
            place = min(worst).place if worst else Place(manifest.path)
            gathered.broken_files[manifest.path] = place
        elif manifest.invalid_units:
            gathered.broken_files[manifest.path] = manifest.invalid_units[0][1]
        for name, place in manifest.invalid_units:
            why = f"invalid at {_first_error(name, manifest) or place}"
            gathered.frozen[_unit_of(name)] = Freeze(why, place, "F1")
        for declaration in manifest.declarations:
            rendered = item.rendered.get(declaration.name)
            if rendered is not None:
                gathered.texts[declaration.name].append((declaration, rendered))
            else:
                gathered.policies[declaration.name].append(declaration)
    return gathered


def _first_error(name: str, manifest: Manifest) -> Place | None:
    """Return where the unit's own entry is wrong, None where what it was made from is."""
    errors = (p for p in manifest.problems if p.severity is Severity.ERROR and p.unit == name)
    return min((problem.place for problem in errors), default=None)


def _freeze_what_lost_a_file(
    units: Mapping[str, DesiredUnit], gathered: Gathered, recorded: Recorded
) -> None:
    """Freeze units one of whose files is declared no more while a source file is broken.

    That file may be declared in the broken one: without it the unit would be another unit.
    """
    if not gathered.broken_files:
        return
    broken = min(gathered.broken_files.values())
    for path, file in sorted(recorded.files.items()):
        if path not in gathered.texts and file.unit in units:
            reason = f"{path} is declared nowhere while {broken} is invalid"
            gathered.frozen.setdefault(file.unit, Freeze(reason, broken, "F1"))


def _unsilenced(gathered: Gathered) -> list[Problem]:
    """Return the problems that no `allow:` silences; a raw file's stands in a policy of its own."""
    allowed = {name: found[0].policy.allow for name, found in gathered.policies.items()}
    return [p for p in gathered.problems if not p.lint or p.lint not in allowed.get(p.unit, ())]


def _unit_of(name: str) -> str:
    """Return the unit that a file name below the unit folder belongs to."""
    return parse_dropin(name).unit if "/" in name else name


def _freeze_declared_twice(gathered: Gathered) -> None:
    def clash(name: str, places: list[Place]) -> None:
        first, *others = sorted(places)
        for other in others:
            gathered.problems.append(
                Problem(
                    other,
                    Severity.ERROR,
                    f"{name} is declared twice: here and at {first}",
                    hint="keep one of the two; until then the unit stays as it is",
                    unit=name,
                )
            )
        why = f"declared twice: {first} and {others[0]}"
        gathered.frozen[_unit_of(name)] = Freeze(why, first, "F2")

    for name, texts in gathered.texts.items():
        if len(texts) > 1:
            clash(name, [declaration.place for declaration, _ in texts])
    for name, policies in gathered.policies.items():
        places = [declaration.place for declaration in policies]
        fragment = gathered.texts.get(name, [])
        if len(places) > 1:
            clash(name, places)
        elif fragment and fragment[0][0].raw is None:
            clash(name, [fragment[0][0].place, *places])
    for name, place in gathered.removed.items():
        declared = [d.place for d, _ in gathered.texts.get(name, [])]
        declared += [d.place for d in gathered.policies.get(name, [])]
        if declared:
            gathered.problems.append(
                Problem(
                    place,
                    Severity.ERROR,
                    f"{name} is listed under `removed:` and declared at {declared[0]}",
                    hint="take it off one of the two places",
                    unit=name,
                )
            )
            gathered.frozen[name] = Freeze(f"declared and removed: {place}", place, "F2")


def _build_units(
    gathered: Gathered, terms: Terms, built: BuiltUnits
) -> tuple[dict[str, DesiredUnit], list[DesiredFile], dict[str, Freeze]]:
    fragments: dict[str, DeclaredText] = {}
    dropins: dict[str, list[DeclaredText]] = defaultdict(list)
    loose: list[DesiredFile] = []
    unsupported: dict[str, Freeze] = {}
    for name, texts in sorted(gathered.texts.items()):
        declaration, file = texts[0]
        if 0 < terms.table.version < declaration.min_version:
            reason = (
                f"needs systemd {declaration.min_version}, this is systemd {terms.table.version}"
            )
            if "/" in name:
                gathered.problems.append(_left_out(declaration, reason))
            else:
                unsupported[name] = Freeze(reason, declaration.place)
        elif "/" not in name:
            fragments[name] = texts[0]
        elif _is_loose(_unit_of(name)):
            loose.append(file)
        else:
            dropins[_unit_of(name)].append(texts[0])
    policies = {name: found[0] for name, found in gathered.policies.items()}
    names = (fragments.keys() | dropins.keys() | policies.keys()) - unsupported.keys()
    units = {
        name: built.take(_parts_of(name, fragments, dropins, policies.get(name)))
        for name in sorted(names)
    }
    built.forget_others(names)
    return units, loose, unsupported


def _left_out(dropin: Declaration, reason: str) -> Problem:
    """Return the notice of a drop-in that this systemd is too old for; its unit goes on."""
    return Problem(
        dropin.place,
        Severity.WARNING,
        f"{dropin.name} is left out: it {reason}",
        hint="the unit goes on without it",
        unit=_unit_of(dropin.name),
    )


def _is_loose(unit: str) -> bool:
    """Tell type-wide (`service.d`) and prefix (`foo-.service.d`) drop-ins from a unit's own."""
    stem, dot, _ = unit.rpartition(".")
    return not dot or not stem or stem.endswith("-")


def _parts_of(
    name: str,
    fragments: Mapping[str, DeclaredText],
    dropins: Mapping[str, list[DeclaredText]],
    policy: Declaration | None,
) -> Parts:
    own = fragments.get(name)
    template = parse_name(name).template if own is None else ""
    return Parts(
        name=name,
        own=own,
        dropins=tuple(dropins.get(name, ())),
        policy=policy,
        template=fragments.get(template),
        inherited=tuple(dropins.get(template, ())),
    )
