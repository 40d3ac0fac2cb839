"""What holds for every text, name and argument in the unit-file language."""

import hashlib
import string

from hypothesis import given
from hypothesis import strategies as st

from unitward.model.unittext import Entry, UnitText
from unitward.unitfile.compare import changed_keys
from unitward.unitfile.effects import Effect, effect_of_change, run_digest
from unitward.unitfile.errors import UnrenderableError
from unitward.unitfile.mark import Mark, mark_holds, read_mark, seal, strip_mark
from unitward.unitfile.names import (
    SUFFIXES,
    UnitName,
    escape,
    is_unit_name,
    parse_name,
    unescape,
)
from unitward.unitfile.render import render, render_with_lines
from unitward.unitfile.syntax import parse
from unitward.unitfile.words import exec_commands, quote_argument, quote_environment, split

PIECES = (
    *(
        "[Unit]",
        "[Service]",
        "[Install]",
        "[X-a]",
        "[]",
        "ExecStart=",
        "Wants=",
        "k=",
        "a",
        " ",
        "=",
    ),
    *("\n", "\r", "\0", "\t", "\\", "#", ";", '"', "'", "%", "$", "\ufeff", "\uffff", "é"),
)
files = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from(PIECES), max_size=30).map(lambda parts: "".join(parts).encode()),
)
awkward = st.one_of(
    st.text(max_size=12), st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
)
wild_entries = st.lists(st.builds(Entry, awkward, awkward, awkward), max_size=5)
keys = st.sampled_from(["ExecStart", "ExecStop", "Wants", "KillMode", "WantedBy", "X-a", "Nice"])
tame_entries = st.lists(
    st.builds(
        Entry,
        st.sampled_from(["Unit", "Service", "Install", "X-a"]),
        keys,
        st.sampled_from(["", "a", "b c", "/x\\", "%h"]),
    ),
    max_size=8,
)
letters = string.ascii_letters + string.digits + ":-_.\\"
unit_names = st.builds(
    UnitName,
    st.text(letters, min_size=1, max_size=20),
    st.none() | st.text(letters + "@", max_size=20),
    st.sampled_from(SUFFIXES),
)


def by_section(text: UnitText) -> UnitText:
    """Return the entries as a file groups them: by section, in order of appearance."""
    sections = dict.fromkeys(entry.section for entry in text.entries)
    return UnitText(
        tuple(entry for section in sections for entry in text.entries if entry.section == section),
    )


@given(wild_entries)
def test_what_is_rendered_reads_back_the_same(entries: list[Entry]) -> None:
    """Any text either comes back exactly, each entry from its line, or is refused."""
    text = UnitText(tuple(entries))
    try:
        content, lines = render_with_lines(text)
    except UnrenderableError:
        return

    parsed = parse(content)

    assert parsed.problems == ()
    assert by_section(text) == parsed.text
    found = {entry.line: entry for entry in parsed.text.entries}
    assert list(text.entries) == [found[line] for line in lines]


@given(tame_entries)
def test_ordinary_texts_are_never_refused(entries: list[Entry]) -> None:
    """What a unit file can say is rendered, also with a backslash at its end."""
    text = UnitText(tuple(entries))

    assert by_section(text) == parse(render(text)).text


@given(files)
def test_reading_never_fails_and_is_stable(content: bytes) -> None:
    """Any bytes are read, and what was read survives being written and read again."""
    parsed = parse(content)

    assert not (parsed.fatal and parsed.text.entries)
    assert all(problem.line >= 1 for problem in parsed.problems)
    try:
        rendered = render(parsed.text)
    except UnrenderableError:
        # A byte order mark at the beginning of a key can be read and not written.
        assert any(entry.key.startswith("\ufeff") for entry in parsed.text.entries)
        return
    assert by_section(parsed.text) == parse(rendered).text


@given(files)
def test_a_seal_comes_off_and_changes_no_meaning(body: bytes) -> None:
    """A sealed body comes back byte for byte, and means to systemd what it meant before."""
    content = seal(body, installation="here", unit="a@b.service")
    mark = read_mark(content)

    assert body == strip_mark(content)
    assert mark_holds(content, "here", "a@b.service")
    assert isinstance(mark, Mark)
    before, after = parse(body), parse(content)
    assert before.fatal == after.fatal
    ours = () if after.fatal else after.text.entries[len(before.text.entries) :]
    assert before.text.entries == after.text.entries[: len(before.text.entries)]
    assert {"X-Unitward"} >= {entry.section for entry in ours}


@given(files.filter(bool), st.data())
def test_an_edited_body_never_holds(body: bytes, data: st.DataObject) -> None:
    """One changed byte of the body breaks the mark."""
    at = data.draw(st.integers(0, len(body) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != body[at]))
    edited = body[:at] + bytes([byte]) + body[at + 1 :]
    forged = seal(edited, installation="here", unit="a.service").replace(
        hashlib.sha256(edited).hexdigest().encode(),
        hashlib.sha256(body).hexdigest().encode(),
    )

    assert not mark_holds(forged, "here", "a.service")


@given(tame_entries, st.permutations(["Unit", "Service", "Install", "X-a"]))
def test_the_order_of_sections_means_nothing(entries: list[Entry], order: list[str]) -> None:
    """A text equals itself, and itself with its sections in another order."""
    text = UnitText(tuple(entries))
    other = UnitText(tuple(e for section in order for e in entries if e.section == section))

    for dropin in (False, True):
        assert frozenset() == changed_keys(text, text, dropin=dropin)
        assert frozenset() == changed_keys(text, other, dropin=dropin)
    assert (Effect.NONE, frozenset()) == effect_of_change(".service", text, other)
    assert run_digest(".service", text) == run_digest(".service", other)


@given(tame_entries, tame_entries)
def test_a_digest_changes_when_a_restart_is_due(old: list[Entry], new: list[Entry]) -> None:
    """The run digest of two texts differs exactly when the change restarts the unit."""
    before, after = UnitText(tuple(old)), UnitText(tuple(new))
    effect, _keys = effect_of_change(".service", before, after)

    differs = run_digest(".service", before) != run_digest(".service", after)

    assert differs == (effect >= Effect.RESTART)


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_a_quoted_argument_comes_back(arguments: list[str]) -> None:
    """A command line gives each argument back once %% and $$ are undone."""
    line = " ".join(["/bin/echo", *map(quote_argument, arguments)])
    text = UnitText((Entry("Service", "ExecStart", line),))

    (entry,) = parse(render(text)).text.entries
    (command,) = exec_commands(entry.value)

    undone = [word.replace("%%", "%").replace("$$", "$") for word in command.words[1:]]
    assert arguments == undone
    assert command.prefixes == ""


@given(st.binary().map(lambda data: data.replace(b"\0", b"").decode("utf-8", "surrogateescape")))
def test_an_argument_of_any_bytes_comes_back(argument: str) -> None:
    """Arguments need not be UTF-8: file names are bytes."""
    (word,) = split(quote_argument(argument))

    assert argument == word.replace("%%", "%").replace("$$", "$")


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs", "Cn"])))
def test_a_quoted_variable_comes_back(value: str) -> None:
    """A variable's value is one word of Environment=, specifiers as written."""
    quoted = quote_environment("NAME", value)
    (entry,) = parse(render(UnitText((Entry("Service", "Environment", quoted),)))).text.entries

    assert [f"NAME={value}"] == split(entry.value)


@given(unit_names)
def test_a_name_survives_being_written(name: UnitName) -> None:
    """A name that is put together and taken apart again is the same name."""
    assert name == parse_name(str(name))


@given(st.text(max_size=30))
def test_what_is_a_name_is_written_as_it_was(text: str) -> None:
    """A text is either no name, or exactly its name."""
    if is_unit_name(text):
        assert text == str(parse_name(text))


@given(st.binary(max_size=30).map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_escaping_makes_a_name_and_can_be_undone(text: str) -> None:
    """Any text becomes part of a valid name and comes back from it."""
    escaped = escape(text)

    assert text == unescape(escaped)
    assert not text or is_unit_name(f"x@{escaped}.service")
