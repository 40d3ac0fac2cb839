"""The only door to systemd and the user manager."""
