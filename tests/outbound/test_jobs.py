"""Jobs are put into the queue with the state, and those wanted once are there once."""

from __future__ import annotations

from sqlalchemy import text

from bot.domain.writes import Job, Task, Writes
from tests.domain import core_samples as core
from tests.outbound.store_support import opened
from tests.outbound.store_support import operation as made

_QUEUED = text(
    """
    SELECT task_name, args->>'operation', count(*) FROM procrastinate_jobs
    WHERE status IN ('todo', 'doing') GROUP BY 1, 2
    """
)


async def queued(store):
    async with store.reading("acme") as connection:
        rows = (await connection.execute(_QUEUED)).all()
    return {(task, operation): number for task, operation, number in rows}


async def put(store, *jobs):
    await store.write(Writes(client="acme", at=core.NOW, jobs=jobs))


async def test_a_job_wanted_once_is_left_out_while_one_is_there(database):
    one, other = made(1, client="acme").id, made(2, client="acme").id
    execute = Job(task=Task.EXECUTE, operation=one, once=True)

    async with opened(database) as store:
        for _ in range(3):
            await put(store, execute)
        await put(store, execute.model_copy(update={"task": Task.WATCH}))
        await put(store, execute.model_copy(update={"operation": other}))
        found = await queued(store)

    assert found == {("execute", one): 1, ("watch", one): 1, ("execute", other): 1}


async def test_a_job_not_wanted_once_is_always_put_there(database):
    one = made(1, client="acme").id
    execute = Job(task=Task.EXECUTE, operation=one)

    async with opened(database) as store:
        await put(store, execute)
        await put(store, execute)
        found = await queued(store)

    assert found == {("execute", one): 2}
