"""A kernel that does not tell of changes, for long."""

import sys
import time
from typing import Any

import pytest
from tests.integration.chaos.namespaces import with_watches
from tests.integration.semantics.declare import manifest, service

from unitward.daemon.loop import RETRY_SECONDS


@pytest.mark.timeout(180)
def test_rescans_without_watches(account: Any, loop: Any) -> None:
    """Where nothing can be watched, what nobody asks for is found within 30 s, and drift too."""
    account.write("a.yaml", manifest(service("a")))
    loop.spawn(command=with_watches(0, [sys.executable, "-m", "unitward", "run"]))
    loop.until(lambda: loop.passes > 0, "the first pass ends")
    loop.until(lambda: "max_user_watches" in loop.log, "it is said")
    for turn in range(2):
        began, passes = time.monotonic(), loop.passes
        account.write("a.yaml", manifest(service("a", f"/bin/sleep {1000 + turn}")))
        (account.unit_dir / "a.service").unlink()
        loop.until(lambda: loop.passes > passes, "it looks", RETRY_SECONDS + 15)  # noqa: B023 - called at once
        loop.until(lambda: loop.is_active("a.service"), "it runs")
        assert f"sleep {1000 + turn}\n" in (account.unit_dir / "a.service").read_text()
        assert time.monotonic() - began > 1, "somebody told it"
