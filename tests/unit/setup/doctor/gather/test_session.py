"""Files that tell of sessions."""

from pathlib import Path

from unitward.setup.doctor.gather.session import system_uid_max


def test_system_uid_max(tmp_path: Path) -> None:
    """login.defs says which uids are the system's; a comment says nothing."""
    file = tmp_path / "login.defs"
    assert 999 == system_uid_max(file)
    file.write_text("#SYS_UID_MAX 10\nUID_MIN 500\n")
    assert 999 == system_uid_max(file)
    file.write_text("UID_MIN 500\nSYS_UID_MAX\t499\n")
    assert 499 == system_uid_max(file)
