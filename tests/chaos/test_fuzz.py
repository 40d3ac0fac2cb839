"""Inputs that nobody writes, found by what they make the program do."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.chaos.conftest import seconds
from tests.chaos.promises import CORPUS, KINDS

ROOT = Path(__file__).parents[2]
EACH_S = seconds("CHAOS_FUZZ", "10min") / len(KINDS)


@pytest.mark.timeout(EACH_S + 120)
@pytest.mark.parametrize("kind", KINDS)
def test_no_input_breaks_a_promise(
    kind: str, tmp_path: Path, seed: int, tell: Callable[[str], None]
) -> None:
    """No traceback, no second of CPU time, and no plan that removes what others declare.

    An input that breaks one of these is printed in Base64: put it into the corpus as it is mended.
    """
    new = tmp_path / "new"
    new.mkdir()
    options = (f"-max_total_time={EACH_S:.0f}", f"-seed={seed}", "-timeout=60", "-max_len=4096")
    folders = (str(new), str(CORPUS / kind), f"-artifact_prefix={tmp_path}/")
    command = [sys.executable, "-m", "tests.chaos.fuzz", kind, *folders, *options]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False
    )
    assert 0 == ended.returncode, f"{ended.stdout[-3000:]}\n{ended.stderr[-5000:]}"
    done = re.search(r"Done (\d+) runs", ended.stderr)
    assert done, ended.stderr[-3000:]
    covered = re.findall(r"cov: (\d+)", ended.stderr)[-1]
    tell(
        f"fuzzing {kind:<8} {EACH_S:g} s: {done[1]} inputs, {covered} edges covered,"
        f" {len([*new.iterdir()])} new ones of interest"
    )
