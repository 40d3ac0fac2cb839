"""`unitward validate`: check manifests and raw units without bus or daemon."""

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from unitward.cli.daemon_door import own_folders
from unitward.cli.output import GREEN, OUTPUT_OPTION, RED, print_json, print_problems, say
from unitward.errors import Exit, UnitwardError
from unitward.model.records import dataclass

if TYPE_CHECKING:
    from unitward.model.source import Problem, Snapshot, Unavailable
    from unitward.reconcile.check.question import Question
    from unitward.reconcile.problem_document import ProblemDocument
    from unitward.systemd.findings import Finding

NO_HOME = "/nonexistent"
"""Stands for `%h` where the environment names no home, as in a bare CI job."""


@dataclass(frozen=True, slots=True)
class _Set:
    """Files that are checked together.

    root: the folder that their paths are relative to; shown: what people call it, "" for here.
    files: the only files that count, () for all.
    """

    root: Path
    shown: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """What a check brought to light."""

    problems: tuple["Problem", ...]
    ignored: tuple[str, ...]
    units: int


@click.command("validate")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option("-v", "--verbose", is_flag=True, help="Tell notes and ignored files, too.")
@OUTPUT_OPTION
def validate_command(paths: tuple[Path, ...], verbose: bool, output: str) -> int:
    """Check manifests and raw unit files, in folders or one by one.

    Without PATH it is the folder that unitward reads. Files that are named one by one are
    checked as one folder that holds nothing else.

    Needs neither a user manager nor the daemon, so that it serves in CI.
    """
    from unitward.reconcile.problem_document import validate_document

    found = [_check(one) for one in _sets(paths)]
    document = validate_document([problem for one in found for problem in one.problems])
    problems = document["problems"]
    if output == "json":
        print_json(document)
    else:
        print_problems(problems, notes=verbose)
        if verbose:
            for name in sorted(name for one in found for name in one.ignored):
                say(f"ignored: {name}")
        _say_sums(sum(one.units for one in found), problems)
    return Exit.FAILED if _count(problems, "error") else Exit.OK


def _sets(paths: tuple[Path, ...]) -> Iterable[_Set]:
    """Return what is checked together: each folder by itself, all single files as one."""
    if not paths:
        yield _Set(_folder_in_force(), "")
        return
    for path in paths:
        if not path.exists():
            raise UnitwardError(f"{path}: no such file or folder")
        if path.is_dir():
            yield _Set(path.absolute(), "" if path == Path() else str(path))
    files = tuple(path for path in paths if not path.is_dir())
    if files:
        root = Path(os.path.commonpath([_home_of(path.absolute()) for path in files]))
        here = Path.cwd()
        shown = str(root.relative_to(here)) if root.is_relative_to(here) else str(root)
        names = tuple(str(path.absolute().relative_to(root)) for path in files)
        yield _Set(root, "" if shown == "." else shown, names)


def _home_of(path: Path) -> Path:
    """Return the folder that a single file is read in: a drop-in's is the one above `UNIT.d`."""
    return path.parent.parent if path.parent.suffix == ".d" else path.parent


def _folder_in_force() -> Path:
    from unitward.config import load_settings
    from unitward.model.folders import source_folder

    folders = own_folders()
    return source_folder(folders, load_settings(folders.config_file))


def _check(one: _Set) -> _Found:
    from unitward.model.recorded import Recorded
    from unitward.model.source import Unavailable
    from unitward.reconcile.check.judged import judged
    from unitward.reconcile.check.question import question_of
    from unitward.reconcile.desire import DesireCache, Terms, desire
    from unitward.reconcile.kept import kept
    from unitward.systemd.directives import load_directives

    snapshot = _read(one)
    if isinstance(snapshot, Unavailable):
        raise UnitwardError(snapshot.reason, hint=snapshot.hint)
    env = {"HOME": NO_HOME, **os.environ}
    cache = _cache_folder()
    recorded = Recorded(installation="validate")
    terms = Terms(load_directives(cache), str(one.root), env["HOME"], recorded.installation)
    with contextlib.ExitStack() as stack:
        decoded = DesireCache()
        if cache is not None:
            decoded = stack.enter_context(kept(cache / "decoded-validated", terms))
        desired = desire(snapshot, recorded, terms, decoded)
    others = [p for p, (_, file) in decoded.files.items() if not file.manifest.is_manifest]
    question = question_of(desired, recorded)
    desired = judged(desired, recorded, question, _findings(question, env, cache))
    return _Found(
        tuple(_as_shown(problem, one.shown) for problem in desired.problems),
        tuple(os.path.join(one.shown, name) for name in (*snapshot.ignored, *others)),  # noqa: PTH118 - "" joins to the bare name
        len(desired.units),
    )


def _findings(
    question: "Question", env: Mapping[str, str], cache: Path | None
) -> "Sequence[Finding]":
    """Return what systemd says, asked only where it was not before (decision 0037)."""
    from unitward.reconcile.check.passed_over import PassedOver

    passed = None if cache is None else PassedOver(cache / "verified", env, question)
    if not question.groups or (passed and passed.search_path and not passed.unanswered):
        return ()
    from unitward.cli.asynchronous import result_of
    from unitward.reconcile.check.the_rest import check_the_rest

    return result_of(check_the_rest(question, env, passed))


def _cache_folder() -> Path | None:
    """Return where something may be kept; nowhere in an environment without a home."""
    try:
        return own_folders().cache / "unitward"
    except UnitwardError:
        return None


def _read(one: _Set) -> "Snapshot | Unavailable":
    """Read the set. Whoever owns it is trusted: nothing of it is ever run."""
    from unitward.manifest.files import FileKind, classify
    from unitward.model.source import Revision, Snapshot
    from unitward.sources.content import ReadCache, read_content
    from unitward.sources.folder import read_folder

    if not one.files:
        return read_folder(one.root, uid=None)
    read = []
    for name in one.files:
        if classify(name) is FileKind.IGNORED:
            raise UnitwardError(
                f"{one.root / name} is neither a manifest nor a unit file by its name",
                hint="manifests end with .yaml, unit files with a unit type such as .service",
            )
        path = (one.root / name).resolve()
        read.append(read_content(path, name, uid=None, cache=ReadCache()))
    return Snapshot(str(one.root), tuple(sorted(read, key=lambda f: f.path)), Revision(""))


def _as_shown(problem: "Problem", folder: str) -> "Problem":
    """Return the problem with a path that an editor finds from the working directory."""
    file = os.path.join(folder, problem.place.file)  # noqa: PTH118 - "" joins to the bare name
    return replace(problem, place=replace(problem.place, file=file))


def _count(problems: "list[ProblemDocument]", severity: str) -> int:
    return sum(problem["severity"] == severity for problem in problems)


def _say_sums(units: int, problems: "list[ProblemDocument]") -> None:
    parts = [_plural(units, "valid unit")]
    parts += [
        _plural(number, word) for word in ("error", "warning") if (number := _count(problems, word))
    ]
    say(", ".join(parts), RED if _count(problems, "error") else GREEN)


def _plural(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
