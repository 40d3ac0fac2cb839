"""`unitward validate`: check manifests and raw units without bus or daemon."""

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from unitward.cli.output import OUTPUT_OPTION, print_json, print_problems
from unitward.errors import Exit, UnitwardError

if TYPE_CHECKING:
    from unitward.model.source import Problem


@click.command("validate")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option("-v", "--verbose", is_flag=True, help="List the files that are ignored, too.")
@OUTPUT_OPTION
def validate_command(paths: tuple[Path, ...], verbose: bool, output: str) -> None:
    """Check manifests and raw unit files; PATH is a folder or single files.

    Needs neither a user manager nor the daemon, so that it serves in CI.
    """
    problems, ignored, count = _validate(paths)
    from unitward.reconcile.document import validate_document

    document = validate_document(problems)
    errors = sum(problem.severity.value == "error" for problem in problems)
    if output == "json":
        print_json(document)
    else:
        print_problems(document)
        if verbose:
            for name in ignored:
                print(f"ignored: {name}")
        warnings = sum(problem.severity.value == "warning" for problem in problems)
        print(f"{count} units: {errors} errors, {warnings} warnings")
    sys.exit(Exit.FAILED if errors else Exit.OK)


def _validate(paths: tuple[Path, ...]) -> "tuple[list[Problem], list[str], int]":
    from unitward.config import load_settings
    from unitward.model.folders import folders_from
    from unitward.reconcile.account import source_folder

    if not paths:
        folders = folders_from(os.environ, os.getuid())
        paths = (source_folder(folders, load_settings(folders.config_file)),)
    problems: list[Problem] = []
    ignored: list[str] = []
    count = 0
    for path in paths:
        if not path.exists():
            raise UnitwardError(f"{path}: no such file or folder")
        found, names, units = _validate_one(path)
        problems += found
        ignored += names
        count += units
    return problems, ignored, count


def _validate_one(path: Path) -> "tuple[list[Problem], list[str], int]":
    from unitward.model.recorded import Recorded
    from unitward.model.source import Revision, Snapshot, Unavailable
    from unitward.reconcile.check import CheckCache, check
    from unitward.reconcile.desire import DesireCache, Terms, desire
    from unitward.sources.content import ReadCache, read_content
    from unitward.sources.folder import read_folder
    from unitward.systemd.directives import load_directives

    env = _environment()
    root = path if path.is_dir() else path.parent
    snapshot: Snapshot | Unavailable
    if path.is_dir():
        snapshot = read_folder(path, uid=os.getuid())
    else:
        file = read_content(path, path.name, uid=os.getuid(), cache=ReadCache())
        snapshot = Snapshot(str(root), (file,), Revision(file.digest))
    if isinstance(snapshot, Unavailable):
        raise UnitwardError(snapshot.reason, hint=snapshot.hint)
    cache = Path(env["XDG_CACHE_HOME"]) / "unitward" if "XDG_CACHE_HOME" in env else None
    table = load_directives(cache)
    recorded = Recorded(installation="validate")
    terms = Terms(table, str(root), env["HOME"], recorded.installation)
    desired = desire(snapshot, recorded, terms, DesireCache())
    desired = asyncio.run(check(desired, recorded, env, CheckCache()))
    return list(desired.problems), list(snapshot.ignored), len(desired.units)


def _environment() -> dict[str, str]:
    """Return an environment in which systemd's own check works, in a bare CI job too."""
    env = dict(os.environ)
    env.setdefault("HOME", "/")
    return env
