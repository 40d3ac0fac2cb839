"""What systemd reads beside the files of a group."""

import hashlib
import os
from pathlib import Path

import pytest

from unitward.model.desired import DesiredFile
from unitward.model.source import Place
from unitward.reconcile.check.surroundings import Facts, Surroundings, UncertainError
from unitward.unitfile.syntax import parse


class Folders:
    """Two folders of a search path, and files that are checked."""

    def __init__(self, top: Path) -> None:
        self._folders = (top / "first", top / "second")
        for folder in self._folders:
            folder.mkdir()
        self.texts = {"a.service": "[Unit]\nAfter=b.service\n", "e.service": ""}

    def put(self, path: str, text: str = "", end: str = "") -> None:
        """Write a file below the second folder, or link it."""
        file = self._folders[1] / path
        file.parent.mkdir(exist_ok=True)
        file.unlink(missing_ok=True)
        if end:
            file.symlink_to(end)
        else:
            file.write_text(text)

    def now(self) -> Surroundings:
        """Return what is there now."""
        files = {
            path: DesiredFile(
                path,
                text.encode(),
                hashlib.sha256(text.encode()).hexdigest(),
                Place("a.yaml"),
                parse(text.encode()).text,
            )
            for path, text in self.texts.items()
        }
        return Surroundings([*map(str, self._folders), "/no/such/folder"], files)

    def of(self, path: str) -> tuple[Facts, Facts | None]:
        """Return all that a file's judgement follows from."""
        now = self.now()
        return now.common, now.of({path})[1]


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """Give the folders, empty."""
    return Folders(tmp_path)


@pytest.mark.parametrize(
    ("path", "text", "end"),
    [
        ("b.service", "[Unit]\nAfter=c.service\n", ""),
        ("b.timer", "", ""),
        ("b@.service", "", ""),
        ("b.service.d/1.conf", "", ""),
        ("b.service.wants/c.service", "", "../c.service"),
        ("c.service", "[Unit]\nAfter=a.service\n", ""),
        ("a.service.d/1.conf", "", ""),
        ("a.service.requires/e.service", "", ""),
    ],
)
def test_what_its_names_lead_to_counts(folders: Folders, path: str, text: str, end: str) -> None:
    """A file that is reached step by step counts for the one that reaches it, for no other."""
    folders.put("b.service", "[Unit]\nWants=c.target\n")
    before = folders.of("a.service")
    other = folders.of("e.service")

    folders.put(path, text, end)

    assert before[0] == folders.of("a.service")[0]
    assert before[1] != folders.of("a.service")[1]
    assert other == folders.of("e.service")


@pytest.mark.parametrize(
    ("path", "text", "end"),
    [
        ("service.d/1.conf", "", ""),
        ("e-.service.d/1.conf", "", ""),
        ("basic.target", "", ""),
        ("basic.target.wants/x.service", "", ""),
        ("app.slice.d/1.conf", "", ""),
        ("alias.service", "", "e.service"),
    ],
)
def test_what_all_have_in_common_counts_for_all(
    folders: Folders, path: str, text: str, end: str
) -> None:
    """Drop-ins for many, aliases and what every unit starts are in all judgements."""
    before = folders.now()
    assert before.is_as_before()

    folders.put(path, text, end)

    assert before.common != folders.now().common
    assert not before.is_as_before()


def test_what_the_files_stand_before_does_not_count(folders: Folders) -> None:
    """A file of the same name in the search path is not read, nor one that nothing leads to."""
    folders.texts["a.service.d/1.conf"] = "[Unit]\nDescription=x\n"
    before = folders.now(), folders.of("a.service")

    for path in ("a.service", "a.service.d/1.conf", "a.service.d/no-dropin", "z.service"):
        folders.put(path, "[Unit]\nAfter=c.service\n")

    assert before[1] == folders.of("a.service")
    folders.put("a.service.d/2.conf")
    assert before[1] != folders.of("a.service")
    assert not before[0].is_as_before()


def test_another_file_of_the_set_counts_where_it_is_reached(folders: Folders) -> None:
    """What the search path leads back to is read as it is in the set."""
    folders.put("b.service", "[Unit]\nAfter=e.service\n")
    before = folders.of("a.service")
    folders.texts["e.service"] = "[Unit]\nDescription=x\n"

    assert before != folders.of("a.service")
    reached, _ = folders.now().of({"a.service"})
    assert folders.now().reaches(reached, {"e.service"})
    assert not folders.now().reaches(frozenset(), {"e.service"})


@pytest.mark.parametrize("end", ["", "/dev/null", "nowhere"])
def test_without_a_required_unit_nothing_is_told(folders: Folders, end: str) -> None:
    """Where a unit is missing or masked that is required, the judgement is left to chance."""
    folders.put("b.service", "[Unit]\nRequires=c.service\n")
    if end:
        folders.put("c.service", end=end)
    assert folders.of("a.service")[1] is None
    assert folders.of("e.service")[1] is not None

    folders.put("c.service", "[Unit]\n")
    assert folders.of("a.service")[1] is not None
    folders.put("basic.target", "[Unit]\nRequires=none.service\n")
    with pytest.raises(UncertainError):
        folders.now()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("data.mount", ""),
        ("b.service", "[Unit]\nAfter=data.mount\n"),
        ("b.service", "[Unit]\nAfter=c-%H.service\n"),
        ("b@.service", "[Unit]\nAfter=c-%i.service\n"),
        ("service.d/1.conf", "[Unit]\nAfter=%p.target\n"),
    ],
)
def test_where_it_cannot_be_told_who_is_named_nothing_is(
    folders: Folders, path: str, text: str
) -> None:
    """Mounts are named by paths, some specifiers are not known: then nothing is told."""
    folders.put(path, text)

    with pytest.raises(UncertainError):
        folders.of("a.service")


def test_a_fifo_holds_nobody_up(folders: Folders, tmp_path: Path) -> None:
    """What is no file in the search path is empty, and is not waited for."""
    os.mkfifo(tmp_path / "second/b.service")

    assert folders.of("a.service")[1] is not None
