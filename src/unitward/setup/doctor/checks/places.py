"""The account's folders: safe, writable, on a local disk with some room."""

from collections.abc import Iterable
from shlex import quote

from unitward.setup.doctor.facts import Place
from unitward.setup.doctor.finding import Finding, Level
from unitward.setup.doctor.words import size

FOLDERS = "folders"

LOW_BYTES = 32 * 1024 * 1024
FULL_BYTES = 1024 * 1024
_LOW_FILES = 100
_NETWORK = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "fuse.glusterfs",
        "fuse.sshfs",
        "gfs2",
        "gpfs",
        "lustre",
        "nfs",
        "nfs4",
        "ocfs2",
        "smb3",
        "smbfs",
    }
)
_READ_ONLY_ROLES = frozenset({"home folder", "configuration folder", "desired-state folder"})
_HOME = "home folder"


def check_places(places: tuple[Place, ...], uid: int) -> list[Finding]:
    """Judge every folder of the account; what several have in common is said once."""
    findings: list[Finding] = []
    for place in places:
        findings += _judge(place, uid)
    once = list({(f.level, f.found): f for f in findings}.values())
    return once or [Finding(FOLDERS, Level.OK, _all_well(places))]


def _all_well(places: Iterable[Place]) -> str:
    kinds = sorted({place.file_system for place in places if place.file_system})
    return f"safe, writable, on {', '.join(kinds)}" if kinds else "safe and writable"


def _judge(place: Place, uid: int) -> list[Finding]:
    if place.role == _HOME and not place.exists:
        text = f"the home folder {place.path} does not exist"
        make = f"sudo install -d -m 700 -o {uid} {quote(place.path)}"
        return [Finding(FOLDERS, Level.ERROR, text, (make,))]
    if not place.is_folder:
        stands = quote(place.stands)
        text = f"{place.stands} is in the way of the {place.role}: it is not a folder"
        return [Finding(FOLDERS, Level.ERROR, text, (f"mv {stands} {stands}.old",))]
    found = [*_of_access(place), *_of_room(place)]
    if place.file_system in _NETWORK:
        found.append(_on_network(place))
    return found


def _of_access(place: Place) -> list[Finding]:
    findings: list[Finding] = []
    if place.distrusted:
        text = f"{place.distrusted}, so what stands in the {place.role} may be another's"
        mend = (place.distrust_hint,) if place.distrust_hint else ()
        findings.append(Finding(FOLDERS, Level.ERROR, text, mend))
    if place.role in _READ_ONLY_ROLES:
        return findings
    if place.read_only:
        text = f"the {place.role} {place.path} is on a read-only file system ({place.file_system})"
        look = (f"findmnt -T {quote(place.stands)}", "sudo dmesg | tail")
        findings.append(Finding(FOLDERS, Level.ERROR, text, look))
    elif not place.writable:
        what = "written" if place.exists else f"made in {place.stands}"
        text = f"the {place.role} {place.path} cannot be {what} by this account"
        findings.append(
            Finding(FOLDERS, Level.ERROR, text, (f"chmod u+rwx {quote(place.stands)}",))
        )
    return findings


def _of_room(place: Place) -> list[Finding]:
    if place.role in _READ_ONLY_ROLES or place.read_only:
        return []
    stands = quote(place.stands)
    mend = (f"df -h {stands}", f"df -i {stands}")
    if place.free is not None and place.free < LOW_BYTES:
        full = place.free < FULL_BYTES
        text = f"the disk of the {place.role} is {'full' if full else 'nearly full'}"
        level = Level.ERROR if full else Level.WARNING
        return [Finding(FOLDERS, level, f"{text}: {size(place.free)} left", mend)]
    if place.free_files is not None and place.free_files < _LOW_FILES:
        text = f"the disk of the {place.role} has room for {place.free_files} more files only"
        level = Level.WARNING if place.free_files else Level.ERROR
        return [Finding(FOLDERS, level, text, mend)]
    return []


def _on_network(place: Place) -> Finding:
    where = f"the {place.role} {place.path} is on a network file system ({place.file_system})"
    match place.role:
        case "unit folder":
            text = f"{where}: every machine that shares it gets the units of all"
            mend = "give each machine a home of its own, or let one of them run unitward"
        case "state folder":
            text = f"{where}: SQLite's locks do not reach other machines"
            mend = "set XDG_STATE_HOME to a local folder, for the user manager too"
        case _:
            text = f"{where}: changes made on another machine are seen at the next pass only"
            return Finding(FOLDERS, Level.INFO, text)
    return Finding(FOLDERS, Level.WARNING, text, (mend,))
