"""Names of units and drop-ins: parse, build, escape.

The rules are those of systemd.unit(5) and of systemd's src/basic/unit-name.c.
"""

import re
import string

from unitward.model.records import dataclass
from unitward.unitfile.errors import BadNameError
from unitward.unitfile.grammar import is_one_line

SUFFIXES = (
    ".service",
    ".socket",
    ".target",
    ".device",
    ".mount",
    ".automount",
    ".swap",
    ".timer",
    ".path",
    ".slice",
    ".scope",
)

NAME_LIMIT = 255
"""The longest unit name, in bytes."""

_PREFIX_CHARS = frozenset(string.ascii_letters + string.digits + ":-_.\\")
_NAME_CHARS = _PREFIX_CHARS | {"@"}
_STEM = re.compile(r"[A-Za-z0-9:_.\\-][A-Za-z0-9:_.\\@-]*")
_PLAIN_CHARS = _PREFIX_CHARS - {"-", "\\"}
_OBJECT_ROOT = "/org/freedesktop/systemd1/unit/"
_DROPIN_DIRECTORY = ".d"
_DROPIN_SUFFIX = ".conf"
_NO_LABEL = re.compile(rb"^[0-9]|[^A-Za-z0-9]")
_ESCAPED = re.compile(rb"\\x([0-9a-fA-F]{2})|(-)|(\\)")


@dataclass(frozen=True, slots=True)
class UnitName:
    """The parts of a unit name.

    `instance` is None for a plain unit, "" for a template (`foo@.service`).
    `suffix` includes its dot.
    """

    prefix: str
    instance: str | None
    suffix: str

    @property
    def is_template(self) -> bool:
        """Tell whether this is a template, which cannot run itself."""
        return not self.instance and self.instance is not None

    @property
    def is_instance(self) -> bool:
        """Tell whether this is an instance of a template."""
        return bool(self.instance)

    @property
    def template(self) -> str:
        """The name of the template that an instance is made from, "" for other names."""
        return f"{self.prefix}@{self.suffix}" if self.is_instance else ""

    @property
    def stem(self) -> str:
        """The name without its suffix, as `%N` gives it."""
        return self.prefix if self.instance is None else f"{self.prefix}@{self.instance}"

    def __str__(self) -> str:
        return f"{self.stem}{self.suffix}"


@dataclass(frozen=True, slots=True)
class DropInName:
    """Where a drop-in stands: `50-a.conf` in the folder `x.service.d`.

    `unit` is a unit's name (`x.service`), the beginning of many (`x-.service`)
    or a unit type (`service`); `basename` is the file's name.
    """

    unit: str
    basename: str

    @property
    def is_type_wide(self) -> bool:
        """Tell whether it reaches every unit of a type (`service.d/`)."""
        return f".{self.unit}" in SUFFIXES

    @property
    def is_prefix(self) -> bool:
        """Tell whether it reaches every unit whose name begins so (`foo-.service.d/`)."""
        return not self.is_type_wide and parse_name(self.unit).prefix.endswith("-")

    @property
    def suffix(self) -> str:
        """The suffix of the units it reaches, with its dot."""
        return f".{self.unit}" if self.is_type_wide else parse_name(self.unit).suffix

    def __str__(self) -> str:
        return f"{self.unit}{_DROPIN_DIRECTORY}/{self.basename}"


def parse_name(text: str) -> UnitName:
    """Take a unit name apart.

    Raises BadNameError, with a hint, for a text that is no unit name.
    """
    stem, dot, ending = text.rpartition(".")
    suffix = dot + ending
    if not _is_name(stem, suffix, text):
        raise _why_no_name(text, stem, suffix)
    prefix, at, instance = stem.partition("@")
    return UnitName(prefix, instance if at else None, suffix)


def _is_name(stem: str, suffix: str, text: str) -> bool:
    return suffix in SUFFIXES and len(text) <= NAME_LIMIT and bool(_STEM.fullmatch(stem))


def _why_no_name(text: str, stem: str, suffix: str) -> BadNameError:
    if suffix not in SUFFIXES:
        return BadNameError(
            f"{text!r} is not a unit name: it does not end with a unit type",
            hint=f"end it with one of {' '.join(SUFFIXES)}",
        )
    if len(text.encode("utf-8", "surrogatepass")) > NAME_LIMIT:
        return BadNameError(
            f"{text!r} is not a unit name: it is longer than {NAME_LIMIT} bytes",
            hint="choose a shorter name",
        )
    prefix, at, _ = stem.partition("@")
    if not prefix:
        return BadNameError(
            f"{text!r} is not a unit name: nothing stands before {at or suffix!r}",
            hint=f"write a name in front of it, such as app{text}",
        )
    bad = sorted(set(stem) - _NAME_CHARS)
    fixed = "@".join(_escape_bad(part) for part in stem.split("@"))
    return BadNameError(
        f"{text!r} is not a unit name: it contains {' '.join(map(repr, bad))}",
        hint=f"escaped, it is {fixed}{suffix}",
    )


def is_unit_name(text: str) -> bool:
    """Tell whether a text is the name of a unit, a template or an instance."""
    stem, dot, ending = text.rpartition(".")
    return _is_name(stem, dot + ending, text)


def with_suffix(name: str, suffix: str) -> str:
    """Return the unit of the same stem with another suffix, as `.timer`.

    Raises BadNameError when `name` or the result is no unit name.
    """
    parsed = parse_name(name)
    return str(parse_name(f"{parsed.stem}{suffix}"))


def parse_dropin(path: str) -> DropInName:
    """Take apart the path of a drop-in below the unit folder: `x.service.d/50-a.conf`.

    Raises BadNameError, with a hint, for any other path.
    """
    folder, slash, basename = path.partition("/")
    if not slash or "/" in basename or not folder.endswith(_DROPIN_DIRECTORY):
        raise BadNameError(
            f"{path!r} is not a drop-in: a drop-in stands in a folder UNIT.d",
            hint="name it like api.service.d/50-local.conf",
        )
    stem = basename.removesuffix(_DROPIN_SUFFIX)
    if stem in ("", basename) or basename.startswith("."):
        raise BadNameError(
            f"{path!r} is not a drop-in: systemd reads only *{_DROPIN_SUFFIX} in such a folder",
            hint=f"name it like {folder}/50-local{_DROPIN_SUFFIX}",
        )
    if not is_one_line(basename):
        raise BadNameError(
            f"{path!r} is not a drop-in: its name has a control character or is not UTF-8",
            hint=f"name it like {folder}/50-local{_DROPIN_SUFFIX}",
        )
    unit = folder.removesuffix(_DROPIN_DIRECTORY)
    if f".{unit}" not in SUFFIXES:
        parse_name(unit)
    return DropInName(unit, basename)


def is_dropin(path: str) -> bool:
    """Tell whether a path below the unit folder is a drop-in's."""
    try:
        parse_dropin(path)
    except BadNameError:
        return False
    return True


def escape(text: str) -> str:
    """Escape any text for use within a unit name, as systemd-escape(1) does.

    Bytes that are not UTF-8 are expected as Python's surrogate escapes.
    """
    return "".join(_escape_byte(byte, at) for at, byte in enumerate(_to_bytes(text)))


def unescape(text: str) -> str:
    r"""Undo `escape`, as `systemd-escape --unescape` does.

    Raises BadNameError for a `\` that begins no `\xHH`.
    """

    def restore(match: re.Match[bytes]) -> bytes:
        digits, dash, _backslash = match.groups()
        if digits:
            return bytes([int(digits, 16)])
        if dash:
            return b"/"
        raise BadNameError(
            f"{text!r} is not escaped as in unit names",
            hint="a \\ begins \\xHH there; write \\x5c for a \\",
        )

    return _ESCAPED.sub(restore, _to_bytes(text)).decode("utf-8", "surrogateescape")


def object_path(name: str) -> str:
    """Return the D-Bus object path of a unit (systemd's src/shared/bus-label.c)."""
    label = _NO_LABEL.sub(_labelled, _to_bytes(name)).decode("ascii")
    return _OBJECT_ROOT + (label or "_")


def _escape_byte(byte: int, at: int) -> str:
    char = chr(byte)
    if char == "/":
        return "-"
    if char in _PLAIN_CHARS and not (char == "." and at == 0):
        return char
    return f"\\x{byte:02x}"


def _escape_bad(part: str) -> str:
    return "".join(char if char in _NAME_CHARS else escape(char) for char in part)


def _labelled(match: re.Match[bytes]) -> bytes:
    return b"_%02x" % match[0][0]


def _to_bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise BadNameError(
            f"{text!r} contains half of a character",
            hint="write it in valid UTF-8",
        ) from error
