"""
What is looked at in a project, in the order GitLab needs it; runs in a thread.

Bounded in every direction: files, bytes, commits, events.
"""

from __future__ import annotations

import posixpath
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from bot.domain.errors import Refused
from bot.domain.forge import CommitAt, FileAtRef, PipelineState, PipelineStatus
from bot.domain.message import Message
from bot.outbound import gitlab_shapes as shapes
from bot.outbound.gitlab_wire import (
    Absent,
    Connection,
    Rejected,
    absent,
    segment,
    too_large,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_FILES: Final = 300
MOST_ENTRIES: Final = 20_000
LARGEST_FILE: Final = 1_000_000
LARGEST_TREE: Final = 8_000_000
_MOST_COMMITS: Final = 500
_MOST_CHANGES: Final = 1_000
_MOST_EVENTS: Final = 300
_NOREPLY: Final = re.compile(r"[0-9]+-([A-Za-z0-9_.-]{1,255})@users\.noreply\.\S+")


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a merge request: who wrote it and what it touches."""

    authors: frozenset[str]
    changed_paths: frozenset[str]


class Reading:
    """Looks at one project, through one connection."""

    def __init__(
        self,
        connection: Connection,
        *,
        project: str,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gitlab = connection
        self._path = f"/projects/{segment(project)}"
        self._project = project
        self._pause = pause

    def head(self, branch: str) -> str | None:
        """Return a branch's head commit."""
        found = self._branch(branch)
        return found.commit.id if found else None

    def _branch(self, name: str) -> shapes.Branch | None:
        path = f"{self._path}/repository/branches/{segment(name)}"
        return self._gitlab.find(path, shapes.Branch)

    def tree(self, directory: str, *, ref: str) -> tuple[FileAtRef, ...]:
        """Return the Terraform files below a directory, all as of one commit."""
        commit = self.head(ref)
        if commit is None:
            raise absent(f"the branch {ref} of {self._project}")
        return self._below(directory, commit=commit, wanted=_terraform)

    def folder(self, directory: str, *, commit: str) -> tuple[FileAtRef, ...]:
        """Return every file below a directory, as of one commit."""
        try:
            found = self._below(directory, commit=commit, wanted=bool)
        except Absent:
            found = ()
        if not found:
            raise absent(f"{directory} at {commit[:12]} of {self._project}")
        return found

    def commit_at(self, version: str, *, branch: str) -> CommitAt:
        """Return the commit that a version names now."""
        path = f"{self._path}/repository/commits/{segment(version)}"
        found = self._gitlab.find(path, shapes.Commit)
        if found is None:
            raise absent(f"{version} of {self._project}")
        refs = f"refs[]={found.id}&refs[]={quote(branch, safe='')}"
        base = self._gitlab.find(
            f"{self._path}/repository/merge_base?{refs}", shapes.Commit
        )
        return CommitAt(
            sha=found.id,
            title=found.message.partition("\n")[0],
            on_default_branch=base is not None and base.id == found.id,
        )

    def _below(
        self, directory: str, *, commit: str, wanted: Callable[[str], bool]
    ) -> tuple[FileAtRef, ...]:
        entries = self._gitlab.many(
            f"{self._path}/repository/tree",
            shapes.Entry,
            most=MOST_ENTRIES,
            query={"path": directory, "ref": commit, "recursive": "true"},
        )
        blobs = [e for e in entries if e.type == "blob" and wanted(e.path)]
        if len(blobs) > MOST_FILES or len(entries) == MOST_ENTRIES:
            raise too_large(f"{self._project}/{directory}", f"{MOST_FILES} files")
        found, left = [], LARGEST_TREE
        for entry in blobs:
            if entry.mode == "120000":
                message = Message.of("refused.gitlab-link", {"path": entry.path})
                raise Refused(message)
            content = self._file(entry.path, ref=commit, most=min(left, LARGEST_FILE))
            left -= len(content)
            found.append(FileAtRef(path=entry.path, content=content, commit=commit))
        return tuple(found)

    def file(self, path: str, *, ref: str) -> FileAtRef:
        """Return one file as of one commit, if it is a file of its own."""
        commit = self.head(ref)
        if commit is None:
            raise absent(f"the branch {ref} of {self._project}")
        entries = self._gitlab.many(
            f"{self._path}/repository/tree",
            shapes.Entry,
            most=MOST_ENTRIES,
            query={"path": posixpath.dirname(path), "ref": commit},
        )
        found = next((each for each in entries if each.path == path), None)
        if found is None or found.type != "blob":
            raise absent(f"{path} on {ref} of {self._project}")
        if found.mode == "120000":
            raise Refused(Message.of("refused.gitlab-link", {"path": path}))
        content = self._file(path, ref=commit, most=LARGEST_FILE)
        return FileAtRef(path=path, content=content, commit=commit)

    def _file(self, path: str, *, ref: str, most: int) -> bytes:
        return self._gitlab.content(
            f"{self._path}/repository/files/{segment(path)}/raw",
            most=most,
            query={"ref": ref},
        )

    def request(self, iid: int) -> shapes.Request:
        found = self._gitlab.find(f"{self._path}/merge_requests/{iid}", shapes.Request)
        if found is None:
            raise absent(f"merge request !{iid} of {self._project}")
        return found

    def contents(self, request: shapes.Request) -> Contents:
        """Return who wrote a merge request and what it touches, as of now."""
        path = f"{self._path}/merge_requests/{request.iid}"
        diffs = self._gitlab.many(
            f"{path}/diffs", shapes.FileDiff, most=_MOST_CHANGES + 1
        )
        commits = self._gitlab.many(
            f"{path}/commits", shapes.Commit, most=_MOST_COMMITS + 1
        )
        if len(diffs) > _MOST_CHANGES or len(commits) > _MOST_COMMITS:
            what = f"merge request !{request.iid}"
            raise too_large(what, f"{_MOST_CHANGES} files, {_MOST_COMMITS} commits")
        emails = {c.author_email for c in commits} | {
            c.committer_email for c in commits
        }
        authors = {self._username(email) for email in emails if email}
        return Contents(
            authors=frozenset(authors | self._pushers(request)),
            changed_paths=frozenset(
                path for d in diffs for path in (d.old_path, d.new_path)
            ),
        )

    def _username(self, email: str) -> str:
        """Return whose e-mail this is, the e-mail itself when GitLab does not say."""
        if (match := _NOREPLY.fullmatch(email)) is not None:
            return match[1]
        try:
            found = self._gitlab.many(
                "/users", shapes.Who, most=2, query={"search": email}
            )
        except Rejected:
            # Some instances show users to few. Whoever pushed is known all the same.
            return email
        return found[0].username if len(found) == 1 else email

    def _pushers(self, request: shapes.Request) -> set[str]:
        """
        Return who pushed to the branch.

        A commit's e-mail is whatever its writer typed; the pusher was authenticated.
        """
        events = self._gitlab.many(
            f"{self._path}/events",
            shapes.Event,
            most=_MOST_EVENTS,
            query={"action": "pushed", "sort": "desc"},
        )
        return {
            event.author_username
            for event in events
            if event.push_data and event.push_data.ref == request.source_branch
        }

    def pipeline(
        self, found: shapes.Pipeline | None, *, sha: str
    ) -> PipelineState | None:
        """Return a pipeline with its jobs, None when it is not of exactly `sha`."""
        if found is None or found.sha != sha:
            return None
        jobs = self._gitlab.many(
            f"{self._path}/pipelines/{found.id}/jobs", shapes.Job, most=500
        )
        return shapes.pipeline_state(found, jobs)

    def pipeline_of(self, *, sha: str, ref: str) -> PipelineState | None:
        """Return the newest pipeline that a push of `sha` to `ref` made."""
        listed = self._gitlab.many(
            f"{self._path}/pipelines",
            shapes.Pipeline,
            most=20,
            query={"sha": sha, "ref": ref, "source": "push", "sort": "desc"},
        )
        fitting = [p for p in listed if (p.sha, p.ref, p.source) == (sha, ref, "push")]
        return self.pipeline(fitting[0], sha=sha) if fitting else None

    def artifact(
        self, job_id: int, path: str, *, of: PipelineStatus, most: int
    ) -> bytes:
        """Return a file that a job left, if the job ended so."""
        base = f"{self._path}/jobs/{job_id}"
        job = self._gitlab.find(base, shapes.Job)
        if job is None:
            raise absent(f"job {job_id} of {self._project}")
        if shapes.status(job.status) is not of:
            args: dict[str, str | int | Message] = {
                "job": job.name,
                "status": job.status,
            }
            raise Refused(Message.of("refused.gitlab-job-not-green", args))
        inside = "/".join(segment(part) for part in path.split("/"))
        try:
            return self._gitlab.content(f"{base}/artifacts/{inside}", most=most)
        except Absent:
            raise absent(f"{path} of job {job.name}") from None


def _terraform(path: str) -> bool:
    return path.endswith((".tf", ".tfvars", ".tf.json", ".tfvars.json"))
