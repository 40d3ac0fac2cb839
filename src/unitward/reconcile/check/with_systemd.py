"""Desired -> Desired without what systemd itself would refuse. The second check.

`systemd-analyze verify` for the files that are new since the last check and all that they
have to do with. Its messages are mapped back to the lines of the manifests.

What asks, and what understands answers, is loaded with the first question: most commands have
none, and would pay 7 ms of CPU for it.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from unitward.model.desired import Desired
from unitward.model.recorded import Recorded
from unitward.model.records import dataclass
from unitward.reconcile.check.question import Question, question_of

if TYPE_CHECKING:
    from unitward.systemd.findings import Finding
    from unitward.systemd.verify import Verdict


@dataclass(slots=True)
class CheckCache:
    """The last set of files that was checked, and what was found."""

    digest: str = ""
    findings: "tuple[Finding, ...]" = ()


async def check(
    desired: Desired, recorded: Recorded, env: Mapping[str, str], cache: CheckCache
) -> Desired:
    """Freeze every changed unit that systemd could not load; the rest passes unchanged.

    Where every file is as recorded nothing is asked: what runs was judged when it came.
    """
    question = question_of(desired, recorded)
    findings = await _findings(question, env, cache) if question.groups else ()
    if not findings:
        return desired
    from unitward.reconcile.check.judged import judged  # noqa: PLC0415 - see above

    return judged(desired, recorded, question, findings)


async def answer(
    question: Question, asked: Sequence[Collection[str]], env: Mapping[str, str]
) -> "Verdict":
    """Return what systemd says of some groups of the question."""
    from unitward.systemd.verify import verify  # noqa: PLC0415 - see above

    paths = sorted(path for group in asked for path in group)
    contents = {path: question.files[path].content for path in paths}
    return await verify(contents, env=env, groups=asked)


async def _findings(
    question: Question, env: Mapping[str, str], cache: CheckCache
) -> "tuple[Finding, ...]":
    asked = sorted(path for group in question.groups for path in group)
    lines = [f"{path} {question.files[path].digest}" for path in asked]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    if digest != cache.digest:
        verdict = await answer(question, question.groups, env)
        cache.findings = verdict.findings
        cache.digest = digest
    return cache.findings
