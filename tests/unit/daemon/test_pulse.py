"""The daemon counts as alive while its passes end."""

from unitward.daemon.pulse import HUNG_SECONDS, Pulse


def test_a_pass_that_does_not_end_is_noticed() -> None:
    """The watchdog is fed in and between passes, not once a pass hangs, and again when it ended."""
    pulse = Pulse()
    assert pulse.is_alive(0.0)
    pulse.pass_begins(100.0)
    assert pulse.is_alive(100.0 + HUNG_SECONDS)
    assert not pulse.is_alive(101.0 + HUNG_SECONDS)
    pulse.pass_ends()
    assert pulse.is_alive(1e6)
