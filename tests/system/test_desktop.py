"""A graphical session that comes and goes."""

from tests.integration.semantics.scene import manifest, service
from tests.system.harness.machine import Machine
from tests.system.harness.tended import UNITS, declare, sync, tend, unit_status

DESKTOP = """\
[Unit]
BindsTo=graphical-session.target
Before=graphical-session.target
"""
CLIPBOARD = manifest(
    service(
        "clipboard",
        unit={"PartOf": "graphical-session.target", "After": "graphical-session.target"},
        wanted_by="graphical-session.target",
    )
)


def test_units_of_the_graphical_session_follow_it(machine: Machine) -> None:
    """W5: they run while it is there and are left alone while it is not, however often one asks."""
    ada = machine.new_person("ada")
    ada.linger(on=True)
    ada.write(f"{UNITS}/desktop.target", DESKTOP)
    declare(ada, CLIPBOARD)
    tend(ada)
    sync(ada)
    assert not ada.is_active("clipboard.service")

    for _ in range(2):
        ada.systemctl("start", "desktop.target")
        ada.wait_for(lambda: ada.is_active("clipboard.service"), "the unit comes")
        running = ada.main_pid("clipboard.service")
        sync(ada)
        assert running == ada.main_pid("clipboard.service")

        ada.systemctl("stop", "desktop.target")
        ada.wait_for(lambda: not ada.is_active("clipboard.service"), "the unit goes")
        sync(ada)
        sync(ada)
        assert not ada.is_active("clipboard.service")
        assert "graphical-session.target" in str(unit_status(ada, "clipboard.service"))
