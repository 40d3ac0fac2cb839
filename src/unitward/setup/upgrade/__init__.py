"""Another version of unitward in place of the running one, and back when it does not work.

Read `prepare.py` for what happens before the switch, `switch.py` for the switch, `guard.py`
for what goes back, `settle.py` for how it ends. The order, and why: docs/upgrades.md.
"""
