"""Which files are read, and as what."""

import pytest

from unitward.manifest.files import FileKind, classify, unit_path


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a.yaml", FileKind.MANIFEST),
        ("team/x/a.yml", FileKind.MANIFEST),
        ("api.service", FileKind.UNIT),
        ("sub/dir/api.timer", FileKind.UNIT),
        ("foo.d/api.service", FileKind.UNIT),
        ("w@.service", FileKind.UNIT),
        ("bad name.service", FileKind.UNIT),
        ("pipewire.service.d/50.conf", FileKind.DROP_IN),
        ("sub/pipewire.service.d/50.conf", FileKind.DROP_IN),
        ("service.d/50.conf", FileKind.DROP_IN),
        ("app-.service.d/50.conf", FileKind.DROP_IN),
        ("web.container", FileKind.QUADLET),
        ("sub/net.network", FileKind.QUADLET),
        (".hidden.yaml", FileKind.IGNORED),
        (".git/a.service", FileKind.IGNORED),
        ("sub/.x/a.yaml", FileKind.IGNORED),
        ("a.yaml~", FileKind.IGNORED),
        ("#a.yaml#", FileKind.IGNORED),
        ("a.yaml.swp", FileKind.IGNORED),
        ("4913", FileKind.IGNORED),
        ("a.service.bak", FileKind.IGNORED),
        ("a.yaml.tmp", FileKind.IGNORED),
        ("README.md", FileKind.IGNORED),
        ("start.sh", FileKind.IGNORED),
        ("a.conf", FileKind.IGNORED),
        ("a.service.d/readme", FileKind.IGNORED),
        ("a.service.d/b.service", FileKind.IGNORED),
        ("a.service.d/sub/b.conf", FileKind.IGNORED),
        ("a.service.d/.b.conf", FileKind.IGNORED),
        ("default.target.wants/a.service", FileKind.IGNORED),
    ],
)
def test_a_files_name_tells_how_it_is_read(path: str, kind: FileKind) -> None:
    """Units, drop-ins and manifests are read; leftovers and links are not."""
    assert kind is classify(path)


def test_folders_only_group() -> None:
    """A unit's name is its file's, a drop-in's begins with its folder's."""
    assert "api.service" == unit_path("sub/dir/api.service")
    assert "pipewire.service.d/50.conf" == unit_path("sub/pipewire.service.d/50.conf")
