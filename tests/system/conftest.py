"""Whole machines for tests: Debian 12 and 13, each test with one that nobody has used."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from tests.system.harness.debian import DEBIANS, Debian, cache_folder
from tests.system.harness.installed import image_with_unitward, image_with_wheels
from tests.system.harness.machine import Machine, machine_of
from tests.system.harness.roots import Image, keep_mounts_private
from tests.system.harness.wheels import build_unitward

from unitward.systemd.sandbox.claims import claimed, taken_over

Images = Callable[[Debian, bool], Image]

_RUNS = "run-"
_TEST_LIMIT_S = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bound the tests, and keep those of one Debian together.

    The bound leaves out the first building of a system, which has bounds of its own.
    """
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(_TEST_LIMIT_S, func_only=True))
            item.add_marker(pytest.mark.xdist_group(_debian_of(item)))


def _debian_of(item: pytest.Item) -> str:
    call = getattr(item, "callspec", None)
    return str(call.params.get("debian")) if call else ""


@pytest.fixture(scope="session")
def workspace() -> Iterator[Path]:
    """Give this run a folder; what killed runs left is removed."""
    if os.geteuid() != 0:
        pytest.fail("whole machines are made by root: run `sudo make test-system`")
    for left_over in cache_folder().glob(f"{_RUNS}*"):
        with taken_over(left_over) as abandoned:
            if abandoned:
                shutil.rmtree(left_over)
    try:
        keep_mounts_private()
    except PermissionError as error:
        pytest.fail(f"whole machines need CAP_SYS_ADMIN ({error}): docker run --privileged")
    with claimed(lambda: Path(tempfile.mkdtemp(prefix=_RUNS, dir=cache_folder()))) as folder:
        yield folder
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def images(workspace: Path) -> Images:
    """Give the systems machines start from, made when they are first asked for."""
    wheel = build_unitward(workspace / "wheel")

    @cache
    def with_wheels(debian: Debian) -> Image:
        return image_with_wheels(debian, wheel, workspace / f"{debian}-wheels")

    @cache
    def with_unitward(debian: Debian) -> Image:
        return image_with_unitward(with_wheels(debian), workspace / f"{debian}-unitward")

    def image(debian: Debian, has_unitward: bool) -> Image:  # cached by position
        return with_unitward(debian) if has_unitward else with_wheels(debian)

    return image


@pytest.fixture(params=DEBIANS, ids=str)
def debian(request: pytest.FixtureRequest) -> Debian:
    """Give one release after the other."""
    release: Debian = request.param
    return release


@pytest.fixture
def new_machine(
    debian: Debian, images: Images, workspace: Path
) -> Iterator[Callable[..., Machine]]:
    """Give a maker of machines, which are switched off at first and gone after the test."""
    with ExitStack() as stack:

        def make(*, has_unitward: bool = True) -> Machine:
            image = images(debian, has_unitward)
            return stack.enter_context(machine_of(image, workspace))

        yield make


@pytest.fixture
def machine(new_machine: Callable[..., Machine]) -> Machine:
    """Give a machine that is up, with unitward installed for everybody and running for nobody."""
    made = new_machine()
    made.boot()
    return made
