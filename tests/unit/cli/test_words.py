"""What is said of units in more than one command."""

import pytest

from unitward.cli import daemon_door
from unitward.cli.words import check_names, full_name
from unitward.daemon import ROLE
from unitward.errors import Exit, NoSuchUnitError
from unitward.reconcile.document import STATUS_SCHEMA


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("api", "api.service"), ("api.socket", "api.socket"), ("w@1", "w@1.service")],
)
def test_service_is_the_suffix_left_out(typed: str, meant: str) -> None:
    """A name without a suffix is a service's, as with systemctl."""
    assert meant == full_name(typed)


def test_an_unknown_unit_is_named() -> None:
    """The first name that is not known is in the message, and the exit code is its own."""
    with pytest.raises(NoSuchUnitError, match=r"b\.service") as caught:
        check_names(("a.service", "b.service"), ["a.service"])
    assert Exit.NO_SUCH_UNIT == caught.value.exit_code


def test_the_commands_know_the_daemon_without_importing_it() -> None:
    """The role in the lock and the shape of reports are the ones that the daemon writes."""
    assert (daemon_door.DAEMON, daemon_door.STATUS_SCHEMA) == (ROLE, STATUS_SCHEMA)
