"""Jobs of ours that outlasted their pass and that somebody else's job took the place of."""

from collections.abc import Collection

from unitward.model.recorded import IntentKind, Recorded
from unitward.store.ledger import Changes, Ledger


def give_up(ledger: Ledger, units: Collection[str]) -> Recorded:
    """Close what is open to run these units, and return the ledger's content.

    Left open it would be finished by the next pass (V8), and what that person did be undone.
    """
    recorded = ledger.read()
    closed = tuple(
        intent.ident
        for intent in recorded.intents
        if intent.kind is IntentKind.RUN and intent.unit in units
    )
    if not closed:
        return recorded
    ledger.record(Changes(closed=closed))
    return ledger.read()
