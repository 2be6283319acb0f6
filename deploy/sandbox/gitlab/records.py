"""
What the stand-in remembers: users, tokens, projects, merge requests, pipelines, jobs.

These are the stand-in's own records (what is kept), not GitLab's shapes (what is
said); `shapes` turns one into the other.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import IntEnum
from typing import Literal

from pydantic import BaseModel

JobStatus = Literal[
    "created", "pending", "running", "success", "failed", "canceled", "skipped"
]
PipelineStatus = JobStatus
ENDED: frozenset[str] = frozenset({"success", "failed", "canceled", "skipped"})


class Level(IntEnum):
    """GitLab's access levels."""

    NONE = 0
    REPORTER = 20
    DEVELOPER = 30
    MAINTAINER = 40


class Record(BaseModel):
    """One kept thing, found again by its class and `id`."""

    id: int


class User(Record):
    username: str
    name: str
    email: str
    bot: bool = False


class Token(Record):
    """A personal or project access token; `levels` is by project id."""

    value: str
    username: str
    scopes: frozenset[str]
    levels: dict[int, Level]
    expires_at: date | None = None
    admin: bool = False


class Protection(BaseModel):
    """Who may push to and merge into a protected branch."""

    name: str
    push: Level = Level.MAINTAINER
    merge: Level = Level.MAINTAINER
    force_push: bool = False


class Variable(BaseModel):
    """A CI/CD variable of a project; protected ones reach protected refs only."""

    key: str
    value: str
    protected: bool = False
    masked: bool = False


class Hook(BaseModel):
    id: int
    url: str
    token: str = ""
    signing_token: str = ""
    events: frozenset[str] = frozenset()
    created_at: datetime


class Label(BaseModel):
    id: int
    name: str
    color: str = "#6699cc"
    description: str = ""


class Project(Record):
    path: str
    name: str
    description: str = ""
    default_branch: str = "main"
    created_at: datetime
    only_allow_merge_if_pipeline_succeeds: bool = True
    protected: list[Protection] = []
    variables: list[Variable] = []
    hooks: list[Hook] = []
    labels: list[Label] = []
    # The last head of each branch whose consequences (hooks, pipelines) were taken:
    # a restart compares it with git and catches up.
    heads: dict[str, str] = {}


class Version(BaseModel):
    """One state of a merge request's diff: a new one with each push."""

    id: int
    head_sha: str
    base_sha: str
    start_sha: str
    created_at: datetime


class MergeRequest(Record):
    iid: int
    project_id: int
    title: str
    description: str = ""
    source_branch: str
    target_branch: str
    state: Literal["opened", "closed", "merged", "locked"] = "opened"
    author: str
    labels: list[str] = []
    created_at: datetime
    updated_at: datetime
    versions: list[Version]
    merged_by: str | None = None
    merged_at: datetime | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    squash: bool = False
    remove_source_branch: bool = False
    approved_by: list[str] = []

    @property
    def head(self) -> Version:
        return self.versions[-1]

    @property
    def draft(self) -> bool:
        lowered = self.title.strip().lower()
        return lowered.startswith(("draft:", "[draft]", "(draft)"))


class Issue(Record):
    iid: int
    project_id: int
    title: str
    description: str = ""
    state: Literal["opened", "closed"] = "opened"
    author: str
    labels: list[str] = []
    created_at: datetime
    updated_at: datetime
    closed_by: str | None = None
    closed_at: datetime | None = None


class Note(Record):
    """Something written under a merge request, or under an issue."""

    project_id: int
    mr_iid: int = 0
    issue_iid: int = 0
    author: str
    body: str
    system: bool = False
    created_at: datetime


class Pipeline(Record):
    iid: int
    project_id: int
    sha: str
    before_sha: str
    # The whole message of the commit.
    message: str = ""
    ref: str
    source: Literal["push", "merge_request_event"]
    status: PipelineStatus = "created"
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    user: str
    mr_iid: int | None = None
    yaml_errors: str | None = None
    stages: list[str] = []
    protected: bool = False


class Job(Record):
    pipeline_id: int
    project_id: int
    name: str
    stage: str
    stage_index: int
    script: list[str]
    variables: dict[str, str] = {}
    needs: list[str] | None = None
    artifact_paths: list[str] = []
    artifacts_when: Literal["on_success", "on_failure", "always"] = "on_success"
    allow_failure: bool = False
    timeout: float = 3600
    resource_group: str | None = None
    environment: str | None = None
    status: JobStatus = "created"
    failure_reason: str | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    user: str
    retried: bool = False
    artifacts: list[str] = []
    # The child and when it began: a restart ends it if it outlived the runner.
    process: tuple[int, float] | None = None
