"""The desired-state folder: readable, valid, nothing in its way, git where it is needed."""

from shlex import quote

from unitward.setup.doctor.facts import Checkout, InTheWay, Source
from unitward.setup.doctor.finding import Finding, Level
from unitward.setup.doctor.words import counted, length

SOURCE = "desired state"
FOREIGN = "foreign files"
GIT = "git"

_MANY = 5
# A git command holds its lock for moments; unitward waits for it this long (sources/git.py).
_LONG_LOCK_SECONDS = 60.0


def check_source(source: Source) -> list[Finding]:
    """Judge whether the folder can be read whole, and whether what it says is valid."""
    if source.unavailable is not None:
        return [_unavailable(source)]
    findings = [
        Finding(
            SOURCE,
            Level.ERROR,
            f"{path} is not read: {reason}" if path not in reason else reason,
            (hint,) if hint else (),
        )
        for path, reason, hint in source.unreadable
    ]
    if source.errors and not findings:
        first = source.errors[0]
        more = f" (and {len(source.errors) - 1} more)" if len(source.errors) > 1 else ""
        text = f"{first}{more}: what that concerns stays as it is"
        findings.append(Finding(SOURCE, Level.WARNING, text, ("unitward validate",)))
    if findings:
        return findings
    return [Finding(SOURCE, Level.OK, f"{counted(source.units, 'unit')} in {source.root}")]


def _unavailable(source: Source) -> Finding:
    assert source.unavailable is not None
    if not source.exists and source.is_default:
        text = f"{source.root} does not exist yet: nothing is declared"
        return Finding(SOURCE, Level.INFO, text, (f"mkdir -p {quote(source.root)}",))
    text = f"{source.unavailable.reason}; everything stays as it is"
    hint = source.unavailable.hint
    return Finding(SOURCE, Level.ERROR, text, (hint,) if hint else ())


def check_foreign(source: Source) -> list[Finding]:
    """Judge whether somebody else's files stand where declared ones should."""
    findings = [_in_the_way(found) for found in source.in_the_way[:_MANY]]
    left = len(source.in_the_way) - len(findings)
    if left:
        text = f"{counted(left, 'more file')} like that"
        findings.append(Finding(FOREIGN, Level.WARNING, text, ("unitward plan",)))
    return findings or [Finding(FOREIGN, Level.OK, "none in the way")]


def _in_the_way(found: InTheWay) -> Finding:
    text = f"{found.path}: {found.reason}, so the declared {found.unit} is not written"
    path = quote(found.path)
    mend = (
        f"unitward adopt {found.unit}  # keeps a copy and takes it over",
        f"mv {path} {path}.old  # or this: out of the way",
    )
    return Finding(FOREIGN, Level.WARNING, text, mend)


def check_git(checkout: Checkout | None) -> list[Finding]:
    """Judge git where the folder is part of a checkout."""
    if checkout is None:
        return [Finding(GIT, Level.OK, "not needed: the source is no checkout")]
    findings: list[Finding] = []
    if not checkout.git:
        text = (
            f"{checkout.top} is a git checkout, and git is not installed: whether the folder is"
            " tracked is guessed, and nobody can pull"
        )
        findings.append(Finding(GIT, Level.WARNING, text, ("sudo apt install git",)))
    if checkout.lock_age is not None and checkout.lock_age > _LONG_LOCK_SECONDS:
        text = (
            f"{checkout.git_dir}/index.lock is {length(checkout.lock_age)} old: a git command"
            " that crashed left it, and git refuses to work"
        )
        mend = (f"rm {quote(checkout.git_dir)}/index.lock  # when no git runs there",)
        findings.append(Finding(GIT, Level.WARNING, text, mend))
    return findings or [Finding(GIT, Level.OK, checkout.git)]
