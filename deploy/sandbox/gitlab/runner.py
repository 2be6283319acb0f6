"""
The runner: takes pending jobs and really runs them, a few at a time.

Each job gets a fresh checkout, bash with `-euo pipefail`, an environment that holds
nothing of ours, a time limit, a trace file and its artifacts stored. A job found
running at the start was cut off: its process is ended and it has failed.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import psutil

from deploy.sandbox.gitlab import pipelines
from deploy.sandbox.gitlab.git import GitError
from deploy.sandbox.gitlab.records import ENDED, Job

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from io import FileIO
    from pathlib import Path

    from deploy.sandbox.gitlab.world import GitLabWorld

CONCURRENCY: Final = 2
_TRACE_LIMIT: Final = 1_000_000
_Outcome = Literal["success", "script_failure", "job_execution_timeout", "canceled"]


class Runner:
    """Runs the world's pending jobs while `running` is open."""

    def __init__(self, world: GitLabWorld) -> None:
        self._world = world
        self._changed = asyncio.Event()
        self._quiet = asyncio.Event()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._processes: dict[int, asyncio.subprocess.Process] = {}

    def wake(self) -> None:
        """Look again for jobs that may run."""
        self._quiet.clear()
        self._changed.set()

    async def idle(self) -> None:
        """Wait until no job is pending or running."""
        while self._busy():
            self._quiet.clear()
            if self._busy():
                await self._quiet.wait()

    def _busy(self) -> bool:
        return bool(self._tasks) or any(
            job.status in {"pending", "running"} for job in self._world.jobs.values()
        )

    async def recover(self) -> None:
        """Fail the jobs that a kill cut off, ending what is left of them."""
        for job in list(self._world.jobs.values()):
            if job.status == "running":
                _end_leftover(job)
                await self._finish(job, status="failed", reason="runner_system_failure")
        for pipeline in list(self._world.pipelines.values()):
            if pipeline.status not in ENDED:
                await pipelines.refresh(self._world, pipeline)

    @asynccontextmanager
    async def running(self, tasks: asyncio.TaskGroup) -> AsyncIterator[None]:
        loop = tasks.create_task(self._loop(tasks), name="gitlab runner")
        self.wake()
        try:
            yield
        finally:
            loop.cancel()
            for task in self._tasks.values():
                task.cancel()

    async def _loop(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            for job in self._ready():
                task = tasks.create_task(self._run(job), name=f"gitlab job {job.id}")
                self._tasks[job.id] = task
                task.add_done_callback(partial(self._done, job.id))
            if not self._busy():
                self._quiet.set()

    def _done(self, key: int, _: asyncio.Task[None]) -> None:
        self._tasks.pop(key, None)
        self._changed.set()

    def _ready(self) -> list[Job]:
        jobs = self._world.jobs.values()
        active = [job for job in jobs if job.id in self._tasks]
        groups = {(j.project_id, j.resource_group) for j in active if j.resource_group}
        ready: list[Job] = []
        for job in jobs:
            if job.status != "pending" or job.id in self._tasks:
                continue
            if len(active) + len(ready) >= CONCURRENCY:
                break
            if job.resource_group is None:
                ready.append(job)
            elif (job.project_id, job.resource_group) not in groups:
                ready.append(job)
                groups.add((job.project_id, job.resource_group))
        return ready

    async def cancel(self, job: Job) -> None:
        """Cancel a job that has not ended; a running one is killed."""
        job.status, job.finished_at = "canceled", self._world.now()
        self._world.save(job)
        if (process := self._processes.get(job.id)) is not None:
            _kill(process.pid)
        await pipelines.announce_job(self._world, job)

    async def _run(self, job: Job) -> None:
        world = self._world
        job.status, job.started_at = "running", world.now()
        world.save(job)
        self._note("job.started", job)
        await pipelines.announce_job(world, job)
        await pipelines.refresh(world, world.pipelines[job.pipeline_id])
        folder = world.directory / "builds" / str(job.id)
        try:
            outcome = await self._work(job, folder)
            kept = outcome == "success" or job.artifacts_when != "on_success"
            if kept and (outcome != "success" or job.artifacts_when != "on_failure"):
                job.artifacts = await asyncio.to_thread(
                    _keep, job.artifact_paths, folder, self.artifacts(job)
                )
        except (OSError, GitError) as error:
            self._say(job, f"ERROR: {error}")
            await self._finish(job, status="failed", reason="runner_system_failure")
        else:
            if outcome == "success":
                self._say(job, "Job succeeded")
                await self._finish(job, status="success", reason=None)
            elif outcome != "canceled":
                self._say(job, f"ERROR: Job failed: {outcome}")
                await self._finish(job, status="failed", reason=outcome)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _work(self, job: Job, folder: Path) -> _Outcome:
        """Prepare the folder and run the script in it."""
        world = self._world
        project = world.projects[job.project_id]
        pipeline = world.pipelines[job.pipeline_id]
        checkout, home = folder / "project", folder / "home"
        _fresh(folder, checkout, home, self.trace_file(job).parent)
        self._say(job, f"Checking out {pipeline.sha[:8]} as {pipeline.ref}...")
        await world.repository(project).checkout(pipeline.sha, checkout)
        for source in self._earlier(job):
            if source.artifacts:
                self._say(job, f"Downloading artifacts for {source.name} ({source.id})")
                await asyncio.to_thread(_copy, self.artifacts(source), checkout)
        script = folder / "script.sh"
        _write_script(script, job.script)
        environment = {
            **pipelines.variables(world, job, folder=str(checkout)),
            "PATH": world.path,
            "HOME": str(home),
            "TMPDIR": str(home),
            "LANG": "C.UTF-8",
        }
        return await self._execute(job, script, checkout, environment)

    async def _execute(
        self, job: Job, script: Path, folder: Path, environment: dict[str, str]
    ) -> _Outcome:
        if self._canceled(job):
            return "canceled"
        with _append(self.trace_file(job)) as trace:
            process = await asyncio.create_subprocess_exec(
                "bash",
                "--noprofile",
                "--norc",
                "-euo",
                "pipefail",
                str(script),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=trace,
                stderr=trace,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
        self._processes[job.id] = process
        try:
            job.process = _identity(process.pid)
            self._world.save(job)
            async with asyncio.timeout(job.timeout):
                code = await process.wait()
        except TimeoutError:
            return "job_execution_timeout"
        finally:
            # The script may have left children behind, also when it ended well.
            _kill(process.pid)
            await process.wait()
            del self._processes[job.id]
        if self._canceled(job):
            return "canceled"
        return "success" if code == 0 else "script_failure"

    @staticmethod
    def _canceled(job: Job) -> bool:
        """Say whether somebody canceled the job since it was last looked at."""
        return job.status == "canceled"

    def _earlier(self, job: Job) -> list[Job]:
        jobs = self._world.jobs_of(self._world.pipelines[job.pipeline_id])
        if job.needs is None:
            return [j for j in jobs if j.stage_index < job.stage_index]
        return [j for j in jobs if j.name in job.needs]

    async def _finish(
        self, job: Job, *, status: Literal["success", "failed"], reason: str | None
    ) -> None:
        job.status, job.failure_reason = status, reason
        job.finished_at, job.process = self._world.now(), None
        self._world.save(job)
        self._note("job.finished", job)
        await pipelines.announce_job(self._world, job)
        await pipelines.refresh(self._world, self._world.pipelines[job.pipeline_id])

    def _note(self, kind: Literal["job.started", "job.finished"], job: Job) -> None:
        pipeline = self._world.pipelines[job.pipeline_id]
        self._world.ledger.add(
            kind,
            actor=job.user,
            project=self._world.projects[job.project_id].path,
            status=job.status,
            detail={
                "job": job.id,
                "name": job.name,
                "pipeline": pipeline.id,
                "sha": pipeline.sha,
                "ref": pipeline.ref,
            },
        )

    def trace_file(self, job: Job) -> Path:
        return self._world.directory / "traces" / f"{job.id}.log"

    def artifacts(self, job: Job) -> Path:
        return self._world.directory / "artifacts" / str(job.id)

    def trace(self, job: Job) -> str:
        """Return the last megabyte of a job's output, masked variables hidden."""
        file = self.trace_file(job)
        if not file.exists():
            return ""
        with file.open("rb") as source:
            size = source.seek(0, os.SEEK_END)
            source.seek(max(0, size - _TRACE_LIMIT))
            text = source.read().decode("utf-8", "replace")
        for variable in self._world.projects[job.project_id].variables:
            if variable.masked and variable.value:
                text = text.replace(variable.value, "[MASKED]")
        return text

    def _say(self, job: Job, line: str) -> None:
        with _append(self.trace_file(job)) as out:
            out.write(f"{line}\n".encode())


def _append(file: Path) -> FileIO:
    return file.open("ab", buffering=0)


def _fresh(folder: Path, *inside: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for path in inside:
        path.mkdir(parents=True, exist_ok=True)


def _write_script(file: Path, lines: list[str]) -> None:
    """Write the script so that each command is shown before it runs, as GitLab does."""
    out = []
    for line in lines:
        first, *more = line.rstrip("\n").split("\n")
        shown = f"$ {first}" + (" # collapsed multi-line command" if more else "")
        out += [f"printf '%s\\n' {shlex.quote(shown)}", line]
    file.write_text("\n".join(out) + "\n", "utf-8")


def _identity(pid: int) -> tuple[int, float] | None:
    try:
        return pid, psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None


def _kill(leader: int) -> None:
    """Kill a job's whole process group; the leader started it as its own session."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _end_leftover(job: Job) -> None:
    """Kill what a cut-off job left running, if that is still the same process."""
    if job.process is None:
        return
    pid, began = job.process
    found = _identity(pid)
    # A process id is given out again: only the same start time is the same process.
    if found is None or abs(found[1] - began) < 1:
        _kill(pid)


def _keep(patterns: list[str], folder: Path, into: Path) -> list[str]:
    """Copy what matches into the store; links and paths that lead out are left."""
    checkout = (folder / "project").resolve()
    shutil.rmtree(into, ignore_errors=True)
    found: list[str] = []
    for pattern in patterns:
        for match in sorted(checkout.glob(pattern.lstrip("/"))):
            inside = [match] if match.is_file() else sorted(match.rglob("*"))
            for file in inside:
                if file.is_symlink() or not file.is_file():
                    continue
                if not file.resolve().is_relative_to(checkout):
                    continue
                name = file.relative_to(checkout).as_posix()
                (into / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, into / name)
                found.append(name)
    return sorted(set(found))


def _copy(source: Path, into: Path) -> None:
    shutil.copytree(source, into, dirs_exist_ok=True)
