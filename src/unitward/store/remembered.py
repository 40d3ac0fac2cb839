"""What the daemon heard of units that the manager has forgotten, for the commands to know, too.

It lies in the runtime folder, for it means nothing after the manager's end. The daemon reads it
at its own start only.
"""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path


def read_remembered(path: Path) -> Mapping[str, object]:
    """Return what was written last; empty where nothing was, or nothing that can be read."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_remembered(path: Path, content: Mapping[str, object]) -> None:
    """Replace the file at once; where that cannot be done, the commands know less."""
    new = path.with_name(f".{path.name}.new")
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.write_text(json.dumps(content), encoding="utf-8")
        new.replace(path)
