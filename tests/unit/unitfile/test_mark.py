"""The ownership mark."""

import hashlib

import pytest

from unitward.unitfile.mark import (
    HEADER_LINES,
    Mark,
    header_lines,
    mark_holds,
    read_mark,
    seal,
    strip_mark,
)
from unitward.unitfile.syntax import parse

BODY = b"[Service]\nExecStart=/bin/true\n"


def sealed(body: bytes = BODY) -> bytes:
    """Seal a body for installation `here` and unit `api.service`."""
    return seal(body, installation="here", unit="api.service")


def test_a_sealed_file_is_readable() -> None:
    """A person sees at the top who keeps the file; the claim stands at the end."""
    digest = hashlib.sha256(BODY).hexdigest()

    assert (
        "# Kept by unitward: edit the manifest, changes made here are put back.\n"
        "[Service]\nExecStart=/bin/true\n"
        "\n[X-Unitward]\nInstallation=here\nUnit=api.service\n"
        f"Digest={digest}\n"
    ).encode() == sealed()
    assert Mark("here", "api.service", digest) == read_mark(sealed())


def test_holds_for_its_own_names_only() -> None:
    """A file copied to another name or another home is foreign."""
    assert mark_holds(sealed(), "here", "api.service")
    assert not mark_holds(sealed(), "there", "api.service")
    assert not mark_holds(sealed(), "here", "other.service")


@pytest.mark.parametrize(
    "edit",
    [
        (b"/bin/true", b"/bin/false"),
        (b"[Service]", b"# a comment\n[Service]"),
        (b"\n\n[X-", b"\n\n\n[X-"),
        (b"Installation=here\n", b""),
    ],
)
def test_does_not_hold_after_an_edit(edit: tuple[bytes, bytes]) -> None:
    """Any edit of the body or of the claim breaks the mark."""
    assert sealed().replace(*edit) != sealed()
    assert not mark_holds(sealed().replace(*edit), "here", "api.service")


def test_text_after_the_mark_breaks_it() -> None:
    """Something appended by hand is an edit."""
    assert not mark_holds(sealed() + b"[Unit]\n", "here", "api.service")
    assert read_mark(sealed() + b"[Unit]\n") is None


def test_a_later_wording_of_the_header_still_holds() -> None:
    """Files sealed by an older unitward stay ours though the sentence changed."""
    old = sealed().replace(b"edit the manifest", b"do not edit")

    assert strip_mark(old) == BODY
    assert mark_holds(old, "here", "api.service")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"[S]\nk=v",
        b"[S]\nk=v\\",
        b"[S]\nk=v\\\n",
        b"[S]\nk=v\\\n# c",
        b"[S]\r\nk=v\\\r",
        b"[S]\nk=v\\\0",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf[S]\nk=v\n",
        b"\xef\xbb\xbf\n[S]\nk=v\\",
        b"FinalNewline=no\n",
    ],
)
def test_awkward_bodies_come_back(body: bytes) -> None:
    """Whatever a body begins and ends with, it comes back byte for byte and means the same."""
    content = sealed(body)
    meaning = [e for e in parse(content).text.entries if e.section != "X-Unitward"]

    assert body == strip_mark(content)
    assert mark_holds(content, "here", "api.service")
    assert list(parse(body).text.entries) == meaning
    assert body[:3] != b"\xef\xbb\xbf" or content.startswith(b"\xef\xbb\xbf")


def test_a_sealed_body_can_be_sealed_again() -> None:
    """An installed file that was copied into the desired folder is sealed like any other."""
    other = seal(sealed(), installation="there", unit="b.service")

    assert mark_holds(other, "there", "b.service")
    assert not mark_holds(other, "here", "api.service")
    assert sealed() == strip_mark(other)


def test_the_header_shifts_lines_by_a_known_number() -> None:
    """Messages about the installed file can be mapped back to the body."""
    for body in (BODY, b"\xef\xbb\xbf" + BODY):
        before, after = (parse(content).text.entries[0].line for content in (body, sealed(body)))
        assert after == before + header_lines(body)
    assert header_lines(BODY) == HEADER_LINES


def test_a_file_without_mark_is_left_as_it_is() -> None:
    """Foreign files carry no mark and lose nothing."""
    assert read_mark(BODY) is None
    assert strip_mark(BODY) == BODY
    assert not mark_holds(BODY, "here", "api.service")


@pytest.mark.parametrize("unit", ["", "a\nb.service", "a\\", "\udcff.service"])
def test_refuses_names_that_would_break_the_mark(unit: str) -> None:
    """A name that cannot stand in a line is a programming error."""
    with pytest.raises(ValueError, match="not usable in a mark"):
        seal(BODY, installation="here", unit=unit)


def test_escaped_unit_names_fit() -> None:
    """Unit names with backslashes are ordinary names."""
    content = seal(BODY, installation="here", unit=r"a\x2db.service")

    assert mark_holds(content, "here", r"a\x2db.service")
