"""The tree of a YAML file: raw texts with positions, nothing typed."""

from __future__ import annotations

import re
from typing import ClassVar

from unitward.model.records import dataclass

_OPENING = re.compile(r"""(?:^|(?<=[\s=(,:]))["']""")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text exactly as written (quotes and escapes of YAML resolved)."""

    text: str
    line: int
    column: int
    plain: bool = False
    size: ClassVar[int] = 1

    @property
    def missing(self) -> bool:
        """Tell whether nothing at all is written; `""` is not missing."""
        return self.plain and not self.text


@dataclass(frozen=True, slots=True)
class Items:
    """A YAML sequence; `size` counts its nodes after expansion."""

    items: tuple[Node, ...]
    line: int
    column: int
    size: int = 1


@dataclass(frozen=True, slots=True)
class Pairs:
    """A YAML mapping in the order of the file, `<<` merged, each key once."""

    pairs: tuple[tuple[Scalar, Node], ...]
    line: int
    column: int
    size: int = 1

    def get(self, key: str) -> Node | None:
        """Return the value of the key, None when absent."""
        for name, value in self.pairs:
            if name.text == key:
                return value
        return None


Node = Scalar | Items | Pairs


def quoted(text: str) -> str:
    """Return the text quoted for YAML, in the quotes that need least escaping."""
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def has_open_quote(text: str) -> bool:
    """Tell whether a quote that begins a word is never closed (don't has none)."""
    position = 0
    while opening := _OPENING.search(text, position):
        closing = text.find(opening[0], opening.end())
        if closing < 0:
            return True
        position = closing + 1
    return False
