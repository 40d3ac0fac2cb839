"""Wheels without a network: of unitward as it stands here, also sabotaged, and of what it needs.

A wheel is a zip file whose RECORD names its files (packaging.python.org, binary distribution
format), so both are packed from what the development environment has.
"""

import base64
import hashlib
import re
import zipfile
from collections.abc import Mapping
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parents[4] / "src/unitward"
_OF_INSTALLERS: Final = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})


def fill_with_dependencies(folder: Path) -> None:
    """Put the wheels of everything that unitward needs into a folder."""
    for requirement in distribution("unitward").requires or ():
        found = re.match(r"[A-Za-z0-9._-]+", requirement)
        assert found is not None
        _repack(distribution(found[0]), folder)


def pack_unitward(folder: Path, version: str, appended: Mapping[str, str] | None = None) -> Path:
    """Put the wheel of a version of unitward into a folder and return it.

    appended: text that is added to modules, by their path in the package.
    """
    own = distribution("unitward")
    info = f"unitward-{version}.dist-info"
    files = {
        f"unitward/{path}": content for path, content in package_files(version, appended).items()
    }
    metadata = own.read_text("METADATA") or ""
    files[f"{info}/METADATA"] = re.sub(
        r"(?m)^Version: .*$", f"Version: {version}", metadata, count=1
    ).encode()
    files[f"{info}/entry_points.txt"] = (own.read_text("entry_points.txt") or "").encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    return _zip(folder / f"unitward-{version}-py3-none-any.whl", info, files)


def package_files(version: str, appended: Mapping[str, str] | None = None) -> dict[str, bytes]:
    """Return the files of the package as another version has them."""
    found = {
        str(path.relative_to(PACKAGE)): path.read_bytes()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    own = found["__init__.py"].decode()
    found["__init__.py"] = re.sub(r'__version__ = ".*"', f'__version__ = "{version}"', own).encode()
    for path, text in (appended or {}).items():
        found[path] += f"\n{text}\n".encode()
    return found


def _repack(found: Distribution, folder: Path) -> None:
    """Make a wheel again of what pip made of one."""
    files: dict[str, bytes] = {}
    info = ""
    for path in found.files or ():
        if ".." in path.parts or path.suffix == ".pyc":
            continue
        if path.parts[0].endswith(".dist-info"):
            info = path.parts[0]
            if path.name in _OF_INSTALLERS:
                continue
        files[str(path)] = path.read_binary()
    tags = re.findall(r"(?m)^Tag: (\S+)$", found.read_text("WHEEL") or "")
    name = info.removesuffix(".dist-info")
    _zip(folder / f"{name}-{tags[0]}.whl", info, files)


def _zip(wheel: Path, info: str, files: Mapping[str, bytes]) -> Path:
    lines = [f"{name},{_hash(content)},{len(content)}\n" for name, content in files.items()]
    record = "".join([*lines, f"{info}/RECORD,,\n"])
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in {**files, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(name, content)
    return wheel


def _hash(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return f"sha256={digest}"
