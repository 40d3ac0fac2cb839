"""Of which files systemd's judgement follows from texts, names and programs."""

import pytest

from unitward.reconcile.check.text_alone import programs
from unitward.unitfile.syntax import parse


def asked(text: str, path: str = "a.service") -> set[str] | None:
    """Return the programs that a text needs."""
    found = programs(path, parse(text.encode()).text, "/home/me")
    return None if found is None else set(found)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("/bin/sleep infinity", {"/bin/sleep"}),
        ("sleep 1", {"sleep"}),
        ("%h/bin/p --%H", {"/home/me/bin/p"}),
        ("/opt/%p/%n", {"/opt/a/a.service"}),
        ("-/bin/may-be-missing", set()),
        ("@/bin/sh name -c x", {"/bin/sh"}),
        ("+!!:/bin/true", {"/bin/true"}),
        ("/bin/a x ; /bin/b ; -/bin/c", {"/bin/a", "/bin/b"}),
        ('"/opt/my program" "a;b"', {"/opt/my program"}),
        (r"/bin/a\x20b", {"/bin/a b"}),
        ("", set()),
    ],
)
def test_a_program_is_found_as_systemd_finds_it(command: str, expected: set[str]) -> None:
    """The program of each command that must not fail is told, its specifiers replaced."""
    assert expected == asked(f"[Service]\nExecStart={command}\n")
    assert expected == asked(f"[Service]\nExecStopPost={command}\n")


@pytest.mark.parametrize(
    "text",
    [
        "[Service]\nExecStart=/opt/%o/x\n",
        "[Service]\nExecStart='/bin/x\n",
        "[Service]\nExecStart=/bin/x\nExecSearchPath=/opt\n",
        "[Service]\nExecStart=/bin/x\nRootDirectory=/opt\n",
        "[Service]\nMemoryMax=10%\n",
        "[Service]\nTasksMax=10%\n",
        "[Service]\nRestrictNetworkInterfaces=eth0\n",
        "[Timer]\nOnCalendar=daily Europe/Berlin\n",
        "[Timer]\nOnCalendar=04:00 UTC\n",
        "[Timer]\nOnCalendar=Fri\n",
        "[Socket]\nListenStream=fe80::1%eth0\n",
        "[Socket]\nListenNetlink=route 1\n",
        "[Unit]\nWhoKnows=1\n",
    ],
)
def test_what_is_not_known_to_follow_from_the_text_does_not(text: str) -> None:
    """A setting for which systemd may look at the machine, or that is not known, is told."""
    assert asked(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "[Unit]\nDescription=100 %\nConditionPathExists=/x\nAfter=b.service\n[Install]\nAny=1\n",
        "[Service]\nMemoryMax=1G\nCPUQuota=50%\nWorkingDirectory=%h\nX-Any=1\n",
        "[X-Unitward]\nOwner=x\n",
        "[Timer]\nOnCalendar=daily\nOnCalendar=\nOnCalendar=Mon..Fri *-*-* 04:00:00\n",
        "[Timer]\nOnCalendar=Sat,Sun 4:00\nOnCalendar=*-*-1/2\n",
        "[Socket]\nListenStream=%t/x\nListenStream=8080\nListenDatagram=/run/x\n",
        "[Path]\nPathExists=/x\n",
    ],
)
def test_what_people_write_follows_from_the_text(text: str) -> None:
    """The common settings need nothing else."""
    assert asked(text) == set()


def test_an_instance_of_its_own_making_has_no_known_program() -> None:
    """systemd-analyze makes up the instance of a template: what that names is not known."""
    assert asked("[Service]\nExecStart=/bin/%i\n", "w@.service") is None
    assert asked("[Service]\nExecStart=%h/x %i\n", "w@.service") == {"/home/me/x"}
    assert asked("[Service]\nExecStart=/bin/%i\n", "w@1.service") == {"/bin/1"}
    assert asked("[Service]\nExecStart=/bin/%p\n", "a.service.d/1.conf") == {"/bin/a"}
