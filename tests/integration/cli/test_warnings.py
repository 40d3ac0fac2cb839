"""What the plan says beforehand, and that it then comes to pass."""

from typing import Any

MANIFEST = """\
version: 1
units:
  api.service:
    Service:
      ExecStart: /bin/sleep infinity
    Install: {WantedBy: default.target}
"""


def test_a_restart_names_the_directive_and_its_row(account: Any) -> None:
    """C4: which directive restarts the unit, in the words of the unit file."""
    account.write("api.yaml", MANIFEST)
    account.run("unitward", "apply")
    account.write("api.yaml", MANIFEST.replace("infinity", "1000"))
    before = account.show("api.service", "MainPID")
    plan = account.run("unitward", "plan").stdout
    assert "  ~ api.service  update + restart  api.yaml:3\n" in plan
    assert "      [Service] ExecStart changed (C4)\n" in plan
    account.run("unitward", "apply")
    assert before != account.show("api.service", "MainPID")


def test_a_timer_that_may_run_at_once_says_by_which_time(account: Any) -> None:
    """C8: an occurrence between the timer's last run and now is named; then it runs."""
    text = MANIFEST.replace("/bin/sleep infinity", "/bin/sh -c 'echo ran >> %h/said'")
    text = text.replace("    Install: {WantedBy: default.target}\n", "    schedule: TIME\n")
    text = text.replace("      ExecStart", "      Type: oneshot\n      ExecStart")
    account.write("api.yaml", text.replace("TIME", "2199-01-01"))
    account.run("unitward", "apply")
    account.wait_for(
        lambda: (
            "api.timer may run now: OnCalendar=*:*:0/1 at "
            in _plan_of(account, text.replace("TIME", '"*:*:0/1"'))
        ),
        "a second has begun since the timer was started",
    )
    assert not (account.home / "said").exists()
    account.run("unitward", "apply")
    account.wait_for((account.home / "said").exists, "the timer ran")


def _plan_of(account: Any, text: str) -> str:
    account.write("api.yaml", text)
    return str(account.run("unitward", "plan").stdout)


def test_a_reload_that_stops_a_unit_says_so(account: Any) -> None:
    """C3: BindsTo= what is not up; the reload stops the unit, as it was said."""
    account.write("api.yaml", MANIFEST)
    account.write("d.service", "[Service]\nExecStart=/bin/false\n")
    account.run("unitward", "apply")
    bound = MANIFEST.replace("    Service:", "    Unit: {BindsTo: d.service}\n    Service:")
    plan = _plan_of(account, bound)
    assert "note: the reload will stop api.service: BindsTo=d.service, which is not up (C3)" in plan
    account.run("unitward", "apply")
    account.wait_for(
        lambda: account.show("api.service", "ActiveState")["ActiveState"] == "inactive",
        "the reload stopped it",
    )


def test_many_restarts_wait_and_are_counted(account: Any) -> None:
    """R10: how many units would restart, a few of them by name, and the digest to let it pass."""
    units = "".join(
        f"  m{number:02}.service:\n    Service: {{ExecStart: /bin/sleep 1000}}\n"
        "    Install: {WantedBy: default.target}\n"
        for number in range(34)
    )
    account.write("many.yaml", f"version: 1\nunits:\n{units}")
    account.run("unitward", "apply")
    plan = _plan_of(account, "version: 1\n")
    account.write("many.yaml", f"version: 1\nunits:\n{units}".replace("1000", "2000"))
    plan = account.run("unitward", "plan").stdout
    assert "held: would restart 34 units: m00.service, m01.service, " in plan
    assert " m07.service and 26 more\n" in plan
    digest = plan.partition("unitward approve ")[2].split()[0]
    before = account.show("m33.service", "MainPID")
    account.run("unitward", "apply")
    assert before == account.show("m33.service", "MainPID")
    account.run("unitward", "approve", digest)
    account.run("unitward", "apply")
    assert before != account.show("m33.service", "MainPID")


def test_a_dropin_for_many_units_is_told_once(account: Any) -> None:
    """A type-wide drop-in is one paragraph of the plan, not also a unit that is left alone."""
    account.write("service.d/10-x.conf", "[Service]\nNice=3\n")
    plan = account.run("unitward", "plan").stdout
    assert "+ service.d  create" in plan
    assert "= service.d" not in plan
