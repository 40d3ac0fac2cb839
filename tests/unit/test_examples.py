"""The examples, the demo and the manual: what people copy has to work."""

import asyncio
import os
import re
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from unitward.manifest.decode import decode
from unitward.manifest.keys import IGNORED_PREFIX, TOP_KEYS, UNIT_KEYS, Shape
from unitward.manifest.lint import LINTS
from unitward.manifest.read import read_file
from unitward.model.declared import Manifest
from unitward.model.desired import Desired
from unitward.model.recorded import Recorded
from unitward.model.source import Snapshot, SourceFile
from unitward.reconcile.desire import DesireCache, Terms, desire
from unitward.sources.folder import read_folder
from unitward.systemd.directives import load_directives
from unitward.systemd.findings import Finding
from unitward.systemd.verify import verify
from unitward.unitfile.render import render

PROJECT = Path(__file__).parents[2]
FOLDERS = [PROJECT / "deploy/examples", PROJECT / "deploy/demo"]
FILES = [
    pytest.param(folder, path.relative_to(folder), id=f"{folder.name}/{path.relative_to(folder)}")
    for folder in FOLDERS
    for path in sorted(folder.rglob("*"))
    if path.is_file()
]
MANUAL = (PROJECT / "docs/manifest.md").read_text("utf-8")
_BLOCK = re.compile(r"^```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_MISSING = re.compile(r"Command \S+ is not executable: No such file or directory")


def wanted(folder: Path) -> Desired:
    """Return what a folder asks for, read and put together as a pass does it."""
    snapshot = read_folder(folder, uid=os.getuid())
    assert isinstance(snapshot, Snapshot), snapshot
    terms = Terms(load_directives(None), str(folder), "/home/ada", "here")
    return desire(snapshot, Recorded("here"), terms, DesireCache())


def copied(folder: Path, tmp_path: Path) -> Path:
    """Copy a folder as its user does, into one that nobody else can write."""
    copy = Path(shutil.copytree(folder, tmp_path / "desired"))
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return copy


def checked(desired: Desired, home: Path) -> tuple[Finding, ...]:
    """Return what the installed systemd says of all files that would be installed."""
    files = {file.path: file.content for unit in desired.units.values() for file in unit.files()}
    files |= {file.path: file.content for file in desired.loose}
    env = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PATH": os.environ["PATH"]}
    return asyncio.run(verify(files, env=env)).findings


def blocks(kind: str) -> list[str]:
    """Return the code blocks of the manual that are of a kind."""
    return [found["body"] for found in _BLOCK.finditer(MANUAL) if found["kind"] == kind]


def whole(block: str) -> str:
    """Return a manifest: a block without `version:` shows what stands below `units:`."""
    if re.search("^version:", block, re.MULTILINE):
        return block
    return f"version: 1\nunits:\n{textwrap.indent(block, '  ')}"


def manifest_of(block: str) -> Manifest:
    """Decode a block of the manual."""
    path, table = "manual.yaml", load_directives(None)
    return decode(path, whole(block).encode(), table, folder="/srv/desired", home="/home/ada")


def unit_keys(root: dict[str, dict[str, dict[str, object]]]) -> Iterator[str]:
    """Yield the lower-case keys of every unit and instance of a manifest."""
    for body in root.get("units", {}).values():
        yield from body
        instances = body.get("instances")
        if isinstance(instances, dict):
            for instance in instances.values():
                yield from instance or ()


@pytest.mark.parametrize(("folder", "path"), FILES)
def test_every_example_file_declares_something_without_a_problem(folder: Path, path: Path) -> None:
    """Each file is read, is one of ours, and gives no error, warning or note of its own."""
    file = SourceFile(str(path), (folder / path).read_bytes())

    manifest = read_file(file, load_directives(None), folder="/srv/desired", home="/home/ada")

    assert () == manifest.problems
    assert manifest.declarations


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_folder_of_examples_converges_as_a_whole(folder: Path, tmp_path: Path) -> None:
    """Copied together, nothing is declared twice, frozen, unsupported or in doubt."""
    desired = wanted(copied(folder, tmp_path))

    assert () == desired.problems
    assert ({}, {}, True) == (desired.frozen, desired.unsupported, desired.complete)
    assert desired.units


def test_systemd_takes_every_unit_of_the_examples(tmp_path: Path) -> None:
    """The installed systemd misses nothing in the examples but the programs they run."""
    findings = checked(wanted(copied(FOLDERS[0], tmp_path)), tmp_path)

    assert [] == [f for f in findings if f.fatal or not _MISSING.fullmatch(f.message)]


def test_systemd_takes_every_unit_of_the_demo(tmp_path: Path) -> None:
    """The demo runs on this machine as it is: not even a program is missing."""
    assert () == checked(wanted(copied(FOLDERS[1], tmp_path)), tmp_path)


def test_the_demo_can_lose_a_file_and_keep_others(tmp_path: Path) -> None:
    """One broken manifest of the demo freezes no unit of its other files."""
    folder = copied(FOLDERS[1], tmp_path)
    before = wanted(folder).units
    (folder / "echo.yaml").write_text("version: 1\nunits: [\n", "utf-8")

    after = wanted(folder)

    assert {"echo.socket", "echo@.service"} == before.keys() - after.units.keys()
    assert {"echo.yaml"} == {problem.place.file for problem in after.problems}


def test_the_examples_show_every_key() -> None:
    """Each lower-case key that is supported stands in some example."""
    roots = [
        yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - it makes texts only
        for path in FOLDERS[0].rglob("*.yaml")
    ]
    later = {key.name for key in UNIT_KEYS.values() if key.shape is Shape.LATER}

    assert set(TOP_KEYS) - later <= {key for root in roots for key in root}
    assert set(UNIT_KEYS) - later <= {key for root in roots for key in unit_keys(root)}


def test_the_examples_hold_no_path_of_one_person() -> None:
    """Paths begin with %h or lead to what packages install, so that a copy works for anybody."""
    for folder in FOLDERS:
        for path in folder.rglob("*.*"):
            if path.is_file():
                assert not re.search(r"/home/|/root/|/opt/", path.read_text("utf-8")), path


@pytest.mark.parametrize("block", blocks("yaml"), ids=range(len(blocks("yaml"))))
def test_every_manifest_in_the_manual_is_valid(block: str, tmp_path: Path) -> None:
    """A YAML block of the manual declares units without an error, a warning or a lint."""
    manifest = manifest_of(block)

    assert () == manifest.problems
    assert manifest.declarations or manifest.removed
    (tmp_path / "desired").mkdir(mode=0o700)
    (tmp_path / "desired/manual.yaml").write_text(whole(block), "utf-8")
    findings = checked(wanted(tmp_path / "desired"), tmp_path)
    assert [] == [f for f in findings if f.fatal or not _MISSING.fullmatch(f.message)]


def test_unit_files_in_the_manual_are_what_its_manifests_make() -> None:
    """A unit file shown in the manual is, byte for byte, what a manifest shown there renders to."""
    rendered = {
        f"# {declaration.name}\n{render(declaration.text).decode()}"
        for block in blocks("yaml")
        for declaration in manifest_of(block).declarations
        if declaration.text is not None
    }
    shown = blocks("ini")

    assert shown
    assert set() == set(shown) - rendered


def test_the_manual_names_every_key_word_and_lint() -> None:
    """What the manifest takes is written in the manual."""
    keys = [key for key in UNIT_KEYS.values() if key.shape is not Shape.LATER]
    words = {word for key in keys for word in key.words}
    names = {*TOP_KEYS, *(key.name for key in keys), *words, *LINTS, IGNORED_PREFIX}

    assert set() == {name for name in names if f"`{name}`" not in MANUAL}
