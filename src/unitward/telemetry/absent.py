"""Libraries that others load where they are installed, for nothing that unitward uses."""

import contextlib
import importlib
import sys
from collections.abc import Iterator

_DIGESTS = ("_md5", "_sha1", "_sha3", "_blake2")
_SHA2 = ("_sha2",) if sys.version_info >= (3, 12) else ("_sha256", "_sha512")


@contextlib.contextmanager
def pretending_absent(*modules: str) -> Iterator[None]:
    """Make imports of modules that are not loaded yet fail for a while."""
    hidden = [name for name in modules if name not in sys.modules]
    # None in sys.modules means "cannot be imported" (importlib documentation).
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def openssl_modules() -> tuple[str, ...]:
    """Return the modules that bring OpenSSL into the process: 5 MB resident (measured).

    asyncio loads it for TLS, hashlib for digests. Python has code of its own for digests,
    though not everywhere: some distributions build it without, and then hashlib needs OpenSSL.
    """
    try:
        for name in (*_DIGESTS, *_SHA2):
            importlib.import_module(name)
    except ImportError:
        return ("ssl",)
    return ("ssl", "_hashlib")
