"""A kernel that does not tell of changes."""

import sys
from typing import Any

import pytest
from tests.integration.chaos.namespaces import with_watches
from tests.integration.semantics.declare import manifest, service


@pytest.mark.parametrize("watches", [0, 2])
def test_no_watches_left(account: Any, loop: Any, watches: int) -> None:
    """Without watches it says so and why, looks again every 30 s, and when asked."""
    for name in "abcd":
        account.write(f"{name}/{name}.yaml", manifest(service(name)))
    loop.spawn(command=with_watches(watches, [sys.executable, "-m", "unitward", "run"]))
    loop.until(lambda: loop.passes > 0, "the first pass ends")
    loop.until(lambda: "max_user_watches" in loop.log, "it is said")
    assert "unitward looks every 30 s" in loop.log
    assert any("max_user_watches" in note for note in loop.report["notes"])
    assert all(loop.is_active(f"{name}.service") for name in "abcd")
    account.write("d/d.yaml", manifest(service("d", "/bin/sleep 1000")))
    loop.sync()
    assert "sleep 1000" in (account.unit_dir / "d.service").read_text()
