"""Version numbers: what is one, and which are the same."""

import pytest

from unitward.model.release import is_older_release, is_release, is_same_release


@pytest.mark.parametrize("text", ["1", "0.2", "0.2.0", "1.0rc1", "1.0a2", "2.0.post1", "1.dev3"])
def test_release(text: str) -> None:
    """What pip takes as one version is one."""
    assert is_release(text)


@pytest.mark.parametrize(
    "text", ["", "..", "newest", "1.", "1/2", "../1", "1.0 ", "v1", "1!2", "1+x", "\u0661", ">=1"]
)
def test_no_release(text: str) -> None:
    """What could name a folder elsewhere, or more than one version, is none."""
    assert not is_release(text)


def test_same_release() -> None:
    """Zeros at the end say nothing; what follows the numbers does."""
    assert is_same_release("0.2", "0.2.0")
    assert is_same_release("1.0.0", "1")
    assert is_same_release("01.2", "1.2")
    assert not is_same_release("0.2", "0.20")
    assert not is_same_release("1.0", "1.0rc1")
    assert not is_same_release("newest", "1")


def test_order() -> None:
    """Versions are ordered as pip orders them: numbers by value, suffixes by their stage."""
    rising = (
        *("0.9", "0.10", "1.0.dev1", "1.0a1.dev1", "1.0a1", "1.0a2", "1.0b1", "1.0rc1", "1"),
        *("1.0.post1.dev2", "1.0.post1", "1.0.1", "2"),
    )
    for number, one in enumerate(rising):
        for other in rising[number + 1 :]:
            assert is_older_release(one, other)
            assert not is_older_release(other, one)
            assert not is_same_release(one, other)
    assert not is_older_release("1", "1.0.0")
