"""Several unitwards for one account."""

import json
import re
from typing import TYPE_CHECKING, Any

from tests.integration.semantics.declare import manifest, service

from unitward.daemon import ROLE
from unitward.reconcile.account import assemble
from unitward.store.lock import lock_holder

if TYPE_CHECKING:
    import subprocess


def test_two_daemons_and_applies_at_once(account: Any, loop: Any) -> None:
    """T6: of all that begin at once one works; the others name it, and change nothing."""
    account.write("a.yaml", manifest(service("a", "/bin/sh -c 'echo ran >> %h/ran; sleep 9999'")))
    loop.configure()
    commands = [("run",), ("run",), ("apply", "--yes"), ("apply", "--yes")]
    spawned = [account.spawn("unitward", *command) for command in commands]

    def running() -> "list[subprocess.Popen[str]]":
        return [process for process in spawned if process.poll() is None]

    lock = assemble(account.env).folders.lock

    def is_decided() -> bool:
        """Tell whether all ended but the daemon that was first; none is left after an `apply`."""
        left = running()
        holder = lock_holder(lock)
        return not left or (len(left) == 1 and holder == (left[0].pid, ROLE))

    account.wait_for(is_decided, "one works, the others end", 60)
    daemons = running()
    ran = account.home / "ran"
    account.wait_for(ran.exists, "the service runs")
    assert "ran\n" == ran.read_text()
    pids, codes = {process.pid for process in spawned}, []
    for process in spawned:
        if process in daemons:
            continue
        text, _ = process.communicate(timeout=10)
        codes.append(process.returncode)
        if process.returncode:
            assert "works on this account already" in text
            assert {*map(int, re.findall(r"process (\d+)", text))} <= pids - {process.pid}, text
            assert "process " in text
        else:
            assert "apply" in process.args, text
    assert daemons or 0 in codes, "one works"
    assert {*codes} <= {0, 1}
    if daemons:
        [daemon] = daemons
        refused = account.run("unitward", "run")
        assert f"process {daemon.pid}" in refused.stderr
        assert 1 == refused.returncode
    status = account.run("unitward", "status", "--output", "json")
    assert "in-sync" == json.loads(status.stdout)["units"][0]["sync"], status.stderr
