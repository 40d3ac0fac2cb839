"""Others at the same work, when this machine has them: Ansible and dron."""

import json
import shutil
import sys
import textwrap
from pathlib import Path

from tests.bench.account import Account
from tests.bench.rows import names


def first_convergence(account: Account, units: int) -> dict[str, float]:
    """Return the seconds that each peer found here takes for a first convergence."""
    found = {}
    if shutil.which("ansible-playbook"):
        account.reset()
        found["Ansible"] = account.timed(_ansible(account, units))
        _demand_running(account, units, "Ansible")
    if shutil.which("dron"):
        account.reset()
        found["dron"] = account.timed(_dron(account, units))
        _demand_running(account, units, "dron")
    return found


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
        {
            "systemd_service": {
                "name": "{{ item }}",
                "scope": "user",
                "enabled": True,
                "state": "started",
                "daemon_reload": True,
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
    module = account.home / "drontab.py"
    module.write_text(
        textwrap.dedent(f"""
            from dron.api import job
            def jobs():
                for number in range({units}):
                    yield job("always", ["/bin/sleep", "infinity"], unit_name=f"bench{{number:04}}")
        """)
    )
    (account.home / ".config/dron").mkdir(parents=True)
    return ["dron", "apply", "--module", Path(module).stem]


def _demand_running(account: Account, units: int, who: str) -> None:
    if account.active() < units:
        print(f"{who} did not get the {units} services to run", file=sys.stderr)
