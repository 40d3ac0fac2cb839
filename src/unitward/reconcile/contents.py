"""Contents of the files that a unit depends on, as digests (semantics.md C13). Pure."""

import hashlib
from collections.abc import Mapping, Sequence

from unitward.model.desired import DesiredUnit
from unitward.model.recorded import RecordedUnit


def content_key(unit: str, pattern: str) -> str:
    """Return under which key of `Observed.external` a path or glob of a unit is found.

    The same pattern means other files for another unit where it has a specifier.
    """
    return f"{unit} {pattern}" if "%" in pattern else pattern


def restart_patterns(unit: DesiredUnit) -> tuple[str, ...]:
    """Return the paths whose contents the unit's process was started with."""
    return (*unit.policy.env_files, *unit.policy.restart_on)


def contents_digest(unit: str, patterns: Sequence[str], external: Mapping[str, str | None]) -> str:
    """Return what stands behind patterns: `pattern=contents`, both as digests, blank-separated.

    What cannot be read is left out, and so counts as unchanged.
    """
    digests = {p: external.get(content_key(unit, p)) for p in sorted(set(patterns))}
    return " ".join(f"{_short(p)}={_short(d)}" for p, d in digests.items() if d is not None)


def contents_learned(old: str, now: str) -> str:
    """Return a digest of contents with what only the newer one knows: a path newly watched."""
    return " ".join(f"{p}={d}" for p, d in sorted({**_parts(now), **_parts(old)}.items()))


def contents_changed(
    unit: DesiredUnit, known: RecordedUnit, external: Mapping[str, str | None]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the patterns whose contents changed since the unit was started, and since a reload.

    A path that is watched from now on, or no more, is no change.
    """
    return (
        _changed(unit.name, restart_patterns(unit), known.external_digest, external),
        _changed(unit.name, unit.policy.reload_on, known.reload_digest, external),
    )


def _changed(
    unit: str, patterns: Sequence[str], known: str, external: Mapping[str, str | None]
) -> tuple[str, ...]:
    if not patterns or not known:
        return ()
    then, now = _parts(known), _parts(contents_digest(unit, patterns, external))
    return tuple(
        pattern
        for pattern in dict.fromkeys(patterns)
        if (key := _short(pattern)) in then and key in now and then[key] != now[key]
    )


def _parts(digest: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in digest.split() if "=" in part)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
