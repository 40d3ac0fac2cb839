"""Raw unit files and drop-ins of the folder."""

import pytest

from unitward.manifest.raw import decode_raw
from unitward.model.declared import Policy
from unitward.model.source import Place, Severity
from unitward.model.unittext import DirectiveTable

FOLDER, HOME = "/srv/desired", "/home/ada"
GOOD = b"# mine\n[Unit]\nDescription=x\n\n[Service]\nExecStart=/bin/a \\\n  b\n"


def test_a_unit_file_is_kept_byte_for_byte(table: DirectiveTable) -> None:
    """Its bytes are installed; its meaning and the line of each entry are known."""
    manifest = decode_raw("sub/dir/api.service", GOOD, table, folder=FOLDER, home=HOME)

    assert () == manifest.problems
    (declaration,) = manifest.declarations
    assert ("api.service", GOOD, Policy()) == (
        declaration.name,
        declaration.raw,
        declaration.policy,
    )
    assert declaration.text is not None
    assert "/bin/a    b" == declaration.text.last("Service", "ExecStart")
    assert (Place("sub/dir/api.service", 3), Place("sub/dir/api.service", 6)) == declaration.places


def test_a_drop_in_is_named_with_its_folder(table: DirectiveTable) -> None:
    """Folders above the drop-in's own only group."""
    manifest = decode_raw(
        "sub/a.service.d/50.conf", b"[Service]\nNice=5\n", table, folder=FOLDER, home=HOME
    )

    assert ["a.service.d/50.conf"] == [item.name for item in manifest.declarations]


@pytest.mark.parametrize(
    ("path", "content", "line", "message"),
    [
        ("a.service", b"", 0, "the file is empty, which would mask the unit"),
        ("a.service", b"[Service\nExecStart=/x\n", 1, ""),
        ("a.service", b"[Service]\nExecStart=/\xff\n", 2, ""),
        ("a.service", b"#" * 1_100_000, 0, "the file is too large: 1100000 bytes"),
        ("default.target", b"[Unit]\nDescription=x\n", 0, "default.target belongs to the user"),
        ("a.target", b"[Unit]\nSuccessAction=exit\n", 2, "SuccessAction=exit would end"),
    ],
)
def test_what_systemd_would_refuse_makes_the_file_invalid(
    table: DirectiveTable,
    path: str,
    content: bytes,
    line: int,
    message: str,
) -> None:
    """The unit is named as invalid, so that it stays as it is."""
    manifest = decode_raw(path, content, table, folder=FOLDER, home=HOME)

    assert manifest.invalid
    assert () == manifest.declarations
    assert [path] == [name for name, _ in manifest.invalid_units]
    found = [problem for problem in manifest.problems if problem.severity is Severity.ERROR]
    assert (line, path) == (found[0].place.line, found[0].unit)
    assert found[0].message.startswith(message)


@pytest.mark.parametrize(
    ("content", "line", "message", "hint"),
    [
        (b"[Service]\nExecStrat=/x\n", 2, "[Service] has no ExecStrat=", "did you mean ExecStart?"),
        (b"[Service]\nWantedBy=x\n", 2, "[Service] has no WantedBy=", "it belongs to [Install]"),
        (b"[Timer]\nOnCalendar=x\nPersistent=y\n", 2, "[Timer] has no place", "belongs into"),
        (b"[Servce]\nExecStart=/x\n", 2, "there is no section [Servce]", "did you mean Service?"),
        (b"[Service]\nnonsense\n", 2, "", ""),
    ],
)
def test_what_systemd_would_ignore_is_a_warning(
    table: DirectiveTable,
    content: bytes,
    line: int,
    message: str,
    hint: str,
) -> None:
    """A raw file may be for another version of systemd: it is installed all the same."""
    manifest = decode_raw("a.service", content, table, folder=FOLDER, home=HOME)

    assert 1 == len(manifest.declarations)
    assert [(line, Severity.WARNING)] == [
        (problem.place.line, problem.severity) for problem in manifest.problems
    ]
    assert manifest.problems[0].message.startswith(message)
    assert hint in manifest.problems[0].hint


def test_private_sections_and_keys_are_fine(table: DirectiveTable) -> None:
    """What begins with X- is nobody's business."""
    content = b"[X-Site]\nOwner=ada\n[Service]\nX-Foo=1\nExecStart=/x\n"

    assert () == decode_raw("a.service", content, table, folder=FOLDER, home=HOME).problems


def test_a_file_whose_name_is_no_units_is_invalid(table: DirectiveTable) -> None:
    """The hint shows how the name must be written."""
    manifest = decode_raw("a b.service", GOOD, table, folder=FOLDER, home=HOME)

    assert manifest.invalid
    assert r"a\x20b.service" in manifest.problems[0].hint
