"""Which files systemd has to see together."""

import hashlib

import pytest

from unitward.model.desired import DesiredFile
from unitward.model.source import Place
from unitward.reconcile.check.together import beside, groups
from unitward.unitfile.syntax import parse


def declared(files: dict[str, str]) -> dict[str, DesiredFile]:
    """Return the files as the check takes them."""
    return {
        path: DesiredFile(
            path,
            text.encode(),
            hashlib.sha256(text.encode()).hexdigest(),
            Place("a.yaml"),
            parse(text.encode()).text,
        )
        for path, text in files.items()
    }


def test_strangers_are_apart() -> None:
    """Units that name nobody stand alone; a target in [Install] that all share binds nobody."""
    text = "[Service]\nExecStart=/bin/sleep 1.5\n[Install]\nWantedBy=default.target\n"

    found = groups(declared({"a.service": text, "b.service": text}))

    assert [{"a.service"}, {"b.service"}] == found
    assert [{"b.service"}] == beside({"b.service"}, found)


@pytest.mark.parametrize(
    ("one", "text", "other"),
    [
        ("a.service", "[Unit]\nAfter=x.service b.service\n", "b.service"),
        ("a.service", "[Unit]\nAfter=%p-b.service\n", "a-b.service"),
        ("a@.service", "[Unit]\nAfter=b@%i.service\n", "b@.service"),
        ("a.service", "[Service]\nExecStart=/bin/systemctl --user start b.service\n", "b.service"),
        ("a.service.d/50-a.conf", "[Unit]\nWants=b@1.service\n", "b@.service"),
        ("a.timer", "[Timer]\nOnCalendar=daily\n", "a.service"),
        ("a@one.service.d/50-a.conf", "[Service]\nNice=5\n", "a@.service"),
        ("a-b.slice", "", "a.slice"),
        ("a.service", "[Service]\nSlice=b-c.slice\n", "b.slice"),
    ],
)
def test_who_names_another_is_with_it(one: str, text: str, other: str) -> None:
    """By any key, specifiers expanded, and by what systemd makes of names itself."""
    assert [{one, other}, {"z.service"}] == groups(
        declared({one: text, other: "", "z.service": ""})
    )


def test_whoever_names_the_same_unit_is_together() -> None:
    """Two units may wait for one another by way of a third that is nobody's here."""
    text = "[Unit]\n{}=pipewire.service\n"
    files = {"a.service": text.format("After"), "b.service": text.format("Before")}

    assert [{"a.service", "b.service"}] == groups(declared(files))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("service.d/50-a.conf", "[Service]\nNice=5\n"),
        ("x-.service.d/50-a.conf", "[Service]\nNice=5\n"),
        ("home-me.mount", "[Mount]\nWhat=x\nWhere=/home/me\n"),
        ("x.service", "[Unit]\nAfter=%H.service\n"),
    ],
)
def test_what_may_reach_anybody_is_with_all(path: str, text: str) -> None:
    """Drop-ins for many units, mounts, and names that only systemd can make out."""
    assert [{"a.service", path}] == groups(declared({"a.service": "", path: text}))
