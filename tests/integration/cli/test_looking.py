"""`plan`, `diff`, `status`, `render`, `validate`: they tell, and change nothing."""

from collections.abc import Callable
from typing import Any

import pytest

LOOKS = (
    ("plan",),
    ("plan", "-o", "json"),
    ("plan", "--detailed-exitcode"),
    ("diff",),
    ("status",),
    ("status", "-o", "json"),
    ("explain", "api"),
    ("render",),
    ("validate",),
)


@pytest.mark.parametrize("applied", [False, True])
def test_looking_changes_nothing(
    account: Any, world: Callable[[], object], api: str, applied: bool
) -> None:
    """No file, link, unit, variable or ledger differs after the commands that only look."""
    account.write("api.yaml", api)
    if applied:
        assert 0 == account.run("unitward", "apply").returncode
        account.write("api.yaml", api.replace("infinity", "1000"))
        account.write("new.yaml", api.replace("api", "new"))
    before = world()

    for look in LOOKS:
        ended = account.run("unitward", *look)
        assert ended.returncode == (2 if "--detailed-exitcode" in look else 0), ended
        assert "" != ended.stdout

    assert before == world()
    assert applied == (account.state_home / "unitward").exists()


def test_a_plan_names_action_reason_and_place(account: Any, document: Any, api: str) -> None:
    """The plan of a new unit, as text and as document, says what happens, why, and who asks."""
    account.write("api.yaml", api)

    found = document(account.run("unitward", "plan", "-o", "json"))
    text = account.run("unitward", "plan")

    actions = {a["action"]: a for a in found["actions"] if a["unit"] == "api.service"}
    assert {"create", "enable", "start"} <= actions.keys()
    assert "api.yaml:3" == actions["start"]["source"]
    assert "pulled in by default.target" == actions["start"]["reason"]
    first, *reasons, last = text.stdout.splitlines()
    assert [
        "+",
        "api.service",
        "create",
        "+",
        "enable",
        "+",
        "start",
        "api.yaml:3",
    ] == first.split()
    assert "      pulled in by default.target" in reasons
    assert last.startswith("Plan: 1 to create")
    assert "" == text.stderr


def test_pending_changes_have_an_exit_code_only_when_asked(account: Any, api: str) -> None:
    """`--detailed-exitcode` turns pending changes into 2; nothing else does."""
    account.write("api.yaml", api)
    codes = [
        account.run("unitward", c, *flag).returncode
        for c in ("plan", "diff")
        for flag in ((), ("--detailed-exitcode",))
    ]
    assert [0, 2, 0, 2] == codes
    account.run("unitward", "apply")
    assert 0 == account.run("unitward", "plan", "--detailed-exitcode").returncode
    assert 0 == account.run("unitward", "diff", "--detailed-exitcode").returncode


def test_a_diff_is_what_would_be_written(account: Any, api: str) -> None:
    """New, changed and removed files are unified diffs; names narrow them down."""
    account.write("api.yaml", api)
    assert "--- /dev/null\n+++ api.service\n" in account.run("unitward", "diff").stdout
    account.run("unitward", "apply")
    account.write("api.yaml", api.replace("infinity", "1000"))
    account.write("new.yaml", api.replace("api", "new"))

    changed = account.run("unitward", "diff", "api").stdout
    assert "--- api.service\n+++ api.service\n" in changed
    assert "\n-ExecStart=/bin/sleep infinity\n+ExecStart=/bin/sleep 1000\n" in changed
    assert "new.service" not in changed
    assert 4 == account.run("unitward", "diff", "nope").returncode


def test_render_is_what_lands_on_disk(account: Any, api: str) -> None:
    """`render` prints the text that `apply` installs, save the ownership mark."""
    account.write("api.yaml", api)
    rendered = account.run("unitward", "render", "api").stdout.split("\n", 1)[1]
    account.run("unitward", "apply")
    installed = (account.unit_dir / "api.service").read_text()
    assert rendered.strip() != ""
    assert rendered.strip() in installed
    assert 4 == account.run("unitward", "render", "nope").returncode


def test_render_tells_of_what_is_invalid(account: Any, api: str) -> None:
    """Rendering everything fails when a unit is invalid, and says where."""
    account.write("api.yaml", api.replace("ExecStart", "ExecStrat"))
    ended = account.run("unitward", "render")
    assert 1 == ended.returncode
    assert "api.yaml:5:15: error:" in ended.stderr


def test_validate_without_a_path_reads_the_folder_in_force(
    account: Any, document: Any, api: str
) -> None:
    """`validate` takes the folder of config.yaml, and its document follows its schema."""
    account.write("api.yaml", api.replace("ExecStart", "ExecStrat"))
    ended = account.run("unitward", "validate", "-o", "json")
    assert 1 == ended.returncode
    assert ["api.yaml", 5] == [document(ended)["problems"][0][key] for key in ("file", "line")]

    (account.home / "other").mkdir()
    config = account.home / ".config/unitward/config.yaml"
    config.write_text("source: ~/other\n")
    assert (0, "0 valid units\n") == (
        (ended := account.run("unitward", "validate")).returncode,
        ended.stdout,
    )


def test_a_newcomer_is_told_the_next_step(account: Any) -> None:
    """Without a folder, and without units in it, status says which folder and what to do."""
    empty = account.run("unitward", "status")
    assert (0, "") == (empty.returncode, empty.stderr)
    assert f"Nothing is declared in {account.desired}." in empty.stdout
    assert "unitward plan" in empty.stdout

    account.desired.rmdir()
    assert f"mkdir -p {account.desired}" in account.run("unitward", "status").stdout
    plan = account.run("unitward", "plan")
    assert 1 == plan.returncode
    assert f"mkdir -p {account.desired}" in plan.stderr
    assert "Nothing to do" not in plan.stdout


def test_what_an_earlier_plan_decoded_hides_no_change(
    account: Any, document: Any, api: str
) -> None:
    """A second plan over many manifests is the first one; a changed manifest shows in the next."""
    for number in range(60):
        account.write(f"u{number}.yaml", api.replace("api", f"u{number}"))

    def planned() -> Any:
        found = document(account.run("unitward", "plan", "-o", "json"))
        return [(a["action"], a["unit"], a["source"]) for a in found["actions"] if a["unit"]]

    first = planned()
    assert {f"u{number}.service" for number in range(60)} == {unit for _, unit, _ in first}
    assert (account.home / ".cache/unitward/decoded-account").is_file()
    assert first == planned()
    account.write("u7.yaml", f"# a line more\n{api.replace('api', 'other')}")
    assert {"u7.service", "other.service"} == {u for _, u, _ in {*planned()} ^ {*first}}
    assert ("start", "other.service", "u7.yaml:4") in planned()
