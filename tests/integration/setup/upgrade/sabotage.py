"""What keeps a version from its first pass: text that is appended to its modules."""

from typing import Final

CRASHES: Final = """
async def _crash(self):
    import os
    os._exit(7)
Daemon._loop = _crash
"""
NEVER_READY: Final = """
async def _hang(self):
    await asyncio.Event().wait()
Contact.connect = _hang
"""
NO_PASS: Final = """
async def _hang(self, *_):
    import time
    while True:
        time.sleep(60)
Daemon._pass = _hang
"""
REFUSES_LEDGER: Final = """
def open_ledger(path, **_):
    raise LedgerError(f"{path}: not to my liking")
"""
SABOTAGES: Final = {
    "import-error": {"daemon/__init__.py": "import no_such_module"},
    "crash-after-ready": {"daemon/loop.py": CRASHES},
    "never-ready": {"daemon/loop.py": NEVER_READY},
    "ready-but-no-pass": {"daemon/loop.py": NO_PASS},
    "refused-ledger": {"store/ledger.py": REFUSES_LEDGER},
}
