"""The errors a person can meet, each with what happened, where, and what to do."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the commands (docs: README, "Exit codes")."""

    OK = 0
    FAILED = 1
    CHANGES_PENDING = 2
    NOT_CONVERGED = 3
    NO_SUCH_UNIT = 4
    NO_MANAGER = 5
    USAGE = 64
    INTERRUPTED = 130


class UnitwardError(Exception):
    """Base of every error unitward raises on purpose.

    `str(error)` says what happened and where; `hint` says what to do about it.
    `exit_code` is what a command ends with when nobody handles the error.
    """

    exit_code: Exit = Exit.FAILED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ManagerUnreachableError(UnitwardError):
    """No user manager answers."""

    exit_code = Exit.NO_MANAGER


class ManagerCallError(UnitwardError):
    """The manager refused a call; `name` is the D-Bus error name."""

    def __init__(self, message: str, *, name: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.name = name


class ManagerTimeoutError(UnitwardError):
    """The manager did not answer a call within its time limit."""


class ConfigError(UnitwardError):
    """The configuration cannot be used; the message carries every problem as file:line."""


class LedgerError(UnitwardError):
    """The ledger cannot be opened, read or written. Without it nothing may change."""


class UnitFileError(UnitwardError):
    """A file in the unit folder could not be read, written or removed."""


class SourceError(UnitwardError):
    """The desired-state folder cannot be used at all (not: a broken file in it)."""


class LockHeldError(UnitwardError):
    """Another unitward process works on this account; `pid` is 0 when unknown."""

    def __init__(self, message: str, *, pid: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.pid = pid


class NoSuchUnitError(UnitwardError):
    """A command named a unit that is neither declared nor recorded."""

    exit_code = Exit.NO_SUCH_UNIT


class SandboxError(UnitwardError):
    """A throw-away user manager could not be booted."""
