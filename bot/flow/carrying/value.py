"""
One configuration value, merged at the approved commit and read back from git.

What applies the file afterwards (the next run of Ansible or Chef) is not waited for,
and that is said. A value in Terraform's variables is followed through its pipeline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.audit import EventName
from bot.domain.editing.setting import value_now
from bot.domain.forge import Merged
from bot.domain.message import Message
from bot.domain.writes import Writes
from bot.flow.carrying.applying import follow
from bot.flow.carrying.ends import Done, Doubt
from bot.flow.carrying.merge_request import merge, note_merged
from bot.flow.changes.drafting import files_of
from bot.flow.changes.observing import client_of
from bot.flow.changes.value import change_of
from bot.flow.lending import borrowed
from bot.flow.saying import told

if TYPE_CHECKING:
    from bot.domain.operation import Operation
    from bot.flow.carrying.ends import End
    from bot.ports import Back


async def carry(operation: Operation, *, back: Back) -> End:
    """Merge if it is not merged, follow what applies it, verify; resumes anywhere."""
    client, planned = client_of(operation, back=back), change_of(operation).edit.planned
    if operation.progress.merged_sha is None:
        merged = await merge(operation, client=client, back=back)
        if not isinstance(merged, Merged):
            return merged
        operation = await note_merged(operation, merged, back=back)
    if planned and operation.progress.apply_pipeline is None:
        followed = await follow(operation, client=client, back=back)
        if followed is not None:
            return followed
    return await _verify(operation, back=back)


async def _verify(operation: Operation, *, back: Back) -> End:
    """Read the value back from the target branch."""
    client, edit = client_of(operation, back=back), change_of(operation).edit
    async with borrowed(
        back, client=client.id, action="gitlab-read", operation=operation.id
    ) as minted:
        token = await back.lender.forge_token(
            minted, client=client.id, purpose="gitlab-read"
        )
        branch = client.gitlab.default_branch
        files = await files_of(operation, client, branch, token, back)
    found = value_now({one.path: one.content for one in files}, edit)
    there = type(found) is type(edit.value) and found == edit.value
    name = EventName.EFFECT_VERIFIED if there else EventName.EFFECT_MISSING
    state = {"file": edit.file, "value": str(found), "branch": branch}
    event = told(name, operation, {"state": state})
    await back.store.write(Writes(client=client.id, at=back.now(), events=(event,)))
    shown: dict[str, str | int | Message] = {
        "name": operation.target,
        "value": str(found),
        "file": edit.file,
        "branch": branch,
    }
    if not there:
        found_there = Message.of("value.found", shown)
        return Doubt(Message.of("doubt.effect", {"found": found_there}))
    return Done(Message.of("value.applied" if edit.planned else "value.merged", shown))
