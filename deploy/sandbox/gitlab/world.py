"""
The whole GitLab: its records, repositories, ledger, faults, hooks and runner.

Owns: opening and seeding a state folder, finding things in it, and the life of the
background work. Leaves what a push or a merge entails to `merging` and `pipelines`.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from deploy.sandbox import clock
from deploy.sandbox.gitlab import merging, seeding
from deploy.sandbox.gitlab.contracts import Contracts
from deploy.sandbox.gitlab.faults import Faults
from deploy.sandbox.gitlab.git import ZERO, Repository
from deploy.sandbox.gitlab.git_says import Edit, Signature
from deploy.sandbox.gitlab.hooks import Hooks
from deploy.sandbox.gitlab.ledger import Ledger
from deploy.sandbox.gitlab.records import (
    Issue,
    Job,
    MergeRequest,
    Note,
    Pipeline,
    Project,
    Record,
    Token,
    User,
)
from deploy.sandbox.gitlab.runner import Runner
from deploy.sandbox.gitlab.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

_HERE: Final = Path(sys.executable).parent
# What git and the jobs find their programs by: this Python, then the system's.
PATH: Final = f"{_HERE}:/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"


class GitLabWorld:
    """One GitLab in one folder. `base_url` is how people's browsers reach it."""

    def __init__(
        self,
        directory: Path,
        *,
        base_url: str = "http://127.0.0.1",
        contracts: Path | None = None,
        path: str = PATH,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.base_url = base_url.rstrip("/")
        self.path = path
        # Whether a protection can be changed in place, which GitLab sells.
        self.licensed = True
        self.now = clock.now
        self.contracts = Contracts(contracts)
        self.faults = Faults()
        self.ledger = Ledger(directory / "ledger.jsonl")
        self.store = Store(directory / "gitlab.sqlite")
        self.users = self.store.load(User)
        self.tokens = self.store.load(Token)
        self.projects = self.store.load(Project)
        self.merge_requests = self.store.load(MergeRequest)
        self.notes = self.store.load(Note)
        self.issues = self.store.load(Issue)
        self.pipelines = self.store.load(Pipeline)
        self.jobs = self.store.load(Job)
        self.hooks = Hooks(self)
        self.runner = Runner(self)
        # Whether two commits conflict never changes: asked of git once.
        self.conflicts: dict[tuple[str, str], bool] = {}
        self._repositories: dict[int, Repository] = {}
        self._locks: dict[int, asyncio.Lock] = {}

    @classmethod
    async def sample(
        cls,
        directory: Path,
        *,
        seeds: Path,
        base_url: str = "http://127.0.0.1",
        contracts: Path | None = None,
        path: str = PATH,
    ) -> Self:
        """
        Return the sandbox's world: acme/infra (1), globex/infra (2), people, bots.

        `seeds` holds one folder a client (`acme-infra`, `globex-infra`), used when the
        state folder is new; a world found there already is continued as it is. `path`
        is where git and the jobs find their programs.
        """
        world = cls(directory, base_url=base_url, contracts=contracts, path=path)
        await seeding.seed(world, seeds=seeds)
        return world

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Catch up with git, then run jobs and send hooks while the body runs."""
        async with asyncio.TaskGroup() as tasks, self.hooks.sending(tasks):
            await self.runner.recover()
            for project in list(self.projects.values()):
                await merging.catch_up(self, project)
            async with self.runner.running(tasks):
                yield

    def close(self) -> None:
        self.store.close()

    def save(self, *records: Record) -> None:
        """Keep these records, in memory and on disk, in one transaction."""
        for record in records:
            self._shelf(record)[record.id] = record
        self.store.save(*records)

    def _shelf(self, record: Record) -> dict[int, Record]:
        shelves: dict[type[Record], object] = {
            User: self.users,
            Token: self.tokens,
            Project: self.projects,
            MergeRequest: self.merge_requests,
            Note: self.notes,
            Issue: self.issues,
            Pipeline: self.pipelines,
            Job: self.jobs,
        }
        return shelves[type(record)]  # type: ignore[return-value] # one shelf a class

    def repository(self, project: Project) -> Repository:
        if project.id not in self._repositories:
            directory = self.directory / "repositories" / f"{project.id}.git"
            self._repositories[project.id] = Repository(directory, path=self.path)
        return self._repositories[project.id]

    def lock(self, project: Project) -> asyncio.Lock:
        """Return the lock under which this project's refs are moved."""
        return self._locks.setdefault(project.id, asyncio.Lock())

    def user(self, username: str) -> User:
        return next(u for u in self.users.values() if u.username == username)

    def project(self, key: str | int) -> Project | None:
        """Return a project by id or path."""
        text = str(key)
        for project in self.projects.values():
            if text in {str(project.id), project.path}:
                return project
        return None

    def merge_request(self, project: Project, iid: int) -> MergeRequest | None:
        return next((m for m in self.requests_of(project) if m.iid == iid), None)

    def requests_of(self, project: Project) -> list[MergeRequest]:
        found = self.merge_requests.values()
        return [m for m in found if m.project_id == project.id]

    def issues_of(self, project: Project) -> list[Issue]:
        found = self.issues.values()
        return [issue for issue in found if issue.project_id == project.id]

    def notes_under(self, issue: Issue) -> list[Note]:
        """Return what was written under an issue, oldest first."""
        where = (issue.project_id, issue.iid)
        found = self.notes.values()
        return [one for one in found if (one.project_id, one.issue_iid) == where]

    def jobs_of(self, pipeline: Pipeline, *, retried: bool = False) -> list[Job]:
        """Return a pipeline's jobs in order; those run again only when asked for."""
        return [
            job
            for job in self.jobs.values()
            if job.pipeline_id == pipeline.id and (retried or not job.retried)
        ]

    def signature(self, username: str) -> Signature:
        user = self.user(username)
        return Signature(user.name, user.email)

    async def push(
        self,
        project: str,
        branch: str,
        author: str,
        files: Mapping[str, str | bytes | None],
        message: str,
    ) -> str:
        """
        Commit `files` (None deletes) to a branch as a person's `git push` would.

        A branch that is not there starts from the default branch. Returns the commit.
        """
        found = self.project(project)
        if found is None:
            raise LookupError(f"no project {project}")
        edits = [
            Edit(path, text.encode() if isinstance(text, str) else text)
            for path, text in files.items()
        ]
        async with self.lock(found):
            git = self.repository(found)
            old = await git.branch(branch)
            base = old or await git.branch(found.default_branch)
            who = self.signature(author)
            sha = await git.write_commit(
                base=base,
                edits=edits,
                message=message,
                author=who,
                committer=who,
                when=self.now(),
            )
            await git.set_branch(branch, new=sha, old=old or ZERO)
            await merging.pushed(
                self, found, branch=branch, old=old or ZERO, new=sha, user=author
            )
        return sha

    async def idle(self, seconds: float = 60) -> None:
        """Wait until no job is waiting or running (tests); TimeoutError after that."""
        async with asyncio.timeout(seconds):
            await self.runner.idle()
