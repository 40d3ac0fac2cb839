"""One file of the folder, whatever it is."""

import pytest

from unitward.manifest.read import read_file
from unitward.model.declared import Manifest
from unitward.model.source import SourceFile, Unreadable
from unitward.model.unittext import DirectiveTable

YAML = b"version: 1\nunits: {a.service: {env_files: [./e, ~/f], Service: {ExecStart: /x}}}\n"


def _read(path: str, content: bytes | Unreadable, table: DirectiveTable) -> Manifest:
    return read_file(SourceFile(path, content), table, folder="/d", home="/h")


@pytest.mark.parametrize(
    ("path", "content", "names"),
    [
        ("sub/a.yaml", YAML, ["a.service"]),
        ("b.service", b"[Service]\nExecStart=/x\n", ["b.service"]),
        ("c.service.d/d.conf", b"[Service]\nNice=1\n", ["c.service.d/d.conf"]),
    ],
)
def test_each_kind_is_read_its_own_way(
    table: DirectiveTable,
    path: str,
    content: bytes,
    names: list[str],
) -> None:
    """Manifests, unit files and drop-ins all become declarations."""
    assert names == [item.name for item in _read(path, content, table).declarations]


def test_folder_and_home_reach_the_manifest(table: DirectiveTable) -> None:
    """`./` and `~` are expanded with what the caller knows."""
    manifest = _read("sub/a.yaml", YAML, table)

    assert ("/d/sub/e", "/h/f") == manifest.declarations[0].policy.env_files


def test_what_is_ignored_is_never_looked_at(table: DirectiveTable) -> None:
    """An editor's leftover is no manifest, readable or not."""
    assert Manifest(".a.yaml", is_manifest=False) == _read(".a.yaml", b"\xff", table)
    assert Manifest("a~", is_manifest=False) == _read("a~", Unreadable("no"), table)


@pytest.mark.parametrize(
    ("path", "content", "message", "hint"),
    [
        ("a.yaml", Unreadable("permission denied", "chmod u+r"), "permission denied", "chmod u+r"),
        ("a.service", Unreadable("a link to nowhere"), "a link to nowhere", ""),
        ("a.container", b"[Container]\n", "Quadlet files (.container) are not supported", "podman"),
        ("hosts/x/a.yaml", YAML, "overlays (hosts/) are not supported yet", "move the file"),
        ("labels/x/a.service", b"x", "overlays (labels/) are not supported yet", "move the file"),
    ],
)
def test_what_cannot_be_read_is_invalid_never_absent(
    table: DirectiveTable,
    path: str,
    content: bytes | Unreadable,
    message: str,
    hint: str,
) -> None:
    """Nothing is removed because a file cannot be read."""
    manifest = _read(path, content, table)

    assert (True, True) == (manifest.invalid, manifest.is_manifest)
    assert manifest.problems[0].message.startswith(message)
    assert hint in manifest.problems[0].hint
