"""Links that a real manager makes and takes away."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unitward.errors import ManagerCallError
from unitward.model.unitstate import LinkChange
from unitward.systemd.manager import Manager

SLEEP = "[Service]\nExecStart=/bin/sleep infinity\n"

Unit = Callable[..., str]


async def test_enable_tells_the_links_it_made(manager: Manager, unit: Unit, account: Any) -> None:
    """Every link of the reply exists and leads to the unit; asked again, nothing is made."""
    name = unit(f"{SLEEP}[Install]\nWantedBy=default.target timers.target\nAlias=also-{{0}}\n")
    alias = account.unit_dir / f"also-{name}"
    path = account.unit_dir / name
    path.write_text(path.read_text().replace("also-{0}", alias.name))

    changes = await manager.enable([name])
    again = await manager.enable([name])
    links = [Path(change.path) for change in changes]
    targets = {link: link.readlink() for link in links}

    assert {change.kind for change in changes} == {"symlink"}
    assert targets == {
        alias: path,
        account.unit_dir / "default.target.wants" / name: path,
        account.unit_dir / "timers.target.wants" / name: path,
    }
    assert {change.target for change in changes} == {str(path)}
    assert again == ()


async def test_nothing_to_install_makes_nothing(manager: Manager, unit: Unit) -> None:
    """A unit without [Install] is no error and makes no link."""
    assert await manager.enable([unit(SLEEP)]) == ()


async def test_a_missing_unit_fails_the_whole_batch(
    manager: Manager, unit: Unit, account: Any
) -> None:
    """One unit that is not there keeps all others from being enabled, and is named."""
    name = unit(f"{SLEEP}[Install]\nWantedBy=default.target\n")

    with pytest.raises(ManagerCallError, match=r"none-such\.service"):
        await manager.enable([name, "none-such.service"])

    assert not (account.unit_dir / "default.target.wants" / name).exists()


async def test_mask_and_unmask(manager: Manager, unit: Unit, account: Any) -> None:
    """A mask is a link to /dev/null that unmask takes away; a file in its place refuses it."""
    file = unit(SLEEP)
    path = account.unit_dir / f"absent-{file}"

    masked = await manager.mask([path.name])
    target = path.readlink()
    unmasked = await manager.unmask([path.name])
    with pytest.raises(ManagerCallError, match="already exists"):
        await manager.mask([file])

    assert masked == (LinkChange("symlink", str(path), "/dev/null"),)
    assert target == Path("/dev/null")
    assert unmasked == (LinkChange("unlink", str(path), ""),)
    assert not path.is_symlink()
