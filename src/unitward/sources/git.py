"""Facts of a git checkout, read from its files; git itself is asked only where they end."""

import os
import re
import subprocess
from functools import lru_cache
from pathlib import Path

from unitward.model.records import dataclass

_OBJECT_ID = r"[0-9a-f]{40}(?:[0-9a-f]{24})?"
_GIT_LIMIT = 5.0
# A symbolic ref that names another: git itself gives up after five (refs.c, SYMREF_MAXDEPTH).
_MAX_SYMBOLIC = 5


@dataclass(frozen=True, slots=True)
class Checkout:
    """A git work tree: gitrepository-layout(5).

    top: the work tree's root. git_dir: its HEAD and index; common_dir: its refs, another
    folder than git_dir in a linked work tree.
    """

    top: Path
    git_dir: Path
    common_dir: Path

    def commit(self) -> str:
        """Return the commit of HEAD, "" on an unborn branch or when it cannot be told."""
        if (self.common_dir / "reftable").is_dir():
            return self._asked()
        name = "HEAD"
        for _ in range(_MAX_SYMBOLIC):
            value = self._ref(name)
            if not value.startswith("ref:"):
                return value if re.fullmatch(_OBJECT_ID, value) else ""
            name = value.removeprefix("ref:").strip()
        return ""

    def index_locked(self) -> bool:
        """Tell whether a git command is changing the index, and so perhaps the work tree."""
        return (self.git_dir / "index.lock").exists()

    @property
    def settle_paths(self) -> tuple[Path, ...]:
        """The files and folders whose change means that HEAD or the index moved."""
        return (
            self.git_dir / "HEAD",
            self.git_dir / "index.lock",
            self.common_dir / "packed-refs",
            self.common_dir / "refs" / "heads",
            self.common_dir / "reftable",
        )

    def _ref(self, name: str) -> str:
        for folder in dict.fromkeys((self.git_dir, self.common_dir)):
            text = _first_line(folder / name)
            if text:
                return text
        return self._packed_ref(name)

    def _packed_ref(self, name: str) -> str:
        try:
            lines = (self.common_dir / "packed-refs").read_text("utf-8", "replace").splitlines()
        except OSError:
            return ""
        for line in lines:
            commit, _, packed = line.partition(" ")
            if packed == name:
                return commit
        return ""

    def _asked(self) -> str:
        answer = _git(self.top, "rev-parse", "--verify", "HEAD")
        return answer.strip() if answer is not None else ""


def find_checkout(root: Path, *, ceiling: Path | None = None) -> Checkout | None:
    """Return the checkout whose tracked files `root` holds, None when there is none.

    Looks upwards from `root` with links resolved, not above `ceiling` (the home folder by
    default) when `root` lies below it. A folder below the top counts only if the index
    names a file in it: an ignored folder in a home that is itself a checkout does not.
    """
    real = Path(os.path.realpath(root))
    limit = Path(os.path.realpath(ceiling or Path.home()))
    for top in (real, *real.parents):
        git_dir = _git_dir(top)
        if git_dir is not None:
            checkout = Checkout(top, git_dir, _common_dir(git_dir))
            return checkout if real == top or _tracks(checkout, real) else None
        if top == limit:
            return None
    return None


def _git_dir(top: Path) -> Path | None:
    """Return the git folder of a work tree's root; `.git` may be a file that names it."""
    candidate = top / ".git"
    if candidate.is_dir():
        return candidate if (candidate / "HEAD").is_file() else None
    named = _first_line(candidate)
    if not named.startswith("gitdir:"):
        return None
    git_dir = Path(os.path.normpath(top / named.removeprefix("gitdir:").strip()))
    return git_dir if git_dir.is_dir() else None


def _common_dir(git_dir: Path) -> Path:
    named = _first_line(git_dir / "commondir")
    return Path(os.path.normpath(git_dir / named)) if named else git_dir


def _tracks(checkout: Checkout, folder: Path) -> bool:
    try:
        status = (checkout.git_dir / "index").stat()
    except OSError:
        return False
    return _tracks_in_index(checkout.top, folder, (status.st_mtime_ns, status.st_size))


@lru_cache(maxsize=8)
def _tracks_in_index(top: Path, folder: Path, _index: tuple[int, int]) -> bool:
    """Ask git once for each state of the index; without an answer the folder counts."""
    answer = _git(top, "ls-files", "-z", "--cached", "--", f":(literal){folder}")
    return answer is None or bool(answer)


def _git(top: Path, *arguments: str) -> str | None:
    command = ("git", "-C", str(top), *arguments)
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_GIT_LIMIT,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")


def _first_line(path: Path) -> str:
    try:
        # A FIFO of that name would block for ever.
        text = path.read_text("utf-8", "replace") if path.is_file() else ""
    except OSError:
        return ""
    return text.partition("\n")[0].strip()
