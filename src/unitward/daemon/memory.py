"""Memory that a pass needed and the idle daemon does not."""

import contextlib
import ctypes
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def collecting_afterwards() -> Iterator[None]:
    """Have cyclic garbage wait until the block ends: no pass stops to look for it.

    A full collection over what stands for 1000 units takes 40 ms, and was made in half of the
    passes that changed something. All that a pass leaves is young, which a short one finds.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def give_back_memory() -> None:
    """Return freed memory to the kernel (malloc_trim(3)), where the C library can.

    What reading, planning and applying 1000 units leaves as holes is 1 to 2 MB (measured).
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
