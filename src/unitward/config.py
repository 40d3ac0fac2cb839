"""`config.yaml` -> Settings, with every problem of the file at once."""

import errno
import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from unitward.errors import ConfigError
from unitward.model.declared import DriftPolicy
from unitward.model.records import dataclass
from unitward.model.release import is_release
from unitward.model.settings import Settings
from unitward.model.timespan import parse_timespan, write_timespan

if TYPE_CHECKING:
    import yaml

# Far above any real configuration, far below what would delay the start.
_MAX_BYTES = 64 * 1024
_WEEK = 7 * 86400.0
# An account of a directory service may have an @ of its own: ada@example.org@alpha.
_IDENTITY = re.compile(r"[^\s/]{1,256}@[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?", re.ASCII)
_TRUE = frozenset({"1", "yes", "y", "true", "t", "on"})
_FALSE = frozenset({"0", "no", "n", "false", "f", "off"})
# Empty, a comment, or one value of words without a sign that means anything to YAML.
_PLAIN_LINE = re.compile(
    rb"(?:(?P<key>[a-z_]+): +(?P<value>[A-Za-z0-9/~.][\w/~.@+-]*(?: [A-Za-z0-9][\w/~.@+-]*)*) *)?"
    rb"(?:(?:(?<= )|^)#[ -~]*)?"
)


@dataclass(frozen=True, slots=True, order=True)
class _Problem:
    line: int
    message: str
    hint: str = ""

    def written(self, path: Path) -> str:
        where = f"{path}:{self.line}" if self.line else str(path)
        hint = f"\n    hint: {self.hint}" if self.hint else ""
        return f"{where}: {self.message}{hint}"


class _RefusedError(Exception):
    """One problem; a reader raises it, `load_settings` collects it."""

    def __init__(self, message: str, hint: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.problem = _Problem(line, message, hint)


def load_settings(path: Path) -> Settings:
    """Return what the file says, the defaults for every key it does not name.

    A missing file means the defaults. Values are taken as written: YAML's own types
    play no part. `source` is returned absolute, with `~/` replaced by `$HOME`.

    Raises ConfigError that names every problem as `file:line: message`.
    """
    problems: list[_Problem] = []
    settings = Settings()
    try:
        raw = _read(path)
        if raw is not None:
            settings = _of_plain_lines(raw) or _of_yaml(raw, problems)
    except _RefusedError as refused:
        problems.append(refused.problem)
    if problems:
        raise ConfigError(
            "\n".join(problem.written(path) for problem in sorted(problems)),
            hint="correct what is named; every key with its default is in config.example.yaml",
        )
    return settings


def _read(path: Path) -> bytes | None:
    """Return the file's bytes, None when there is no file at that path."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENOENT and not path.is_symlink():
            return None
        if error.errno == errno.ENOENT:
            raise _RefusedError(f"is a link to {path.readlink()}, which does not exist") from None
        raise _RefusedError(f"cannot be read: {error.strerror}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _RefusedError("is not a regular file")
        if status.st_size > _MAX_BYTES:
            raise _RefusedError(f"has {status.st_size} bytes; at most {_MAX_BYTES} are read")
        return os.read(descriptor, _MAX_BYTES)
    except OSError as error:
        raise _RefusedError(f"cannot be read: {error.strerror}") from None
    finally:
        os.close(descriptor)


def _of_plain_lines(raw: bytes) -> Settings | None:
    """Return what a file of plain lines says; None for any other, or where something is wrong.

    PyYAML takes 15 ms of CPU to load, which `status` and `plan` then need for nothing else.
    """
    lines = [_PLAIN_LINE.fullmatch(line) for line in raw.split(b"\n")]
    found = [(line["key"], line["value"]) for line in lines if line and line["key"]]
    values: dict[str, Any] = {}
    try:
        for key, value in found:
            values[key.decode()] = _READERS[key.decode()](value.decode())
    except (KeyError, _RefusedError):
        return None
    settings = Settings(**values)
    if None in lines or len(values) < len(found) or settings.settle_cap < settings.settle:
        return None
    return settings


def _of_yaml(raw: bytes, problems: list[_Problem]) -> Settings:
    return _settings(_entries(_mapping(raw), problems), problems)


def _mapping(raw: bytes) -> "yaml.MappingNode | None":
    import yaml  # noqa: PLC0415 - most files are read without it

    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _RefusedError("is not UTF-8 text", "save the file as UTF-8", line) from None
    try:
        # Not the C loader: its compose() overflows the stack on deep nesting (measured: a
        # line of 30,000 brackets ends the process), while this one raises RecursionError.
        root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context
        line = mark.line + 1 if mark else 0
        raise _RefusedError(f"invalid YAML: {what}", "one `key: value` a line", line) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise _RefusedError(f"invalid YAML: {str(error).splitlines()[0]}") from None
    if root is None:
        return None
    if isinstance(root, yaml.ScalarNode) and not root.value:
        return None
    if not isinstance(root, yaml.MappingNode):
        line = root.start_mark.line + 1
        raise _RefusedError("expected lines of `key: value`", "for example `settle: 100ms`", line)
    return root


def _entries(root: "yaml.MappingNode | None", problems: list[_Problem]) -> "dict[str, yaml.Node]":
    """Return the value of each known key; what else is in the file is a problem."""
    found: dict[str, tuple[int, Any]] = {}
    known = [field.name for field in fields(Settings)]
    for key_node, value in root.value if root else ():
        line = key_node.start_mark.line + 1
        key = key_node.value if isinstance(key_node.value, str) else ""
        if key not in known:
            problems.append(_Problem(line, f"unknown key `{key}`", _unknown_hint(key, known)))
        elif key in found:
            first = found[key][0]
            problems.append(
                _Problem(line, f"`{key}` is set twice, first on line {first}", "keep one of them")
            )
        else:
            found[key] = (line, value)
    return {key: value for key, (_, value) in found.items()}


def _unknown_hint(key: str, known: list[str]) -> str:
    import difflib  # noqa: PLC0415 - for mistakes only

    near = difflib.get_close_matches(key.lower().replace("-", "_"), known, n=1)
    return f"did you mean {near[0]}?" if near else f"the keys are {', '.join(known)}"


def _settings(entries: "Mapping[str, yaml.Node]", problems: list[_Problem]) -> Settings:
    values: dict[str, Any] = {}
    for key, node in entries.items():
        line = node.start_mark.line + 1
        try:
            values[key] = _READERS[key](_text(node))
        except _RefusedError as refused:
            problem = refused.problem
            problems.append(_Problem(line, f"`{key}`: {problem.message}", problem.hint))
    settings = Settings(**values)
    if settings.settle_cap < settings.settle and not problems:
        named = entries["settle_cap" if "settle_cap" in entries else "settle"]
        problems.append(
            _Problem(
                named.start_mark.line + 1,
                f"`settle_cap` ({write_timespan(settings.settle_cap)}) is shorter than"
                f" `settle` ({write_timespan(settings.settle)})",
                "the cap is the longest wait under constant writes",
            )
        )
    return settings


def _text(node: "yaml.Node") -> str:
    if not isinstance(node.value, str):
        raise _RefusedError("expected one value, not a list or a map")
    if node.tag.startswith("!"):
        raise _RefusedError(f"`{node.tag}` is a YAML tag", "quote the value")
    text = str(node.value)
    if not text.strip():
        raise _RefusedError("has no value", "give one, or remove the line for the default")
    return text.strip()


def _span(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        seconds = parse_timespan(text)
        if seconds is None:
            raise _RefusedError(
                f"`{text}` is not a time span", "write 100ms, 10s, 5min or 1h 30min"
            )
        if not least <= seconds <= most:
            raise _RefusedError(
                f"{text} is out of range",
                f"allowed: {write_timespan(least)} to {write_timespan(most)}",
            )
        return seconds

    return read


def _count(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        # isdecimal alone would let other scripts' digits through.
        if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            raise _RefusedError(
                f"`{text}` is not a whole number in range", f"allowed: {least} to {most}"
            )
        return int(text)

    return read


def _version(text: str) -> int:
    if text != "1":
        raise _RefusedError(f"`{text}` is not known to this unitward", "the only version is 1")
    return 1


def _identity(text: str) -> str:
    if not _IDENTITY.fullmatch(text):
        raise _RefusedError(f"`{text}` is not USER@HOST", "write for example ada@alpha")
    return text


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise _RefusedError(f"`{text}` is neither yes nor no", "write yes or no")


def _drift(text: str) -> DriftPolicy:
    try:
        return DriftPolicy(text)
    except ValueError:
        allowed = " or ".join(policy.value for policy in DriftPolicy)
        raise _RefusedError(f"`{text}` is not a drift policy", f"write {allowed}") from None


def _release(text: str) -> str:
    if text == "any":
        return ""
    if not is_release(text):
        raise _RefusedError(f"`{text}` is not a version", "write 0.2.0, or any for no version")
    return text


def _origin(text: str) -> PurePath | None:
    return None if text == "index" else _folder(text)


def _folder(text: str) -> PurePath:
    if "\0" in text:
        raise _RefusedError("a path holds no NUL character")
    path = Path(text)
    if text.startswith("~/"):
        path = path.expanduser()
    if not path.is_absolute():
        raise _RefusedError(f"`{text}` is not an absolute path", "write /path or ~/path")
    return path


_READERS: Mapping[str, Callable[[str], object]] = {
    "version": _version,
    "identity": _identity,
    "source": _folder,
    "settle": _span(0, 60),
    "settle_cap": _span(0, 600),
    "resync": _span(10, _WEEK),
    "stop_grace": _span(0, _WEEK),
    "prune_after": _span(0, _WEEK),
    "max_restarts": _count(1, 100_000),
    "job_wait": _span(0, 300),
    "drift": _drift,
    "strict": _boolean,
    "unitward_version": _release,
    "unitward_from": _origin,
}
