"""What can be wrong with a name, a command line or a text that is to become a unit file."""

from unitward.errors import UnitwardError


class BadNameError(UnitwardError):
    """A text is not the name of a unit or of a drop-in."""


class BadQuotingError(UnitwardError):
    """A value cannot be split into words: a quote is never closed."""


class UnrenderableError(UnitwardError):
    """No unit file exists from which systemd would read this text."""
