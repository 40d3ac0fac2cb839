"""Decoded files as plain values, which can be kept, and back. Pure.

Only what is free of problems: such a file is the common one, and whoever has a problem reads it
where it was found.
"""

from dataclasses import fields
from itertools import starmap
from operator import attrgetter
from typing import Any

from unitward.model.declared import (
    Declaration,
    DriftPolicy,
    Manifest,
    OnChange,
    OnRemove,
    Policy,
    State,
)
from unitward.model.desired import DesiredFile, keep_with
from unitward.model.source import Place
from unitward.model.unittext import Entry, UnitText
from unitward.reconcile.built import unit_alone
from unitward.reconcile.gather import DecodedFile
from unitward.reconcile.traits import Traits, traits_of

Plain = tuple[Any, ...]
"""Texts, numbers, bytes, None and tuples of them."""

_DEFAULT = Policy()
_OF_TRAITS = attrgetter(*(field.name for field in fields(Traits)))


def as_plain(decoded: DecodedFile) -> Plain | None:
    """Return the plain form; None where from_plain() would not give the same again."""
    manifest = decoded.manifest
    if manifest.problems or manifest.invalid or manifest.invalid_units:
        return None
    declared = tuple(_declaration(d, decoded.rendered.get(d.name)) for d in manifest.declarations)
    removed = tuple((name, place.line, place.column) for name, place in manifest.removed)
    plain = (manifest.is_manifest, declared, removed)
    return plain if from_plain(manifest.path, plain) == decoded else None


def from_plain(path: str, plain: Plain) -> DecodedFile:
    """Return the decoded file of the folder at `path`: in a thirtieth of the time of decoding."""
    is_manifest, declared, removed = plain
    declarations: list[Declaration] = []
    rendered: dict[str, DesiredFile] = {}
    for name, line, column, entries, policy, raw, places, by, version, file in declared:
        text = None if entries is None else UnitText(tuple(starmap(Entry, entries)))
        place = Place(path, line, column)
        known = tuple([Place(path, *position) for position in places])
        means = _DEFAULT if policy is None else _policy_from(policy)
        declarations.append(Declaration(name, place, text, means, raw, known, by, version))
        if file is not None and text is not None:
            content, digest, numbers, run_digest, traits = file
            lines = tuple(zip(numbers, known, strict=True))
            made = DesiredFile(name, content, digest, place, text, lines, run_digest)
            rendered[name] = made
            if traits is not None:
                keep_with(made, Traits(*traits))
    gone = tuple([(name, Place(path, *position)) for name, *position in removed])
    manifest = Manifest(path, tuple(declarations), gone, is_manifest=is_manifest)
    return DecodedFile(manifest, rendered)


def _declaration(declared: Declaration, file: DesiredFile | None) -> Plain:
    text, place = declared.text, declared.place
    return (
        declared.name,
        place.line,
        place.column,
        None if text is None else tuple((e.section, e.key, e.value, e.line) for e in text.entries),
        None if declared.policy == _DEFAULT else _policy(declared.policy),
        declared.raw,
        tuple((at.line, at.column) for at in declared.places),
        declared.generated_by,
        declared.min_version,
        None
        if file is None
        else (
            file.content,
            file.digest,
            tuple(number for number, _ in file.line_places),
            file.run_digest,
            _OF_TRAITS(traits_of(unit_alone(declared, file))) if "/" not in file.path else None,
        ),
    )


def _policy(policy: Policy) -> Plain:
    return (
        policy.state and policy.state.value,
        policy.enable,
        policy.enable_any,
        policy.mask,
        policy.on_change.value,
        policy.on_remove.value,
        policy.env_files,
        policy.restart_on,
        policy.reload_on,
        policy.drift and policy.drift.value,
        policy.allow,
    )


def _policy_from(plain: Plain) -> Policy:
    state, enable, enable_any, mask, change, remove, env, restart, reload, drift, allow = plain
    return Policy(
        state=state and State(state),
        enable=enable,
        enable_any=enable_any,
        mask=mask,
        on_change=OnChange(change),
        on_remove=OnRemove(remove),
        env_files=env,
        restart_on=restart,
        reload_on=reload,
        drift=drift and DriftPolicy(drift),
        allow=allow,
    )
