"""The installed systemd takes what the unit-file language writes."""

import os
import subprocess
from pathlib import Path

from unitward.model.unittext import Entry, UnitText
from unitward.unitfile.mark import seal
from unitward.unitfile.render import render
from unitward.unitfile.words import quote_argument, quote_environment

HOSTILE = (
    *("", " ", "a b", "  a  ", "\t", "\n", "\r\n", "a\nb\n", "\x01", "\x1b[0m", "\x7f", "\a\b\f\v"),
    *("'", '"', "it's", '"quoted"', "'", "\\", "\\\\", "trailing\\", "\\n", "\\x41", "\\q", "\\;"),
    *("%", "%%", "%h", "%z", "100%", "%n%", "$", "$$", "$HOME", "${HOME}", "$(id)", "`id`"),
    *(";", ";;", "; /bin/false", "#", "# no comment", "[Unit]", "=", "a=b", "-", "@", "!!", "|"),
    *("é", "日本", "😀", "\u00a0", "\u2028", "\ufeff", "\uffff", "\udcff", "*", "~", "&&", "{}"),
)
VARIABLES = (
    *("", " ", "a b", "a\nb", "\t", "\x1b", "'", '"', "\\", "end\\", "$HOME", "${X}", "%h", "%%"),
    *(";", "#", "=", "é", "😀", "\ufeff"),
)


def verify(path: Path) -> subprocess.CompletedProcess[str]:
    """Let systemd-analyze read one unit file, away from this account's own units."""
    env = os.environ | {"XDG_RUNTIME_DIR": str(path.parent), "HOME": str(path.parent)}
    env |= {"XDG_CONFIG_HOME": str(path.parent), "XDG_DATA_HOME": str(path.parent)}
    return subprocess.run(
        ["systemd-analyze", "--user", "--man=no", "verify", "--recursive-errors=no", path],
        capture_output=True,
        check=False,
        env=env,
        errors="backslashreplace",
        timeout=60,
    )


def test_systemd_reads_hostile_arguments_without_complaint(tmp_path: Path) -> None:
    """Arguments, variables and values that look like syntax are accepted, mark included."""
    entries = (
        Entry("Unit", "Description", 'it\'s "100%%" \\ # ; [x] $HOME trailing\\'),
        Entry("Service", "Type", "oneshot"),
        *(Entry("Service", "ExecStart", f"/bin/true {quote_argument(a)}") for a in HOSTILE),
        Entry("Service", "ExecStart", " ".join(["/bin/true", *map(quote_argument, HOSTILE)])),
        *(
            Entry("Service", "Environment", quote_environment(f"V{index}", value))
            for index, value in enumerate(VARIABLES)
        ),
        Entry("Install", "WantedBy", "default.target"),
    )
    path = tmp_path / "hostile.service"
    path.write_bytes(seal(render(UnitText(entries)), installation="here", unit=path.name))

    actual = verify(path)

    assert (actual.returncode, actual.stderr) == (0, "")
    assert len(HOSTILE) >= 30


def test_systemd_reads_sealed_files_without_complaint(tmp_path: Path) -> None:
    """A byte order mark, an open continuation or a missing final newline is no obstacle."""
    body = b"[Service]\nExecStart=/bin/true a\\"
    for index, content in enumerate((body, b"\xef\xbb\xbf" + body, body.replace(b"\n", b"\r\n"))):
        path = tmp_path / f"sealed{index}.service"
        path.write_bytes(seal(content, installation="here", unit=path.name))

        actual = verify(path)

        assert (actual.returncode, actual.stderr) == (0, "")
