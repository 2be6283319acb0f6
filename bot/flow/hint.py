"""
A hint that something moved in GitLab: what waits on that merge request is looked at.

The hint itself decides nothing. It may come twice, late, or never: `sweep` looks too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.operation import State
from bot.domain.writes import Job, Task, Writes
from bot.flow.notice import notice_job

if TYPE_CHECKING:
    from bot.ports import Front


async def hint(project: str | None, merge_request: int | None, *, front: Front) -> int:
    """
    Have the proposals on a merge request of a project looked at; return how many.

    Not `once`: the next look is always in the queue already, but for later.
    """
    if project is None or merge_request is None:
        return 0
    found = 0
    for client in front.catalog.current().clients:
        # GitLab ignores the case of paths, and says them in its own.
        if client.gitlab.project.lower() != project.lower():
            continue
        waiting = await front.store.unfinished(client.id, states=(State.PROPOSED,))
        jobs = tuple(
            Job(task=Task.WATCH, operation=one.id)
            for one in waiting
            if one.progress.merge_request == merge_request
        )
        # It may be one that nobody has noticed yet, or a new commit of one.
        jobs += (notice_job(client.id),)
        await front.store.write(Writes(client=client.id, at=front.now(), jobs=jobs))
        found += len(jobs) - 1
    return found
