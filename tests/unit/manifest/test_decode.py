"""The top level of a manifest, and how far a mistake reaches."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from unitward.manifest.decode import decode
from unitward.model.declared import Declaration, Manifest
from unitward.model.source import Severity
from unitward.model.unittext import DirectiveTable

Read = Callable[..., Manifest]
Errors = Callable[[Manifest], list[str]]

ELEVEN = """\
version: 1
units:
  a.service:
    Service:
      ExecStrat: /usr/bin/x
      ExecStart: %h/x
      WantedBy: default.target
      ExecStop: "/bin/x y" -a
      Restart: !no
      ExecReload: /bin/kill -s: HUP
  b.timer:
    Timer: {OnCalendar: *:0/15}
  c.socket:
    Socket:
      ListenStream: [::1]:80
      ListenStream: 80
  d.service:
    state: runing
    enabled: yes
"""


def test_all_mistakes_of_a_file_are_reported_at_once(read: Read) -> None:
    """Eleven mistakes of every kind, in one reading, in the order of the file."""
    manifest = read(ELEVEN)

    expected = [
        (5, "[Service] has no ExecStrat=", "did you mean ExecStart?"),
        (6, "a value cannot begin with % unless it is quoted", 'quote this value: "%h/x"'),
        (7, "[Service] has no WantedBy=", "it belongs to [Install]"),
        (8, "text follows the closing quote", "quote this value: '\"/bin/x y\" -a'"),
        (9, "!no is a YAML tag, and YAML would drop it", 'quote this value: "!no"'),
        (
            10,
            "': ' inside of a value makes it a key unless it is quoted",
            'quote this value: "/bin/kill -s: HUP"',
        ),
        (12, "a value cannot begin with * unless it is quoted", 'quote this value: "*:0/15"'),
        (
            15,
            "a value that begins with [ is a list unless it is quoted",
            'quote this value: "[::1]:80"',
        ),
        (16, "ListenStream is written twice: in line 15 and in line 16", "keep one of them"),
        (18, "state cannot be runing", "one of: running, stopped, any"),
        (19, "a unit has no key 'enabled'", "did you mean enable?"),
    ]
    assert expected == [
        (problem.place.line, problem.message, problem.hint) for problem in manifest.problems
    ]
    assert {Severity.ERROR} == {problem.severity for problem in manifest.problems}
    assert all(
        problem.snippet == ELEVEN.splitlines()[problem.place.line - 1]
        for problem in manifest.problems
    )
    assert manifest.invalid
    assert () == manifest.declarations


def test_the_example_of_the_readme_is_read_whole(read: Read, errors: Errors) -> None:
    """Every feature of the format in one file, without a problem."""
    sample = Path(__file__).with_name("sample.yaml").read_text(encoding="utf-8")
    manifest = read(sample)

    assert [] == errors(manifest)
    assert [
        "my-worker.service",
        "cache-refresh.service",
        "cache-refresh.timer",
        "echo@.service",
        "echo.socket",
        "worker@.service",
        "worker@mail.service",
        "worker@reports.service",
        "worker@reports.service.d/unitward.conf",
        "pipewire.service.d/50-site.conf",
        "ssh-agent.service",
    ] == [declaration.name for declaration in manifest.declarations]
    assert ["old.service"] == [name for name, _ in manifest.removed]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "services:\n  web:\n    image: nginx\n",
        "version: '3'\nservices: {web: {image: nginx}}\n",
        "on: [push]\njobs: {a: {runs-on: x, steps: [{run: '${{ vars.x }}'}]}}\n",
        "- a\n- b\n",
        "just text\n",
        "units: metric\n",
        "units: {length: m}\n",
        "a: !reset b\n---\nc: d\n",
        "{{ template }}\n",
        "version: 1\nloggers: {my.service: {level: INFO}}\n",
    ],
)
def test_yaml_of_others_is_no_manifest_and_no_problem(read: Read, text: str) -> None:
    """A compose file or a CI file beside the manifests is ignored, broken or not."""
    assert Manifest("team/app.yaml", is_manifest=False) == read(text)


def test_units_without_a_colon_is_a_broken_manifest(read: Read) -> None:
    """What its writer takes for a manifest is not passed over in silence."""
    manifest = read("version: 1\nunits\n  a.service:\n    Service: {ExecStart: /bin/a}\n")
    assert (True, True) == (manifest.is_manifest, manifest.invalid)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 2\nunits: {}\n", "1: : version cannot be 2 (write version: 1)"),
        ("version:\nunits: {}\n", "1: : version cannot be  (write version: 1)"),
        ("version: [1]\nunits: {}\n", "1: : version cannot be a list (write version: 1)"),
        ("units: {a.target: {}}\n", "1: : version: is missing (begin with version: 1)"),
        (
            "version: 1\nunits:\n",
            "2: : units must be a map, not nothing (write units: {} when none is meant)",
        ),
        (
            "version: 1\nunits: [a.service]\n",
            "2: : units must be a map, not a list (write NAME.service: below it, without a dash)",
        ),
        (
            "version: 1\nunit: {a.target: {}}\n",
            "2: : a manifest has no key 'unit' (did you mean units?)",
        ),
        ("version: 1\na.target: {}\n", "2: : a manifest has no key 'a.target' ()"),
        (
            "version: 1\nunits: {}\nremoves: [a.service]\n",
            "3: : a manifest has no key 'removes' (did you mean removed?)",
        ),
        (
            "version: 1\nunits: {}\nhosts: [a]\n",
            "3: : hosts: is not supported yet (remove it for now)",
        ),
        (
            "version: 1\nunits: {}\nmin_version: new\n",
            "3: : min_version must be a version of systemd (such as min_version: 255)",
        ),
        (
            "version: 1\nremoved: a.service\n",
            "2: : removed must be a list of names, not a text (write removed: [a.service])",
        ),
        ("version: 1\nremoved: [{a: b}]\n", "2: : removed lists names, not a map ()"),
        (
            "version: 1\nremoved: [unitward.service]\n",
            "2: : unitward.service cannot remove itself (use: unitward uninstall)",
        ),
        (
            "version: 1\nunits: {../x.service: {}}\n",
            "2: : '../x.service': a unit's name has no folder (write x.service)",
        ),
        (
            "version: 1\nunits: {/abs.service: {}}\n",
            "2: : '/abs.service': a unit's name has no folder (write abs.service)",
        ),
        (
            "version: 1\nunits: {a/b.service: {}}\n",
            "2: : 'a/b.service': a unit's name has no folder (write b.service)",
        ),
        (
            "version: 1\nunits:\n  a.service: {}\n  a.service: {}\n",
            "4: a.service: a.service is written twice: in line 3 and in line 4 (keep one of them)",
        ),
    ],
)
def test_mistakes_of_the_top_level(read: Read, errors: Errors, text: str, expected: str) -> None:
    """Each is one error that says what to write instead."""
    assert [expected] == errors(read(text))


@pytest.mark.parametrize("name", ["api", "api.servce", "a b.service", ".service", "x.d/../a.conf"])
def test_a_name_that_is_no_units_puts_the_file_in_doubt(read: Read, name: str) -> None:
    """Nobody can tell which unit was meant, so nothing of the file is applied."""
    manifest = read(f'version: 1\nunits:\n  "{name}": {{}}\n  good.target: {{}}\n')

    assert manifest.invalid
    assert [3] == [problem.place.line for problem in manifest.problems]
    assert manifest.problems[0].hint


def test_one_bad_unit_leaves_the_others_valid(read: Read) -> None:
    """A wrong directive concerns its unit and what that unit makes, nothing else."""
    manifest = read(
        units="""
good.service:
  Service: {ExecStart: /bin/true}
bad.service:
  schedule: daily
  Service: {ExecStrat: /bin/true}
""",
    )

    assert not manifest.invalid
    assert ["good.service"] == [declaration.name for declaration in manifest.declarations]
    assert ["bad.service", "bad.timer"] == [name for name, _ in manifest.invalid_units]
    assert ["bad.service"] == [problem.unit for problem in manifest.problems]


def test_a_tag_within_a_unit_concerns_that_unit(read: Read) -> None:
    """Mistakes of the text are laid to the unit in whose lines they stand."""
    manifest = read(
        units="""
bad.service:
  Service:
    ExecStart: !/bin/true
good.target: {}
""",
    )

    assert ["bad.service"] == [problem.unit for problem in manifest.problems]
    assert ["good.target"] == [declaration.name for declaration in manifest.declarations]


def test_a_tag_in_an_anchor_concerns_the_file(read: Read) -> None:
    """What an alias copies cannot be laid to one unit: all are in doubt."""
    manifest = read(
        units="""
a.service:
  Service: &common
    ExecStart: !/bin/true
b.service:
  Service: *common
""",
    )

    assert manifest.invalid
    assert [""] == [problem.unit for problem in manifest.problems]


def test_a_unit_made_and_written_is_declared_twice(read: Read, errors: Errors) -> None:
    """The timer of `schedule` and a timer of that name cannot both be."""
    manifest = read(
        units="""
a.service: {schedule: daily, Service: {ExecStart: /bin/true}}
a.timer: {Timer: {OnCalendar: daily}, Install: {WantedBy: timers.target}}
""",
    )

    assert [
        "4: a.timer: a.timer is declared twice: in line 3 and in line 4 (keep one of them)",
    ] == errors(manifest)
    assert ["a.timer"] == [name for name, _ in manifest.invalid_units]


def test_declared_and_removed_contradict_each_other(read: Read, errors: Errors) -> None:
    """A unit in both places is frozen, neither kept nor removed."""
    manifest = read("version: 1\nunits: {a.target: {}}\nremoved: [a.target]\n")

    assert [
        "3: a.target: a.target is declared in line 2 and also removed (keep one of them)",
    ] == errors(manifest)
    assert () == manifest.removed
    assert ["a.target"] == [name for name, _ in manifest.invalid_units]


@pytest.mark.parametrize(
    "name",
    [
        "default.target",
        "basic.target",
        "exit.target",
        "shutdown.target",
        "systemd-exit.service",
        "-.slice",
    ],
)
def test_units_of_the_manager_cannot_be_declared(read: Read, errors: Errors, name: str) -> None:
    """No manifest takes the session away; a drop-in on such a unit is fine."""
    refused = read(units=f'"{name}": {{state: any}}')
    drop_in = read(units=f'"{name}.d/a.conf": {{Unit: {{Description: x}}}}')

    assert [
        (
            f"3: {name}: {name} belongs to the user manager and cannot be declared "
            "(use a drop-in, or a target of your own)"
        ),
    ] == errors(refused)
    assert [] == errors(drop_in)


@pytest.mark.parametrize("key", ["state: stopped", "mask: yes"])
def test_unitward_cannot_be_told_to_stop_itself(read: Read, errors: Errors, key: str) -> None:
    """Its own unit is neither stopped nor masked by a manifest."""
    assert [
        (
            "3: unitward.service: unitward.service cannot stop or mask itself "
            "(use: unitward uninstall)"
        ),
    ] == errors(read(units=f"unitward.service: {{{key}}}"))


@pytest.mark.parametrize("key", ["SuccessAction", "FailureAction"])
def test_a_unit_cannot_end_the_manager(read: Read, errors: Errors, key: str) -> None:
    """Actions other than none would end every service of the account."""
    refused = read(units=f"a.target: {{Unit: {{{key}: exit}}}}")
    allowed = read(units=f"a.target: {{Unit: {{{key}: none}}}}")

    assert [
        (
            f"3: a.target: {key}=exit would end the user manager or the machine "
            f"(remove it: only {key}=none can be declared)"
        ),
    ] == errors(refused)
    assert [] == errors(allowed)


def test_x_keys_are_a_place_for_anchors(read: Read, lines: Callable[..., list[str]]) -> None:
    """What begins with x- is ignored, and what it anchors can be used."""
    manifest = read(
        "version: 1\nx-common: &c {Restart: always}\nunits:\n"
        "  a.service:\n    x-note: whatever\n    Service: {<<: *c, ExecStart: /bin/true}\n",
    )

    assert ["[Service] ExecStart=/bin/true", "[Service] Restart=always"] == lines(
        manifest,
        "a.service",
    )


def test_min_version_is_inherited_and_spares_unknown_directives(read: Read) -> None:
    """A unit for a newer systemd is no error of the manifest here."""
    manifest = read(
        "version: 1\nmin_version: 300\nunits:\n"
        "  a.service: {Service: {ExecStart: /bin/true, FromTheFuture: 1}}\n"
        "  b.target: {min_version: 240}\n",
    )

    assert () == manifest.problems
    assert [300, 240] == [declaration.min_version for declaration in manifest.declarations]


def test_a_directive_that_systemd_was_built_without_is_a_warning() -> None:
    """It is known, does nothing here, and freezes nothing."""
    table = DirectiveTable(
        252, {"Service": {"ExecStart": "PATH", "AppArmorProfile": "NOTSUPPORTED"}}
    )
    text = b"version: 1\nunits: {a.service: {Service: {ExecStart: /x, AppArmorProfile: y}}}\n"
    manifest = decode("a.yaml", text, table, folder="/d", home="/h")

    assert [Severity.WARNING] == [problem.severity for problem in manifest.problems]
    assert "AppArmorProfile=" in manifest.problems[0].message
    assert 1 == len(manifest.declarations)


def test_without_a_table_no_directive_is_unknown() -> None:
    """A machine that cannot tell its directives refuses none."""
    text = b"version: 1\nunits: {a.service: {Service: {ExecStart: /x, Whatever: y}}}\n"
    manifest = decode("a.yaml", text, DirectiveTable(0, {}), folder="/d", home="/h")

    assert () == manifest.problems


def test_problems_beyond_the_limit_are_counted_not_kept(read: Read) -> None:
    """A file full of mistakes is refused as a whole, in bounded time and memory."""
    body = "".join(f"    Nope{n}: x\n" for n in range(20_000))
    begin = time.process_time()
    manifest = read(f"version: 1\nunits:\n a.service:\n   Service:\n{body}")

    assert time.process_time() - begin < 5.0
    assert manifest.invalid
    assert "more than 500 problems" in manifest.problems[0].message
    assert 501 == len(manifest.problems)


def test_two_hundred_units_take_tens_of_milliseconds(read: Read) -> None:
    """Decoding keeps the budget of a pass (generous here: shared machines are slow)."""
    unit = (
        "  app-{n}.service:\n    description: Application {n}\n"
        '    env: {{APP_ENV: production, PORT: {n}, CACHE: "%h/.cache/app"}}\n'
        '    Service: {{ExecStart: "%h/bin/start --with arguments", Restart: always}}\n'
        "    Install: {{WantedBy: default.target}}\n"
    )
    text = "version: 1\nunits:\n" + "".join(unit.format(n=n) for n in range(200))
    spent = []
    manifest: Manifest | None = None
    for _ in range(3):
        begin = time.process_time()
        manifest = read(text)
        spent.append(time.process_time() - begin)

    assert manifest is not None
    assert 200 == len(manifest.declarations)
    assert all(isinstance(item, Declaration) for item in manifest.declarations)
    assert min(spent) < 0.4
