"""Numbers and lists in words."""

from unitward.setup.doctor.words import counted, length, size, some


def test_words() -> None:
    """Lengths, sizes, counts and lists read as a person would say them."""
    assert "0 seconds" == length(0.2)
    assert "1 minute" == length(61)
    assert "2 days" == length(200_000)
    assert "1 unit" == counted(1, "unit")
    assert "" == some(())
    assert "a" == some(("a",))
    assert "a, b and c" == some(("a", "b", "c"))
    assert "a, b, c, d and 2 more" == some(tuple("abcdef"))
    assert "512 bytes" == size(512)
    assert "16 MiB" == size(16 << 20)
    assert "3 GiB" == size(3 << 30)
