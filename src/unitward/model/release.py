"""Version numbers as people and pip write them (PEP 440, without epochs and local versions)."""

import re

_SHAPE = (
    r"(?P<numbers>[0-9]+(?:\.[0-9]+)*)"
    r"(?:(?P<stage>a|b|rc)(?P<pre>[0-9]+))?(?:\.post(?P<post>[0-9]+))?(?:\.dev(?P<dev>[0-9]+))?"
)
_STAGES = ("dev", "a", "b", "rc", "final")

_Order = tuple[tuple[int, ...], int, int, int, float]


def is_release(text: str) -> bool:
    """Tell whether the text is one version, and so safe as the name of a folder too."""
    return re.fullmatch(_SHAPE, text) is not None


def is_same_release(one: str, other: str) -> bool:
    """Tell whether two texts mean one version: `0.2` is `0.2.0`."""
    return one == other or (is_release(one) and is_release(other) and _order(one) == _order(other))


def is_older_release(one: str, other: str) -> bool:
    """Tell whether the first of two versions comes before the second."""
    return _order(one) < _order(other)


def _order(text: str) -> _Order:
    """Return what versions are ordered by: PEP 440, "Summary of permitted suffixes"."""
    found = re.fullmatch(_SHAPE, text)
    assert found is not None, text
    numbers = [int(number) for number in found["numbers"].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    post, dev = found["post"], found["dev"]
    early = dev is not None and post is None
    stage = found["stage"] or ("dev" if early else "final")
    return (
        tuple(numbers),
        _STAGES.index(stage),
        int(found["pre"] or 0),
        -1 if post is None else int(post),
        float("inf") if dev is None else float(dev),
    )
