"""REST: hooks, CI variables, labels; the sandbox's own controls (`/sandbox`)."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from deploy.sandbox.gitlab import problems, shapes
from deploy.sandbox.gitlab.faults import Fault
from deploy.sandbox.gitlab.http import (
    CREATED,
    NO_CONTENT,
    Access,
    Called,
    Here,
    Pages,
    Segment,
)
from deploy.sandbox.gitlab.records import Hook, Label, Level, Variable
from deploy.sandbox.gitlab.shape_parts import Shape

router = APIRouter(prefix="/projects/{project}")
controls = APIRouter(prefix="/sandbox")


class HookForm(BaseModel):
    url: str | None = None
    token: str | None = None
    signing_token: str | None = None
    push_events: bool | None = None
    merge_requests_events: bool | None = None
    pipeline_events: bool | None = None
    note_events: bool | None = None
    job_events: bool | None = None


def _apply(hook: Hook, form: HookForm) -> None:
    events = set(hook.events)
    for kind in ("push", "merge_requests", "pipeline", "note", "job"):
        wanted = getattr(form, f"{kind}_events")
        if wanted is not None:
            (events.add if wanted else events.discard)(kind)
    hook.events = frozenset(events)
    hook.url = form.url or hook.url
    hook.token = hook.token if form.token is None else form.token
    if form.signing_token is not None:
        hook.signing_token = form.signing_token


def _hook(here: Access, key: int) -> Hook:
    found = next((h for h in here.project.hooks if h.id == key), None)
    if found is None:
        raise problems.not_found()
    return found


def _shown(here: Access, hook: Hook) -> Shape:
    found = shapes.hook(hook, here.project.id)
    here.world.contracts.check("Hook", found)
    return found


@router.get("/hooks")
async def hooks(here: Here, pages: Pages) -> list[Shape]:
    here.need(Level.MAINTAINER)
    return [_shown(here, hook) for hook in pages.cut(here.project.hooks)]


@router.post("/hooks", status_code=CREATED)
async def create_hook(here: Here, body: HookForm) -> Shape:
    here.need(Level.MAINTAINER)
    if not body.url or not body.url.startswith(("http://", "https://")):
        raise problems.unprocessable("Invalid url given")
    world = here.world
    hook = Hook(id=world.store.next("hook"), url=body.url, created_at=world.now())
    hook.events = frozenset({"push"})
    _apply(hook, body)
    here.project.hooks.append(hook)
    world.save(here.project)
    return _shown(here, hook)


@router.get("/hooks/{key}")
async def hook(here: Here, key: int) -> Shape:
    here.need(Level.MAINTAINER)
    return _shown(here, _hook(here, key))


@router.put("/hooks/{key}")
async def update_hook(here: Here, key: int, body: HookForm) -> Shape:
    here.need(Level.MAINTAINER)
    found = _hook(here, key)
    _apply(found, body)
    here.world.save(here.project)
    return _shown(here, found)


@router.delete("/hooks/{key}")
async def delete_hook(here: Here, key: int) -> Response:
    here.need(Level.MAINTAINER)
    here.project.hooks.remove(_hook(here, key))
    here.world.save(here.project)
    return Response(status_code=NO_CONTENT)


class VariableForm(BaseModel):
    key: str = ""
    value: str
    protected: bool = False
    masked: bool = False


def _variable(found: Variable) -> Shape:
    return {
        "variable_type": "env_var",
        "key": found.key,
        "value": found.value,
        "protected": found.protected,
        "masked": found.masked,
        "raw": True,
        "environment_scope": "*",
        "description": None,
    }


@router.get("/variables")
async def variables(here: Here, pages: Pages) -> list[Shape]:
    here.need(Level.MAINTAINER)
    return [_variable(v) for v in pages.cut(here.project.variables)]


@router.post("/variables", status_code=CREATED)
async def create_variable(here: Here, body: VariableForm) -> Shape:
    here.need(Level.MAINTAINER)
    if not body.key.isidentifier() or not body.key.isascii():
        raise problems.invalid("key", "is invalid")
    if any(v.key == body.key for v in here.project.variables):
        text = f"({body.key}) has already been taken"
        raise problems.bad_request(text)
    made = Variable(**body.model_dump())
    here.project.variables.append(made)
    here.world.save(here.project)
    return _variable(made)


@router.put("/variables/{name}")
async def update_variable(here: Here, name: Segment, body: VariableForm) -> Shape:
    here.need(Level.MAINTAINER)
    for at, variable in enumerate(here.project.variables):
        if variable.key == name:
            made = Variable(**{**body.model_dump(), "key": name})
            here.project.variables[at] = made
            here.world.save(here.project)
            return _variable(made)
    raise problems.not_found("Variable")


@router.delete("/variables/{name}")
async def delete_variable(here: Here, name: Segment) -> Response:
    here.need(Level.MAINTAINER)
    here.project.variables = [v for v in here.project.variables if v.key != name]
    here.world.save(here.project)
    return Response(status_code=NO_CONTENT)


class LabelForm(BaseModel):
    name: str
    color: str = "#6699cc"
    description: str = ""


def _label(label: Label) -> Shape:
    return {
        **label.model_dump(),
        "text_color": "#FFFFFF",
        "description_html": "",
        "subscribed": False,
        "priority": None,
        "is_project_label": True,
    }


@router.get("/labels")
async def labels(here: Here, pages: Pages) -> list[Shape]:
    return [_label(label) for label in pages.cut(here.project.labels)]


@router.post("/labels", status_code=CREATED)
async def create_label(here: Here, body: LabelForm) -> Shape:
    here.need(Level.DEVELOPER)
    if any(label.name == body.name for label in here.project.labels):
        raise problems.conflict("Label already exists")
    label = Label(id=here.world.store.next("label"), **body.model_dump())
    here.project.labels.append(label)
    here.world.save(here.project)
    return _label(label)


class PushForm(BaseModel):
    """What `world.push` takes: a person's `git push`, for other processes."""

    project: str
    branch: str
    author: str
    files: dict[str, str | None]
    message: str


@controls.post("/faults", status_code=CREATED)
async def add_fault(who: Called, body: Fault) -> Fault:
    """Order a fault; only the sandbox's administrator may."""
    if not who.token.admin:
        raise problems.forbidden()
    who.world.faults.add(body)
    return body


@controls.post("/push", status_code=CREATED)
async def push(who: Called, body: PushForm) -> Shape:
    """Push as a person; only the sandbox's administrator may."""
    if not who.token.admin:
        raise problems.forbidden()
    sha = await who.world.push(
        body.project, body.branch, body.author, body.files, body.message
    )
    return {"id": sha}
