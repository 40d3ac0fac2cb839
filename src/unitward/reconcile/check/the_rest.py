"""The second check for `validate`: systemd is asked only what it did not answer before."""

import contextlib
from collections.abc import Mapping

from unitward.reconcile.check.passed_over import PassedOver
from unitward.reconcile.check.question import Question
from unitward.reconcile.check.with_systemd import answer
from unitward.systemd.findings import Finding
from unitward.systemd.unit_paths import unit_paths


async def check_the_rest(
    question: Question, env: Mapping[str, str], passed: PassedOver | None
) -> tuple[Finding, ...]:
    """Return what systemd says where that is not known from earlier, and keep it for later."""
    if passed is None:
        return (await answer(question, question.groups, env)).findings
    if passed.search_path is None:
        # Where that cannot be told, nothing is kept, and the answer tells why.
        with contextlib.suppress(OSError, TimeoutError):
            passed.search_path = await unit_paths(env)
    asked = passed.unanswered
    verdict = await answer(question, asked, env)
    if verdict.by_itself:
        passed.keep(asked, verdict.findings)
    elif len(asked) < len(question.groups):
        verdict = await answer(question, question.groups, env)
    return verdict.findings
