"""What directives need of the machine."""

import pytest

from unitward.setup.doctor.needs import controllers_needed, needs_namespace
from unitward.unitfile.syntax import parse


def test_controllers() -> None:
    """Each resource limit names its controller; an emptied one needs none."""
    text = parse(b"[Service]\nCPUQuota=20%\nMemoryMax=1G\nIOWeight=\nNice=5\n").text

    assert frozenset({"cpu", "memory"}) == controllers_needed(text)


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ("PrivateTmp=yes", True),
        ("PrivateTmp=no", False),
        ("ProtectSystem=strict", True),
        ("ProtectSystem=strict\nProtectSystem=", False),
        ("ReadOnlyPaths=/srv", True),
        ("ProtectProc=default", False),
        ("NoNewPrivileges=yes", False),
    ],
)
def test_namespaces(line: str, needed: bool) -> None:
    """A sandboxing directive needs a namespace unless it is turned off."""
    assert needed == needs_namespace(parse(f"[Service]\n{line}\n".encode()).text)
