"""The rows of docs/semantics.md are shown with a running daemon, as the loop's tests are."""

from tests.integration.loop.conftest import Loop, loop

__all__ = ["Loop", "loop"]
