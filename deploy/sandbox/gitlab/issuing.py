"""
Opening issues and answering them; what GitLab would act on in a text is acted on.

No hook is sent of either: Tandem's is not told of issues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.sandbox.gitlab.interpret import reading, without_actions
from deploy.sandbox.gitlab.records import Issue, Note

if TYPE_CHECKING:
    from deploy.sandbox.gitlab.http import Access


def create(here: Access, *, title: str, description: str, labels: list[str]) -> Issue:
    """Return the new issue, kept."""
    world, now = here.world, here.world.now()
    made = Issue(
        id=world.store.next("issue"),
        iid=world.store.next(f"issue of {here.project.id}"),
        project_id=here.project.id,
        title=title,
        description=without_actions(description),
        author=here.username,
        labels=sorted(set(labels)),
        created_at=now,
        updated_at=now,
    )
    for action, _ in _perform(here, f"{title}\n\n{description}"):
        if action == "close":
            made.state, made.closed_by, made.closed_at = "closed", here.username, now
    world.save(made)
    detail: dict[str, str | int] = {"iid": made.iid, "title": title}
    world.ledger.add(
        "issue.opened", actor=here.username, project=here.project.path, detail=detail
    )
    return made


def note(here: Access, issue: Issue, body: str) -> Note:
    """Return the new note under the issue, kept."""
    world = here.world
    made = Note(
        id=world.store.next("note"),
        project_id=here.project.id,
        issue_iid=issue.iid,
        author=here.username,
        body=without_actions(body),
        created_at=world.now(),
    )
    world.save(made)
    for action, rest in _perform(here, body):
        _act(here, issue, action, rest)
    return made


def _act(here: Access, issue: Issue, action: str, rest: str) -> None:
    now = here.world.now()
    match action:
        case "close":
            issue.state, issue.closed_by, issue.closed_at = "closed", here.username, now
        case "reopen":
            issue.state, issue.closed_by, issue.closed_at = "opened", None, None
        case "title":
            issue.title = rest
        case "label":
            issue.labels = sorted({*issue.labels, rest.strip('~"')})
        case "unlabel":
            issue.labels = [one for one in issue.labels if one != rest.strip('~"')]
    issue.updated_at = now
    here.world.save(issue)


def _perform(here: Access, text: str) -> tuple[tuple[str, str], ...]:
    """Write down what GitLab reads in the text; return its quick actions."""
    found = reading(text)
    ledger, who, where = here.world.ledger, here.username, here.project.path
    for name in found.mentions:
        ledger.add("mention.sent", actor=who, project=where, detail={"name": name})
    for name in found.references:
        ledger.add("reference.made", actor=who, project=where, detail={"name": name})
    for action, rest in found.actions:
        detail: dict[str, str | int] = {"action": action, "text": rest}
        ledger.add("quick_action.performed", actor=who, project=where, detail=detail)
    return found.actions
