"""REST: merge requests, their diffs, notes, approvals and pipelines."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator

from deploy.sandbox.gitlab import (
    ci_shapes,
    merging,
    pipelines,
    problems,
    requesting,
    shape_parts,
    shapes,
    standing,
)
from deploy.sandbox.gitlab.http import CREATED, Access, Called, Here, Pages
from deploy.sandbox.gitlab.records import Level, MergeRequest
from deploy.sandbox.gitlab.shape_parts import Shape

router = APIRouter(prefix="/projects/{project}")
_ONE = "/merge_requests/{iid}"


def _names(value: object) -> object:
    """Accept labels as GitLab does: a list, or names with commas."""
    if isinstance(value, str):
        return [name.strip() for name in value.split(",") if name.strip()]
    return value


Names = Annotated[list[str], BeforeValidator(_names)]


class NewRequest(BaseModel):
    source_branch: str
    target_branch: str
    title: str
    description: str = ""
    labels: Names = []
    squash: bool = False
    remove_source_branch: bool = False


class Change(BaseModel):
    title: str | None = None
    description: str | None = None
    target_branch: str | None = None
    state_event: Literal["close", "reopen"] | None = None
    labels: Names | None = None
    add_labels: Names = []
    remove_labels: Names = []
    squash: bool | None = None
    remove_source_branch: bool | None = None


class Merge(BaseModel):
    sha: str | None = None
    merge_commit_message: str | None = None
    squash_commit_message: str | None = None
    squash: bool | None = None
    should_remove_source_branch: bool | None = None
    auto_merge: bool | None = None
    merge_when_pipeline_succeeds: bool | None = None


class NewNote(BaseModel):
    body: str


async def _shape(here: Access, mr: MergeRequest) -> Shape:
    may = standing.may_merge(here.project, mr.target_branch, here.level)
    found = await shapes.merge_request(here.world, here.project, mr, may_merge=may)
    here.world.contracts.check("MR", found)
    return found


@router.get("/merge_requests")
async def listed(
    here: Here,
    pages: Pages,
    *,
    state: str = "all",
    source_branch: str = "",
    target_branch: str = "",
    labels: str = "",
    order: Annotated[Literal["asc", "desc"], Query(alias="sort")] = "desc",
) -> list[Shape]:
    wanted = {name for name in labels.split(",") if name}
    found = [
        mr
        for mr in here.world.requests_of(here.project)
        if state in {"all", mr.state}
        and source_branch in {"", mr.source_branch}
        and target_branch in {"", mr.target_branch}
        and wanted <= set(mr.labels)
    ]
    found.sort(key=lambda mr: mr.id, reverse=order == "desc")
    basics = []
    for mr in pages.cut(found):
        basic = await shapes.merge_request_basic(here.world, here.project, mr)
        here.world.contracts.check("MRB", basic)
        basics.append(basic)
    return basics


@router.post("/merge_requests", status_code=CREATED)
async def create(here: Here, body: NewRequest) -> Shape:
    here.need(Level.DEVELOPER)
    async with here.world.lock(here.project):
        mr = await requesting.create(
            here,
            source=body.source_branch,
            target=body.target_branch,
            title=body.title,
            description=body.description,
            labels=body.labels,
        )
        mr.squash, mr.remove_source_branch = body.squash, body.remove_source_branch
        here.world.save(mr)
    return await _shape(here, mr)


@router.get(_ONE)
async def one(here: Here, iid: int) -> Shape:
    return await _shape(here, here.merge_request(iid))


@router.put(_ONE)
async def update(here: Here, iid: int, body: Change) -> Shape:
    mr = here.merge_request(iid)
    if mr.author != here.username:
        here.need(Level.DEVELOPER)
    async with here.world.lock(here.project):
        labels = mr.labels if body.labels is None else body.labels
        kept = [name for name in labels if name not in body.remove_labels]
        await requesting.update(
            here,
            mr,
            requesting.Edited(
                title=body.title,
                description=body.description,
                target_branch=body.target_branch,
                state_event=body.state_event,
                labels=[*kept, *(n for n in body.add_labels if n not in kept)],
                squash=body.squash,
                remove_source_branch=body.remove_source_branch,
            ),
        )
    return await _shape(here, mr)


@router.put(f"{_ONE}/merge")
async def merge(
    here: Here, iid: int, query: Annotated[Merge, Query()], body: Merge | None = None
) -> Shape:
    mr = here.merge_request(iid)
    given = query.model_dump(exclude_none=True)
    given |= body.model_dump(exclude_none=True) if body else {}
    if given.get("auto_merge") or given.get("merge_when_pipeline_succeeds"):
        message = "auto_merge is not supported by this stand-in"
        raise problems.bad_request(message)
    async with here.world.lock(here.project):
        await merging.merge(
            here.world,
            here.project,
            mr,
            user=here.username,
            level=here.level,
            options=merging.MergeOptions(
                sha=given.get("sha"),
                message=given.get("merge_commit_message"),
                squash_message=given.get("squash_commit_message"),
                squash=given.get("squash"),
                remove_source_branch=given.get("should_remove_source_branch"),
            ),
        )
    return await _shape(here, mr)


@router.get(f"{_ONE}/commits")
async def commits(here: Here, iid: int, pages: Pages) -> list[Shape]:
    head = here.merge_request(iid).head
    infos = await here.world.repository(here.project).commits(
        f"{head.base_sha}..{head.head_sha}"
    )
    return [shape_parts.commit(here.world, here.project, i) for i in pages.cut(infos)]


async def _diffs(here: Access, mr: MergeRequest) -> list[Shape]:
    head = mr.head
    found = await here.world.repository(here.project).diff(head.base_sha, head.head_sha)
    diffs = [shapes.file_diff(diff) for diff in found]
    for diff in diffs:
        here.world.contracts.check("Diff", diff)
    return diffs


@router.get(f"{_ONE}/diffs")
async def diffs(here: Here, iid: int, pages: Pages) -> list[Shape]:
    return pages.cut(await _diffs(here, here.merge_request(iid)))


@router.get(f"{_ONE}/changes")
async def changes(here: Here, iid: int) -> Shape:
    mr = here.merge_request(iid)
    return {
        **await _shape(here, mr),
        "changes": await _diffs(here, mr),
        "overflow": False,
    }


def _version(mr: MergeRequest, number: int) -> Shape:
    version = next((v for v in mr.versions if v.id == number), None)
    if version is None:
        raise problems.not_found()
    return {
        "id": version.id,
        "head_commit_sha": version.head_sha,
        "base_commit_sha": version.base_sha,
        "start_commit_sha": version.start_sha,
        "created_at": shape_parts.stamp(version.created_at),
        "merge_request_id": mr.id,
        "state": "collected",
        "real_size": "1",
        "patch_id_sha": None,
    }


@router.get(f"{_ONE}/versions")
async def versions(here: Here, iid: int, pages: Pages) -> list[Shape]:
    mr = here.merge_request(iid)
    return pages.cut([_version(mr, v.id) for v in reversed(mr.versions)])


@router.get(f"{_ONE}/versions/{{number}}")
async def version(here: Here, iid: int, number: int) -> Shape:
    mr = here.merge_request(iid)
    found = _version(mr, number)
    at = next(v for v in mr.versions if v.id == number)
    git = here.world.repository(here.project)
    infos = await git.commits(f"{at.base_sha}..{at.head_sha}")
    listed = [shape_parts.commit(here.world, here.project, i) for i in infos]
    diffs = [shapes.file_diff(d) for d in await git.diff(at.base_sha, at.head_sha)]
    return {**found, "commits": listed, "diffs": diffs}


@router.get(f"{_ONE}/notes")
async def notes(
    here: Here,
    iid: int,
    pages: Pages,
    order: Annotated[Literal["asc", "desc"], Query(alias="sort")] = "desc",
) -> list[Shape]:
    mr = here.merge_request(iid)
    found = [
        n
        for n in here.world.notes.values()
        if (n.project_id, n.mr_iid) == (here.project.id, iid)
    ]
    found.sort(key=lambda n: n.id, reverse=order == "desc")
    return [shapes.note(here.world, mr, n) for n in pages.cut(found)]


@router.post(f"{_ONE}/notes", status_code=CREATED)
async def create_note(here: Here, iid: int, body: NewNote) -> Shape:
    mr = here.merge_request(iid)
    if not body.body.strip():
        raise problems.bad_request("400 Bad request - Note can't be blank")
    async with here.world.lock(here.project):
        note = await requesting.note(here, mr, body.body)
    found = shapes.note(here.world, mr, note)
    here.world.contracts.check("Note", found)
    return found


@router.get(f"{_ONE}/pipelines")
async def request_pipelines(here: Here, iid: int, pages: Pages) -> list[Shape]:
    here.merge_request(iid)
    found = [
        p
        for p in reversed(here.world.pipelines.values())
        if p.project_id == here.project.id and p.mr_iid == iid
    ]
    return [
        ci_shapes.pipeline_basic(here.world, here.project, p) for p in pages.cut(found)
    ]


@router.post(f"{_ONE}/pipelines", status_code=CREATED)
async def create_pipeline(here: Here, iid: int) -> Shape:
    here.need(Level.DEVELOPER)
    mr = here.merge_request(iid)
    made = await pipelines.for_merge_request(
        here.world, here.project, mr, user=here.username
    )
    if made is None:
        raise problems.bad_request("Pipeline will not run for the selected trigger.")
    return ci_shapes.pipeline_basic(here.world, here.project, made)


def _approvals(here: Access, mr: MergeRequest) -> Shape:
    found: Shape = {
        "id": mr.id,
        "iid": mr.iid,
        "project_id": here.project.id,
        "title": mr.title,
        "description": mr.description,
        "state": mr.state,
        "created_at": shape_parts.stamp(mr.created_at),
        "updated_at": shape_parts.stamp(mr.updated_at),
        "merge_status": "can_be_merged",
        "approved": bool(mr.approved_by),
        "approvals_required": 0,
        "approvals_left": 0,
        "approved_by": [
            {"user": shape_parts.user(here.world, u)} for u in mr.approved_by
        ],
    }
    here.world.contracts.check("Approve", found)
    return found


@router.get(f"{_ONE}/approvals")
async def approvals(here: Here, iid: int) -> Shape:
    return _approvals(here, here.merge_request(iid))


class Approval(BaseModel):
    sha: str | None = None


@router.post(f"{_ONE}/approve", status_code=CREATED)
async def approve(here: Here, iid: int, body: Approval | None = None) -> Shape:
    here.need(Level.DEVELOPER)
    mr = here.merge_request(iid)
    if mr.author == here.username or here.username in mr.approved_by:
        raise problems.unauthorized()
    if body and body.sha is not None and body.sha != mr.head.head_sha:
        head = mr.head.head_sha
        raise problems.conflict(f"SHA does not match HEAD of source branch: {head}")
    mr.approved_by.append(here.username)
    here.world.save(mr)
    return _approvals(here, mr)


@router.post(f"{_ONE}/unapprove", status_code=CREATED)
async def unapprove(here: Here, who: Called, iid: int) -> Shape:
    mr = here.merge_request(iid)
    if who.username not in mr.approved_by:
        raise problems.not_found()
    mr.approved_by.remove(who.username)
    here.world.save(mr)
    return _approvals(here, mr)
