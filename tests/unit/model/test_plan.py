"""Actions of a plan, by which their outcomes are looked up."""

from dataclasses import replace

from unitward.model.observed import DiskFile, DiskKind
from unitward.model.plan import Action, Phase, Verb

WRITE = Action(
    Phase.WRITE,
    Verb.UPDATE,
    "a.service",
    "it changed",
    path="a.service",
    content=b"[Unit]\n",
    before=DiskFile("a.service", DiskKind.FILE, "d", b"[Service]\n"),
)


def test_equal_actions_are_one_key() -> None:
    """Two actions that say the same find each other's outcome; any difference parts them."""
    same = replace(WRITE, content=bytes(bytearray(WRITE.content)))
    others = [
        replace(WRITE, reason="drift"),
        replace(WRITE, content=b"[Unit]\n#"),
        replace(WRITE, before=None),
        replace(WRITE, verb=Verb.RESTORE),
    ]
    outcomes = {WRITE: "first", **dict.fromkeys(others, "other")}
    assert "first" == outcomes[same]
    assert 5 == len(outcomes)
