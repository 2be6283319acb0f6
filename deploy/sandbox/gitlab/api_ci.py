"""REST: pipelines, jobs, traces, artifacts."""

import io
import zipfile
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, PlainTextResponse

from deploy.sandbox.gitlab import ci_shapes, pipelines, problems
from deploy.sandbox.gitlab.http import CREATED, Access, Here, Pages, Segment
from deploy.sandbox.gitlab.records import ENDED, Job, Level, Pipeline
from deploy.sandbox.gitlab.shape_parts import Shape

router = APIRouter(prefix="/projects/{project}")
_PIPELINE = "/pipelines/{key}"
_JOB = "/jobs/{key}"


def _whole(here: Access, pipeline: Pipeline) -> Shape:
    found = ci_shapes.pipeline(here.world, here.project, pipeline)
    here.world.contracts.check("Pipe", found)
    return found


async def _job(here: Access, job: Job) -> Shape:
    pipeline = here.world.pipelines[job.pipeline_id]
    info = await here.world.repository(here.project).commit(pipeline.sha)
    found = ci_shapes.job(here.world, here.project, job, info)
    here.world.contracts.check("Job", found)
    return found


@router.get("/pipelines")
async def listed(
    here: Here,
    pages: Pages,
    *,
    sha: str = "",
    ref: str = "",
    status: str = "",
    source: str = "",
    order: Annotated[Literal["asc", "desc"], Query(alias="sort")] = "desc",
) -> list[Shape]:
    found = [
        p
        for p in here.world.pipelines.values()
        if p.project_id == here.project.id
        and sha in {"", p.sha}
        and ref in {"", p.ref}
        and status in {"", p.status}
        and source in {"", p.source}
    ]
    found.sort(key=lambda p: p.id, reverse=order == "desc")
    basics = [
        ci_shapes.pipeline_basic(here.world, here.project, p) for p in pages.cut(found)
    ]
    for basic in basics:
        here.world.contracts.check("PipeB", basic)
    return basics


@router.get(_PIPELINE)
async def one(here: Here, key: int) -> Shape:
    return _whole(here, here.pipeline(key))


@router.get(f"{_PIPELINE}/jobs")
async def jobs(
    here: Here, key: int, pages: Pages, *, include_retried: bool = False
) -> list[Shape]:
    found = here.world.jobs_of(here.pipeline(key), retried=include_retried)
    return [await _job(here, job) for job in pages.cut(found)]


@router.get(f"{_PIPELINE}/bridges")
async def bridges(here: Here, key: int, pages: Pages) -> list[Shape]:
    here.pipeline(key)
    return pages.cut([])


@router.post(f"{_PIPELINE}/retry", status_code=CREATED)
async def retry(here: Here, key: int) -> Shape:
    pipeline = here.pipeline(key)
    _may_run(here, pipeline)
    await pipelines.retry(here.world, pipeline, user=here.username)
    return _whole(here, pipeline)


@router.post(f"{_PIPELINE}/cancel")
async def cancel(here: Here, key: int) -> Shape:
    pipeline = here.pipeline(key)
    _may_run(here, pipeline)
    await pipelines.cancel(here.world, pipeline)
    return _whole(here, pipeline)


def _may_run(here: Access, pipeline: Pipeline) -> None:
    here.need(Level.MAINTAINER if pipeline.protected else Level.DEVELOPER)


@router.get(_JOB)
async def job(here: Here, key: int) -> Shape:
    return await _job(here, here.job(key))


@router.post(f"{_JOB}/cancel", status_code=CREATED)
async def cancel_job(here: Here, key: int) -> Shape:
    found = here.job(key)
    pipeline = here.world.pipelines[found.pipeline_id]
    _may_run(here, pipeline)
    if found.status not in ENDED:
        await here.world.runner.cancel(found)
        await pipelines.refresh(here.world, pipeline)
    return await _job(here, found)


@router.get(f"{_JOB}/trace")
async def trace(here: Here, key: int) -> PlainTextResponse:
    return PlainTextResponse(here.world.runner.trace(here.job(key)))


def _artifact(here: Access, found: Job, path: str) -> Path:
    name = PurePosixPath(path).as_posix()
    # Only a listed name is opened: what is asked for never becomes a path by itself.
    if name not in found.artifacts:
        raise problems.not_found()
    return here.world.runner.artifacts(found) / name


@router.get(f"{_JOB}/artifacts")
async def artifacts(here: Here, key: int) -> Response:
    found = here.job(key)
    if not found.artifacts:
        raise problems.not_found()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in found.artifacts:
            archive.write(here.world.runner.artifacts(found) / name, name)
    return Response(out.getvalue(), media_type="application/zip")


@router.get(f"{_JOB}/artifacts/{{path:path}}")
async def artifact(here: Here, key: int, path: Segment) -> FileResponse:
    file = _artifact(here, here.job(key), path)
    return FileResponse(file, media_type="application/octet-stream")


@router.get("/jobs/artifacts/{ref}/raw/{path:path}")
async def artifact_by_ref(
    here: Here, ref: Segment, path: Segment, job: str
) -> FileResponse:
    done = [
        j
        for j in here.world.jobs.values()
        if j.project_id == here.project.id
        and j.name == job
        and j.status == "success"
        and here.world.pipelines[j.pipeline_id].ref == ref
    ]
    if not done:
        raise problems.not_found()
    file = _artifact(here, done[-1], path)
    return FileResponse(file, media_type="application/octet-stream")
