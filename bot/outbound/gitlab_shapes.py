"""GitLab's answers, the keys of them that we read, and what they are in our words."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import Field

from bot.domain.forge import (
    JobState,
    ListedRequest,
    MergeRequestState,
    PipelineState,
    PipelineStatus,
    RequestState,
)
from bot.outbound.gitlab_wire import Reply

# https://docs.gitlab.com/api/pipelines/ names them; one we do not know is waited for by
# nobody, so it counts as waiting for a person.
_ACTIVE: Final = frozenset(
    {
        "created",
        "waiting_for_resource",
        "waiting_for_callback",
        "preparing",
        "pending",
        "running",
        "scheduled",
        "canceling",
    }
)
# https://docs.gitlab.com/api/merge_requests/: GitLab is still making up its mind.
UNDECIDED: Final = frozenset(
    {"unchecked", "checking", "preparing", "approvals_syncing"}
)


class Who(Reply):
    username: str


class Issue(Reply):
    iid: int
    web_url: str
    title: str
    description: str | None = None
    author: Who


class Commit(Reply):
    id: str
    message: str = ""
    parent_ids: tuple[str, ...] = ()
    author_email: str = ""
    committer_email: str = ""


class Branch(Reply):
    name: str
    commit: Commit
    protected: bool = False
    developers_can_push: bool = False
    developers_can_merge: bool = False


class AccessLevel(Reply):
    """Who may: a role by its level, or one person, group or key."""

    id: int
    access_level: int = 0
    user_id: int | None = None
    group_id: int | None = None
    deploy_key_id: int | None = None

    @property
    def is_role(self) -> bool:
        """Whether it is for all who have a role in the project."""
        named = (self.user_id, self.group_id, self.deploy_key_id)
        return not any(named)


class ProtectedBranch(Reply):
    name: str
    push_access_levels: tuple[AccessLevel, ...] = ()
    merge_access_levels: tuple[AccessLevel, ...] = ()


class Entry(Reply):
    path: str
    type: str
    mode: str


class FileDiff(Reply):
    old_path: str
    new_path: str


class PushData(Reply):
    ref: str | None = None


class Event(Reply):
    author_username: str
    push_data: PushData | None = None


class Pipeline(Reply):
    id: int
    web_url: str
    status: str
    sha: str
    ref: str = ""
    source: str = ""


class Job(Reply):
    id: int
    name: str
    stage: str
    status: str
    web_url: str


class Note(Reply):
    id: int


class WrittenNote(Reply):
    body: str
    author: Who


class DiffRefs(Reply):
    base_sha: str | None = None


class Request(Reply):
    """A merge request; the fields lists leave out have defaults."""

    iid: int
    title: str = ""
    web_url: str
    state: str
    sha: str | None = None
    author: Who
    source_branch: str
    target_branch: str
    source_project_id: int | None = None
    target_project_id: int
    draft: bool = False
    detailed_merge_status: str = ""
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None
    merge_user: Who | None = None
    merged_at: datetime | None = None
    diff_refs: DiffRefs | None = None
    head_pipeline: Pipeline | None = None
    labels: tuple[str, ...] = Field(default=())

    @property
    def merged_as(self) -> str | None:
        """The commit on the target branch: of the merge, of the squash, or the head."""
        if self.state != "merged":
            return None
        return self.merge_commit_sha or self.squash_commit_sha or self.sha


def status(text: str) -> PipelineStatus:
    """Return a pipeline's or a job's state folded to what matters to the flow."""
    if text in _ACTIVE:
        return PipelineStatus.ACTIVE
    known = {
        "success": PipelineStatus.SUCCESS,
        "failed": PipelineStatus.FAILED,
        "canceled": PipelineStatus.CANCELED,
        "skipped": PipelineStatus.SKIPPED,
    }
    return known.get(text, PipelineStatus.BLOCKED)


def pipeline_state(found: Pipeline, jobs: list[Job]) -> PipelineState:
    return PipelineState(
        id=found.id,
        url=found.web_url,
        status=status(found.status),
        sha=found.sha,
        source=found.source,
        jobs=tuple(
            JobState(
                id=job.id,
                name=job.name,
                stage=job.stage,
                status=status(job.status),
                url=job.web_url,
            )
            for job in jobs
        ),
    )


def request_state(
    found: Request,
    *,
    authors: frozenset[str],
    changed_paths: frozenset[str],
    pipeline: PipelineState | None,
) -> MergeRequestState:
    return MergeRequestState(
        iid=found.iid,
        url=found.web_url,
        state=RequestState(found.state),
        head_sha=found.sha or "",
        source_branch=found.source_branch,
        target_branch=found.target_branch,
        authors=authors,
        draft=found.draft,
        merge_status=found.detailed_merge_status,
        merge_sha=found.merged_as,
        pipeline=pipeline,
        changed_paths=changed_paths,
        opened_by=found.author.username,
    )


def listed(found: Request) -> ListedRequest:
    """Return a merge request of a list."""
    return ListedRequest(
        iid=found.iid,
        url=found.web_url,
        title=found.title,
        head_sha=found.sha or "",
        source_branch=found.source_branch,
        opened_by=found.author.username,
        fork=found.source_project_id != found.target_project_id,
        draft=found.draft,
        merged_at=found.merged_at,
        merged_by=found.merge_user.username if found.merge_user else "",
    )
