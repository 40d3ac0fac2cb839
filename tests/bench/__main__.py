"""Measure unitward against the floor and print the table: `make bench`.

To be run in a user manager's reach; every measurement has an account of its own. Nothing timed
fails; what the figures rest on (units that run, no subprocess) does.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from tests.bench.account import Account
from tests.bench.figures import Figure, table
from tests.bench.growth import picture
from tests.bench.peers import first_convergence
from tests.bench.rows import ROWS

from unitward.systemd.sandbox import open_sandbox

# Which sizes a row is measured at without --growth: the ones that have a target.
SIZES = {
    "first": (100, 1000),
    "nothing": (1000,),
    "changed": (1000,),
    "added": (1, 1000),
    "removed": (300,),
    "idle": (1000,),
    "commands": (1000,),
}
GROWTH = (10, 100, 1000, 3000)
GROWING = ("first", "nothing", "changed", "added", "removed", "idle")


def main() -> int:
    """Measure, print, and write the figures to $BENCH_OUT when it is set."""
    options = _options()
    results = _writable(os.environ.get("BENCH_OUT"))
    growth = _writable(options.growth)
    figures: list[Figure] = []
    with open_sandbox() as sandbox:
        account = Account(sandbox)
        for row in options.rows:
            sizes = GROWTH if options.growth and row in GROWING else SIZES[row]
            for size in options.sizes or sizes:
                figures.extend(_measure(account, row, size, options.times))
    print(f"\n{_machine()}\n\n{table(figures)}")
    if results is not None:
        document = {"machine": _machine(), "figures": [figure.document() for figure in figures]}
        results.write_text(json.dumps(document, indent=1) + "\n")
    if growth is not None:
        growing = [figure for figure in figures if not figure.row.startswith("`")]
        growth.write_text(picture(growing))
    return 0


def _writable(path: str | Path | None) -> Path | None:
    """Return where something is to be written; end the run now, not in an hour, if it cannot be."""
    if not path:
        return None
    try:
        Path(path).open("a").close()
    except OSError as error:
        sys.exit(
            f"{path}: {error.strerror}. As root, the benchmark runs as another account: name a "
            "file that it may write, such as one in /tmp"
        )
    return Path(path)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("rows", nargs="*", default=list(ROWS), help=", ".join(ROWS))
    parser.add_argument("--times", type=int, default=3, help="how often each row is measured")
    parser.add_argument("--sizes", type=int, nargs="*", help="numbers of units, for every row")
    parser.add_argument("--growth", type=Path, help="measure growth; where the picture goes")
    options = parser.parse_args()
    if unknown := set(options.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    return options


def _measure(account: Account, row: str, size: int, times: int) -> Iterable[Figure]:
    measured = ROWS[row](account, size, times)
    figures = [measured] if isinstance(measured, Figure) else list(measured)
    if row == "first" and size == SIZES["first"][0]:
        figures = [replace(figures[0], peers=first_convergence(account, size))]
    for figure in figures:
        print(table([figure]).splitlines()[-1], flush=True)
        for peer, seconds in figure.peers.items():
            print(f"  {peer}: {seconds:.1f} s, {seconds / figure.median:.0f} times unitward's")
    return figures


def _machine() -> str:
    cores = len(os.sched_getaffinity(0))
    kernel, python = platform.release(), platform.python_version()
    return f"{cores} cores, {platform.system()} {kernel}, Python {python}"


if __name__ == "__main__":
    sys.exit(main())
