"""How far a plan has been carried out: what became of each action, and whose are over."""

from collections.abc import Callable

from unitward.model.plan import Action
from unitward.model.report import Outcome, Result


class Progress:
    """The outcomes so far. A unit whose action ended badly is halted for the rest of the pass.

    stop: asked between actions; once it says True no further action begins.
    """

    def __init__(self, stop: Callable[[], bool]) -> None:
        self._stop = stop
        self._halted: dict[str, str] = {}
        self.results: dict[Action, Outcome] = {}

    def may_begin(self, action: Action) -> bool:
        """Tell whether an action may begin; one that may not is noted as skipped."""
        if action in self.results:
            return False
        reason = self._halted.get(action.unit) or self._halted.get("")
        if reason is None and self._stop():
            reason = "unitward is stopping"
        if reason is None:
            return True
        self.note(action, Result.SKIPPED, reason)
        return False

    def is_halted(self, unit: str) -> bool:
        """Tell whether nothing more is done for a unit."""
        return unit in self._halted

    def note(self, action: Action, result: Result, detail: str = "") -> None:
        """Note how an action ended."""
        self.results[action] = Outcome(action, result, detail)

    def fail(self, action: Action, result: Result, detail: str) -> None:
        """Note a bad end; nothing more is done for the unit in this pass."""
        self.note(action, result, detail)
        self._halted.setdefault(action.unit, f"after: {action.verb} {detail}".strip())
