"""Folders that belong to a living process."""

from pathlib import Path

from unitward.systemd.sandbox.claims import claimed, taken_over


def test_a_folder_that_is_cleaned_up_before_it_is_held(tmp_path: Path) -> None:
    """Another is made where somebody takes the new folder away before it is locked."""
    made: list[Path] = []

    def make() -> Path:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        if not made:
            folder.rmdir()
        made.append(folder)
        return folder

    with claimed(make) as folder:
        assert tmp_path / "1" == folder
        with taken_over(folder) as abandoned:
            assert not abandoned
    with taken_over(folder) as abandoned:
        assert abandoned
