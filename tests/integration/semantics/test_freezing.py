"""Table F on a real manager: what is broken stays as it is, and how far that reaches."""

from typing import Any

from tests.integration.semantics.declare import SLEEP, entry, manifest, service
from tests.integration.semantics.scene import apply, begin, command_of

BROKEN = 'version: 1\nunits:\n  x.service: {Service: {ExecStart: "/bin/sleep}}\n'


def test_broken_file_with_all_kinds(account: Any, loop: Any) -> None:
    """F1: from a broken file a timer, a template's instance, links and drop-ins stay too."""
    timer = service(
        "t", "/bin/true", own={"schedule": "daily"}, keys={"Type": "oneshot"}, wanted_by=""
    )
    worker = entry("w@.service", {"Service": {"ExecStart": SLEEP}}, {"instances": "[one]"})
    drop_in = entry("a.service.d/50-site.conf", {"Service": {"Environment": "SITE=1"}})
    account.write("rest.yaml", manifest(service("a")))
    account.write("x.yaml", manifest(service("x"), timer, worker, drop_in))
    loop.start()
    account.systemctl("start", "w@one.service")
    loop.sync()
    names = ("a.service", "x.service", "t.timer", "w@one.service")
    before = loop.invocations(*names)
    files = {p: p.read_bytes() for p in account.unit_dir.rglob("*") if p.is_file()}
    account.write("x.yaml", BROKEN)
    loop.sync()
    loop.sync()
    assert before == loop.invocations(*names)
    assert set(names) <= account.units("active")
    assert files == {p: p.read_bytes() for p in account.unit_dir.rglob("*") if p.is_file()}


def test_declared_twice_and_once_again(account: Any, loop: Any) -> None:
    """F2: a unit declared twice is frozen until one goes; then the other one holds."""
    account.write("one.yaml", manifest(service("a", "/bin/sleep 1111")))
    loop.start()
    before = loop.invocation("a.service")
    account.write("two.yaml", manifest(service("a", "/bin/sleep 2222"), service("b")))
    loop.sync()
    assert "invalid" == loop.sync_of("a.service")
    reason = loop.unit("a.service")["reason"]
    assert "one.yaml:3" in reason
    assert "two.yaml:3" in reason
    assert before == loop.invocation("a.service")
    assert loop.is_active("b.service")
    (account.desired / "one.yaml").unlink()
    loop.sync()
    assert "/bin/sleep 2222" == command_of(account, "a.service")


def test_what_names_a_frozen_unit(account: Any, loop: Any) -> None:
    """F3: what changed together with a broken unit and names it waits; what does not, goes on."""
    account.write("x.yaml", manifest(service("x")))
    begin(account, loop, service("needs"), service("other"), service("deep"))
    names = ("x.service", "needs.service", "deep.service")
    before = loop.invocations(*names)
    account.write("x.yaml", BROKEN)
    apply(
        account,
        loop,
        service("needs", "/bin/sleep 5000", unit={"After": "x.service"}),
        service("deep", "/bin/sleep 5000", unit={"Wants": "needs.service"}),
        service("other", "/bin/sleep 5000"),
    )
    assert before == loop.invocations(*names)
    assert b"5000" not in (account.unit_dir / "needs.service").read_bytes()
    assert "names x.service" in loop.unit("needs.service")["reason"]
    assert "/bin/sleep 5000" == command_of(account, "other.service")
    account.write("x.yaml", manifest(service("x")))
    loop.sync()
    assert "/bin/sleep 5000" == command_of(account, "needs.service")
    assert "/bin/sleep 5000" == command_of(account, "deep.service")


def test_what_systemd_would_refuse(account: Any, loop: Any) -> None:
    """F4: what systemd would refuse or ignore freezes its unit, with the manifest's line."""
    begin(account, loop, service("a"), service("b"))
    before = loop.invocation("a.service")
    ours = (account.unit_dir / "a.service").read_bytes()
    refused = [
        service("a", keys={"Type": "simpel"}),
        service("a", keys={"Restart": "sometimes"}),
        service("a", "relative/path"),
        service("a", keys={"StandardOutput": "nowhere"}),
    ]
    for number, bad in enumerate(refused):
        apply(account, loop, bad, service("b", f"/bin/sleep {5000 + number}"))
        assert "invalid" == loop.sync_of("a.service")
        assert "all.yaml:" in loop.unit("a.service")["source"]
        wrong = [p for p in loop.report["problems"] if p["severity"] == "error"]
        assert {("all.yaml", "a.service")} == {(p["file"], p["unit"]) for p in wrong}
        assert all(p["line"] for p in wrong)
        assert ours == (account.unit_dir / "a.service").read_bytes()
        assert before == loop.invocation("a.service")
        assert f"/bin/sleep {5000 + number}" == command_of(account, "b.service")


def test_missing_folder(account: Any, loop: Any) -> None:
    """F5: a running unit keeps running until what its new definition needs appears."""
    begin(account, loop, service("a"))
    before = loop.invocation("a.service")
    folder = account.home / "app"
    apply(account, loop, service("a", "/bin/sleep 5000", keys={"WorkingDirectory": str(folder)}))
    assert "waiting" == loop.sync_of("a.service")
    assert str(folder) in loop.unit("a.service")["reason"]
    assert before == loop.invocation("a.service")
    folder.mkdir()
    loop.until(lambda: command_of(account, "a.service") == "/bin/sleep 5000", "it is applied")


def test_strict(account: Any, loop: Any) -> None:
    """F6: with strict: true a broken file holds back what is good, too."""
    loop.configure("strict: true\nprune_after: 0s\n")
    account.write("x.yaml", manifest(service("x")))
    begin(account, loop, service("a"))
    before = loop.invocations("a.service", "x.service")
    account.write("x.yaml", BROKEN)
    apply(account, loop, service("a", "/bin/sleep 5000"), service("new"))
    assert before == loop.invocations("a.service", "x.service")
    assert b"5000" not in (account.unit_dir / "a.service").read_bytes()
    assert not (account.unit_dir / "new.service").exists()
    assert "held" == loop.sync_of("a.service")
    account.write("x.yaml", manifest(service("x")))
    loop.sync()
    assert "/bin/sleep 5000" == command_of(account, "a.service")
    assert loop.is_active("new.service")


def test_what_must_not_be_declared(account: Any, loop: Any) -> None:
    """F7: what would take unitward or the session away is an error that changes nothing."""
    begin(account, loop, service("a"))
    before = loop.invocation("a.service")
    folder = {p.name for p in account.unit_dir.rglob("*")}
    forbidden = {
        "stop": manifest(entry("unitward.service", {}, {"state": "stopped"})),
        "mask": manifest(entry("unitward.service", {}, {"mask": "yes"})),
        "remove": manifest(removed="[unitward.service]"),
        "default": manifest(entry("default.target", {"Unit": {"Description": "Mine"}})),
        "exit": manifest(entry("exit.target", {"Unit": {"Description": "Mine"}})),
        "fail": manifest(service("b", unit={"FailureAction": "exit"})),
    }
    for name, text in forbidden.items():
        account.write(f"{name}.yaml", text)
    loop.sync()
    wrong = [p for p in loop.report["problems"] if p["severity"] == "error"]
    errors = {p["file"].removesuffix(".yaml") for p in wrong}
    assert forbidden.keys() == errors
    assert folder == {p.name for p in account.unit_dir.rglob("*")}
    assert before == loop.invocation("a.service")
    assert 0 != account.run("unitward", "validate").returncode
