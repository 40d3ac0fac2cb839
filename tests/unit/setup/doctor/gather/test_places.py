"""File systems of folders."""

from pathlib import Path

from unitward.setup.doctor.gather.account import look_at_account
from unitward.setup.doctor.gather.places import file_system_of, look_at_places, read_mounts


def test_file_systems(tmp_path: Path) -> None:
    """The nearest mount point counts, the last mount on it, and blanks are understood."""
    file = tmp_path / "mountinfo"
    file.write_text(
        "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "22 21 0:5 / /home rw - ext4 /dev/sdb rw\n"
        "23 22 0:6 / /home rw,noatime shared:2 master:1 - nfs4 server:/home rw\n"
        "24 21 0:7 / /mnt/my\\040disk rw - fuse.sshfs a:/ rw\n"
    )
    mounts = read_mounts(file)

    assert "nfs4" == file_system_of(Path("/home/ada/.config"), mounts)
    assert "ext4" == file_system_of(Path("/homes"), mounts)
    assert "fuse.sshfs" == file_system_of(Path("/mnt/my disk/x"), mounts)
    assert "" == file_system_of(Path("/x"), {})


def test_folders_of_an_account(tmp_path: Path) -> None:
    """Modes that let others write are found on the way, what is missing is looked at above."""
    home = tmp_path / "home"
    (home / ".config/systemd").mkdir(parents=True)
    home.chmod(0o700)
    (home / ".config").chmod(0o777)
    uid = home.stat().st_uid

    found = {p.role: p for p in look_at_places(look_at_account({"HOME": str(home)}, uid))}

    assert "" == found["home folder"].distrusted
    units = found["unit folder"]
    assert (False, str(home / ".config/systemd")) == (units.exists, units.stands)
    assert f"{home}/.config can be written by everybody" == units.distrusted
    assert f"chmod go-w {home}/.config" == units.distrust_hint
    assert "" == found["state folder"].distrusted
    assert units.free
