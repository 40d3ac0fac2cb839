"""The words of a value: split, and quote so that splitting gives them back.

The rules are those of systemd's src/basic/extract-word.c with unquoting and C escapes,
and of config_parse_exec() in src/core/load-fragment.c.
"""

import re

from unitward.model.records import dataclass
from unitward.unitfile.errors import BadQuotingError, UnrenderableError
from unitward.unitfile.grammar import BLANKS, is_noncharacter

_BLANK_BYTES = frozenset(BLANKS.encode())
_QUOTES = frozenset(b"'\"")
_BACKSLASH = ord("\\")
_ESCAPE = re.compile(
    rb"\\(?:([abfnrtvs\\\"'])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))",
)
_UNESCAPED = {
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
    b"s": b" ",
    b"\\": b"\\",
    b'"': b'"',
    b"'": b"'",
}
_ESCAPED = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    "\\": r"\\",
    '"': r"\"",
}
_NEEDS_NO_QUOTES = re.compile(r"[A-Za-z0-9_./:@=+,%$-]+")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FIRST_SURROGATE_ESCAPE, _LAST_SURROGATE_ESCAPE = "\udc80", "\udcff"
_HIGHEST_BYTE, _HIGHEST_CHARACTER = 0xFF, 0x10FFFF
_FIRST_PRINTABLE, _DELETE = 0x20, 0x7F


@dataclass(frozen=True, slots=True)
class ExecCommand:
    """One command of an Exec line.

    `prefixes` are the special characters before the program (`-`, `@`, `!!`, ...) as written;
    `words` is unquoted, with specifiers, variables, `%%` and `$$` still as written.
    Its first word is the program; with `@` the second is argv[0].
    """

    prefixes: str
    words: tuple[str, ...]


def split(value: str) -> list[str]:
    """Split a value at blanks, taking quotes and C escapes away.

    An unknown escape stays as written, as systemd does (with a warning).
    Bytes that are not UTF-8, which an escape can give, come as Python's surrogate escapes.
    Raises BadQuotingError when a quote is never closed.
    """
    data = _to_bytes(value)
    words: list[str] = []
    word, at = _next_word(data, 0)
    while word is not None:
        words.append(_to_text(word))
        word, at = _next_word(data, at)
    return words


def exec_commands(value: str) -> list[ExecCommand]:
    """Split the value of an Exec key into its commands, which a lone `;` separates.

    Raises BadQuotingError when a quote is never closed.
    """
    data = _to_bytes(value)
    commands: list[ExecCommand] = []
    first, at = _next_word(data, 0)
    while first is not None:
        if first != b";":
            arguments, at = _arguments(data, at)
            program = _to_text(first)
            prefixes = _prefixes(program)
            words = (program[len(prefixes) :], *map(_to_text, arguments))
            commands.append(ExecCommand(prefixes, words))
        first, at = _next_word(data, at)
    return commands


def quote_argument(argument: str) -> str:
    """Write one argument so that a command of an Exec line gets it unchanged.

    `%` and `$` are doubled: nothing in it is expanded. (A command with the prefix `:` expands
    no `$`, and would get both.) Bytes that are not UTF-8 are expected as surrogate escapes.
    Raises UnrenderableError for an argument with a NUL.
    """
    return _quote(argument.replace("%", "%%").replace("$", "$$"))


def quote_environment(name: str, value: str) -> str:
    """Write one variable as a word of `Environment=`.

    Specifiers (`%h`) are kept as written, `$` stands for itself.
    Raises UnrenderableError for a name or value that systemd would refuse.
    """
    if not _ENVIRONMENT_NAME.fullmatch(name):
        raise UnrenderableError(
            f"{name!r} is not the name of an environment variable",
            hint="use letters, digits and _, and no digit first",
        )
    if any(is_noncharacter(char) or _is_surrogate(char) for char in value):
        raise UnrenderableError(
            f"the value of {name} has a character that systemd does not take for UTF-8",
            hint="put the value into a file and name it in env_files",
        )
    return _quote(f"{name}={value}")


def _next_word(data: bytes, at: int) -> tuple[bytes | None, int]:
    """Return the next word, None at the end, and where what follows it begins."""
    begin = _skip_blanks(data, at)
    if begin == len(data):
        return None, begin
    out, quote, at = bytearray(), 0, begin
    while at < len(data):
        byte = data[at]
        if byte == _BACKSLASH:
            piece, at = _unescape(data, at)
            out += piece
            continue
        at += 1
        if quote:
            if byte == quote:
                quote = 0
            else:
                out.append(byte)
        elif byte in _QUOTES:
            quote = byte
        elif byte in _BLANK_BYTES:
            break
        else:
            out.append(byte)
    if quote:
        raise BadQuotingError(
            f"a {chr(quote)} is never closed in: {_to_text(data)}",
            hint="close it, or write it as \\x22 (for \") or \\x27 (for ')",
        )
    return bytes(out), _skip_blanks(data, at)


def _unescape(data: bytes, at: int) -> tuple[bytes, int]:
    match = _ESCAPE.match(data, at)
    known = _escaped_bytes(match) if match else None
    if match is None or known is None:
        return data[at : at + 2], min(at + 2, len(data))
    return known, match.end()


def _escaped_bytes(match: re.Match[bytes]) -> bytes | None:
    letter, hexadecimal, octal, short, long = match.groups()
    if letter:
        return _UNESCAPED[letter]
    if hexadecimal or octal:
        byte = int(hexadecimal, 16) if hexadecimal else int(octal, 8)
        return bytes([byte]) if 0 < byte <= _HIGHEST_BYTE else None
    code = int(short or long, 16)
    if not 0 < code <= _HIGHEST_CHARACTER:
        return None
    char = chr(code)
    if long and (is_noncharacter(char) or "\ud800" <= char <= "\udfff"):
        return None
    return char.encode("utf-8", "surrogatepass")


def _arguments(data: bytes, at: int) -> tuple[list[bytes], int]:
    """Return the arguments up to a lone `;` or the end, and where what follows begins."""
    words: list[bytes] = []
    while at < len(data):
        if _stands_alone(data, at, b";"):
            return words, at + 1
        if _stands_alone(data, at, rb"\;"):
            words.append(b";")
            at = _skip_blanks(data, at + 2)
            continue
        word, at = _next_word(data, at)
        if word is not None:
            words.append(word)
    return words, at


def _stands_alone(data: bytes, at: int, token: bytes) -> bool:
    end = at + len(token)
    return data.startswith(token, at) and (end == len(data) or data[end] in _BLANK_BYTES)


def _skip_blanks(data: bytes, at: int) -> int:
    while at < len(data) and data[at] in _BLANK_BYTES:
        at += 1
    return at


def _prefixes(program: str) -> str:
    seen = ""
    for char in program:
        if char in "-@:|":
            fits = char not in seen
        elif char == "+":
            fits = not {"+", "!"} & set(seen)
        elif char == "!":
            fits = "+" not in seen and seen.count("!") < len("!!")
        else:
            fits = False
        if not fits:
            break
        seen += char
    return seen


def _quote(word: str) -> str:
    if _NEEDS_NO_QUOTES.fullmatch(word):
        return word
    return '"' + "".join(map(_escape, word)) + '"'


def _escape(char: str) -> str:
    if char == "\0":
        raise UnrenderableError(
            "a NUL cannot stand in a command line or an environment variable",
            hint="remove it, or pass the data in a file",
        )
    if char in _ESCAPED:
        return _ESCAPED[char]
    if is_noncharacter(char) or _is_surrogate(char):
        return "".join(f"\\x{byte:02x}" for byte in _to_bytes(char))
    if ord(char) < _FIRST_PRINTABLE or ord(char) == _DELETE:
        return f"\\x{ord(char):02x}"
    return char


def _is_surrogate(char: str) -> bool:
    return "\ud800" <= char <= "\udfff"


def _to_bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise UnrenderableError(
            f"{text!r} contains half of a character",
            hint="write it in valid UTF-8",
        ) from error


def _to_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
