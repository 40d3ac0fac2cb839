"""Snapshot + recorded -> Desired. Pure.

Every file is decoded and rendered by itself, so that an unchanged file costs nothing
in the next pass; then all declarations are put together and what is broken is frozen.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import field, replace
from sys import intern

from unitward.model.declared import Declaration
from unitward.model.desired import Desired, DesiredFile, Freeze
from unitward.model.recorded import Recorded
from unitward.model.records import dataclass
from unitward.model.source import (
    Place,
    Problem,
    Revision,
    Severity,
    Snapshot,
    SourceFile,
    Unavailable,
)
from unitward.reconcile.built import BuiltUnits
from unitward.reconcile.gather import DecodedFile, Terms, put_together
from unitward.unitfile.effects import run_digest_of
from unitward.unitfile.mark import header_lines, seal
from unitward.unitfile.render import render_with_lines

__all__ = ["DecodedFile", "DesireCache", "Terms", "decode_file", "decode_in_steps", "desire"]


@dataclass(slots=True)
class DesireCache:
    """Decoded and rendered files by path and digest, valid for one set of Terms; built units."""

    terms: Terms | None = None
    files: dict[str, tuple[str, DecodedFile]] = field(default_factory=dict)
    built: BuiltUnits = field(default_factory=BuiltUnits)


def desire(
    snapshot: Snapshot | Unavailable, recorded: Recorded, terms: Terms, cache: DesireCache
) -> Desired:
    """Put together what the folder asks for; never raises for what a file holds."""
    if isinstance(snapshot, Unavailable):
        return Desired(
            revision=Revision(""),
            complete=False,
            incomplete_because=snapshot.reason,
            unavailable=snapshot,
            frozen={
                name: Freeze(snapshot.reason, unit.place, "F1")
                for name, unit in recorded.units.items()
            },
        )
    decoded = _decode_all(snapshot, terms, cache)
    decoded = [_invalid_if_it_was_ours(item, recorded) for item in decoded]
    return put_together(snapshot, decoded, recorded, terms, cache.built)


def decode_file(file: SourceFile, terms: Terms) -> DecodedFile:
    """Decode one file and render what it declares."""
    # A command that finds all of them decoded needs none of that room: 20 ms of CPU.
    from unitward.manifest.read import read_file  # noqa: PLC0415

    manifest = read_file(file, terms.table, folder=terms.folder, home=terms.home)
    rendered = {
        declaration.name: _render(declaration, terms.installation)
        for declaration in manifest.declarations
        if declaration.text is not None
    }
    return DecodedFile(manifest, rendered)


def decode_in_steps(
    snapshot: Snapshot | Unavailable, terms: Terms, cache: DesireCache
) -> Iterator[None]:
    """Decode what the cache lacks, one file for each step, so that the caller can breathe."""
    if isinstance(snapshot, Unavailable):
        return
    _use(terms, cache)
    for file in snapshot.files:
        if _is_stale(file, cache):
            cache.files[file.path] = (file.digest, decode_file(file, terms))
            yield


def _use(terms: Terms, cache: DesireCache) -> None:
    if cache.terms != terms:
        cache.files.clear()
        cache.terms = terms


def _is_stale(file: SourceFile, cache: DesireCache) -> bool:
    known = cache.files.get(file.path)
    return known is None or known[0] != file.digest or not file.digest


def _decode_all(snapshot: Snapshot, terms: Terms, cache: DesireCache) -> list[DecodedFile]:
    _use(terms, cache)
    decoded: list[DecodedFile] = []
    for file in snapshot.files:
        if _is_stale(file, cache):
            cache.files[file.path] = (file.digest, decode_file(file, terms))
        decoded.append(cache.files[file.path][1])
    for gone in cache.files.keys() - {file.path for file in snapshot.files}:
        del cache.files[gone]
    return decoded


def _render(declaration: Declaration, installation: str) -> DesiredFile:
    name, text = declaration.name, declaration.text
    assert text is not None
    if declaration.raw is not None:
        body = declaration.raw
        numbers = tuple(entry.line for entry in text.entries)
    else:
        body, numbers = render_with_lines(text)
    shift = header_lines(body)
    lines = tuple(
        (number + shift, place) for number, place in zip(numbers, declaration.places, strict=True)
    )
    content = seal(body, installation=installation, unit=name)
    return DesiredFile(
        path=name,
        content=content,
        digest=intern(hashlib.sha256(content).hexdigest()),
        place=declaration.place,
        text=text,
        line_places=tuple(sorted(lines)),
        run_digest="" if "/" in name else run_digest_of(name, text),
    )


def _invalid_if_it_was_ours(item: DecodedFile, recorded: Recorded) -> DecodedFile:
    manifest = item.manifest
    if manifest.is_manifest or manifest.invalid:
        return item
    owned = [u for u in recorded.units.values() if u.place.file == manifest.path]
    if not owned:
        return item
    problem = Problem(
        Place(manifest.path),
        Severity.ERROR,
        f"no longer a manifest: it has neither `version` nor `units`, but {owned[0].name} "
        "came from it",
        hint="put `version: 1` and `units:` back, or delete the file to remove its units",
    )
    return DecodedFile(
        replace(manifest, invalid=True, is_manifest=True, problems=(problem,)), rendered={}
    )
