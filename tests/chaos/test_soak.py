"""Random work over many units, for long: what the daemon takes must not grow."""

import contextlib
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.chaos.conftest import seconds
from tests.integration.semantics.declare import SLEEP, manifest, service

from unitward.store.passes import KEPT_GENERATIONS

LENGTH_S = seconds("CHAOS_SOAK", "30min")
FILES, EACH = 20, 10
PAUSE_S = 0.2
TOLERANCES = (0.05, 0.0, 0.0, 0.03)
"""By what part the second half may exceed the first: memory, files, threads, ledger."""
SLACK = (2e6, 2.0, 0.0, 64e3)
"""And by how much besides: 2 MB of pages that malloc keeps, two files that are open just then,
16 pages of the ledger's log."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the daemon takes: bytes, open files, threads, and bytes of the ledger on disk."""

    resident: float
    files: float
    threads: float
    ledger: float


class Work:
    """What people and accidents do to 200 units."""

    def __init__(self, account: Any, chance: random.Random) -> None:
        self._account = account
        self._chance = chance
        self._programs = dict.fromkeys(range(FILES * EACH), SLEEP)
        self._about = dict.fromkeys(range(FILES * EACH), 0)
        self._gone: set[int] = set()
        for file in range(FILES):
            self._save(file)

    def _save(self, file: int) -> None:
        units = (
            service(f"u{n}", self._programs[n], unit={"Description": f"edit {self._about[n]}"})
            for n in range(file * EACH, file * EACH + EACH)
            if n not in self._gone
        )
        draft = self._account.home / "tmp/draft"
        draft.write_text(manifest(*units))
        draft.rename(self._account.desired / f"{file}.yaml")

    def do(self) -> None:
        """Do something to one of them."""
        number = self._chance.randrange(FILES * EACH)
        acts: tuple[Callable[[int], None], ...] = (
            self._describe,
            self._change,
            self._come_or_go,
            self._stop,
            self._edit,
            self._kill,
        )
        self._chance.choice(acts)(number)

    def _describe(self, number: int) -> None:
        self._about[number] += 1
        self._save(number // EACH)

    def _change(self, number: int) -> None:
        self._programs[number] = f"/bin/sleep {self._chance.randrange(10_000, 99_999)}"
        self._save(number // EACH)

    def _come_or_go(self, number: int) -> None:
        self._gone ^= {number}
        self._save(number // EACH)

    def _stop(self, number: int) -> None:
        self._account.systemctl("stop", f"u{number}.service", check=False)

    def _kill(self, number: int) -> None:
        self._account.systemctl("kill", "--signal=KILL", f"u{number}.service", check=False)

    def _edit(self, number: int) -> None:
        path: Path = self._account.unit_dir / f"u{number}.service"
        with contextlib.suppress(FileNotFoundError):
            path.write_text(path.read_text() + "# by hand\n")

    def running(self) -> set[str]:
        """Return the units that have to run."""
        return {f"u{n}.service" for n in range(FILES * EACH) if n not in self._gone}


def sample(loop: Any) -> Sample:
    """Look at the daemon and its ledger."""
    process = Path(f"/proc/{loop.pid}")
    pages = int((process / "statm").read_text().split()[1])
    ledger = sum(path.stat().st_size for path in loop.ledger_path.parent.glob("ledger.sqlite*"))
    return Sample(
        resident=pages * os.sysconf("SC_PAGE_SIZE"),
        files=len(os.listdir(process / "fd")),  # noqa: PTH208 - names only
        threads=len(os.listdir(process / "task")),  # noqa: PTH208 - names only
        ledger=ledger,
    )


def medians(samples: Sequence[Sample]) -> tuple[float, ...]:
    """Return the median of each figure."""
    return tuple(statistics.median(column) for column in zip(*map(astuple, samples), strict=True))


@pytest.mark.timeout(LENGTH_S + 900)
def test_soak(account: Any, loop: Any, seed: int, tell: Callable[[str], None]) -> None:
    """After the ledger keeps all the changes it will keep, nothing that the daemon takes grows."""
    loop.configure(
        "stop_grace: 0s\nprune_after: 0s\nmax_restarts: 1000\nsettle: 50ms\njob_wait: 30s\n"
    )
    work = Work(account, random.Random(seed))
    loop.start()
    acts = 0

    def do_one() -> None:
        nonlocal acts
        work.do()
        acts += 1
        time.sleep(PAUSE_S)

    while loop.generations < KEPT_GENERATIONS:
        do_one()
    samples: list[Sample] = []
    end = time.monotonic() + LENGTH_S
    while time.monotonic() < end:
        do_one()
        samples.append(sample(loop))
    half = len(samples) // 2
    first, second = medians(samples[:half]), medians(samples[half:])
    tell(
        f"soak of {LENGTH_S:g} s over {FILES * EACH} units: {acts} acts, {loop.passes} passes"
        + "".join(
            f"\n  {name:<24} first half {a:>12,.0f}  second half {b:>12,.0f}"
            for name, a, b in zip(
                ("resident bytes", "open files", "threads", "ledger bytes"),
                first,
                second,
                strict=True,
            )
        )
    )
    for a, b, part, slack in zip(first, second, TOLERANCES, SLACK, strict=True):
        assert b <= a * (1 + part) + slack
    loop.until(lambda: _all_run(account, loop, work), "all is in sync in the end", 120)


def _all_run(account: Any, loop: Any, work: Work) -> bool:
    report = loop.sync()
    active = {unit for unit in account.units("active") if unit.startswith("u")}
    return {u["sync"] for u in report["units"]} == {"in-sync"} and active == work.running()
