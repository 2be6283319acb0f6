"""
REST: protected branches, for maintainers only; https://docs.gitlab.com/api/protected_branches/.

With a licence (`world.licensed`) a rule's levels can be changed in place; without one
GitLab takes the request, changes `allow_force_push` at most and leaves the rest.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from deploy.sandbox.gitlab import problems, shapes, standing
from deploy.sandbox.gitlab.http import (
    CREATED,
    NO_CONTENT,
    Access,
    Here,
    Pages,
    Segment,
)
from deploy.sandbox.gitlab.records import Level, Protection
from deploy.sandbox.gitlab.shape_parts import Shape

router = APIRouter(prefix="/projects/{project}")

_LEVELS: Final = {0: Level.NONE, 30: Level.DEVELOPER, 40: Level.MAINTAINER}
# As `shapes.protected_branch` numbers the one level of each list.
_PUSH: Final = 1
_MERGE: Final = 2


class ProtectForm(BaseModel):
    name: Annotated[str, Field(min_length=1)]
    push_access_level: int = 40
    merge_access_level: int = 40
    allow_force_push: bool = False


class LevelEdit(BaseModel):
    id: int | None = None
    access_level: int | None = None


class UpdateForm(BaseModel):
    allow_force_push: bool | None = None
    allowed_to_push: list[LevelEdit] = []
    allowed_to_merge: list[LevelEdit] = []


@router.get("/protected_branches")
async def protected_branches(here: Here, pages: Pages) -> list[Shape]:
    here.need(Level.MAINTAINER)
    return [shapes.protected_branch(rule) for rule in pages.cut(here.project.protected)]


@router.get("/protected_branches/{branch}")
async def protected_branch(here: Here, branch: Segment) -> Shape:
    here.need(Level.MAINTAINER)
    return shapes.protected_branch(_rule(here, branch))


@router.post("/protected_branches", status_code=CREATED)
async def protect(here: Here, body: ProtectForm) -> Shape:
    here.need(Level.MAINTAINER)
    if standing.protection(here.project, body.name) is not None:
        raise problems.conflict(f"Protected branch '{body.name}' already exists")
    rule = Protection(
        name=body.name,
        push=_level("push_access_level", body.push_access_level),
        merge=_level("merge_access_level", body.merge_access_level),
        force_push=body.allow_force_push,
    )
    here.project.protected.append(rule)
    here.world.save(here.project)
    return shapes.protected_branch(rule)


@router.patch("/protected_branches/{branch}")
async def update(here: Here, branch: Segment, body: UpdateForm) -> Shape:
    here.need(Level.MAINTAINER)
    rule = _rule(here, branch)
    if body.allow_force_push is not None:
        rule.force_push = body.allow_force_push
    if here.world.licensed:
        rule.push = _edited(rule.push, body.allowed_to_push, key=_PUSH)
        rule.merge = _edited(rule.merge, body.allowed_to_merge, key=_MERGE)
    here.world.save(here.project)
    return shapes.protected_branch(rule)


@router.delete("/protected_branches/{branch}")
async def unprotect(here: Here, branch: Segment) -> Response:
    here.need(Level.MAINTAINER)
    here.project.protected.remove(_rule(here, branch))
    here.world.save(here.project)
    return Response(status_code=NO_CONTENT)


def _rule(here: Access, branch: str) -> Protection:
    rule = standing.protection(here.project, branch)
    if rule is None:
        raise problems.not_found()
    return rule


def _level(field: str, got: int) -> Level:
    if got not in _LEVELS:
        raise problems.invalid(field, "does not have a valid value")
    return _LEVELS[got]


def _edited(now: Level, edits: list[LevelEdit], *, key: int) -> Level:
    """Return the level after the edits; the stand-in keeps one level a list."""
    for one in edits:
        if one.id not in (None, key):
            raise problems.not_found()
        if one.access_level is not None:
            now = _level("access_level", one.access_level)
    return now
