"""`unitward logs` with a journal: what a unit says and what unitward does to it, in one place."""

import sys
from typing import Any

# The unit speaks when it starts; the daemon runs as a user unit, as it does for people.
SCRIPT = r"""
PYTHON=$1
cd && mkdir -p .config/unitward/desired
cat > .config/unitward/desired/api.yaml <<'END'
version: 1
units:
  api.service:
    Service: {ExecStart: "/bin/sh -c 'echo spoken by the unit; exec sleep infinity'"}
    Install: {WantedBy: default.target}
  other.service:
    Service: {ExecStart: /bin/sleep infinity}
    Install: {WantedBy: default.target}
END
unitward() { "$PYTHON" -m unitward "$@"; }
systemd-run --user --quiet --unit=unitward -p Type=notify "$PYTHON" -m unitward run
unitward sync >&2 || exit
for try in $(seq 100); do
    unitward logs api > seen
    grep -q "spoken by" seen && grep -q "start api" seen && break
    sleep 0.1
done
echo "== api"; cat seen
echo "== newest"; unitward logs api.service -n 1
echo "== fields"; journalctl --user-unit=api.service --output=json
echo "== daemon"; unitward logs unitward
"""


def test_logs_show_the_unit_and_what_was_done_to_it(
    sandbox_line: list[str], run_program: Any
) -> None:
    """The unit's output and the daemon's actions on it are there, other units' are not."""
    ended = run_program([*sandbox_line, "bash", "-c", SCRIPT, "bash", sys.executable])

    assert 0 == ended.returncode, ended
    _, api, newest, fields, daemon = ended.stdout.split("== ")
    assert "]: spoken by the unit\n" in api
    assert ": create api.service: new" in api
    assert ": start api.service: " in api
    assert "other.service" not in api
    assert 2 == len(newest.splitlines())
    assert '"UNITWARD_ACTION":"start"' in fields
    assert '"UNITWARD_RESULT":"done"' in fields
    assert "unitward watches " in daemon
    assert "start other.service: " in daemon
