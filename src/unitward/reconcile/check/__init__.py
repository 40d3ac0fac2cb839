"""Desired -> Desired without what systemd itself would refuse: the second check of a pass.

Read `with_systemd.py` for what a pass does; the other modules say what belongs together, what
systemd's answer means, and what need not be asked again.
"""
