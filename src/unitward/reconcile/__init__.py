"""A pass and its stages; `one_pass.py` names them in order.

Importing a stage imports no other: `validate` needs neither the bus nor the ledger.
"""
