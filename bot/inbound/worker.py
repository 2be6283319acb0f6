"""
The worker: jobs from the queue, each one stage; the outbox; the timer; the dead's jobs.

An edge of the program: here and only here an unforeseen error is caught, logged with a
reference, and turned into a later try. A job is a name, a client and an operation;
nothing secret is ever in it.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog
from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision

from bot.domain.errors import TandemError, Unavailable
from bot.domain.reference import reference
from bot.domain.writes import Overtaken, Task
from bot.flow.answer_link import answer_link
from bot.flow.execute import execute
from bot.flow.look import look
from bot.flow.notice import notice
from bot.flow.open_ticket import open_ticket
from bot.flow.outage import note_broken, note_outage, outage_over
from bot.flow.prepare import prepare
from bot.flow.protect import protect
from bot.flow.sweep import sweep
from bot.flow.tidy import tidy
from bot.flow.watch import watch
from bot.inbound.speaking import Speaking

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from procrastinate.jobs import Job

    from bot.ports import Back

QUEUE: Final = "flow"
# A worker that was told to stop, or whose heartbeat failed, lets its jobs go on so long
# before it puts them back: it takes no new ones meanwhile.
_GRACE: Final = 4.0
# How Procrastinate says that there is a new job; a worker that misses it polls.
_CALL: Final = (
    "SELECT pg_notify('procrastinate_any_queue_v1', note), "
    "pg_notify('procrastinate_queue_v1#flow', note) "
    """FROM (VALUES ('{"type": "job_inserted", "job_id": 0}')) AS say (note)"""
)
# Seconds: a system that failed may be back soon, a fault of ours waits for a person.
_LONGEST_WAIT: Final = 15
_LONGEST_BROKEN: Final = 60
# Seconds between two looks for what no call by the database has said.
_LOOK: Final = 5.0
_log = structlog.get_logger()
_STAGES: Final = {
    Task.PREPARE: prepare,
    Task.EXECUTE: execute,
    Task.WATCH: watch,
    Task.TIDY: tidy,
    Task.NOTICE: notice,
    Task.LOOK: look,
    Task.TICKET: open_ticket,
    Task.LINK: answer_link,
    Task.PROTECT: protect,
}


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds: between ticks, between heartbeats, until a silent worker is dead."""

    sweep: float
    heartbeat: float
    dead_after: float


class _AgainError(Exception):
    """The job is to be tried again; why was logged and said."""

    def __init__(self, *, broken: bool = False, soon: bool = False) -> None:
        super().__init__()
        self.broken = broken
        self.soon = soon


class _Again(BaseRetryStrategy):
    """
    Try again as long as it takes, soon at first: a job that gave up would be lost.

    Every revival counts as an attempt, so the wait must not grow without an end.
    """

    def get_retry_decision(
        self, *, exception: BaseException, job: Job
    ) -> RetryDecision | None:
        """Return when to try again."""
        if not isinstance(exception, _AgainError):
            return None
        wait = min(1 + job.attempts, _LONGEST_WAIT)
        if exception.broken:
            wait = min(2 ** min(1 + job.attempts, 6), _LONGEST_BROKEN)
        if exception.soon:
            wait = 1
        return RetryDecision(retry_in={"seconds": wait})


def queue(conninfo: str, *, back: Back | None) -> App:
    """Return the queue over its own small pool; without `back` it runs nothing."""
    app = App(
        connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4),
        worker_defaults={"install_signal_handlers": False},
    )
    for task, stage in _STAGES.items():
        app.task(name=task.value, queue=QUEUE, retry=_Again())(_job(stage, back))
    return app


def _job(
    stage: Callable[..., Awaitable[None]], back: Back | None
) -> Callable[..., Awaitable[None]]:
    async def run(client: str, operation: str) -> None:
        if back is None:
            raise TandemError("this process only puts jobs into the queue")
        await _once(stage, client, operation, back=back)

    return run


async def _once(
    stage: Callable[..., Awaitable[None]], client: str, operation: str, *, back: Back
) -> None:
    """Run one stage; what may pass is tried again, what is our mistake is shown."""
    log = _log.bind(stage=stage.__name__, client=client, operation=operation)
    try:
        await stage(client, operation, back=back)
        await outage_over(client, operation, back=back)
    except Overtaken:
        raise _AgainError(soon=True) from None
    except asyncio.CancelledError:
        # The worker stops. To the queue a cancelled job is one that is over for good.
        raise _AgainError(soon=True) from None
    except Unavailable as error:
        log.warning("stage.unavailable", system=error.system, detail=str(error))
        await _say(note_outage(client, operation, system=error.system, back=back))
        raise _AgainError from error
    except Exception as error:
        # The same fault has the same reference, however often it is tried.
        found = reference(operation, stage.__name__, type(error).__name__)
        log.exception("stage.broken", reference=found)
        await _say(note_broken(client, operation, reference=found, back=back))
        raise _AgainError(broken=True) from error


async def _say(noting: Awaitable[None]) -> None:
    """Have it shown what hinders a stage; the job is tried again even if that fails."""
    try:
        await noting
    except TandemError as error:
        _log.warning("hindrance.unsaid", detail=str(error))
    except Exception:  # noqa: BLE001 - an edge: what hinders the stage was logged
        _log.exception("hindrance.unsaid")


@asynccontextmanager
async def _opened(app: App) -> AsyncIterator[None]:
    """Open the queue's connections, and close them even if opening was cancelled."""
    try:
        # Cancelled within, it leaves tasks of its pool behind that nothing else ends:
        # a worker told to stop in its first moment would never stop.
        async with app.open_async():
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise asyncio.CancelledError  # it was lost on the way, see `_ended`
            yield
    finally:
        await app.close_async()


class Worker:
    """One replica's worker; `run` returns only when it is cancelled."""

    def __init__(
        self,
        *,
        back: Back,
        conninfo: str,
        rhythm: Rhythm,
        listen: Callable[[], AsyncIterator[str]],
    ) -> None:
        self._back = back
        self._queue = queue(conninfo, back=back)
        # Of its own, because whoever closes an app closes it for all that use it.
        self._reviver = queue(conninfo, back=None)
        self._rhythm = rhythm
        self._listen = listen
        self._seen: set[str] = set()

    async def run(self) -> None:
        """Work until cancelled; a part that fails is started again after a second."""
        async with asyncio.TaskGroup() as tasks:
            speaking = Speaking(back=self._back, tasks=tasks)
            parts = (
                self._jobs,
                self._timer,
                self._revive,
                partial(self._outbox_by_call, speaking),
                partial(self._outbox_by_time, speaking),
            )
            running = [tasks.create_task(_forever(part)) for part in parts]
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                await _ended(running)

    async def _jobs(self) -> None:
        async with _opened(self._queue):
            await self._queue.run_worker_async(
                queues=[QUEUE],
                concurrency=20,
                fetch_job_polling_interval=1,
                update_heartbeat_interval=self._rhythm.heartbeat,
                stalled_worker_timeout=self._rhythm.dead_after * 10,
                shutdown_graceful_timeout=_GRACE,
                delete_jobs="successful",
            )

    async def _outbox_by_call(self, speaking: Speaking) -> None:
        async for client in self._listen():
            await speaking.call(client)

    async def _outbox_by_time(self, speaking: Speaking) -> None:
        for chain in (*self._here(), *self._left()):
            await speaking.call(chain)
        await asyncio.sleep(_LOOK)

    async def _timer(self) -> None:
        await sweep(back=self._back, left=self._left())
        await asyncio.sleep(self._rhythm.sweep)

    def _here(self) -> tuple[str, ...]:
        """Return whoever has rows of its own: the catalog's clients, the provider."""
        catalog = self._back.catalog.current()
        return (*(client.id for client in catalog.clients), catalog.provider.id)

    def _left(self) -> frozenset[str]:
        """
        Return those that this process has seen in the catalog and no longer sees.

        The database shows rows only to who names their client, so nobody can ask it
        who else has any; a process that starts after a client left knows nothing of it.
        """
        here = self._here()
        self._seen.update(here)
        return frozenset(self._seen.difference(here))

    async def _revive(self) -> None:
        """
        Put the jobs of dead workers back into the queue.

        One reviver at a time, and it looks only once it holds the lock: two revivers
        could put a job that already runs again back into the queue a second time.
        """
        async with _opened(self._reviver):
            while True:
                async with self._back.store.exclusive("tandem revive") as mine:
                    if mine:
                        await self._revive_once()
                await asyncio.sleep(self._rhythm.heartbeat)

    async def _revive_once(self) -> None:
        jobs = self._reviver.job_manager
        stalled = list(
            await jobs.get_stalled_jobs(seconds_since_heartbeat=self._rhythm.dead_after)
        )
        for job in stalled:
            _log.warning("job.revived", job=job.id, task=job.task_name)
            await jobs.retry_job(job)
        if stalled:
            # Only a new job is announced; an old one would wait for the next poll.
            await self._reviver.connector.execute_query_async(_CALL)


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """
    Cancel these until all of them have ended.

    Once is not enough on Python 3.11: `wait_for`, by which the driver waits, loses a
    cancellation that comes together with the answer (python/cpython#86296).
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_GRACE + 1)


async def _forever(part: Callable[[], Awaitable[None]]) -> None:
    """Run a part of the worker again and again, whatever it dies of."""
    name = getattr(part, "__name__", "outbox")
    while True:
        try:
            await part()
        except TandemError as error:
            _log.warning("worker.part_failed", part=name, detail=str(error))
            await asyncio.sleep(1)
        except Exception:  # noqa: BLE001 - an edge: logged whole, and started again
            _log.exception("worker.part_broken", part=name)
            await asyncio.sleep(1)
