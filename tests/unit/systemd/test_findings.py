"""What systemd-analyze says, read back to the files it is about."""

from pathlib import Path

from unitward.systemd.findings import (
    Finding,
    is_by_itself,
    parse_findings,
    tells_of_units,
)

FOLDER = Path("/run/staging")


def findings(output: str, *files: str) -> tuple[Finding, ...]:
    """Read messages about empty files of these names."""
    return parse_findings(output, FOLDER, dict.fromkeys(files, b""))


def test_only_our_own_files_and_units_are_told() -> None:
    """Messages of shipped units, of other folders and of no unit at all are left out."""
    output = (
        "/usr/lib/systemd/user/foo.service:3: Unknown key 'X' in section [Service], ignoring.\n"
        "/run/staging-not/a.service:3: Unknown key 'X' in section [Service], ignoring.\n"
        "foo.service: Service has no ExecStart=. Refusing.\n"
        "Failed to initialize manager\n"
        "\n"
        "/run/staging/a.service:x: odd\n"
        "/run/staging/a.service:7: Unknown key 'Y' in section [Service], ignoring.\n"
    )

    assert (
        Finding("a.service", 7, "Unknown key 'Y' in section [Service], ignoring.", fatal=True),
    ) == findings(output, "a.service")


def test_an_instance_is_told_of_its_template() -> None:
    """systemd-analyze makes up an instance; its messages belong to the template's file."""
    message = "Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing."

    assert (Finding("w@.service", 0, message, fatal=True),) == findings(
        f"w@test_instance.service: {message}", "w@.service"
    )


def test_what_follows_from_another_message_is_left_out() -> None:
    """The general "has a bad unit file setting" is told only where nothing better is."""
    output = (
        "/run/staging/a.service:2: Unbalanced quoting, ignoring: x\n"
        "a.service: Unit configuration has fatal error, unit will not be started.\n"
        "Unit a.service has a bad unit file setting.\n"
        "Unit b.service has a bad unit file setting.\n"
    )

    assert (
        Finding("a.service", 2, "Unbalanced quoting, ignoring: x", fatal=True),
        Finding("b.service", 0, "Unit b.service has a bad unit file setting.", fatal=True),
    ) == findings(output, "a.service", "b.service")


def test_the_same_message_is_told_once() -> None:
    """A type-wide drop-in is read once for each unit, but its error is one."""
    line = "/run/staging/service.d/a.conf:2: Unknown key 'F' in section [Service], ignoring.\n"

    assert len(findings(line * 4, "service.d/a.conf", "a.service")) == 1


def test_a_judgement_is_by_itself_without_cycles_and_broken_strangers() -> None:
    """Where others have a say in whom systemd tells, what it says is not kept for later."""
    files = {"a.service": b""}
    own = "a.service: Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing.\n"
    for output in ("", own, "b.service: Command /x is not executable: No such file\n"):
        assert is_by_itself(output, files), output
    for output in (
        "b.service: Found ordering cycle on a.service/start\n",
        "a.service: Failed to create a.service/start: Transaction order is cyclic. See logs.\n",
        own.replace("a.service", "b.service"),
        "Unit b.service has a bad unit file setting.\n",
    ):
        assert not is_by_itself(own + output, files), output


def test_a_run_tells_whether_it_came_to_the_units() -> None:
    """Messages about units and lines of files are a sign of it, those of its beginning are not."""
    assert tells_of_units("/usr/lib/systemd/user/x.service:3: Unknown key 'X', ignoring.\n")
    assert tells_of_units("x\nb.service: Command /x is not executable: No such file\n")
    assert not tells_of_units("Failed to initialize manager: No such device or address\n")
    assert not tells_of_units("")
