"""A mixed set of units of which each generation changes all that can change.

Every service adds a line `GENERATION INVOCATION` to a file of its own as it starts.
"""

from tests.integration.semantics.declare import BOOT, entry, manifest, service

SETTINGS = "stop_grace: 0s\nprune_after: 0s\nmax_restarts: 50\nsettle: 50ms\n"
STAYS = ("still.service", "still.timer", "still.socket")
RESTARTS = ("r", "s", "d", "w@x", "w@y", "k", "o")
"""Services, without suffix, of which each generation runs once."""
THEIRS = "[Service]\nExecStart=/bin/sleep 7777\n[Install]\nWantedBy=default.target\n"


def counted(name: str, generation: int, then: str = "exec sleep infinity") -> str:
    """Return a command that says that it runs, and goes on."""
    return f"/bin/sh -c 'echo {generation} $INVOCATION_ID >> %h/runs/{name}; {then}'"


def _service(name: str, generation: int, **more: str) -> str:
    return service(name, counted(name.replace("@", "@%i"), generation), keys=more)


def changing(generation: int) -> str:
    """Return the manifest of what changes.

    Changed: a program (r), an ExecStop too (s), a description (l), the contents of a file that
    is only read again (q), a drop-in that comes and goes (d), a template (w), a timer (t), a socket
    (k), a oneshot (o). Even generations have one more service, odd ones another.
    """
    about = {"Description": f"generation {generation}"}
    reload = {"ExecReload": "/bin/sh -c 'echo reloaded >> %h/reloads'"}
    drop_in = f"  d.service.d/50-site.conf:\n    Service: {{Environment: SITE={generation}}}\n"
    extra = _extra(generation)
    return manifest(
        _service("r", generation),
        _service("s", generation, ExecStop=f"/bin/true {generation}"),
        service("l", counted("l", 0), unit=about),
        service("q", counted("q", 0), keys=reload, own={"reload_on": "[~/asked]"}),
        _service("d", generation),
        *([drop_in] if generation % 2 else []),
        entry(
            "w@.service",
            {
                "Service": {"ExecStart": counted("w@%i", generation)},
                "Install": {"WantedBy": BOOT},
            },
            {"instances": "[x, y]"},
        ),
        entry("t.timer", _timer(f"2090-01-{generation % 28 + 1:02} 00:00:00")),
        service("t", counted("t", generation), wanted_by=""),
        entry("k.socket", _socket(f"k.{generation % 3}")),
        service("k", counted("k", generation)),
        service(
            "o", counted("o", generation, "true"), keys={"Type": "oneshot", "RemainAfterExit": "no"}
        ),
        service(extra, counted(extra, generation)),
    )


def staying() -> str:
    """Return the manifest of what never changes."""
    return manifest(
        service("still", counted("still", 0)),
        entry("still.timer", _timer("2090-02-01 00:00:00")),
        entry("still.socket", _socket("still")),
    )


def _timer(times: str) -> dict[str, dict[str, str]]:
    return {"Timer": {"OnCalendar": f"'{times}'"}, "Install": {"WantedBy": BOOT}}


def _socket(name: str) -> dict[str, dict[str, str]]:
    return {"Socket": {"ListenStream": f"'%t/{name}'"}, "Install": {"WantedBy": BOOT}}


def active(generation: int) -> set[str]:
    """Return the names of the units that have to be active."""
    services = (*RESTARTS, _extra(generation), "l", "q")
    return {f"{name}.service" for name in services if name != "o"} | {
        "t.timer",
        "k.socket",
        *STAYS,
    }


def wanted(generation: int) -> set[str]:
    """Return the names of the units that are started at boot: t.service has its timer."""
    return active(generation) | {"o.service"}


def once(generation: int) -> tuple[str, ...]:
    """Return the services of which this generation runs exactly once."""
    return (*RESTARTS, _extra(generation))


def _extra(generation: int) -> str:
    """Return the service that only every other generation has."""
    return "odd" if generation % 2 else "even"
