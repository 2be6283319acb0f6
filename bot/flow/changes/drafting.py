"""
Making the edit on a branch of its own, and opening its merge request.

Also the few things that opening and looking have in common: which directory, which
files, what they hash to.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from bot.domain.audit import EventName
from bot.domain.change import (
    DropResource,
    MergeRequest,
    PutResource,
    SetValue,
    ValueChange,
)
from bot.domain.editing.edit import Edit
from bot.domain.editing.setting import edited
from bot.domain.errors import Broken
from bot.domain.forge import Draft, NewFile
from bot.domain.message import Message
from bot.domain.proposal import BoundEdit, Drafted
from bot.domain.request_text import commit_message, description, title
from bot.domain.terraform.address import Address
from bot.domain.terraform.edit import set_attribute
from bot.domain.terraform.growth import refuse_less
from bot.domain.terraform.whole import whole_resource
from bot.domain.writes import Writes
from bot.flow.saying import card, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr

    from bot.domain.catalog import Client
    from bot.domain.change import TerraformEdit
    from bot.domain.editing.edit import FileEdit
    from bot.domain.forge import FileAtRef
    from bot.domain.operation import Operation
    from bot.ports import Back


async def opened(
    operation: Operation, *, client: Client, token: SecretStr, back: Back
) -> Operation:
    """Make the edit on a branch of its own and open the merge request."""
    branch = client.gitlab.default_branch
    files = await files_of(operation, client, branch, token, back)
    edits = [_edit(files, one) for one in edits_of(operation)]
    draft = _draft(operation, edits, base=files[0].commit, client=client, back=back)
    request = await back.forge.ensure_merge_request(
        client.gitlab.project, draft=draft, operation_id=operation.id, token=token
    )
    progress = operation.progress.model_copy(
        update={
            "branch": draft.branch,
            "merge_request": request.iid,
            "url": request.url,
            "drafted": _drafted(edits, base=base_of(files)),
            "waiting_for": Message.of("waiting.plan"),
        }
    )
    opened = operation.advanced(progress)
    event = told(
        EventName.MERGE_REQUEST_OPENED,
        operation,
        {"iid": request.iid, "url": request.url, "head": request.head_sha},
    )
    await back.store.write(
        Writes(
            client=client.id,
            at=back.now(),
            saves=(opened,),
            events=(event,),
            says=(card(operation),),
        )
    )
    return opened.model_copy(update={"version": opened.version + 1})


def _edit(
    files: Sequence[FileAtRef], wanted: TerraformEdit | SetValue
) -> Edit | FileEdit:
    tree = {file.path: file.content for file in files}
    match wanted:
        case SetValue():
            return edited(tree, wanted)
        case PutResource() | DropResource():
            return whole_resource(tree, wanted)
    edit = set_attribute(
        tree,
        root=wanted.directory,
        address=Address.parse(wanted.address),
        attribute=wanted.attribute,
        value=wanted.value,
    )
    refuse_less(wanted, than=edit.old_value, where=f"{edit.file}:{edit.line}")
    return edit


def _draft(
    operation: Operation,
    edits: Sequence[FileEdit],
    *,
    base: str,
    client: Client,
    back: Back,
) -> Draft:
    requester = back.catalog.current().member(operation.requester)
    name = requester.name if requester else operation.requester
    return Draft(
        branch=f"tandem/{operation.id}",
        base_sha=base,
        target_branch=client.gitlab.default_branch,
        title=title(operation),
        description=description(operation, edits=edits, requester=name),
        commit_message=commit_message(operation, requester=name),
        files=tuple(NewFile(edit.file, edit.after) for edit in edits),
        labels=("tandem", f"environment::{operation.environment.value}"),
    )


def _drafted(edits: Sequence[FileEdit], *, base: str) -> Drafted:
    return Drafted(
        edits=tuple(
            BoundEdit(file=one.file, before=hashed(one.before), after=hashed(one.after))
            for one in edits
        ),
        base=base,
        diff="".join(one.unified_diff() for one in edits),
        before=next((one.old_value for one in edits if isinstance(one, Edit)), None),
        shared_with=tuple(
            f"{other.file}:{other.line} {other.what}"
            for one in edits
            if isinstance(one, Edit)
            for other in one.consumers
        ),
    )


async def files_of(
    operation: Operation, client: Client, ref: str, token: SecretStr, back: Back
) -> tuple[FileAtRef, ...]:
    """Return what the edit is made in and read back from: a folder, or one file."""
    (edit,) = edits_of(operation)
    project = client.gitlab.project
    if isinstance(edit, SetValue) and not edit.planned:
        file = await back.forge.read_file(project, path=edit.file, ref=ref, token=token)
        return (file,)
    return await back.forge.read_tree(
        project, directory=edit.directory, ref=ref, token=token
    )


def change_of(operation: Operation) -> MergeRequest:
    if not isinstance(operation.change, MergeRequest):
        raise Broken(f"operation {operation.id} does not go by merge request")
    return operation.change


def edits_of(operation: Operation) -> tuple[TerraformEdit | SetValue, ...]:
    """Return what is to be edited, of whichever change goes by merge request."""
    if isinstance(operation.change, ValueChange):
        return (operation.change.edit,)
    return change_of(operation).edits


def base_of(files: Sequence[FileAtRef]) -> str:
    """Return one hash over a directory's files, whatever order they came in."""
    whole = hashlib.sha256()
    for file in sorted(files, key=lambda one: one.path):
        whole.update(f"{file.path}\0{hashed(file.content)}\n".encode())
    return whole.hexdigest()


def hashed(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
