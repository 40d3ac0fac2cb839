"""Of which unit files systemd's judgement follows from texts, names and programs. Pure.

systemd looks further for some settings: whether the kernel has a feature, a network interface or
a time zone is there, how much memory there is. A file with any setting that is not listed here
is one of those.
"""

import re
from collections.abc import Iterator

from unitward.model.unittext import Entry, UnitText
from unitward.unitfile.errors import BadNameError, BadQuotingError
from unitward.unitfile.names import parse_dropin, parse_name
from unitward.unitfile.specifiers import expand
from unitward.unitfile.words import exec_commands

_UNIT = """
    AllowIsolate CollectMode DefaultDependencies Description Documentation FailureAction
    FailureActionExitStatus IgnoreOnIsolate JobRunningTimeoutSec JobTimeoutAction JobTimeoutSec
    OnFailureJobMode OnSuccessJobMode RefuseManualStart RefuseManualStop SourcePath
    StartLimitAction StartLimitBurst StartLimitIntervalSec StopWhenUnneeded SuccessAction
    SuccessActionExitStatus
    After Before BindsTo Conflicts OnFailure OnSuccess PartOf PropagatesReloadTo
    PropagatesStopTo ReloadPropagatedFrom Requires Requisite StopPropagatedFrom Upholds Wants
    RequiresMountsFor
"""
_SERVICE = """
    ExecCondition ExecReload ExecStart ExecStartPost ExecStartPre ExecStop ExecStopPost
    BusName ExitType FileDescriptorStoreMax FinalKillSignal GuessMainPID KillMode KillSignal
    NonBlocking NotifyAccess OOMPolicy PIDFile RemainAfterExit ReloadSignal Restart
    RestartForceExitStatus RestartKillSignal RestartPreventExitStatus RestartSec RuntimeMaxSec
    SendSIGHUP SendSIGKILL Slice Sockets SuccessExitStatus TimeoutAbortSec TimeoutSec
    TimeoutStartFailureMode TimeoutStartSec TimeoutStopFailureMode TimeoutStopSec Type
    WatchdogSec WatchdogSignal
    Environment EnvironmentFile PassEnvironment UnsetEnvironment WorkingDirectory
    CacheDirectory CacheDirectoryMode ConfigurationDirectory ConfigurationDirectoryMode
    LogsDirectory LogsDirectoryMode RuntimeDirectory RuntimeDirectoryMode
    RuntimeDirectoryPreserve StateDirectory StateDirectoryMode
    CapabilityBoundingSet RestrictAddressFamilies SystemCallArchitectures SystemCallErrorNumber
    SystemCallFilter
    IOSchedulingClass IOSchedulingPriority LockPersonality MemoryDenyWriteExecute Nice
    NoNewPrivileges OOMScoreAdjust PrivateDevices PrivateNetwork PrivateTmp PrivateUsers
    ProtectClock ProtectControlGroups ProtectHome ProtectHostname ProtectKernelLogs
    ProtectKernelModules ProtectKernelTunables ProtectProc ProtectSystem ReadOnlyPaths
    ReadWritePaths RestrictNamespaces RestrictRealtime RestrictSUIDSGID StandardError
    StandardInput StandardOutput SyslogIdentifier SyslogLevel SyslogLevelPrefix UMask
    CPUAccounting CPUQuota CPUWeight IOAccounting IOWeight MemoryAccounting MemoryHigh MemoryLow
    MemoryMax MemoryMin MemorySwapMax TasksAccounting TasksMax
    LimitCORE LimitCPU LimitFSIZE LimitMEMLOCK LimitNOFILE LimitNPROC LimitSTACK
"""
_OTHERS = """
    AccuracySec FixedRandomDelay OnActiveSec OnBootSec OnCalendar OnStartupSec OnUnitActiveSec
    OnUnitInactiveSec Persistent RandomizedDelaySec RemainAfterElapse Unit WakeSystem
    DirectoryNotEmpty MakeDirectory PathChanged PathExists PathExistsGlob PathModified
    Accept Backlog DirectoryMode FlushPending ListenDatagram ListenSequentialPacket ListenStream
    MaxConnections RemoveOnStop Service SocketMode
"""
_ANSWERED_BY_TEXT = frozenset(f"{_UNIT} {_SERVICE} {_OTHERS}".split())
_OF_ANY_NAME = ("Assert", "Condition", "X-")
_NOT_READ = ("X-", "Install")

# Parts of the memory or of the tasks there are.
_OF_THE_MACHINE = re.compile(r"(Memory|Tasks)\w*")
# Shorthands, days and numbers: anything else may be a time zone (systemd.time(7)).
_DAY = "(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
_NO_TIME_ZONE = re.compile(
    r"minutely|hourly|daily|weekly|monthly|yearly|annually|quarterly|semiannually|"
    rf"(?:{_DAY}(?:(?:\.\.|,|-){_DAY})*[ \t]+)?[\d*.,:/~ \t-]+",
    re.IGNORECASE,
)
_LISTEN = re.compile(r"(?:/|%[th]/).*|\d+")
# One command without quotes, escapes and separators, which most are.
_PLAIN_PROGRAM = re.compile(r"([@:+!-]*)([\w./+%-]+)(?:[ \t]+[^;\\'\"]*)?")


def programs(path: str, text: UnitText, home: str) -> frozenset[str] | None:
    """Return the programs that have to be there, None where systemd looks at more than these.

    path: of the file below the unit folder, for one unit. home: what `%h` stands for.
    Programs that may be missing (`ExecStart=-/bin/x`) are left out; a bare name is as written.
    """
    found: set[str] = set()
    try:
        for entry in text.entries:
            if entry.section.startswith(_NOT_READ):
                continue
            if not _is_answered_by_text(entry):
                return None
            if entry.key.startswith("Exec"):
                for program in _programs(entry.value):
                    real = _expanded(program, path, home) if "%" in program else program
                    if real is None:
                        return None
                    found.add(real)
    except (BadQuotingError, BadNameError):
        return None
    return frozenset(found)


def _is_answered_by_text(entry: Entry) -> bool:
    key, value = entry.key, entry.value
    if key not in _ANSWERED_BY_TEXT:
        return key.startswith(_OF_ANY_NAME)
    if "%" in value and _OF_THE_MACHINE.fullmatch(key):
        return False
    if key == "OnCalendar":
        return not value or _NO_TIME_ZONE.fullmatch(value) is not None
    if key.startswith("Listen"):
        return not value or _LISTEN.fullmatch(value) is not None
    return True


def _expanded(program: str, path: str, home: str) -> str | None:
    """Return the path of a program, None where the machine or an instance has a say in it."""
    name = parse_name(parse_dropin(path).unit if "/" in path else path)
    if name.is_template and "%" in program.replace("%h", ""):
        return None
    return expand(program, name, {"h": home})


def _programs(value: str) -> Iterator[str]:
    plain = _PLAIN_PROGRAM.fullmatch(value)
    if plain:
        if "-" not in plain[1]:
            yield plain[2]
        return
    for command in exec_commands(value):
        if command.words and "-" not in command.prefixes:
            yield command.words[0]
