"""Whatever a folder holds, reading it ends in declarations or problems, never in a crash."""

import string

from hypothesis import example, given, settings
from hypothesis import strategies as st

from unitward.manifest.decode import decode
from unitward.manifest.read import read_file
from unitward.manifest.show import format_problem
from unitward.model.declared import Manifest
from unitward.model.source import Severity, SourceFile
from unitward.model.unittext import DirectiveTable
from unitward.unitfile import words

TABLE = DirectiveTable(
    252,
    {
        "Unit": {"Description": "STRING", "After": "UNIT [...]"},
        "Service": {"ExecStart": "OTHER", "Environment": "ENVIRON", "Restart": "SERVICERESTART"},
        "Socket": {"ListenStream": "SOCKET [...]", "Accept": "BOOLEAN"},
        "Timer": {"OnCalendar": "TIMER", "OnBootSec": "TIMER", "Persistent": "BOOLEAN"},
        "Install": {"WantedBy": "OTHER"},
    },
)

PIECES = st.sampled_from(
    [
        "version: 1\n",
        "units:\n",
        "units: {",
        "removed: [",
        "  a.service:\n",
        "  w@.service:\n",
        "  a.service.d/b.conf:\n",
        "    Service:\n",
        "      ExecStart: ",
        "    env: {",
        "A: b",
        "    schedule: ",
        "    listen: [",
        "    instances: ",
        "    state: ",
        "    mask: yes\n",
        "    x-a: &a ",
        "*a",
        "<<: *a",
        "<<",
        "&a ",
        "!tag ",
        "%h",
        "@",
        "`",
        "'",
        '"',
        "|\n",
        ">\n",
        "# c\n",
        " # ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        ": ",
        "- ",
        "? ",
        "\n",
        "\t",
        "---\n",
        "...\n",
        "${{ x }}",
        "\u0000",
        "\x85",
        "\u2028",
        "\ufeff",
        "é",
        "\\",
        "daily",
        "running",
        "[::1]:80",
        "~",
        "./x",
        "../x",
        "99999999999999999999",
        "on",
        "    hosts: [a]\n",
        "    allow: [b]\n",
        "    min_version: ",
        "    env_files: [{path: ",
        "    secrets: {t: ",
        "    restart_on: [",
    ],
)

NODES = st.recursive(
    st.sampled_from(["a", "''", "", "daily", "/x", "~/x", "yes", "a.service", "%h/x", "50%", "1"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(
            st.sampled_from(
                [
                    "Unit",
                    "Service",
                    "Timer",
                    "Install",
                    "X-A",
                    "ExecStart",
                    "OnCalendar",
                    "description",
                    "env",
                    "env_files",
                    "secrets",
                    "schedule",
                    "listen",
                    "instances",
                    "state",
                    "enable",
                    "mask",
                    "on_change",
                    "on_remove",
                    "restart_on",
                    "reload_on",
                    "drift",
                    "hosts",
                    "allow",
                    "min_version",
                    "path",
                    "optional",
                    "mail",
                    "a/b",
                    "x-y",
                    "A",
                    "a.service",
                ],
            ),
            inner,
            max_size=4,
        ).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs.items()) + "}"
        ),
    ),
    max_leaves=20,
)


def _check(manifest: Manifest, content: bytes) -> None:
    """Check what holds for every reading."""
    lines = content.decode("utf-8", errors="replace").replace("\r\n", "\n")
    breaks = sum(lines.count(char) for char in "\n\r\x85\u2028\u2029\0")
    errors = [item for item in manifest.problems if item.severity is Severity.ERROR]
    for problem in manifest.problems:
        assert problem.place.line <= breaks + 1
        assert problem.place.file == manifest.path
        assert format_problem(problem)
    if any(not problem.unit for problem in errors):
        assert manifest.invalid
    if manifest.invalid:
        assert errors
        assert () == manifest.declarations
        return
    frozen = {name for name, _ in manifest.invalid_units}
    assert {problem.unit for problem in errors} <= frozen
    names = [declaration.name for declaration in manifest.declarations]
    assert not frozen & set(names)
    assert len(names) == len(set(names))
    for declaration in manifest.declarations:
        if declaration.text is not None:
            assert declaration.text.entries or declaration.raw is not None
            assert len(declaration.text.entries) == len(declaration.places)


@given(st.binary(max_size=200), st.sampled_from(["a.yaml", "a.service", "a.service.d/b.conf"]))
@example(b"", "a.service")
@example(b"\xef\xbb\xbf", "a.yaml")
def test_any_bytes_are_read_without_raising(content: bytes, path: str) -> None:
    """Garbage is a problem or nothing of ours."""
    _check(read_file(SourceFile(path, content), TABLE, folder="/d", home="/h"), content)


@given(st.lists(PIECES, max_size=40).map("".join))
@example("?  # ")
@settings(max_examples=400)
def test_any_yaml_like_text_is_read_without_raising(text: str) -> None:
    """Pieces of manifests in any order never crash, and every problem lies in the file."""
    content = ("version: 1\nunits:\n" + text).encode()
    _check(decode("a.yaml", content, TABLE, folder="/d", home="/h"), content)


@given(NODES, st.sampled_from(["a.service", "w@.service", "a.timer", "a.service.d/b.conf"]))
@settings(max_examples=400)
def test_any_node_below_a_unit_is_read_without_raising(node: str, name: str) -> None:
    """Every key takes every shape of value without a crash."""
    content = f"version: 1\nunits:\n  {name}: {node}\n".encode()
    _check(decode("a.yaml", content, TABLE, folder="/d", home="/h"), content)


@given(st.text(max_size=30))
def test_any_text_can_be_an_instance_or_a_name(text: str) -> None:
    """Strange names are refused with a hint, never taken."""
    safe = "".join(char for char in text if char.isprintable()).replace("'", "''")
    for body in (f"'{safe}': {{state: any}}", f"w@.service: {{instances: ['{safe}']}}"):
        content = f"version: 1\nunits:\n  {body}\n".encode()
        _check(decode("a.yaml", content, TABLE, folder="/d", home="/h"), content)


def _yaml_text(value: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(escapes.get(char, char) for char in value) + '"'


VALUES = st.text(
    st.one_of(
        st.sampled_from(" \t\n\r\"'\\$#;=é日"),
        st.sampled_from(string.ascii_letters + string.digits + "/:.,{}[]&*!|>@`"),
    ),
    max_size=30,
).filter(lambda text: "${{" not in text)  # reserved for substitution, and refused


@given(st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True), VALUES))
def test_env_gives_the_program_what_was_written(environment: dict[str, str]) -> None:
    """Splitting the lines as systemd does gives back every name and value."""
    pairs = ", ".join(f"{key}: {_yaml_text(value)}" for key, value in environment.items())
    text = f"version: 1\nunits:\n  a.service: {{env: {{{pairs}}}, Service: {{ExecStart: /x}}}}\n"
    manifest = decode("a.yaml", text.encode(), TABLE, folder="/d", home="/h")

    assert () == tuple(item for item in manifest.problems if item.severity is Severity.ERROR)
    unit = manifest.declarations[0].text
    assert unit is not None
    assigned = [
        word for line in unit.values("Service", "Environment") for word in words.split(line)
    ]
    assert environment == dict(word.split("=", 1) for word in assigned)
