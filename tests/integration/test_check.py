"""The check by systemd itself: what is asked of it, and that parts say what the whole says."""

import os
from pathlib import Path

from unitward.model.desired import Desired
from unitward.model.recorded import Recorded, RecordedFile
from unitward.model.source import Problem, Revision, Snapshot, SourceFile
from unitward.reconcile.check.with_systemd import CheckCache, check
from unitward.reconcile.desire import DesireCache, Terms, desire
from unitward.systemd.directives import load_directives
from unitward.systemd.verify import verify

OLD = "Service: {ExecStart: /bin/true, KillMode: none}"


def asked_for(tmp_path: Path, units: dict[str, str]) -> tuple[Desired, Recorded]:
    """Return what one manifest asks for, and a ledger that has all of it but a.service."""
    text = "version: 1\nunits:\n" + "".join(f"  {n}: {{{t}}}\n" for n, t in units.items())
    snapshot = Snapshot(
        str(tmp_path), (SourceFile("a.yaml", text.encode(), "1"),), Revision("folder")
    )
    terms = Terms(load_directives(tmp_path), str(tmp_path), str(tmp_path), "here")
    desired = desire(snapshot, Recorded("here"), terms, DesireCache())
    assert desired.units.keys() == units.keys(), desired.problems
    files = {f.path: f for unit in desired.units.values() for f in unit.files()}
    known = {
        path: RecordedFile(path, path, file.digest, file.content)
        for path, file in files.items()
        if path != "a.service"
    }
    return desired, Recorded("here", files=known)


async def remarks(desired: Desired, recorded: Recorded) -> set[str]:
    """Return the units that systemd has something to say of."""
    checked = await check(desired, recorded, os.environ, CheckCache())
    problems: tuple[Problem, ...] = checked.problems
    return {problem.unit for problem in problems}


async def test_only_what_a_change_concerns_is_asked(tmp_path: Path) -> None:
    """F4: systemd judges what changed and who has to do with it, not what runs untouched."""
    units = {
        "a.service": OLD,
        "beside.service": f"Unit: {{After: a.service}}, {OLD}",
        "other.service": OLD,
    }

    assert {"a.service", "beside.service"} == await remarks(*asked_for(tmp_path, units))


async def test_the_parts_say_what_the_whole_says(tmp_path: Path) -> None:
    """Shared out over several runs, a large set has the findings that one run has."""
    files = {f"u{n}.service": b"[Service]\nExecStart=/bin/true\n" for n in range(400)}
    for number in range(0, 400, 40):
        files[f"u{number}.service"] += b"ExecStrt=x\n"
        files[f"u{number + 1}.service"] = b"[Service]\nType=simple\n"
        files[f"u{number + 2}.service"] += b"[Unit]\nRequires=none-such.service\n"
        files[f"u{number + 3}.service.d/50-a.conf"] = b"[Service]\nFoo=1\n"
    apart = [{name, f"{name}.d/50-a.conf"} & files.keys() for name in files if "/" not in name]
    env = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}

    whole = await verify(files, env=env)
    parts = await verify(files, env=env, groups=apart)

    assert 40 == len(whole.findings)
    assert whole == parts
