"""What a fuzzer found worth keeping, tried anew: whole, and cut short as half a save is."""

from pathlib import Path

import pytest
from tests.chaos.promises import CORPUS, KINDS, promises

CUTS = 8


@pytest.mark.parametrize("kind", KINDS)
def test_no_kept_input_breaks_a_promise(kind: str, tmp_path: Path) -> None:
    """No traceback, no second of CPU time, no plan that removes what a file declares."""
    keep = promises(kind, tmp_path)
    inputs = sorted((CORPUS / kind).iterdir())
    assert inputs
    for path in inputs:
        content = path.read_bytes()
        for cut in range(CUTS + 1):
            part = content[: len(content) * cut // CUTS]
            try:
                keep(part)
            except Exception as error:
                error.add_note(f"{path.name}, {len(part)} of {len(content)} bytes: {part!r}")
                raise
