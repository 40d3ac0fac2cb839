"""What a unit's directives need of the machine (systemd.exec(5), systemd.resource-control(5))."""

from unitward.model.unittext import UnitText

# Directive prefixes -> the cgroup controller without which systemd ignores them.
_CONTROLLERS = {
    "CPUWeight": "cpu",
    "StartupCPUWeight": "cpu",
    "CPUShares": "cpu",
    "CPUQuota": "cpu",
    "AllowedCPUs": "cpuset",
    "AllowedMemoryNodes": "cpuset",
    "MemoryMin": "memory",
    "MemoryLow": "memory",
    "MemoryHigh": "memory",
    "MemoryMax": "memory",
    "MemorySwapMax": "memory",
    "MemoryLimit": "memory",
    "MemoryZSwapMax": "memory",
    "TasksMax": "pids",
    "IOWeight": "io",
    "IODeviceWeight": "io",
    "IOReadBandwidthMax": "io",
    "IOWriteBandwidthMax": "io",
    "IOReadIOPSMax": "io",
    "IOWriteIOPSMax": "io",
    "IODeviceLatencyTargetSec": "io",
}

# Sandboxing by mount, network or other namespaces; a user manager makes a user namespace first.
_NAMESPACED = frozenset(
    {
        "BindPaths",
        "BindReadOnlyPaths",
        "ExecPaths",
        "InaccessiblePaths",
        "MountImages",
        "NoExecPaths",
        "PrivateDevices",
        "PrivateIPC",
        "PrivateMounts",
        "PrivateNetwork",
        "PrivatePIDs",
        "PrivateTmp",
        "PrivateUsers",
        "ProcSubset",
        "ProtectClock",
        "ProtectControlGroups",
        "ProtectHome",
        "ProtectHostname",
        "ProtectKernelLogs",
        "ProtectKernelModules",
        "ProtectKernelTunables",
        "ProtectProc",
        "ProtectSystem",
        "ReadOnlyPaths",
        "ReadWritePaths",
        "RootDirectory",
        "RootImage",
        "TemporaryFileSystem",
    }
)
_OFF = frozenset({"", "0", "no", "n", "false", "f", "off", "default", "all"})


def controllers_needed(text: UnitText) -> frozenset[str]:
    """Return the cgroup controllers that a unit's settings ask for."""
    return frozenset(
        _CONTROLLERS[entry.key]
        for entry in text.entries
        if entry.value and entry.key in _CONTROLLERS
    )


def needs_namespace(text: UnitText) -> bool:
    """Tell whether a unit's processes get namespaces of their own."""
    keys = {(entry.section, entry.key) for entry in text.entries if entry.key in _NAMESPACED}
    return any(text.last(section, key).lower() not in _OFF for section, key in keys)
