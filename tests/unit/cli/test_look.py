"""What looking loads."""

import subprocess
import sys
from pathlib import Path

LOOKING = """
import sys
from pathlib import Path
import unitward.cli.look
from unitward.config import load_settings
load_settings(Path(sys.argv[1]))
unused = {"yaml", "unitward.manifest.decode", "unitward.reconcile.apply", "ssl"}
print(sorted(unused & sys.modules.keys()))
"""


def test_looking_loads_nothing_that_decodes_or_changes(tmp_path: Path) -> None:
    """Where nothing is to be decoded, neither YAML nor decoding nor the effects are loaded."""
    config = tmp_path / "config.yaml"
    config.write_text("# said plainly\nsettle: 250ms\n")
    command = [sys.executable, "-c", LOOKING, str(config)]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert "[]\n" == said
