"""What systemd found nothing about, on disk."""

from pathlib import Path

from unitward.store.verified import Verified, read_verified, write_verified

KEY = b"k" * 32


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    """Digests and search paths are read again, in order; under another key there is nothing."""
    good = (b"b" * 32, b"a" * 32, bytes(32))
    kept = Verified(good, {b"x" * 32: ("/a", "/ü"), b"y" * 32: ()})
    write_verified(tmp_path / "verified", KEY, kept)

    assert kept == read_verified(tmp_path / "verified", KEY)
    assert Verified() == read_verified(tmp_path / "verified", b"o" * 32)
    assert Verified() == read_verified(tmp_path / "none", KEY)
