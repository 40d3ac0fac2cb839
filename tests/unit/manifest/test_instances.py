"""Templates and the instances that should exist."""

from collections.abc import Callable

import pytest

from unitward.model.declared import Declaration, Manifest, OnChange, State

Read = Callable[..., Manifest]
Errors = Callable[[Manifest], list[str]]
Lines = Callable[[Manifest, str], list[str]]
Find = Callable[[Manifest, str], Declaration]


def _names(manifest: Manifest) -> list[str]:
    return [declaration.name for declaration in manifest.declarations]


def test_a_list_declares_plain_instances(read: Read, find: Find) -> None:
    """Each name is an instance without a text of its own."""
    manifest = read(
        units=r'w@.service: {instances: [mail, a\x2db, "x:y@z"], Service: {ExecStart: /x}}',
    )

    assert [
        "w@.service",
        "w@mail.service",
        r"w@a\x2db.service",
        "w@x:y@z.service",
    ] == _names(manifest)
    mail = find(manifest, "w@mail.service")
    assert (None, "w@.service") == (mail.text, mail.generated_by)


def test_a_value_becomes_the_drop_in_of_its_instance(read: Read, lines: Lines, find: Find) -> None:
    """Sections and sugar of an instance go into one drop-in, its policy onto the instance."""
    manifest = read(
        units="""
w@.service:
  on_change: keep
  state: stopped
  env_files: [/all]
  allow: [user-key]
  instances:
    mail:
    reports:
      description: Reports
      env: {A: b}
      env_files: [/own]
      state: running
      Service: {CPUQuota: 20%}
  Service: {ExecStart: /x}
""",
    )

    assert [
        "w@.service",
        "w@mail.service",
        "w@reports.service",
        "w@reports.service.d/unitward.conf",
    ] == _names(manifest)
    assert [
        "[Unit] Description=Reports",
        "[Service] CPUQuota=20%",
        "[Service] Environment=A=b",
        "[Service] EnvironmentFile=/own",
    ] == lines(manifest, "w@reports.service.d/unitward.conf")
    mail, reports = find(manifest, "w@mail.service"), find(manifest, "w@reports.service")
    assert (State.STOPPED, OnChange.KEEP, ("/all",)) == (
        mail.policy.state,
        mail.policy.on_change,
        mail.policy.env_files,
    )
    assert (State.RUNNING, OnChange.KEEP, ("/all", "/own"), ("user-key",)) == (
        reports.policy.state,
        reports.policy.on_change,
        reports.policy.env_files,
        reports.policy.allow,
    )


def test_the_instances_of_a_scheduled_template_are_the_timers(read: Read, lines: Lines) -> None:
    """What should exist is the timer; a schedule of an instance takes the template's place."""
    manifest = read(
        units="""
w@.service:
  schedule: daily
  instances:
    mail:
    reports:
      schedule: hourly
      Timer: {AccuracySec: 1s}
      Service: {Nice: 5}
  Service: {ExecStart: /x}
""",
    )

    assert [
        "w@.service",
        "w@.timer",
        "w@mail.timer",
        "w@reports.timer",
        "w@reports.service.d/unitward.conf",
        "w@reports.timer.d/unitward.conf",
    ] == _names(manifest)
    assert ["[Service] Nice=5"] == lines(manifest, "w@reports.service.d/unitward.conf")
    assert [
        "[Timer] OnCalendar=",
        "[Timer] OnCalendar=hourly",
        "[Timer] AccuracySec=1s",
    ] == lines(manifest, "w@reports.timer.d/unitward.conf")


def test_an_instance_with_a_schedule_of_its_own_is_a_timer(
    read: Read,
    lines: Lines,
    find: Find,
) -> None:
    """Where the template has none, the instance's timer is a whole unit."""
    manifest = read(
        units="""
w@.service:
  description: Work
  instances:
    mail: {schedule: hourly, state: running}
  Service: {ExecStart: /x}
""",
    )

    assert ["w@.service", "w@mail.timer"] == _names(manifest)
    assert [
        "[Unit] Description=Work (timer)",
        "[Timer] OnCalendar=hourly",
        "[Install] WantedBy=timers.target",
    ] == lines(manifest, "w@mail.timer")
    assert State.RUNNING == find(manifest, "w@mail.timer").policy.state


def test_an_error_of_an_instance_leaves_the_others(read: Read, errors: Errors) -> None:
    """Only the instance and its drop-in are frozen."""
    manifest = read(
        units="""
w@.service:
  instances:
    good:
    bad: {Service: {Nic: 5}}
  Service: {ExecStart: /x}
""",
    )

    assert ["6: w@bad.service: [Service] has no Nic= (did you mean Nice?)"] == errors(manifest)
    assert ["w@.service", "w@good.service"] == _names(manifest)
    assert ["w@bad.service"] == [name for name, _ in manifest.invalid_units]


def test_an_error_of_a_template_freezes_its_instances(read: Read) -> None:
    """An instance without its template is nothing."""
    manifest = read(units="w@.service: {instances: [a, b: ], Service: {Nope: 1}}")
    clean = read(units="w@.service: {instances: [a], schedule: daily, Service: {Nope: 1}}")

    assert manifest.invalid
    assert () == clean.declarations
    assert ["w@.service", "w@.timer", "w@a.timer"] == [name for name, _ in clean.invalid_units]


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        ("text", "instances must be a list or a map, not a text", "write a list: [text]"),
        ("", "instances must be a list or a map, not nothing", "write a list of names"),
        ("[[a]]", "an instance is a name here, not a list", "write a map"),
        ("[a/b]", "'a/b' cannot name an instance", "escaped, it is a-b"),
        ("[a b]", "'a b' cannot name an instance", r"escaped, it is a\x20b"),
        ("[é]", "'é' cannot name an instance", r"escaped, it is \xc3\xa9"),
        ('[""]', "an instance needs a name", "remove the empty item"),
    ],
)
def test_when_instances_cannot_be_told_the_file_is_in_doubt(
    read: Read,
    value: str,
    message: str,
    hint: str,
) -> None:
    """An instance that nobody can name would look removed; so nothing is applied."""
    manifest = read(units=f"w@.service:\n  instances: {value}\n  Service: {{ExecStart: /x}}")

    assert manifest.invalid
    assert [(message, hint)] == [
        (problem.message, problem.hint.partition(" for")[0]) for problem in manifest.problems
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("[a, a]", "4: w@.service: a is listed twice: in line 4 and in line 4 ()"),
        ("{a: text}", "4: w@a.service: an instance takes a map of keys, not a text ()"),
        ("{a: {instances: [b]}}", "4: w@a.service: instances: has no place on an instance ()"),
        (
            "{a: {mask: yes, env: {A: b}}}",
            "4: w@a.service: mask: and content exclude each other (remove one of them)",
        ),
    ],
)
def test_mistakes_of_instances(read: Read, errors: Errors, value: str, expected: str) -> None:
    """Each is an error of the unit that it concerns."""
    manifest = read(units=f"w@.service:\n  instances: {value}\n  Service: {{ExecStart: /x}}")

    assert [expected] == errors(manifest)


def test_an_instance_written_out_as_well_is_declared_twice(read: Read, errors: Errors) -> None:
    """One place says what an instance is."""
    manifest = read(units="w@.service: {instances: [a]}\nw@a.service: {state: running}")

    assert [
        "4: w@a.service: w@a.service is declared twice: in line 3 and in line 4 (keep one of them)",
    ] == errors(manifest)
