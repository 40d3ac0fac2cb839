"""The bootstrap unit's script, which only a shell and a whole system can read otherwise."""

import re
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[2]
UNIT = PROJECT / "deploy/unitward-bootstrap.service"
README = PROJECT / "deploy/README.md"


def script() -> str:
    """Return what the unit has the shell run."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    return "\n".join(line[2:] for line in lines if line.startswith("#|"))


def test_the_script_is_shell() -> None:
    """The lines that ExecStart= runs are without a syntax error."""
    checked = subprocess.run(
        ("sh", "-n"), input=script(), capture_output=True, check=False, text=True
    )
    assert "" == checked.stderr
    assert 0 == checked.returncode


def test_every_key_and_every_line_is_explained() -> None:
    """What the unit and its settings may say stands in deploy/README.md, and nothing else."""
    explained = README.read_text(encoding="utf-8").partition("## unitward-bootstrap.service")[2]
    explained = explained.partition("\n## ")[0]
    keys = set(re.findall(r"UNITWARD_[A-Z]+(?==\*\))", script()))
    assert keys
    assert keys | {"UNITWARD_CONFIG_KEY"} == set(
        re.findall(r"^\| `(UNITWARD_\w+)`", explained, re.MULTILINE)
    )
    lines = re.findall(r"^([A-Z]\w+)=", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    told = set(re.findall(r"^\| `([A-Z][A-Za-z]+)=", explained, re.MULTILINE))
    assert set(lines) - {"Description"} == told
