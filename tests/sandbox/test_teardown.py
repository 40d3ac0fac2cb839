"""What is left of a sandbox: nothing, however it ended."""

from typing import Any

import pytest

DAEMONS = """
systemd-run --user --quiet --unit=left.service sleep $MARK
systemd-run --user --quiet --scope --unit=left.scope sleep $MARK &
setsid sleep $MARK &
(trap '' TERM HUP INT; sleep $MARK) &
"""


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("end", ["exit 0", "exit 1", "kill -KILL $$"])
def test_nothing_is_left_after_the_end(probe: Any, world: Any, end: str, depth: int) -> None:
    """After the command's end its daemons, cgroup, folders and mounts are gone at once."""
    mounts = world.mounts()

    ended = probe.run(f"{DAEMONS} {world.here}; sleep 0.3; {end}", depth=depth)

    place = world.place_of(ended.stdout.splitlines())
    assert [] == probe.survivors()
    assert [] == [path for path in world.cgroup_folders(place) if path.exists()]
    assert not place.home.exists()
    assert mounts == world.mounts()


@pytest.mark.parametrize("depth", [1, 2])
def test_nothing_lives_on_after_sigkill(probe: Any, world: Any, depth: int) -> None:
    """When the sandbox program itself is killed, all of its processes and mounts go too."""
    mounts = world.mounts()
    running = probe.start(f"{DAEMONS} {world.here}; sleep $MARK", depth=depth)
    place = world.place_of([running.stdout.readline() for _ in range(3)])
    assert [] != probe.survivors()

    running.kill()
    running.communicate(timeout=60)

    assert world.eventually(lambda: probe.survivors() == [])
    assert world.eventually(lambda: not place.home.exists())
    assert mounts == world.mounts()


def test_next_start_removes_what_a_killed_one_left(probe: Any, world: Any) -> None:
    """The empty cgroup of a killed sandbox goes with the next start; a living one's stays."""
    killed = probe.start(f"{world.here}; sleep $MARK")
    living = probe.start(f"{world.here}; read go; systemctl --user is-system-running")
    places = [
        world.place_of([running.stdout.readline() for _ in range(3)])
        for running in (killed, living)
    ]
    killed.kill()
    killed.communicate(timeout=60)
    assert world.eventually(lambda: probe.survivors() == [])

    assert 0 == probe.run("exit 0").returncode

    left, alive = ([path.exists() for path in world.cgroup_folders(place)] for place in places)
    assert not any(left)
    assert all(alive)
    assert "running\n" == living.communicate("\n", timeout=60)[0]


def test_failed_boot_leaves_nothing_and_shows_why(probe: Any, sandbox_line: list[str]) -> None:
    """A manager that cannot boot ends with an error that quotes it, and everything is gone."""
    nested = " ".join(sandbox_line)
    long = "x" * 60

    ended = probe.run(
        f"""
        cd "$XDG_RUNTIME_DIR" && mkdir {long} && mv systemd bus {long}/ || exit 9
        XDG_RUNTIME_DIR=$PWD/{long} {nested} echo never
        echo "code $?"; ls -A {long}
        """
    )

    assert "never" not in ended.stdout
    assert ["code 1", "bus", "systemd"] == ended.stdout.splitlines()
    assert "too long" in ended.stderr
