"""The looks: each reads one part of the machine or the account, and changes nothing."""
