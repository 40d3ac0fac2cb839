"""Commands in user namespaces of their own, which have limits and mounts of their own."""

import os
from collections.abc import Sequence

_SELF = ("unshare", "--user", f"--map-user={os.getuid()}", f"--map-group={os.getgid()}")
"""Gives the identity back that a namespace's root had outside (user_namespaces(7))."""


def with_watches(count: int, command: Sequence[str]) -> list[str]:
    """Return a command under which so many inotify watches are allowed (namespaces(7))."""
    script = 'echo "$1" > /proc/sys/user/max_inotify_watches; shift; exec "$@"'
    as_root = ("unshare", "--user", "--map-root-user", "/bin/sh", "-c", script, "limited")
    return [*as_root, str(count), *_SELF, *command]


def beside(pid: int, command: Sequence[str]) -> list[str]:
    """Return a command that sees the mounts of a process in namespaces of its own."""
    enter = ("nsenter", f"--target={pid}", "--user", "--mount", "--preserve-credentials")
    return [*enter, *_SELF, *command]
