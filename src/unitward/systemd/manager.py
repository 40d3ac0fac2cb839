"""The user manager: what unitward reads from it, asks of it and hears from it."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from unitward.errors import (
    ManagerCallError,
    UnitwardError,
)
from unitward.model.observed import ManagerFacts
from unitward.model.unitstate import (
    JobResult,
    LinkChange,
    QueuedJob,
    SystemdVersion,
    UnitDetail,
    UnitStatus,
)
from unitward.systemd.connection import (
    CALL_LIMIT_SECONDS,
    Connection,
    ErrorName,
    manager_call,
)
from unitward.systemd.details import read_details, read_properties
from unitward.systemd.events import Event
from unitward.systemd.facts import (
    read_environment,
    read_facts,
    read_system_state,
    read_unit_path,
    read_units_load_timestamp,
    read_version,
)
from unitward.systemd.jobs import Job, JobRequest, JobTracker, Mode, Verb, wait_for_jobs
from unitward.systemd.memory import HISTORY, Memory
from unitward.systemd.readings import Readings
from unitward.systemd.signals import SignalReader, hear_own_jobs, subscribe
from unitward.systemd.units import (
    can_be_listed,
    job_of,
    links_of,
    status_of,
)

RELOAD_LIMIT_SECONDS = 180.0


class Manager:
    """A connection to the user manager.

    Every call ends within its time limit. All calls raise ManagerUnreachableError when the
    connection ends, ManagerTimeoutError when no answer comes, ManagerCallError when the
    manager refuses. A Manager does not reconnect: make a new one after Disconnected or
    ManagerGone.
    """

    def __init__(
        self,
        connection: Connection,
        jobs: JobTracker,
        signals: SignalReader,
        memory: Memory,
        *,
        listening: bool,
    ) -> None:
        self._connection = connection
        self._jobs = jobs
        self._signals = signals
        self._memory = memory
        self._listening = listening
        self._readings = Readings()
        self._reload = asyncio.Lock()

    @classmethod
    async def connect(
        cls,
        env: Mapping[str, str],
        *,
        limit_seconds: float = CALL_LIMIT_SECONDS,
        memory: Memory | None = None,
        listening: bool = True,
    ) -> "Manager":
        """Connect to the manager that `env` leads to, and subscribe to its signals.

        The bus is taken where one answers, else the manager's private socket.
        limit_seconds: how long any call may take; a reload has its own limit of 180 s.
        memory: of an earlier Manager, which this one follows.
        listening: False for one that has no listener: over the bus, all it hears is the end of its
        own jobs.
        Raises ManagerUnreachableError, whose hint says what to do, or ManagerTimeoutError.
        """
        memory = Memory() if memory is None else memory
        jobs = JobTracker()
        signals = SignalReader(jobs, memory)
        connection = await Connection.open(
            env,
            on_signal=signals.hear,
            on_end=signals.ended,
            begin=subscribe if listening else hear_own_jobs,
            limit_seconds=limit_seconds,
        )
        if connection.route.private:
            signals.listen_privately()
        return cls(connection, jobs, signals, memory, listening=listening)

    @property
    def private(self) -> bool:
        """Tell whether this is the manager's private socket, for want of a bus."""
        return self._connection.route.private

    async def close(self) -> None:
        """End the connection; jobs not finished by now never get a result."""
        self._jobs.abandon()
        await self._connection.close()

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Have `listener` called, in the event loop and at once, with every event."""
        self._signals.listen(listener)

    def watch(self, names: Iterable[str]) -> None:
        """Replace the set of units, by primary name, whose changes become events."""
        self._signals.watch(names)

    async def version(self) -> SystemdVersion:
        """Return the version of the running manager, not of the installed files."""
        return await read_version(self._connection)

    async def system_state(self) -> str:
        """Return `running`, `degraded`, `starting`, `stopping` or another state of systemctl(1)."""
        return await read_system_state(self._connection)

    async def units_load_timestamp(self) -> int:
        """Return when the manager last began to load its files: CLOCK_MONOTONIC microseconds.

        The property of that name is 0 until the first reload (measured on 252); until then the
        start's own loading counts. A unit not needed then may have been loaded later.
        """
        return await read_units_load_timestamp(self._connection)

    async def unit_path(self) -> tuple[str, ...]:
        """Return the unit folders, the one of the highest priority first."""
        return await read_unit_path(self._connection)

    async def environment(self) -> dict[str, str]:
        """Return the variables that the manager gives to the services it starts."""
        return await read_environment(self._connection)

    async def facts(self) -> ManagerFacts:
        """Return what holds for the manager as a whole, in one round trip."""
        facts = await read_facts(self._connection)
        self._memory.begin(facts.life)
        return facts

    async def list_instances(self, templates: Sequence[str]) -> dict[str, UnitStatus]:
        """Return the loaded instances of templates, by name, in one call."""
        patterns = [template.replace("@.", "@*.") for template in templates]
        [rows] = await self._connection.call(
            manager_call("ListUnitsByPatterns", "asas", [[], patterns])
        )
        statuses = map(status_of, rows)
        return {status.name: status for status in statuses}

    async def list_units(self, names: Sequence[str]) -> dict[str, UnitStatus]:
        """Return the state of each unit by the name asked for, in one call.

        A unit without a file has `load` "not-found"; an alias has its unit's state. Invalid
        names and templates, for which systemd would refuse the whole call, are left out.
        The manager loads what it did not know yet. One that failed before it was unloaded is
        remembered as failed.
        """
        askable = [name for name in names if can_be_listed(name)]
        if not askable:
            return {}
        asked = self._memory.moment
        [rows] = await self._connection.call(manager_call("ListUnitsByNames", "as", [askable]))
        # One row a name, in their order: measured on 252 with every load state.
        statuses = dict(zip(askable, map(status_of, rows), strict=True))
        # The connection keeps its last message until the next one comes: 0.6 MB of 1000 units.
        rows.clear()
        self._memory.see_up(statuses.values(), asked)
        if doubted := self._memory.doubted(statuses.values()):
            found = await read_properties(self._connection, doubted, HISTORY)
            for name, status in statuses.items():
                if status.name in found:
                    statuses[name] = self._memory.recall_status(status, found[status.name])
        return statuses

    async def details(self, names: Sequence[str]) -> dict[str, UnitDetail]:
        """Return everything known of each unit; names the manager refuses are left out.

        Of a unit to `keep` that was unloaded, its last run is remembered.
        One call a unit, all pipelined: 1 ms a service. The first time after a load or a reload
        it costs the manager up to 4 ms more for every unit with [Install], since it then works
        out UnitFileState from all unit files (measured on 252 with 1000 of them): read many units
        by `properties`.
        """
        asked = self._memory.moment
        found = await read_details(self._connection, names)
        for detail in found.values():
            self._memory.see(detail, asked)
        return {name: self._memory.recall(detail) for name, detail in found.items()}

    async def properties(
        self, names: Sequence[str], wanted: Sequence[str], *, active: Collection[str] = ()
    ) -> dict[str, UnitDetail]:
        """Return details in which only the fields `wanted` are filled; the others are defaults.

        One call for each field of each unit, all pipelined: 0.1 ms each. What a unit does not have
        keeps its default; names the manager refuses are left out. With `invocation_id` among the
        wanted, a unit that was unloaded is remembered as by `details`.

        active: those of the units that are active by the last answer of `list_units`. What was
        read of them before, of these fields and maybe more, is not asked for again while this
        Manager listens and nothing was heard since.
        """
        news = self._signals.news
        known = self._readings.still(active, wanted, news) if self._listening else {}
        unknown = [name for name in names if name not in known]
        found = await read_properties(self._connection, unknown, wanted) if unknown else {}
        self._readings.take(found, wanted, news)
        if "invocation_id" in wanted:
            found = {name: self._memory.recall(detail, wanted) for name, detail in found.items()}
        return known | found

    async def load_units(self, names: Sequence[str]) -> dict[str, ManagerCallError]:
        """Have the manager load units; return the errors of those it refuses by name.

        A missing file is no error here; it shows as load state `not-found`.
        """
        return await self._for_each("LoadUnit", names)

    async def list_jobs(self) -> tuple[QueuedJob, ...]:
        """Return the manager's job queue."""
        [rows] = await self._connection.call(manager_call("ListJobs"))
        return tuple(map(job_of, rows))

    def keep(self, names: Iterable[str]) -> None:
        """Remember, from now on, the last run of these units when the manager unloads them.

        It is learnt from what is read and, while this Manager listens, from signals.
        """
        self._signals.keep(names)

    def drop(self, names: Iterable[str]) -> None:
        """Forget units, and remember nothing of them any more."""
        self._signals.drop(names)

    def remembered(self) -> dict[str, object] | None:
        """Return all that is remembered, for another Memory; None when that is nothing new."""
        return self._memory.tell()

    async def listen_to_units(self) -> None:
        """Have the manager's signals heard from now on, where `connect` did without them."""
        if not self._listening:
            await subscribe(self._connection)
            self._listening = True

    async def reload(self) -> None:
        """Load all unit files again; returns after that is done. Reloads never overlap."""
        async with self._reload:
            await self._connection.call(manager_call("Reload"), limit_seconds=RELOAD_LIMIT_SECONDS)

    async def enable(self, names: Sequence[str]) -> tuple[LinkChange, ...]:
        """Make the links that [Install] asks for, and return those that were made.

        A unit without [Install] makes none. One missing unit fails the whole call before any
        link is made; a link that cannot be made is left out of the reply or named with a kind
        other than `symlink`: look at the links afterwards.
        """
        _install_info, rows = await self._connection.call(
            manager_call("EnableUnitFiles", "asbb", [list(names), False, False])
        )
        return links_of(rows)

    async def mask(self, names: Sequence[str]) -> tuple[LinkChange, ...]:
        """Link the units to /dev/null; refused where a file of that name is in the way."""
        [rows] = await self._connection.call(
            manager_call("MaskUnitFiles", "asbb", [list(names), False, False])
        )
        return links_of(rows)

    async def unmask(self, names: Sequence[str]) -> tuple[LinkChange, ...]:
        """Take such links away again."""
        [rows] = await self._connection.call(
            manager_call("UnmaskUnitFiles", "asb", [list(names), False])
        )
        return links_of(rows)

    async def start(self, name: str, mode: Mode = Mode.FAIL) -> Job:
        """Ask for a start job."""
        return await self._job(Verb.START, name, mode)

    async def stop(self, name: str, mode: Mode = Mode.REPLACE) -> Job:
        """Ask for a stop job."""
        return await self._job(Verb.STOP, name, mode)

    async def restart(self, name: str, mode: Mode = Mode.FAIL) -> Job:
        """Ask for a restart job; it starts an inactive unit."""
        return await self._job(Verb.RESTART, name, mode)

    async def reload_unit(self, name: str, mode: Mode = Mode.FAIL) -> Job:
        """Ask for a reload job; refused where the unit cannot reload or is inactive."""
        return await self._job(Verb.RELOAD, name, mode)

    async def submit(self, requests: Sequence[JobRequest]) -> list[Job | UnitwardError]:
        """Ask for many jobs, in this order and before any answer is awaited.

        Returns a job, or the error the class names, in the place of each request; raises none.
        """
        messages = [manager_call(r.verb.value, "ss", [r.unit, r.mode.value]) for r in requests]
        self._jobs.expect()
        try:
            replies = await self._connection.call_all(messages)
            return [
                reply
                if isinstance(reply, UnitwardError)
                else self._jobs.accept(reply[0], request.unit, request.verb)
                for request, reply in zip(requests, replies, strict=True)
            ]
        finally:
            self._jobs.expect_no_more()

    async def wait(
        self, jobs: Iterable[Job], *, limit_seconds: float
    ) -> dict[Job, JobResult | None]:
        """Wait until all jobs ended or the limit passed; None for the unfinished.

        Those stay tracked: a later wait, `Job.result` or JobFinished tells their end.
        """
        return await wait_for_jobs(jobs, limit_seconds=limit_seconds)

    async def reset_failed(self, names: Sequence[str]) -> dict[str, ManagerCallError]:
        """Clear failures and start limits; of units that are not loaded, what is remembered.

        Returns the errors of those refused for another reason.
        """
        refused = await self._for_each("ResetFailedUnit", names)
        errors = {
            name: error for name, error in refused.items() if error.name != ErrorName.NO_SUCH_UNIT
        }
        self._memory.reset(name for name in names if name not in errors)
        return errors

    async def _for_each(self, member: str, names: Sequence[str]) -> dict[str, ManagerCallError]:
        """Call a method that takes a unit name for each name; return what was refused."""
        replies = await self._connection.call_all(
            [manager_call(member, "s", [name]) for name in names]
        )
        refused: dict[str, ManagerCallError] = {}
        for name, reply in zip(names, replies, strict=True):
            match reply:
                case ManagerCallError():
                    refused[name] = reply
                case UnitwardError():
                    raise reply
                case _:
                    pass
        return refused

    async def _job(self, verb: Verb, name: str, mode: Mode) -> Job:
        [job] = await self.submit([JobRequest(verb, name, mode)])
        if isinstance(job, UnitwardError):
            raise job
        return job
