"""unitward's own unit once it is no longer declared (semantics.md R11)."""

from unitward.model.plan import Action, Phase, Sync, Verb
from unitward.model.unittext import UnitText
from unitward.reconcile.plan.files import delete_actions, recorded_text
from unitward.reconcile.plan.sides import OWN_UNIT, Draft, Sides
from unitward.unitfile.compare import merged
from unitward.unitfile.effects import Effect, effect_of_change

REASON = "no longer declared; unitward does not remove its own unit"


def let_own_go(sides: Sides, draft: Draft) -> None:
    """Take back the drop-ins of unitward's own unit; its file, its links and its run stay."""
    paths = [path for path in sides.files_of.get(OWN_UNIT, ()) if "/" in path]
    draft.say(OWN_UNIT, Sync.PENDING, REASON)
    for path in paths:
        draft.do(delete_actions(path, OWN_UNIT, "no longer declared", sides))
    draft.do([Action(Phase.FORGET, Verb.FORGET, OWN_UNIT, REASON)])
    texts = [recorded_text(path, sides) for path in paths]
    effect, _ = effect_of_change(".service", merged(*texts), UnitText(), dropin=True)
    if effect in {Effect.RESTART, Effect.STOP_START} and sides.observed.is_up(OWN_UNIT):
        reason = "its drop-ins are no longer declared"
        draft.do([Action(Phase.RUN, Verb.RESTART, OWN_UNIT, reason)])
