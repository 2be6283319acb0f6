"""
Opening and editing merge requests, and writing notes.

Here is where GitLab reads people's text: quick actions are performed with the writer's
rights, mentions and references are written to the ledger. Callers hold the project's
lock.
"""

from dataclasses import dataclass
from typing import Literal

from deploy.sandbox.gitlab import hook_shapes, merging, pipelines, problems
from deploy.sandbox.gitlab.http import Access
from deploy.sandbox.gitlab.interpret import reading, without_actions
from deploy.sandbox.gitlab.records import Label, MergeRequest, Note


@dataclass(frozen=True)
class Edited:
    """What of a merge request is to change; None leaves it."""

    title: str | None = None
    description: str | None = None
    target_branch: str | None = None
    state_event: Literal["close", "reopen"] | None = None
    labels: list[str] | None = None
    squash: bool | None = None
    remove_source_branch: bool | None = None


async def create(
    here: Access,
    *,
    source: str,
    target: str,
    title: str,
    description: str,
    labels: list[str],
) -> MergeRequest:
    """Open a request, its pipeline and its hook; 409 when one is open already."""
    world, project = here.world, here.project
    git = world.repository(project)
    if not title.strip():
        raise problems.invalid("title", "is empty")
    if source == target:
        raise problems.unprocessable("You can't use same project/branch for source")
    for field, branch in (("source_branch", source), ("target_branch", target)):
        if await git.branch(branch) is None:
            raise problems.bad_request(f"Validation failed: {field} does not exist")
    for mr in world.requests_of(project):
        if mr.state == "opened" and mr.source_branch == source:
            text = (
                "Another open merge request already exists for this source branch: "
                f"!{mr.iid}"
            )
            raise problems.conflict([text])
    head = await git.branch(source)
    version = await merging.version_of(world, project, head=head or "", target=target)
    now = world.now()
    found = MergeRequest(
        id=world.store.next("merge request"),
        iid=world.store.next(f"merge request of {project.id}"),
        project_id=project.id,
        title=title.strip(),
        description=without_actions(description),
        source_branch=source,
        target_branch=target,
        author=here.username,
        labels=_known(here, labels),
        created_at=now,
        updated_at=now,
        versions=[version],
    )
    world.save(found)
    await _announce(here, found, "open")
    await pipelines.for_merge_request(world, project, found, user=here.username)
    await _perform(here, found, f"{title}\n{description}")
    return found


async def update(here: Access, mr: MergeRequest, edited: Edited) -> None:
    """Change a request; a merged one neither closes nor opens again."""
    world, project = here.world, here.project
    if edited.title is not None:
        mr.title = edited.title.strip() or mr.title
    if edited.description is not None:
        mr.description = without_actions(edited.description)
    if edited.labels is not None:
        mr.labels = _known(here, edited.labels)
    if edited.squash is not None:
        mr.squash = edited.squash
    if edited.remove_source_branch is not None:
        mr.remove_source_branch = edited.remove_source_branch
    target = edited.target_branch
    if target is not None and target != mr.target_branch:
        if await world.repository(project).branch(target) is None:
            raise problems.bad_request("Validation failed: target_branch is invalid")
        mr.target_branch = target
        mr.versions.append(
            await merging.version_of(
                world, project, head=mr.head.head_sha, target=target
            )
        )
    action = "update"
    if edited.state_event is not None:
        action = _turn(here, mr, edited.state_event) or "update"
    mr.updated_at = world.now()
    world.save(mr)
    await _announce(here, mr, action)
    if edited.description is not None:
        await _perform(here, mr, edited.description)


def _turn(
    here: Access, mr: MergeRequest, event: Literal["close", "reopen"]
) -> str | None:
    """Close or reopen; return the hook's word for it, None when nothing changed."""
    if event == "close" and mr.state == "opened":
        mr.state, mr.closed_by = "closed", here.username
        mr.closed_at = here.world.now()
        return "close"
    if event == "reopen" and mr.state == "closed":
        mr.state, mr.closed_by, mr.closed_at = "opened", None, None
        return "reopen"
    return None


async def note(here: Access, mr: MergeRequest, body: str) -> Note:
    """Write a note; what GitLab would act on in it is acted on."""
    world = here.world
    found = Note(
        id=world.store.next("note"),
        project_id=here.project.id,
        mr_iid=mr.iid,
        author=here.username,
        body=without_actions(body),
        created_at=world.now(),
    )
    world.save(found)
    payload = await hook_shapes.note(world, here.project, mr, found)
    world.hooks.fire(here.project, "note", payload)
    await _perform(here, mr, body)
    return found


async def _announce(here: Access, mr: MergeRequest, action: str) -> None:
    payload = await hook_shapes.merge_request(
        here.world, here.project, mr, user=here.username, action=action
    )
    here.world.hooks.fire(here.project, "merge_requests", payload)


def _known(here: Access, names: list[str]) -> list[str]:
    """Return the labels, created when they are new, as GitLab does."""
    known = {label.name for label in here.project.labels}
    for name in names:
        if name not in known:
            known.add(name)
            number = here.world.store.next("label")
            here.project.labels.append(Label(id=number, name=name))
            here.world.save(here.project)
    return sorted(set(names))


async def _perform(here: Access, mr: MergeRequest, text: str) -> None:
    """Do what GitLab reads in `text`, with the rights of its writer."""
    found = reading(text)
    ledger, who, where = here.world.ledger, here.username, here.project.path
    for name in found.mentions:
        ledger.add("mention.sent", actor=who, project=where, detail={"name": name})
    for name in found.references:
        ledger.add("reference.made", actor=who, project=where, detail={"name": name})
    for action, rest in found.actions:
        ledger.add(
            "quick_action.performed",
            actor=who,
            project=where,
            detail={"action": action, "text": rest, "iid": mr.iid},
        )
        await _act(here, mr, action, rest)


async def _act(here: Access, mr: MergeRequest, action: str, rest: str) -> None:
    match action:
        case "close" | "reopen":
            event: Literal["close", "reopen"] = (
                "close" if action == "close" else "reopen"
            )
            await update(here, mr, Edited(state_event=event))
        case "title":
            await update(here, mr, Edited(title=rest))
        case "draft":
            await update(here, mr, Edited(title=f"Draft: {mr.title}"))
        case "ready":
            await update(here, mr, Edited(title=mr.title.removeprefix("Draft: ")))
        case "target_branch":
            await update(here, mr, Edited(target_branch=rest))
        case "label":
            await update(here, mr, Edited(labels=[*mr.labels, rest.strip('~"')]))
        case "approve":
            mr.approved_by.append(here.username)
        case "merge":
            await merging.merge(
                here.world,
                here.project,
                mr,
                user=here.username,
                level=here.level,
                options=merging.MergeOptions(),
            )
