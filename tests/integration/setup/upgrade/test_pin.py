"""A version that the configuration asks for is put in place by the daemon itself."""

import pytest
from tests.integration.setup.upgrade.conftest import NEW, OLD, SHORT_S, UNIT, Installed


def _pin(installed: Installed, text: str) -> None:
    config = installed.account.home / ".config/unitward/config.yaml"
    config.write_text(f"version: 1\n{text}")
    installed.account.systemctl("reload", UNIT)


@pytest.mark.usefixtures("undisturbed")
def test_pinned_version_takes_over(installed: Installed) -> None:
    """The daemon installs what is pinned, and stays there; another version is refused (O10)."""
    installed.put_beside(NEW)
    _pin(installed, f"unitward_version: {NEW}\n")
    installed.until_runs(NEW)
    installed.until_tidy()
    assert "confirmed" == installed.phase
    ended = installed.upgrade(OLD)
    assert 1 == ended.returncode
    assert f"the configuration asks for unitward {NEW}" in ended.stderr


@pytest.mark.usefixtures("undisturbed")
def test_pinned_version_that_failed_is_not_tried_again(installed: Installed) -> None:
    """After it was undone, a pin does not bring a version back; a person's word does."""
    installed.account.systemctl("set-environment", f"UNITWARD_UPGRADE_SECONDS={SHORT_S}")
    installed.account.systemctl("restart", UNIT)
    installed.put_beside(NEW, {"daemon/__init__.py": "import no_such_module"})
    _pin(installed, f"unitward_version: {NEW}\n")
    installed.until(lambda: "undone" == installed.phase, "the version is undone")
    installed.until_runs(OLD)
    installed.until_tidy()
    at = installed.record["at"]
    for _ in range(3):
        assert 0 == installed.unitward("sync").returncode
    assert ("undone", at) == (installed.phase, installed.record["at"])
    assert f"`unitward upgrade {NEW}` tries it again" in installed.unitward("status").stdout

    installed.fill(NEW)
    ended = installed.upgrade(NEW)

    assert 0 == ended.returncode, ended.stderr
    installed.until_runs(NEW)


@pytest.mark.usefixtures("undisturbed")
def test_pin_that_cannot_be_had(installed: Installed) -> None:
    """Without its wheels a pinned version is refused and said; units are cared for as ever."""
    _pin(installed, f"unitward_version: {NEW}\nunitward_from: /no/wheels\n")
    installed.until(lambda: "refused" == installed.phase, "the refusal is recorded")
    assert "/no/wheels: no such folder of wheels" in installed.record["reason"]
    assert "/no/wheels" in installed.unitward("status").stdout
    other = (
        "version: 1\nunits:\n  b.service: {Service: {ExecStart: /bin/sleep 9}, state: running}\n"
    )
    installed.account.write("b.yaml", other)
    installed.until(lambda: "b.service" in installed.account.units("active"), "b runs")
    assert installed.runs(OLD)
