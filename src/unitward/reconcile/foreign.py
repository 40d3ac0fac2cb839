"""Files of others that stand where a declared unit's should (semantics.md N2). Pure."""

from dataclasses import replace

from unitward.model.desired import Desired, DesiredUnit
from unitward.model.observed import Observed
from unitward.model.orders import Orders
from unitward.model.recorded import Recorded
from unitward.model.settings import Settings
from unitward.reconcile.plan.files import FileJudgement, FileSync, judge_file
from unitward.reconcile.plan.sides import take_sides


def foreign_files(
    unit: DesiredUnit, desired: Desired, recorded: Recorded, observed: Observed
) -> tuple[FileJudgement, ...]:
    """Return what blocks a unit or its template, whatever was adopted or forgotten before."""
    plain = replace(recorded, orders=Orders())
    sides = take_sides(desired, plain, observed, Settings())
    template = desired.units.get(unit.template)
    files = (*unit.files(), *(template.files() if template else ()))
    judged = (judge_file(file, sides) for file in files)
    return tuple(found for found in judged if found.sync is FileSync.FOREIGN)
