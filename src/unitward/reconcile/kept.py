"""Decoded files kept between the commands that only look: `plan`, `diff`, `validate`.

Decoding a thousand manifests takes 0.3 s of CPU, taking them from here 0.03 s (measured). What is
carried out is never taken from here: the daemon and `apply` decode every file themselves.
"""

import contextlib
import hashlib
import marshal
import sys
from collections.abc import Iterator
from pathlib import Path

import unitward
from unitward.reconcile.decoded import as_plain, from_plain
from unitward.reconcile.desire import DesireCache
from unitward.reconcile.gather import Terms
from unitward.reconcile.own_code import PACKAGE, code_of
from unitward.store.decoded import read_decoded, write_decoded

WORTH_KEEPING = 50
"""So many files decoded anew (15 ms) are worth writing what is known of all of them."""

_DECIDING = ("manifest", "model", "unitfile", "reconcile")


@contextlib.contextmanager
def kept(file: Path, terms: Terms) -> Iterator[DesireCache]:
    """Lend what was kept for these terms by this very version of unitward; keep it afterwards."""
    try:
        key = _key(terms)
    except OSError:  # a package in an archive cannot tell one version of its code from another
        yield DesireCache()
        return
    plain = dict(read_decoded(file, key))
    cache = DesireCache(terms)
    cache.files = {path: (digest, from_plain(path, form)) for path, (digest, form) in plain.items()}
    known = dict(cache.files)
    yield cache
    new = {path: item for path, item in cache.files.items() if known.get(path) is not item}
    if len(new) < WORTH_KEEPING:
        return
    forms = {path: (digest, as_plain(decoded)) for path, (digest, decoded) in new.items()}
    plain |= {path: (digest, form) for path, (digest, form) in forms.items() if digest and form}
    write_decoded(file, key, {path: plain[path] for path in cache.files if path in plain})


def _key(terms: Terms) -> bytes:
    """Return a digest of all that decoding depends on besides the files, its own code included."""
    code = tuple((room, code_of(room)) for room in _DECIDING)
    how = (unitward.__version__, sys.implementation.cache_tag, marshal.version, PACKAGE, code)
    return hashlib.sha256(repr((how, terms)).encode(errors="surrogateescape")).digest()
