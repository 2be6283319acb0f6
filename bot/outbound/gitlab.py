"""
GitLab as the worker uses it: read a repository, open a merge request, merge it.

Each call carries the token that was lent for it and opens its own connection, which
ends with the call; python-gitlab runs in a thread, never in the event loop. Only errors
of `bot.domain.errors` leave. What is asked of GitLab, in which order, is in
`gitlab_reading`, `gitlab_opening` and `gitlab_merging`; how it is asked and what an
answer means, in `gitlab_wire`.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from bot.domain.errors import Broken, Unavailable
from bot.domain.forge import PipelineStatus
from bot.outbound import gitlab_shapes as shapes
from bot.outbound.gitlab_issues import Issues
from bot.outbound.gitlab_opening import Opening, checked_draft
from bot.outbound.gitlab_protecting import Protecting
from bot.outbound.gitlab_watching import Watching
from bot.outbound.gitlab_wire import SYSTEM, Absent, Connection, Rejected, absent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from pydantic import SecretStr

    from bot.domain.forge import (
        CommitAt,
        Draft,
        FileAtRef,
        IssueState,
        ListedRequest,
        MergeOutcome,
        MergeRequestState,
        PipelineState,
        TitledIssue,
    )
    from bot.domain.guidelines import ChangedFile
    from bot.domain.ladder import Protection
    from bot.outbound.gitlab_reading import Contents

LARGEST_ARTIFACT: Final = 32_000_000
_REMEMBERED: Final = 512
_PROJECT: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}(?:/[A-Za-z0-9_.-]{1,100}){1,20}")
_PATH: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}(?:/[A-Za-z0-9_.-]{1,100}){0,20}")
_SHA: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
T = TypeVar("T")


class Work(Opening, Watching, Issues, Protecting):
    """All that is done in one project."""


class GitLab:
    """
    Fills the `Forge` port over GitLab's REST API v4.

    `timeout` bounds one HTTP call, `work_timeout` one method. A project is its path
    (`acme/infra`). Every method raises Unavailable when GitLab does not answer and
    Refused when it will not; those that change something raise OutcomeUnknown when it
    may have been done.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: timedelta,
        work_timeout: timedelta,
        ca_file: Path | None = None,
    ) -> None:
        self._url = url
        self._timeout = timeout.total_seconds()
        self._work_timeout = work_timeout.total_seconds()
        self._ca_file = ca_file
        # What is in a merge request at one head never changes: read once, not at each
        # look of the many while its pipeline runs.
        self._contents: OrderedDict[tuple[str | int, ...], Contents] = OrderedDict()

    async def default_branch_head(
        self, project: str, *, branch: str, token: SecretStr
    ) -> str:
        """Return the commit that a branch is at."""
        found = await self._do(project, token, lambda work: work.head(branch))
        if found is None:
            raise absent(f"the branch {branch} of {project}")
        return found

    async def read_tree(
        self, project: str, *, directory: str, ref: str, token: SecretStr
    ) -> tuple[FileAtRef, ...]:
        """
        Return the Terraform files below `directory`, all as of one commit.

        At most 300 files of 1 MB each, 8 MB together; Refused beyond that, and for a
        symbolic link among them.
        """
        if directory:  # nothing is the root of the repository
            _path(directory)
        return await self._do(
            project, token, lambda work: work.tree(directory, ref=ref)
        )

    async def commit_at(
        self, project: str, *, version: str, branch: str, token: SecretStr
    ) -> CommitAt:
        """Return the commit of a tag, a branch or an id; Refused if there is none."""
        return await self._do(
            project, token, lambda work: work.commit_at(version, branch=branch)
        )

    async def read_folder(
        self, project: str, *, directory: str, commit: str, token: SecretStr
    ) -> tuple[FileAtRef, ...]:
        """
        Return every file below `directory` as of one commit.

        Bounded as `read_tree` is; Refused if there is none, and for a symbolic link.
        """
        _path(directory)
        if not _SHA.fullmatch(commit):
            raise Broken(f"{commit!r} is no commit")
        return await self._do(
            project, token, lambda work: work.folder(directory, commit=commit)
        )

    async def read_file(
        self, project: str, *, path: str, ref: str, token: SecretStr
    ) -> FileAtRef:
        """Return one file of at most 1 MB; Refused if it is not there, or a link."""
        _path(path)
        return await self._do(project, token, lambda work: work.file(path, ref=ref))

    async def ensure_merge_request(
        self, project: str, *, draft: Draft, operation_id: str, token: SecretStr
    ) -> MergeRequestState:
        """
        Return the operation's one merge request, made if it is not there yet.

        May be called again at any time, after any failure. A branch of that name which
        is not exactly our commit is Refused, never adopted.
        """
        checked_draft(draft, operation_id)

        def work(of: Work) -> MergeRequestState:
            return self._state(of, of.ensure(draft, operation_id=operation_id), project)

        return await self._do(project, token, work)

    async def find_merge_request(
        self, project: str, *, operation_id: str, token: SecretStr
    ) -> MergeRequestState | None:
        """Return the merge request that this token's user opened for the operation."""

        def work(of: Work) -> MergeRequestState | None:
            found = of.own_request(f"tandem/{operation_id}")
            if found is None:
                return None
            return self._state(of, of.request(found.iid), project)

        return await self._do(project, token, work)

    async def merge_request(
        self, project: str, *, iid: int, token: SecretStr
    ) -> MergeRequestState:
        """Return a merge request, its newest pipeline, its authors, what it touches."""
        return await self._do(
            project, token, lambda work: self._state(work, work.request(iid), project)
        )

    async def job_artifact(
        self,
        project: str,
        *,
        job_id: int,
        path: str,
        token: SecretStr,
        failed: bool = False,
        max_bytes: int = LARGEST_ARTIFACT,
    ) -> bytes:
        """
        Return one file that a successful job left; Refused when it is too large.

        With `failed` it is that of a job that failed, and of no other.
        """
        _path(path)
        wanted = PipelineStatus.FAILED if failed else PipelineStatus.SUCCESS
        return await self._do(
            project,
            token,
            lambda work: work.artifact(job_id, path, of=wanted, most=max_bytes),
        )

    async def merge(
        self, project: str, *, iid: int, sha: str, message: str, token: SecretStr
    ) -> MergeOutcome:
        """
        Merge exactly the commit `sha`, or say why not; again, it merges nothing else.

        `message` is the whole message of the commit that the target branch gets.
        OutcomeUnknown when GitLab gave no answer and it is not seen to be merged.
        """
        if not _SHA.fullmatch(sha):
            raise Broken(f"{sha!r} is no whole commit id")
        return await self._do(
            project, token, lambda work: work.merge(iid, sha=sha, message=message)
        )

    async def pipeline_of(
        self, project: str, *, sha: str, ref: str, token: SecretStr
    ) -> PipelineState | None:
        """Return the newest pipeline of exactly this commit, pushed to this branch."""
        return await self._do(
            project, token, lambda work: work.pipeline_of(sha=sha, ref=ref)
        )

    async def close(
        self, project: str, *, iid: int, note: str, token: SecretStr
    ) -> bool:
        """Close a merge request and write why; False when it was not open any more."""
        return await self._do(project, token, lambda work: work.close(iid, note=note))

    async def open_issue(
        self,
        project: str,
        *,
        title: str,
        description: str,
        labels: Sequence[str],
        token: SecretStr,
    ) -> IssueState:
        """Open an issue; never twice by itself. OutcomeUnknown: look for it."""
        return await self._do(
            project,
            token,
            lambda work: work.open_issue(
                title=title, description=description, labels=labels
            ),
        )

    async def find_issue(
        self, project: str, *, mark: str, token: SecretStr
    ) -> IssueState | None:
        """Return the issue that this token's user opened with this line in it."""
        return await self._do(project, token, lambda work: work.find_issue(mark))

    async def titled_issues(
        self,
        project: str,
        *,
        words: str,
        since: datetime,
        author: str | None,
        token: SecretStr,
    ) -> tuple[TitledIssue, ...]:
        """Return the newest 100 issues since then with these words in their title."""
        return await self._do(
            project,
            token,
            lambda work: work.titled_issues(words, since=since, author=author),
        )

    async def answer_issue(
        self, project: str, *, iid: int, body: str, token: SecretStr
    ) -> None:
        """
        Write under an issue; OutcomeUnknown when it may be there.

        Text of people in it must come through `gitlab_text`.
        """
        await self._do(project, token, lambda work: work.answer_issue(iid, body))

    async def protection(
        self, project: str, *, branch: str, token: SecretStr
    ) -> Protection:
        """Return what GitLab lets developers do with a branch."""
        return await self._do(project, token, lambda work: work.protection(branch))

    async def protect(
        self, project: str, *, branch: str, wanted: Protection, token: SecretStr
    ) -> Protection:
        """
        Set what developers may do with a branch, and return how it is then.

        Again, it changes nothing. Refused when the token may not; OutcomeUnknown when
        the protection may or may not be as asked.
        """
        return await self._do(
            project, token, lambda work: work.protect(branch, wanted=wanted)
        )

    async def note(
        self, project: str, *, iid: int, body: str, key: str, token: SecretStr
    ) -> None:
        """
        Write a note under a merge request, once for each `key`.

        Text of people in it must come through `gitlab_text`.
        """
        await self._do(project, token, lambda work: work.note_once(iid, body, key=key))

    async def requests_into(
        self,
        project: str,
        *,
        branch: str,
        state: Literal["opened", "merged"],
        most: int,
        token: SecretStr,
    ) -> tuple[ListedRequest, ...]:
        """Return the newest merge requests into a branch, at most 200 of them."""
        return await self._do(
            project, token, lambda work: work.listed(branch, state=state, most=most)
        )

    async def changed_files(
        self, project: str, *, iid: int, token: SecretStr
    ) -> tuple[ChangedFile, ...]:
        """Return the files a merge request changes; Refused beyond 300 or 8 MB."""
        return await self._do(project, token, lambda work: work.changes(iid))

    def _state(
        self, work: Work, found: shapes.Request, project: str
    ) -> MergeRequestState:
        """Return the whole state; runs in the thread of `work`."""
        sha = found.sha or ""
        key = (project, found.iid, sha, found.target_branch)
        contents = self._contents.get(key)
        if contents is None:
            contents = work.contents(found)
            # GitLab computes a new head's diff in the background: empty is "not yet".
            if sha and contents.changed_paths:
                self._remember(key, contents)
        return shapes.request_state(
            found,
            authors=contents.authors,
            changed_paths=contents.changed_paths,
            pipeline=work.pipeline(found.head_pipeline, sha=sha),
        )

    def _remember(self, key: tuple[str | int, ...], contents: Contents) -> None:
        # Each step is atomic under the interpreter's lock; two threads at once cost a
        # second reading, never a wrong one.
        self._contents[key] = contents
        while len(self._contents) > _REMEMBERED:
            self._contents.popitem(last=False)

    async def _do(self, project: str, token: SecretStr, work: Callable[[Work], T]) -> T:
        if not _PROJECT.fullmatch(project):
            raise Broken(f"{project!r} is no project path")

        def run() -> T:
            connection = Connection(
                self._url,
                token=token,
                call_timeout=self._timeout,
                deadline=time.monotonic() + self._work_timeout,
                ca_file=self._ca_file,
            )
            try:
                return work(Work(connection, project=project))
            finally:
                connection.close()

        try:
            return await asyncio.to_thread(run)
        except Absent:
            raise absent(project) from None
        except Rejected as refusal:
            # 401, 403 and the like on a reading: nothing a person typed can cause it.
            raise Unavailable(SYSTEM, str(refusal)) from refusal


def _path(text: str) -> None:
    parts = text.split("/")
    if not _PATH.fullmatch(text) or "." in parts or ".." in parts:
        raise Broken(f"{text!r} is no path inside a repository")
