"""Which systemd-analyze answers, and where it looks for units beside those it is given."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from unitward.systemd.environment import passed_on

LIBRARIES = Path("/etc/ld.so.cache")
"""Written anew whenever a library is: libseccomp knows which system calls there are."""

Identity = tuple[str, int, int, int, int, int]


def answering(env: Mapping[str, str]) -> tuple[object, ...]:
    """Return all that has a say in each answer of systemd-analyze, whatever the units.

    It itself, the libraries, the kernel and host (`%v`, `%H`, what of a kernel it needs), the
    account, the environment. Raises OSError where there is none.
    """
    program = shutil.which("systemd-analyze", path=env.get("PATH"))
    if program is None:
        raise FileNotFoundError("systemd-analyze is not in PATH")
    libraries = identity(LIBRARIES) if LIBRARIES.exists() else None
    environment = tuple(sorted(passed_on(env).items()))
    return (identity(Path(program)), libraries, tuple(os.uname()), os.getuid(), environment)


def identity(file: Path) -> Identity:
    """Return what differs once a file is another or was written. Raises OSError."""
    real = file.resolve(strict=True)
    status = real.stat()
    times = (status.st_mtime_ns, status.st_ctime_ns)
    return (str(real), status.st_dev, status.st_ino, status.st_size, *times)
