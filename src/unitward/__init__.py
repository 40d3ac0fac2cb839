"""Keeps a user's systemd units equal to what a folder declares."""

__version__ = "0.1.0"
