"""What is loaded of dbus-fast, and what still can be."""

import subprocess
import sys

LOADING = """
import sys
from unitward.systemd.messages import Message
assert "xml.etree.ElementTree" not in sys.modules
assert "dbus_fast.message_bus" not in sys.modules
import dbus_fast.aio
assert dbus_fast.Message is Message
assert dbus_fast.aio.MessageBus
"""


def test_only_the_coding_is_loaded_and_the_rest_can_be_later() -> None:
    """Commands load no more than messages; what needs the whole package gets the same messages."""
    command = [sys.executable, "-c", LOADING]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert (0, "") == (done.returncode, done.stderr)
