"""Being connected to the account's user manager, from the moment on that this begins."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from unitward.model.folders import folders_from
from unitward.store.remembered import read_remembered
from unitward.systemd.manager import Manager
from unitward.systemd.memory import Memory


@asynccontextmanager
async def connecting(env: Mapping[str, str]) -> AsyncIterator["asyncio.Task[Manager]"]:
    """Begin to connect to the user manager that an environment means; give what is to be awaited.

    A bus that nobody has used yet is started by this, which takes 25 ms: time to load modules
    and to read files. Awaiting raises ManagerUnreachableError.
    """
    folders = folders_from(env, os.getuid())
    memory = Memory(read_remembered(folders.remembered))
    where = {"XDG_RUNTIME_DIR": str(folders.runtime), **env}
    coming = asyncio.create_task(Manager.connect(where, memory=memory, listening=False))
    await asyncio.sleep(0)  # the first bytes go out
    try:
        yield coming
    finally:
        coming.cancel()
        await asyncio.wait({coming})
        if not coming.cancelled() and coming.exception() is None:
            await coming.result().close()
