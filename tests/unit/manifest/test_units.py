"""Sections, sugar and policy of one unit."""

from collections.abc import Callable

import pytest

from unitward.model.declared import (
    Declaration,
    DriftPolicy,
    Manifest,
    OnChange,
    OnRemove,
    Policy,
    State,
)
from unitward.unitfile import words

Read = Callable[..., Manifest]
Errors = Callable[[Manifest], list[str]]
Lines = Callable[[Manifest, str], list[str]]
Find = Callable[[Manifest, str], Declaration]


def test_sections_are_verbatim_and_in_order(read: Read, lines: Lines) -> None:
    """A text is a line, a list repeats the key, "" resets; [Unit] is first, [Install] last."""
    manifest = read(
        units="""
a.service:
  Install: {WantedBy: default.target}
  X-Site: {Owner: ada}
  Service:
    UMask: 0077
    ExecStart: ["", /bin/a, /bin/b]
    X-Note: yes
    Restart: no
  Unit: {After: b.service}
""",
    )

    assert [
        "[Unit] After=b.service",
        "[X-Site] Owner=ada",
        "[Service] UMask=0077",
        "[Service] ExecStart=",
        "[Service] ExecStart=/bin/a",
        "[Service] ExecStart=/bin/b",
        "[Service] X-Note=yes",
        "[Service] Restart=no",
        "[Install] WantedBy=default.target",
    ] == lines(manifest, "a.service")


def test_every_line_knows_its_place(read: Read, find: Find) -> None:
    """The plan can name the line of the manifest behind each line of the unit."""
    manifest = read(
        (
            "version: 1\nunits:\n  a.service:\n    env: {A: b}\n"
            "    Service:\n      ExecStart:\n        - /bin/a\n        - /bin/b\n"
        ),
    )
    declaration = find(manifest, "a.service")

    assert ["team/app.yaml:7:11", "team/app.yaml:8:11", "team/app.yaml:4:11"] == [
        str(place) for place in declaration.places
    ]
    assert "team/app.yaml:3:3" == str(declaration.place)


def test_several_lines_fold_into_one(read: Read, lines: Lines) -> None:
    """Folded and wrapped texts are one line of the unit file."""
    manifest = read(
        units="""
a.service:
  Service:
    ExecStart: >
      /bin/a
      --b
    ExecStop: /x
      y
""",
    )

    assert ["[Service] ExecStart=/bin/a --b", "[Service] ExecStop=/x y"] == lines(
        manifest,
        "a.service",
    )


@pytest.mark.parametrize(
    ("body", "line", "message", "hint"),
    [
        (
            "Service:\n  ExecStart: {a: b}",
            5,
            "ExecStart= must be a text or a list of texts",
            "quote",
        ),
        ("Service:\n  ExecStart: []", 5, "ExecStart= is an empty list", 'ExecStart: ""'),
        ("Service:\n  ExecStart:", 5, "ExecStart= has no value", 'ExecStart: ""'),
        (
            "Service:\n  ExecStart: [/bin/a, ]\n  Restart: [a, {b: c}]",
            6,
            "Restart= can list",
            "each",
        ),
        (
            "Service:\n  ExecStart: [/a,\n    [/b]]",
            6,
            "ExecStart= can list texts only",
            "each item",
        ),
        ("Service: {}", 4, "[Service] is empty", "write a directive"),
        ("Service:", 4, "[Service] must be a map of directives, not nothing", "KEY: VALUE"),
        ("Service: /bin/true", 4, "[Service] must be a map of directives, not a text", "KEY"),
        ("Service:\n  ExecStrat: /x", 5, "[Service] has no ExecStrat=", "did you mean ExecStart?"),
        ("Service:\n  execstart: /x", 5, "[Service] has no execstart=", "did you mean ExecStart?"),
        ("Service:\n  WantedBy: x", 5, "[Service] has no WantedBy=", "it belongs to [Install]"),
        ("Service:\n  After: x", 5, "[Service] has no After=", "it belongs to [Unit]"),
        ("Install:\n  WantBy: x", 5, "[Install] has no WantBy=", "did you mean WantedBy?"),
        ("Service:\n  Exec Start: x", 5, "'Exec Start' is no name of a directive", "write it as"),
        ("Service:\n  ExecStart: |\n    a\n    b", 5, "ExecStart= must be one line", "use >"),
        ('Service:\n  ExecStart: "a\\0b"', 5, "ExecStart= must be one line", "use >"),
        ("Servce:\n  ExecStart: x", 4, "there is no section [Servce]", "did you mean Service?"),
        ("Timer:\n  OnCalendar: x", 4, "[Timer] has no place in a .service unit", ".timer unit"),
        ("service:\n  ExecStart: x", 4, "a unit has no key 'service'", "did you mean Service?"),
        ("descripton: x", 4, "a unit has no key 'descripton'", "did you mean description?"),
        ("hosts: [a]", 4, "hosts: is not supported yet", "remove it"),
        ("description: 50% off", 4, "the % in description", "write %%"),
        ("description: {a: b}", 4, "description must be a text, not a map", ""),
        ("description:", 4, "description has no value", "write one"),
        ("description: a\nUnit: {Description: b}", 4, "description: and Description=", "keep one"),
        ("env: [a]", 4, "env must be a map, not a list", "KEY: VALUE"),
        ("env: {A: }", 4, "env A must be a text, not nothing", 'A: ""'),
        ("env: {1A: x}", 4, "'1A' is not the name of an environment variable", "letters"),
        ("env: {A: 50% off}", 4, "the % in env A", "write %%"),
        ("env_files: /etc/a", 4, "env_files must be a list, not a text", "[/etc/a]"),
        ("env_files: []", 4, "env_files is an empty list", "list something"),
        ("env_files: [etc/a]", 4, "env_files is a path and cannot begin with 'etc'", "./"),
        ("env_files: [{optional: yes}]", 4, "this item of env_files has no path", "{path:"),
        ("env_files: [{path: /a, optinal: yes}]", 4, "an item of env_files has no key", "optional"),
        (
            "env_files: [/a]\nService: {EnvironmentFile: /b}",
            4,
            "env_files: and Environ",
            "keep one",
        ),
        ("secrets: [a]", 4, "secrets must be a map, not a list", "KEY"),
        ("secrets: {a/b: /x}", 4, "'a/b' cannot name a secret", "%d/NAME"),
        ("secrets: {a: x}", 4, "the secret a is a path and cannot begin with 'x'", "~/"),
        ("secrets: {a: /x}\nService: {LoadCredential: b}", 4, "secrets: and LoadCred", "keep one"),
        ("state: up", 4, "state cannot be up", "one of: running, stopped, any"),
        ("state: [running]", 4, "state cannot be a list", "one of: running, stopped, any"),
        ("enable: maybe", 4, "enable cannot be maybe", "write yes, no or any"),
        ("mask: any", 4, "mask cannot be any", "write yes or no"),
        ("mask: yes\nService: {ExecStart: /x}", 4, "mask: and sections exclude", "remove one"),
        ("mask: yes\nschedule: daily", 4, "mask: and content exclude", "remove one"),
        ("on_change: kill", 4, "on_change cannot be kill", "auto, restart, reload, stop-start"),
        ("on_remove: kill", 4, "on_remove cannot be kill", "one of: stop, keep"),
        ("drift: fight", 4, "drift cannot be fight", "one of: correct, report"),
        ("restart_on: [x]", 4, "restart_on is a path", "begin it with /"),
        ("reload_on: /x", 4, "reload_on must be a list, not a text", "[/x]"),
        ("allow: [user-kee]", 4, "there is no lint 'user-kee'", "did you mean user-key?"),
        ("allow: [zzz]", 4, "there is no lint 'zzz'", "one of: wanted-by-multi-user"),
        ("min_version: 0", 4, "min_version must be a version", "min_version: 255"),
        ("schedule: {OnCalender: x}", 4, "[Timer] has no OnCalender=", "did you mean OnCalendar?"),
        ("schedule: {Persistent: yes}", 4, "schedule says no time", "OnCalendar: daily"),
        ("schedule: {}", 4, "[Timer] is empty", "write a directive"),
        ("schedule: [daily]", 4, "schedule must be a text, not a list", ""),
        ("schedule:", 4, "schedule has no value", "write one"),
        ("listen: 127.0.0.1:80", 4, "listen must be a list, not a text", "[127.0.0.1:80]"),
        ("listen: {Backlog: 3}", 4, "listen says no address", "ListenStream"),
        ("listen: {ListenStream: 80, Accept: yes}", 4, "a template is started once per", "Accept"),
        ("instances: [a]", 4, "instances: needs a template", "name the unit a@.service"),
    ],
)
def test_a_mistake_in_a_unit_is_one_error_of_that_unit(
    read: Read,
    body: str,
    line: int,
    message: str,
    hint: str,
) -> None:
    """Each has its line, says what is wrong and what to write, and concerns the unit alone."""
    indented = "\n".join(f"  {text}" for text in body.splitlines())
    manifest = read(units=f"a.service:\n{indented}\nb.target: {{}}")

    found = [problem for problem in manifest.problems if problem.severity == "error"]
    assert 1 == len(found), found
    assert (line, "a.service") == (found[0].place.line, found[0].unit)
    assert found[0].message.startswith(message), found
    assert hint in found[0].hint, found
    assert "a.service" in [name for name, _ in manifest.invalid_units]
    assert ["b.target"] == [declaration.name for declaration in manifest.declarations]


def test_env_is_quoted_and_comes_last(read: Read, lines: Lines, find: Find) -> None:
    """Any value arrives as written, after a reset that a section asks for."""
    manifest = read(
        units="""
a.service:
  env: {A: plain, B: "two words", C: 'say "x" \\ $HOME', D: "%h/x", E: ""}
  Service: {ExecStart: /bin/x, Environment: ["", F=g]}
""",
    )
    text = find(manifest, "a.service").text

    assert text is not None
    assigned = [
        word for line in text.values("Service", "Environment") for word in words.split(line)
    ]
    assert ["F=g", "A=plain", "B=two words", 'C=say "x" \\ $HOME', "D=%h/x", "E="] == assigned
    assert "[Service] ExecStart=/bin/x" == lines(manifest, "a.service")[0]


def test_paths_are_expanded_where_unitward_knows_better(read: Read, lines: Lines) -> None:
    """`~` is the home, `./` stands beside the manifest, specifiers and / stay."""
    manifest = read(
        units="""
a.service:
  env_files: [~/a, ./b, "%h/c", {path: /d e, optional: on}, {path: ~/f, optional: no}]
  secrets: {token: ~/.token, key: ./key}
  restart_on: ["~", ./conf.d/*.conf]
  Service: {ExecStart: /bin/x}
""",
    )

    assert [
        "[Service] ExecStart=/bin/x",
        "[Service] EnvironmentFile=/home/ada/a",
        "[Service] EnvironmentFile=/srv/desired/team/b",
        "[Service] EnvironmentFile=%h/c",
        "[Service] EnvironmentFile=-/d e",
        "[Service] EnvironmentFile=/home/ada/f",
        "[Service] LoadCredential=token:/home/ada/.token",
        "[Service] LoadCredential=key:/srv/desired/team/key",
    ] == lines(manifest, "a.service")
    policy = manifest.declarations[0].policy
    assert ("/home/ada", "/srv/desired/team/conf.d/*.conf") == policy.restart_on
    assert (
        "/home/ada/a",
        "/srv/desired/team/b",
        "%h/c",
        "/d e",
        "/home/ada/f",
    ) == policy.env_files


def test_policy_keys_become_a_policy(read: Read, find: Find) -> None:
    """What a unit file cannot say is kept beside it; a unit without sections has no text."""
    manifest = read(
        units="""
a.service:
  state: stopped
  enable: off
  on_change: stop-start
  on_remove: keep
  reload_on: [/etc/a]
  drift: report
  allow: [user-key]
b.service: {enable: any}
c.service: {mask: Y}
d.service: {}
""",
    )

    assert () == manifest.problems
    expected = Policy(
        state=State.STOPPED,
        enable=False,
        on_change=OnChange.STOP_START,
        on_remove=OnRemove.KEEP,
        reload_on=("/etc/a",),
        drift=DriftPolicy.REPORT,
        allow=("user-key",),
    )
    assert expected == find(manifest, "a.service").policy
    assert Policy(enable_any=True) == find(manifest, "b.service").policy
    assert Policy(mask=True) == find(manifest, "c.service").policy
    assert Policy() == find(manifest, "d.service").policy
    assert {None} == {declaration.text for declaration in manifest.declarations}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("1", True),
        ("yes", True),
        ("Y", True),
        ("TRUE", True),
        ("t", True),
        ("on", True),
        ("0", False),
        ("No", False),
        ("n", False),
        ("false", False),
        ("f", False),
        ("off", False),
    ],
)
def test_booleans_are_systemds(read: Read, find: Find, word: str, expected: bool) -> None:
    """Every word that systemd takes for yes or no is taken here."""
    assert expected == find(read(units=f"a.service: {{enable: {word}}}"), "a.service").policy.enable


def test_a_schedule_makes_a_timer(read: Read, lines: Lines, find: Find) -> None:
    """Calendar text or [Timer] keys, described after the service, installed in timers.target."""
    manifest = read(
        units="""
a.service: {description: Clean up, schedule: daily, drift: report, Service: {ExecStart: /x}}
b.service: {schedule: {OnBootSec: 2m, OnUnitActiveSec: 15m}, Service: {ExecStart: /x}}
c.service: {schedule: hourly, state: stopped, enable: no}
""",
    )

    assert [
        "[Unit] Description=Clean up (timer)",
        "[Timer] OnCalendar=daily",
        "[Install] WantedBy=timers.target",
    ] == lines(manifest, "a.timer")
    assert [
        "[Timer] OnBootSec=2m",
        "[Timer] OnUnitActiveSec=15m",
        "[Install] WantedBy=timers.target",
    ] == lines(manifest, "b.timer")
    assert "a.service" == find(manifest, "a.timer").generated_by
    assert DriftPolicy.REPORT == find(manifest, "a.timer").policy.drift
    paused = find(manifest, "c.timer").policy
    assert (State.STOPPED, False) == (paused.state, paused.enable)
    assert find(manifest, "c.service").text is None


def test_listen_makes_a_socket(read: Read, lines: Lines, find: Find) -> None:
    """Addresses or [Socket] keys; a template's socket is plain and accepts."""
    manifest = read(
        units="""
a.service: {listen: [127.0.0.1:80, "[::1]:80", "%t/a.sock"], Service: {ExecStart: /x}}
b@.service: {description: Echo, listen: [7777], Service: {ExecStart: /x}}
c.service: {listen: {ListenDatagram: 53, Backlog: 3}, Service: {ExecStart: /x}}
d@.service: {listen: {ListenStream: 1, Accept: on}, Service: {ExecStart: /x}}
""",
    )

    assert [
        "[Socket] ListenStream=127.0.0.1:80",
        "[Socket] ListenStream=[::1]:80",
        "[Socket] ListenStream=%t/a.sock",
        "[Install] WantedBy=sockets.target",
    ] == lines(manifest, "a.socket")
    assert [
        "[Unit] Description=Echo (socket)",
        "[Socket] ListenStream=7777",
        "[Socket] Accept=yes",
        "[Install] WantedBy=sockets.target",
    ] == lines(manifest, "b.socket")
    assert "b@.service" == find(manifest, "b.socket").generated_by
    assert [
        "[Socket] ListenDatagram=53",
        "[Socket] Backlog=3",
        "[Install] WantedBy=sockets.target",
    ] == lines(manifest, "c.socket")
    assert "[Socket] Accept=on" in lines(manifest, "d.socket")
    assert () == manifest.problems


@pytest.mark.parametrize(
    "key",
    ["state: running", "enable: yes", "schedule: daily", "instances: [a]", "restart_on: [/a]"],
)
def test_a_drop_in_has_text_and_no_policy(read: Read, errors: Errors, key: str) -> None:
    """What concerns a whole unit is written on the unit."""
    name = key.partition(":")[0]
    manifest = read(units=f"a.service.d/b.conf:\n  {key}\n  Service: {{Nice: 5}}")

    assert [
        f"4: a.service.d/b.conf: {name}: has no place on a drop-in (write it on the unit itself)",
    ] == errors(manifest)


def test_a_drop_in_reads_the_sections_of_its_units(
    read: Read, errors: Errors, lines: Lines
) -> None:
    """Also where it reaches a whole type of units, or all whose name begins so."""
    manifest = read(
        units="""
service.d/a.conf: {Service: {Nice: 5}}
app-.timer.d/b.conf: {Timer: {AccuracySec: 1s}}
a.service.d/c.conf: {env: {A: b}, env_files: [/e]}
b.service.d/d.conf: {Timer: {AccuracySec: 1s}}
c.service.d/e.conf: {}
d.timer.d/f.conf: {env: {A: b}}
""",
    )

    assert ["[Service] Nice=5"] == lines(manifest, "service.d/a.conf")
    assert ["[Timer] AccuracySec=1s"] == lines(manifest, "app-.timer.d/b.conf")
    assert ["[Service] Environment=A=b", "[Service] EnvironmentFile=/e"] == lines(
        manifest,
        "a.service.d/c.conf",
    )
    assert [
        (
            "6: b.service.d/d.conf: [Timer] has no place in a .service unit "
            "(it has [Unit], [Service], [Install]; [Timer] belongs into a .timer unit)"
        ),
        "7: c.service.d/e.conf: c.service.d/e.conf says nothing (write a section, or remove it)",
        "8: d.timer.d/f.conf: env: has no place in a .timer unit (it runs no process)",
    ] == errors(manifest)


def test_a_unit_without_a_body_is_an_error(read: Read, errors: Errors) -> None:
    """Nothing behind a name is more likely forgotten than meant."""
    manifest = read(units="a.service:\nb.service: text")

    assert [
        (
            "3: a.service: a.service must be a map of sections and keys, not nothing "
            "(write what it should be; {} for a unit as someone else ships it)"
        ),
        (
            "4: b.service: b.service must be a map of sections and keys, not a text "
            "(write what it should be; {} for a unit as someone else ships it)"
        ),
    ] == errors(manifest)
    assert ["a.service", "b.service"] == [name for name, _ in manifest.invalid_units]
