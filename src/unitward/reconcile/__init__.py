"""A pass and its stages; `one_pass.py` and `carry_out.py` name them in order.

Importing a stage imports no other: `validate` needs neither the bus nor the ledger.
"""
