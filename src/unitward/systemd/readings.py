"""What was read of units, for as long as nothing was heard since."""

from collections.abc import Collection, Iterable, Mapping

from unitward.model.unitstate import UnitDetail


class Readings:
    """The properties that were last read of units, and the `news` until then.

    news: a number that grows with everything that is heard from the manager. It sends what changed
    before it answers a later call, over the same connection (manager_loop() in
    src/core/manager.c: its queue of signals is emptied before the next call is read). So of a
    unit that is active by an answer to such a call, an earlier reading holds while the number is
    the same. Of one that is down it does not: such a unit is unloaded and loaded without a word.
    """

    def __init__(self) -> None:
        self._news = 0
        self._read: dict[str, tuple[frozenset[str], UnitDetail]] = {}

    def take(self, found: Mapping[str, UnitDetail], wanted: Iterable[str], asked: int) -> None:
        """Take details of which the fields `wanted` were read.

        asked: the `news` before they were asked for.
        """
        if asked != self._news:
            self._read.clear()
            self._news = asked
        fields = frozenset(wanted)
        self._read.update((name, (fields, detail)) for name, detail in found.items())

    def still(
        self, names: Iterable[str], wanted: Collection[str], news: int
    ) -> dict[str, UnitDetail]:
        """Return what is known of units, with the fields `wanted` at least.

        news: as it was when an answer had shown the units to be active.
        """
        if news != self._news:
            self._read.clear()
        known = ((name, *self._read[name]) for name in names if name in self._read)
        return {name: detail for name, fields, detail in known if fields.issuperset(wanted)}
