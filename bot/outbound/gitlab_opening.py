"""
Opening an operation's one merge request; runs in a thread.

Every step that creates something looks first and, when the answer is lost, looks again:
asking twice for the same operation ends in one branch, one commit, one merge request.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from bot.domain.errors import Broken, OutcomeUnknown, Refused, Unavailable
from bot.domain.message import Message
from bot.outbound import gitlab_shapes as shapes
from bot.outbound.gitlab_reading import LARGEST_FILE, Reading
from bot.outbound.gitlab_wire import (
    SYSTEM,
    Absent,
    Rejected,
    absent,
    rejected,
    segment,
)

if TYPE_CHECKING:
    from bot.domain.forge import Draft


class Opening(Reading):
    """Makes the branch, the commit and the merge request of an operation."""

    def ensure(self, draft: Draft, *, operation_id: str) -> shapes.Request:
        """Return the operation's merge request, opened if it is not."""
        me = self._gitlab.get("/user", shapes.Who).username
        found = self.request_of(draft.branch, opened_by=me)
        if found is None:
            self._ensure_commit(draft, operation_id)
            found = self._open(draft, me)
        return self.request(found.iid)

    def own_request(self, branch: str) -> shapes.Request | None:
        """Return the newest request of a branch that this token's user opened."""
        me = self._gitlab.get("/user", shapes.Who).username
        return self.request_of(branch, opened_by=me)

    def request_of(self, branch: str, *, opened_by: str) -> shapes.Request | None:
        """Return the newest request of a branch that we opened ourselves, no fork's."""
        listed = self._gitlab.many(
            f"{self._path}/merge_requests",
            shapes.Request,
            most=20,
            query={"source_branch": branch, "state": "all", "sort": "desc"},
        )
        ours = (
            one
            for one in listed
            if one.source_branch == branch
            and one.author.username == opened_by
            and one.source_project_id == one.target_project_id
        )
        return next(ours, None)

    def _ensure_commit(self, draft: Draft, operation_id: str) -> None:
        if self._branch(draft.branch) is None:
            try:
                self._commit(draft, operation_id)
            except OutcomeUnknown:
                if self._branch(draft.branch) is None:
                    raise
            except Rejected as refusal:
                # Somebody, perhaps we in another process, made the branch meanwhile.
                if self._branch(draft.branch) is None:
                    raise rejected("write a commit", refusal) from refusal
        self._check_ours(draft, operation_id)

    def _commit(self, draft: Draft, operation_id: str) -> None:
        start = draft.base_sha or self.head(draft.target_branch)
        if start is None:
            raise absent(f"the branch {draft.target_branch} of {self._project}")
        actions = [
            {
                "action": "update" if self._is_there(file.path, start) else "create",
                "file_path": file.path,
                "content": base64.b64encode(file.content).decode("ascii"),
                "encoding": "base64",
            }
            for file in draft.files
        ]
        body = {
            "branch": draft.branch,
            "start_sha": start,
            "commit_message": with_trailer(draft.commit_message, operation_id),
            "actions": actions,
        }
        path = f"{self._path}/repository/commits"
        self._gitlab.post(path, shapes.Commit, body=body)

    def _is_there(self, path: str, ref: str) -> bool:
        where = f"{self._path}/repository/files/{segment(path)}"
        try:
            self._gitlab.headers(where, ref=ref)
        except Absent:
            return False
        return True

    def _check_ours(self, draft: Draft, operation_id: str) -> None:
        """
        Refuse a branch that is not exactly the one commit we would have written.

        A name, a trailer and an e-mail can be copied by whoever may push; the content
        cannot differ without being seen here.
        """
        branch = self._branch(draft.branch)
        if branch is None:
            raise Unavailable(SYSTEM, f"the branch {draft.branch} went away again")
        head = branch.commit
        diffs = self._gitlab.many(
            f"{self._path}/repository/commits/{head.id}/diff",
            shapes.FileDiff,
            most=len(draft.files) + 1,
        )
        touched = {path for d in diffs for path in (d.old_path, d.new_path)}
        ours = (
            has_trailer(head.message, operation_id)
            and len(head.parent_ids) == 1
            and touched == {file.path for file in draft.files}
            and self._started_right(draft, head.parent_ids[0])
            and all(
                self._file(file.path, ref=head.id, most=LARGEST_FILE) == file.content
                for file in draft.files
            )
        )
        if not ours:
            args: dict[str, str | int | Message] = {"branch": draft.branch}
            raise Refused(Message.of("refused.gitlab-branch-taken", args))

    def _started_right(self, draft: Draft, parent: str) -> bool:
        """Say whether the commit before ours is one of the target branch."""
        if draft.base_sha:
            return parent == draft.base_sha
        base = self._gitlab.find(
            f"{self._path}/repository/merge_base?refs[]={parent}"
            f"&refs[]={segment(draft.target_branch)}",
            shapes.Commit,
        )
        return base is not None and base.id == parent

    def _open(self, draft: Draft, me: str) -> shapes.Request:
        body = {
            "source_branch": draft.branch,
            "target_branch": draft.target_branch,
            "title": draft.title,
            "description": draft.description,
            "labels": ",".join(draft.labels),
            "remove_source_branch": True,
            "squash": False,
        }
        try:
            return self._gitlab.post(
                f"{self._path}/merge_requests", shapes.Request, body=body
            )
        except OutcomeUnknown:
            found = self.request_of(draft.branch, opened_by=me)
            if found is None:
                raise
            return found
        except Rejected as refusal:
            found = self.request_of(draft.branch, opened_by=me)
            if found is None:
                raise rejected("open a merge request", refusal) from refusal
            return found


def trailer(operation_id: str) -> str:
    return f"Operation: {operation_id}"


def has_trailer(message: str, operation_id: str) -> bool:
    """Say whether the message's last paragraph names this operation."""
    last = message.strip().rpartition("\n\n")[2]
    return trailer(operation_id) in last.split("\n")


def with_trailer(message: str, operation_id: str) -> str:
    if has_trailer(message, operation_id):
        return message
    return f"{message.rstrip()}\n\n{trailer(operation_id)}\n"


def checked_draft(draft: Draft, operation_id: str) -> Draft:
    """Return the draft if its branch is the operation's own and its files are few."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}", operation_id):
        raise Broken(f"{operation_id!r} is no operation id")
    if draft.branch != f"tandem/{operation_id}":
        raise Broken(f"{draft.branch!r} is not the branch of {operation_id}")
    if not draft.files:
        raise Broken(f"operation {operation_id} changes no file")
    return draft
