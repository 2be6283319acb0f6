"""
What Tandem writes into GitLab: branch, commit and merge request of one operation.

For reviewers, in English like the rest of a repository. What a person typed stands in a
fence, so that GitLab reads it as text and never as a command, a mention or a trailer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.editing.edit import Edit, as_typed
from bot.domain.errors import Broken
from bot.domain.gitlab_text import fenced, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.editing.edit import FileEdit
    from bot.domain.operation import Operation


_HANDS_OFF: Final = (
    "Approval happens in chat, on the plan shown there, and is bound to this very "
    "commit. A push to this branch voids it. Tandem merges once it is approved."
)


def title(operation: Operation) -> str:
    """Return the merge request's title: command, target and values, on one line."""
    values = ", ".join(
        value for value in operation.arguments.values() if value != operation.target
    )
    said = f"{operation.command.capitalize()} {operation.target}"
    where = operation.environment.value
    return one_line(f"{said} to {values} ({where})" if values else f"{said} ({where})")


def commit_message(operation: Operation, *, requester: str) -> str:
    """Return the commit message, with the trailers that tell whose it is."""
    return "\n".join(
        (
            title(operation),
            "",
            f"Requested-by: {one_line(requester)}",
            f"Operation: {operation.id}",
        )
    )


def merge_message(operation: Operation) -> str:
    """
    Return the merge commit's message; what was approved stands in its last paragraph.

    The job that applies looks there and nowhere else: nothing of anybody's may come
    after it or into it.
    """
    proposal, iid = operation.proposal, operation.progress.merge_request
    if proposal is None or iid is None:
        raise Broken(f"operation {operation.id} has nothing to merge")
    outlines = sorted(proposal.bound.outlines.items())
    return "\n".join(
        (
            title(operation),
            "",
            f"See merge request {proposal.bound.project}!{iid}",
            "",
            f"Tandem-Operation: {operation.id}",
            *(f"Tandem-Plan: {name} {found}" for name, found in outlines),
        )
    )


def description(
    operation: Operation, *, edits: Sequence[FileEdit], requester: str
) -> str:
    """Return what a reviewer reads: who, what, where, how it was found, how to undo."""
    parts = [
        f"**{one_line(requester)}** asked for this in chat:",
        fenced(f"/infra {operation.line}"),
        "### What changes",
    ]
    for edit in edits:
        parts += _value(edit) if isinstance(edit, Edit) else _block(edit)
    parts += [
        "### Before you merge by hand: please do not",
        _HANDS_OFF,
        "### To go back",
        "Ask for the former value in chat; this description shows it.",
        f"Operation `{operation.id}`",
    ]
    return "\n\n".join(parts)


def _value(edit: Edit) -> list[str]:
    """Say which value changes, how it was found and who else reads it."""
    steps = (f"{one.file}:{one.line}: {one.source}" for one in edit.via)
    said = [
        (
            f"`{one_line(edit.file)}`, line {edit.line}: "
            f"`{one_line(as_typed(edit.old_value))}` becomes "
            f"`{one_line(as_typed(edit.new_value))}`."
        ),
        "How this line was found:",
        fenced("\n".join(steps)),
    ]
    if edit.consumers:
        others = (f"{one.file}:{one.line}: {one.what}" for one in edit.consumers)
        said += ["**The same value is also read by:**", fenced("\n".join(others))]
    return said


def _block(edit: FileEdit) -> list[str]:
    """Say where a whole block comes or goes; the diff shows all of it."""
    goes = len(edit.after) < len(edit.before)
    what = "is taken out" if goes else "is put in"
    return [f"`{one_line(edit.file)}`, line {edit.line}: one block {what}."]
