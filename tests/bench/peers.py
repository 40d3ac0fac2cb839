"""Others at the same work, when this machine has them: Ansible and dron."""

import json
import shutil
import subprocess
import sys
import textwrap
import time

from tests.bench.account import Account
from tests.bench.rows import names

# Ansible runs a program or more for each file and unit: minutes, on a busy machine many of them.
LIMIT_S = 1800.0


def first_convergence(account: Account, units: int) -> dict[str, float]:
    """Return the seconds that each peer found here takes for a first convergence.

    One that fails, takes longer than LIMIT_S or leaves a service down is told of and left out:
    it must not cost the figures of unitward.
    """
    found = {}
    for name, program, prepare in (
        ("Ansible", "ansible-playbook", _ansible),
        ("dron", "dron", _dron),
    ):
        if shutil.which(program):
            account.reset()
            seconds = _timed(account, name, prepare(account, units))
            if seconds is not None and _all_run(account, units, name):
                found[name] = seconds
    return found


def _timed(account: Account, name: str, command: list[str]) -> float | None:
    began = time.perf_counter()
    try:
        subprocess.run(
            command,
            env=account.env,
            cwd=account.home,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        print(f"{name} failed: {error.stdout[-1000:]}{error.stderr[-1000:]}", file=sys.stderr)
    except subprocess.TimeoutExpired:
        print(f"{name} took longer than {LIMIT_S:g} s", file=sys.stderr)
    else:
        return time.perf_counter() - began
    return None


def _ansible(account: Account, units: int) -> list[str]:
    text = (
        "[Unit]\nDescription=Bench\n[Service]\nExecStart=/bin/sleep infinity\n"
        "[Install]\nWantedBy=default.target\n"
    )
    tasks = [
        {
            "copy": {"content": text, "dest": f"{account.unit_dir}/{{{{ item }}}}", "mode": "0644"},
            "loop": names(units),
        },
        {"systemd_service": {"daemon_reload": True, "scope": "user"}},
        {
            "systemd_service": {
                "name": "{{ item }}",
                "scope": "user",
                "enabled": True,
                "state": "started",
            },
            "loop": names(units),
        },
    ]
    play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]
    playbook = account.home / "bench.yml"
    playbook.write_text(json.dumps(play))
    interpreter = f"ansible_python_interpreter={sys.executable}"
    return ["ansible-playbook", "-i", "localhost,", "-e", interpreter, str(playbook)]


def _dron(account: Account, units: int) -> list[str]:
    tabfile = account.home / "drontab.py"
    tabfile.write_text(
        textwrap.dedent(f"""
            from dron.api import job
            def jobs():
                for number in range({units}):
                    yield job("always", ["/bin/sleep", "infinity"], unit_name=f"bench{{number:04}}")
        """)
    )
    (account.home / ".config/dron").mkdir(parents=True)
    return ["dron", "apply", str(tabfile)]


def _all_run(account: Account, units: int, name: str) -> bool:
    running = account.active()
    if running < units:
        print(f"{name} got {running} of {units} services to run", file=sys.stderr)
    return running >= units
