"""unitward's own installation in an account: its health, its installation, its upgrades."""
