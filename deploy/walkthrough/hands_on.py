"""What a person does with the demo on a terminal, until Ctrl-C."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from deploy.walkthrough.daemon import Daemon, unitward
from deploy.walkthrough.machine import Machine

POLL_S = 0.2

GUIDE = """
Now it is yours. The prompt below is a shell's, in the desired-state folder. Try:

  sed -i s/8080/9090/ worker.yaml             only my-worker.service restarts (or use an editor)
  rm spool.yaml                               its units are stopped and removed after 2 s
  echo 'oops: [' >>echo.yaml                  a broken file freezes only its own units
  systemctl --user stop heartbeat.service     it is started again after 3 s
  unitward plan; unitward --help

What the daemon does appears by itself. Enter shows the status. Ctrl-C ends everything."""


def hands_on(machine: Machine, daemon: Daemon) -> int:
    """Run a person's commands and show what the daemon does, until Ctrl-C or Ctrl-D."""
    ended = threading.Event()
    teller = threading.Thread(target=_tell, args=(daemon, ended))
    teller.start()
    try:
        print(GUIDE, flush=True)
        while True:
            line = input("\n> ").strip()
            if line:
                _run(line, machine)
            else:
                print(unitward("status"), flush=True)
    except (EOFError, KeyboardInterrupt):
        print("\nThe end: the daemon, the user manager and its folders go.", flush=True)
        return 0
    finally:
        ended.set()
        teller.join()


def _run(line: str, machine: Machine) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path}
    try:
        subprocess.run(("sh", "-c", line), cwd=machine.desired, env=env, check=False)
    except KeyboardInterrupt:
        print()


def _tell(daemon: Daemon, ended: threading.Event) -> None:
    while not ended.wait(POLL_S):
        for sentence in daemon.news():
            print(f"\runitward: {sentence}", flush=True)
