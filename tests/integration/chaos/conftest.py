"""A daemon that is hurt on purpose; longer forms of the same are in tests/chaos."""

from tests.integration.loop.conftest import Loop, loop

__all__ = ["Loop", "loop"]
