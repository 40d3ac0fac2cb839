"""Coverage-guided fuzzing of one kind of input: `fuzz.py KIND NEW-CORPUS KEPT-CORPUS [OPTIONS]`.

KIND: manifest, unit, drop-in or config. The options are libFuzzer's, such as -max_total_time=60.
An input that breaks a promise ends the program with a traceback and is kept as `crash-...`.
"""

import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any

atheris: Any = importlib.import_module("atheris")

with atheris.instrument_imports(include=["unitward", "yaml"]):
    from tests.chaos.promises import promises


def main() -> None:
    """Fuzz until libFuzzer ends it."""
    with tempfile.TemporaryDirectory() as scratch:
        atheris.Setup([sys.argv[0], *sys.argv[2:]], promises(sys.argv[1], Path(scratch)))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
