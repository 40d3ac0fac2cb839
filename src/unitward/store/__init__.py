"""The only door to what unitward keeps on disk: unit files and the ledger."""
