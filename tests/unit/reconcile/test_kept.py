"""Decoded files kept between the commands that only look."""

import hashlib
from dataclasses import replace
from pathlib import Path

from unitward.model.desired import Desired
from unitward.model.recorded import Recorded
from unitward.model.source import Revision, Snapshot, SourceFile
from unitward.model.unittext import DirectiveTable
from unitward.reconcile.decoded import as_plain, from_plain
from unitward.reconcile.desire import DesireCache, Terms, decode_file, desire
from unitward.reconcile.kept import WORTH_KEEPING, kept
from unitward.reconcile.traits import traits_of

TABLE = DirectiveTable(
    252,
    {
        "Unit": dict.fromkeys(("Description", "After", "Conflicts"), "OTHER"),
        "Service": dict.fromkeys(("ExecStart", "Environment", "EnvironmentFile"), "OTHER"),
        "Timer": {"OnCalendar": "OTHER"},
        "Install": {"WantedBy": "OTHER"},
    },
)
TERMS = Terms(TABLE, "/d", "/h", "here")
ALL_KEYS = """\
version: 1
min_version: 249
units:
  a.service:
    description: Everything that a unit can say
    env: {LEVEL: "5 %% of it"}
    env_files: [{path: ~/a.env, optional: yes}]
    schedule: daily
    state: running
    enable: any
    on_change: stop-start
    on_remove: keep
    restart_on: [/etc/hosts]
    reload_on: [./a.conf]
    drift: report
    allow: [secret-in-env]
    Service:
      ExecStart: ["/bin/true", "/bin/echo ü"]
    Install: {WantedBy: default.target}
  t@.service:
    instances: {one: {state: stopped}, two: }
    Service: {ExecStart: /bin/true %i}
  other.service:
    mask: yes
  b.service.d/10-x.conf:
    Unit: {After: a.service}
removed: [old.service]
"""
RAW = "# by hand\n[Unit]\nDescription=long \\\n  line\n\n[Service]\nExecStart=/bin/true\n"


def source(path: str, text: str) -> SourceFile:
    """Return a file of the folder as it is read."""
    content = text.encode()
    return SourceFile(path, content, hashlib.sha256(content).hexdigest())


def manifests(count: int, command: str = "/bin/true") -> list[SourceFile]:
    """Return files that declare a service each."""
    text = "version: 1\nunits:\n  {name}.service:\n    Service: {{ExecStart: {command}}}\n"
    return [
        source(f"u{number}.yaml", text.format(name=f"u{number}", command=command))
        for number in range(count)
    ]


def asked(files: list[SourceFile], cache: DesireCache, terms: Terms = TERMS) -> Desired:
    """Return what the files ask for."""
    snapshot = Snapshot("/d", tuple(sorted(files, key=lambda f: f.path)), Revision("r"))
    return desire(snapshot, Recorded("here"), terms, cache)


def test_what_comes_back_is_what_was_decoded() -> None:
    """Every key, raw units, instances, removals and foreign YAML come back equal, line for line."""
    for path, text in (("all.yaml", ALL_KEYS), ("r.service", RAW), ("ci.yaml", "jobs: {}\n")):
        decoded = decode_file(source(path, text), TERMS)
        assert () == decoded.manifest.problems
        plain = as_plain(decoded)
        assert plain is not None
        again = from_plain(path, plain)
        assert decoded == again
        assert repr(decoded) == repr(again)


def test_what_a_unit_says_comes_back_with_its_file() -> None:
    """Units of recalled files say the same, also where another file has a say in them."""
    dropin = "version: 1\nunits:\n  u1.service.d/1.conf:\n    Unit: {Conflicts: x.service}\n"
    policy = "version: 1\nunits:\n  r.service: {enable: yes, restart_on: [/etc/hosts]}\n"
    files = [
        source("all.yaml", ALL_KEYS),
        source("r.service", RAW),
        source("alone.service", RAW),
        source("policy.yaml", policy),
        source("dropin.yaml", dropin),
        *manifests(2),
    ]
    cache, recalled = DesireCache(TERMS), DesireCache(TERMS)
    decoded = asked(files, cache)
    assert () == decoded.problems
    for path, (digest, file) in cache.files.items():
        plain = as_plain(file)
        assert plain is not None
        recalled.files[path] = (digest, from_plain(path, plain))
    again = asked(files, recalled)
    assert decoded == again
    known = {name for name, unit in again.units.items() if unit.kept is not None}
    assert {"a.service", "a.timer", "t@.service", "u0.service", "alone.service"} == known
    assert {name: traits_of(unit) for name, unit in decoded.units.items()} == {
        name: traits_of(unit) for name, unit in again.units.items()
    }
    assert ("x.service",) == traits_of(again.units["u1.service"]).conflicts
    assert traits_of(again.units["r.service"]).watches


def test_a_file_with_a_problem_is_decoded_each_time() -> None:
    """Neither a broken file nor one with a warning has a plain form."""
    for text in ("version: 1\nunits: [", ALL_KEYS.replace("default.target", "multi-user.target")):
        decoded = decode_file(source("a.yaml", text), TERMS)
        assert decoded.manifest.problems
        assert as_plain(decoded) is None


def test_the_next_command_begins_with_them(tmp_path: Path) -> None:
    """What one command decoded the next one has; a changed file is decoded from what it says."""
    path, files = tmp_path / "kept", manifests(WORTH_KEEPING)
    with kept(path, TERMS) as cache:
        assert {} == cache.files
        first = asked(files, cache)
    with kept(path, TERMS) as cache:
        assert {file.path for file in files} == cache.files.keys()
        recalled = dict(cache.files)
        assert first == asked(files, cache)
        assert all(recalled[name] is cache.files[name] for name in recalled)
        changed = [*files[1:], *manifests(1, "/bin/false")]
        units = asked(changed, cache).units
        assert ("/bin/false",) == units["u0.service"].text.values("Service", "ExecStart")
        assert ("/bin/true",) == units["u1.service"].text.values("Service", "ExecStart")


def test_they_hold_for_the_same_terms_only(tmp_path: Path) -> None:
    """Another home, folder, installation or systemd has nothing of them."""
    path = tmp_path / "kept"
    with kept(path, TERMS) as cache:
        asked(manifests(WORTH_KEEPING), cache)
    others = (
        replace(TERMS, home="/other"),
        replace(TERMS, folder="/other"),
        replace(TERMS, installation="other"),
        replace(TERMS, table=replace(TABLE, version=253)),
    )
    for terms in others:
        with kept(path, terms) as cache:
            assert {} == cache.files


def test_a_few_files_are_not_worth_a_write(tmp_path: Path) -> None:
    """Where less than WORTH_KEEPING was decoded, the file is left as it is."""
    path = tmp_path / "kept"
    with kept(path, TERMS) as cache:
        asked(manifests(WORTH_KEEPING - 1), cache)
    assert not path.exists()
