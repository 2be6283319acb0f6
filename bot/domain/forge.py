"""
What a forge (GitLab) says of merge requests and pipelines, as values of ours.

Written by the lead for the flow; `bot/outbound/gitlab.py` fills them. Fields may be
added there; the names below are what the flow reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class PipelineStatus(StrEnum):
    """GitLab's pipeline states, folded to what matters to the flow."""

    ACTIVE = "active"  # created, waiting, preparing, pending, running, scheduled
    SUCCESS = "success"
    FAILED = "failed"
    CANCELED = "canceled"
    BLOCKED = "blocked"  # manual: waits for a click in GitLab
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class JobState:
    """One job of a pipeline."""

    id: int
    name: str
    stage: str
    status: PipelineStatus
    url: str


@dataclass(frozen=True, slots=True)
class PipelineState:
    """One pipeline with its latest jobs; retried ones are left out."""

    id: int
    url: str
    status: PipelineStatus
    sha: str
    source: str
    jobs: tuple[JobState, ...] = ()

    def job(self, name: str) -> JobState | None:
        """Return the job of this name."""
        return next((job for job in self.jobs if job.name == name), None)


class RequestState(StrEnum):
    """Whether a merge request is open."""

    OPENED = "opened"
    MERGED = "merged"
    CLOSED = "closed"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class MergeRequestState:
    """
    A merge request as the forge has it now.

    `authors` are the GitLab user names of everyone who pushed to its branch or wrote
    a commit in it (the e-mail, where a commit's is nobody's). `pipeline` is the newest
    one of exactly `head_sha`. `changed_paths` is every path, old and new name, in which
    the head differs from where it branched off: what merging would really touch.
    """

    iid: int
    url: str
    state: RequestState
    head_sha: str
    source_branch: str
    target_branch: str
    authors: frozenset[str] = frozenset()
    draft: bool = False
    merge_status: str = ""
    merge_sha: str | None = None
    pipeline: PipelineState | None = None
    changed_paths: frozenset[str] = frozenset()
    opened_by: str = ""


@dataclass(frozen=True, slots=True)
class ListedRequest:
    """
    A merge request as a list of them shows it.

    `fork` says that its branch is in another project. `merged_at` and `merged_by` are
    there once it is merged.
    """

    iid: int
    url: str
    title: str
    head_sha: str
    source_branch: str
    opened_by: str
    fork: bool
    draft: bool
    merged_at: datetime | None = None
    merged_by: str = ""


@dataclass(frozen=True, slots=True)
class IssueState:
    """An issue: its number in the project and its address."""

    iid: int
    url: str


@dataclass(frozen=True, slots=True)
class TitledIssue:
    """An issue as a list shows it: what it is called, and by whom."""

    iid: int
    url: str
    title: str
    author: str


@dataclass(frozen=True, slots=True)
class FileAtRef:
    """A file as it is at a ref; `path` from the root, `commit` is what was read."""

    path: str
    content: bytes
    commit: str = ""


@dataclass(frozen=True, slots=True)
class CommitAt:
    """The commit that a version names, and whether the default branch has it."""

    sha: str
    title: str
    on_default_branch: bool


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file's whole new content."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A merge request about to be opened; the branch derives from the operation's id.

    `base_sha` is the commit that the files were read at (`FileAtRef.commit`). The
    branch starts there: what was merged meanwhile is merged with, not overwritten.
    """

    branch: str
    target_branch: str
    title: str
    description: str
    commit_message: str
    files: tuple[NewFile, ...]
    labels: tuple[str, ...] = field(default=())
    base_sha: str = ""


@dataclass(frozen=True, slots=True)
class Merged:
    """
    It is merged: `sha` is the commit on the target branch whose pipeline applies.

    `by` is the GitLab user who merged it: not our own if somebody was faster.
    """

    sha: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class HeadMoved:
    """Not merged: the head is no longer the commit that was approved."""

    head_sha: str


@dataclass(frozen=True, slots=True)
class NotMergeable:
    """Not merged, and GitLab says why (conflict, draft, closed, checks, locked)."""

    reason: str


MergeOutcome = Merged | HeadMoved | NotMergeable
