"""Looking at something that may hang or fail, without hanging or failing."""

import threading
import time
from collections.abc import Callable, Mapping

from unitward.errors import UnitwardError
from unitward.setup.doctor.facts import Unknown


def attempt_all(
    looks: Mapping[str, Callable[[], object]], *, limit_seconds: float
) -> dict[str, object]:
    """Call every function side by side; return what each gives, Unknown for the others.

    One that takes longer than the limit is left behind in its thread, which does not keep
    the process from ending: a network file system can hang for hours.
    """
    results: dict[str, object] = {}
    threads = {
        name: threading.Thread(target=_attempt, args=(name, look, results), daemon=True)
        for name, look in looks.items()
    }
    for thread in threads.values():
        thread.start()
    deadline = time.monotonic() + limit_seconds
    for thread in threads.values():
        thread.join(max(0.0, deadline - time.monotonic()))
    late = Unknown(f"no answer within {limit_seconds:g} s")
    return {name: results.get(name, late) for name in looks}


def _attempt(name: str, look: Callable[[], object], results: dict[str, object]) -> None:
    try:
        results[name] = look()
    except UnitwardError as error:
        results[name] = Unknown(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        results[name] = Unknown(f"{where}{error.strerror or error}")
    except Exception as error:  # noqa: BLE001 - a doctor that stumbles over one thing sees the rest
        results[name] = Unknown(f"{type(error).__name__}: {error}")
