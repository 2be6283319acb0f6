"""
The read-only pages people reach from a link in Slack: projects, requests, pipelines.

No script, no login, and no form here (`pages_issue` and `pages_edit` have those);
whatever a person wrote is escaped and shown as text. Longer than most: pages in one
style, a route each.
"""

from html import escape
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from deploy.sandbox.gitlab import ci_shapes, standing
from deploy.sandbox.gitlab.git import GitError
from deploy.sandbox.gitlab.git_says import FileDiff
from deploy.sandbox.gitlab.pages_style import SHEET, avatar
from deploy.sandbox.gitlab.problems import not_found
from deploy.sandbox.gitlab.records import (
    ENDED,
    Issue,
    Job,
    MergeRequest,
    Note,
    Pipeline,
    Project,
)
from deploy.sandbox.gitlab.world import GitLabWorld

router = APIRouter()
of_project = APIRouter(prefix="/{group}/{name}")
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action {}; frame-ancestors 'none'"
)
_AGAIN: Final = "3"  # seconds until a page that is still moving loads again


async def _world(request: Request) -> GitLabWorld:
    world: GitLabWorld = request.state.world
    return world


World = Annotated[GitLabWorld, Depends(_world)]


async def _project(world: World, group: str, name: str) -> Project:
    found = world.project(f"{group}/{name}")
    if found is None:
        raise not_found("Project")
    return found


Here = Annotated[Project, Depends(_project)]


def _headers(*, form: bool = False) -> dict[str, str]:
    return {
        "Content-Security-Policy": _POLICY.format("'self'" if form else "'none'"),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


def drawn(
    title: str,
    body: str,
    *,
    crumbs: str = "",
    moving: bool = False,
    form: bool = False,
) -> Response:
    """Return a whole page; `moving` has it loaded again, a `form` may be sent here."""
    refresh = f'<meta http-equiv="refresh" content="{_AGAIN}">' if moving else ""
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{refresh}<title>{escape(title)} · GitLab sandbox</title>"
        '<link rel="icon" href="/-/favicon.svg">'
        '<link rel="stylesheet" href="/-/style.css"></head><body>'
        '<header><a class="brand" href="/">GitLab <small>sandbox</small></a>'
        f"<nav>{crumbs}</nav></header><main>{body}</main></body></html>"
    )
    headers = _headers(form=form)
    return Response(text, media_type="text/html; charset=utf-8", headers=headers)


def refused(status: int, phrase: str) -> Response:
    page = drawn(phrase, f"<h1>{escape(phrase)}</h1>")
    page.status_code = status
    return page


def _link(href: str, text: str) -> str:
    return f'<a href="{escape(href)}">{escape(text)}</a>'


def trail(project: Project, *rest: tuple[str, str]) -> str:
    """Return the links that lead to a page."""
    links = [_link(f"/{project.path}", project.path)]
    links += [_link(f"/{project.path}/-/{tail}", text) for tail, text in rest]
    return " / ".join(links)


def _badge(status: str) -> str:
    text = "passed" if status == "success" else status
    return f'<span class="badge {escape(status)}">{escape(text)}</span>'


def _who(world: GitLabWorld, username: str) -> str:
    name = world.user(username).name
    image = f"/-/avatar/{username}.svg"
    return f'<img class="avatar" src="{escape(image)}" alt=""> {escape(name)}'


def _pipeline_line(project: Project, pipeline: Pipeline) -> str:
    link = _link(f"/{project.path}/-/pipelines/{pipeline.id}", f"#{pipeline.id}")
    sha = f"<code>{pipeline.sha[:8]}</code>"
    return (
        f"<tr><td>{_badge(pipeline.status)}</td><td>{link}</td><td>{sha}</td>"
        f"<td>{escape(pipeline.ref)}</td><td>{escape(pipeline.source)}</td></tr>"
    )


def _diff(diffs: list[FileDiff]) -> str:
    out = []
    for diff in diffs:
        name = diff.new_path
        if diff.status == "R":
            name = f"{diff.old_path} → {diff.new_path}"
        lines = []
        for line in diff.patch.split("\n"):
            kind = {"+": "add", "-": "del", "@": "hunk"}.get(line[:1], "same")
            lines.append(f'<span class="{kind}">{escape(line) or " "}</span>')
        marks = {"A": "new", "D": "deleted", "R": "renamed"}
        mark = marks.get(diff.status, "")
        out.append(
            f'<section class="file"><h3>{escape(name)} <small>{mark}</small></h3>'
            f'<pre class="diff">{"".join(lines)}</pre></section>'
        )
    return "".join(out) or '<p class="muted">No changes.</p>'


@router.get("/")
async def home(world: World) -> Response:
    items = [
        f"<li>{_link(f'/{p.path}', p.path)}"
        f'<span class="muted">{escape(p.description)}</span></li>'
        for p in world.projects.values()
    ]
    return drawn("Projects", f'<h1>Projects</h1><ul class="list">{"".join(items)}</ul>')


@router.get("/-/style.css")
async def style() -> Response:
    return Response(SHEET, media_type="text/css", headers=_headers())


@router.get("/-/favicon.svg")
async def favicon() -> Response:
    return Response(avatar("G"), media_type="image/svg+xml", headers=_headers())


@router.get("/-/avatar/{username}.svg")
async def avatar_of(world: World, username: str) -> Response:
    names = [u.name for u in world.users.values() if u.username == username]
    if not names:
        raise not_found("User")
    image = avatar("".join(word[0] for word in names[0].split()[:2]))
    return Response(image, media_type="image/svg+xml", headers=_headers())


def _request_line(world: GitLabWorld, project: Project, mr: MergeRequest) -> str:
    link = _link(f"/{project.path}/-/merge_requests/{mr.iid}", f"!{mr.iid} {mr.title}")
    return f"<li>{_badge(mr.state)} {link} {_who(world, mr.author)}</li>"


@of_project.get("")
async def overview(world: World, project: Here) -> Response:
    git = world.repository(project)
    head = await git.branch(project.default_branch)
    entries = await git.tree(head or "", path="", recursive=True) if head else []
    files = [
        f"<li>{_link(f'/{project.path}/-/blob/{head}/{e.path}', e.path)}</li>"
        for e in entries or []
        if e.kind == "blob"
    ]
    requests = [
        _request_line(world, project, mr)
        for mr in reversed(world.requests_of(project)[-20:])
    ]
    runs = [p for p in world.pipelines.values() if p.project_id == project.id]
    lines = [_pipeline_line(project, p) for p in reversed(runs[-10:])]
    none = '<p class="muted">None yet.</p>'
    issues = [
        _issue_line(world, project, issue)
        for issue in reversed(world.issues_of(project)[-20:])
    ]
    body = (
        f"<h1>{escape(project.path)}</h1>"
        f'<p class="muted">{escape(project.description)}</p>'
        "<h2>Merge requests</h2>"
        + (f'<ul class="list">{"".join(requests)}</ul>' if requests else none)
        + "<h2>Issues</h2>"
        + (f'<ul class="list">{"".join(issues)}</ul>' if issues else none)
        + "<h2>Pipelines</h2>"
        + (f"<table>{''.join(lines)}</table>" if lines else none)
        + f'<h2>Files</h2><ul class="files">{"".join(files)}</ul>'
    )
    return drawn(project.path, body, crumbs=trail(project))


def _issue_line(world: GitLabWorld, project: Project, issue: Issue) -> str:
    link = _link(f"/{project.path}/-/issues/{issue.iid}", f"#{issue.iid} {issue.title}")
    return f"<li>{_badge(issue.state)} {link} {_who(world, issue.author)}</li>"


@of_project.get("/-/issues")
async def issues_page(world: World, project: Here) -> Response:
    lines = [
        _issue_line(world, project, issue)
        for issue in reversed(world.issues_of(project))
    ]
    new = _link(f"/{project.path}/-/issues/new", "New issue")
    body = f'<h1>Issues</h1><p>{new}</p><ul class="list">{"".join(lines)}</ul>'
    return drawn("Issues", body, crumbs=trail(project))


@of_project.get("/-/issues/{iid}")
async def issue_page(world: World, project: Here, iid: int) -> Response:
    issue = next((one for one in world.issues_of(project) if one.iid == iid), None)
    if issue is None:
        raise not_found("Issue")
    notes = world.notes_under(issue)
    labels = "".join(f'<span class="label">{escape(n)}</span>' for n in issue.labels)
    body = (
        f"<h1>{escape(issue.title)} <small>#{issue.iid}</small></h1>"
        f"<p>{_badge(issue.state)} opened by {_who(world, issue.author)} {labels}</p>"
        f'<pre class="text">{escape(issue.description)}</pre>'
        f"<h2>Activity</h2>{_notes(world, notes)}"
    )
    crumbs = trail(project, ("issues", "Issues"))
    # Whoever opened it waits for an answer.
    moving = issue.state == "opened" and not notes
    return drawn(issue.title, body, crumbs=crumbs, moving=moving)


def _notes(world: GitLabWorld, notes: list[Note]) -> str:
    return "".join(
        f'<article><p>{_who(world, n.author)}</p><pre class="text">'
        f"{escape(n.body)}</pre></article>"
        for n in notes
    )


@of_project.get("/-/merge_requests")
async def requests_page(world: World, project: Here) -> Response:
    lines = [
        _request_line(world, project, mr) for mr in reversed(world.requests_of(project))
    ]
    body = f'<h1>Merge requests</h1><ul class="list">{"".join(lines)}</ul>'
    return drawn("Merge requests", body, crumbs=trail(project))


@of_project.get("/-/merge_requests/{iid}")
async def request_page(world: World, project: Here, iid: int) -> Response:
    mr = world.merge_request(project, iid)
    if mr is None:
        raise not_found()
    git = world.repository(project)
    diffs = await git.diff(mr.head.base_sha, mr.head.head_sha)
    mine = [
        p
        for p in world.pipelines.values()
        if p.project_id == project.id
        and (p.mr_iid == iid or p.sha == mr.merge_commit_sha)
    ]
    notes = [
        n for n in world.notes.values() if (n.project_id, n.mr_iid) == (project.id, iid)
    ]
    labels = "".join(f'<span class="label">{escape(n)}</span>' for n in mr.labels)
    body = (
        f"<h1>{escape(mr.title)} <small>!{mr.iid}</small></h1>"
        f"<p>{_badge(mr.state)} {_who(world, mr.author)} wants to merge "
        f"<code>{escape(mr.source_branch)}</code> into "
        f"<code>{escape(mr.target_branch)}</code> {labels}</p>"
        + await _standing(world, project, mr)
        + f'<pre class="text">{escape(mr.description)}</pre>'
        + "<h2>Pipelines</h2><table>"
        + "".join(_pipeline_line(project, p) for p in reversed(mine))
        + f"</table><h2>Changes</h2>{_diff(diffs)}<h2>Activity</h2>"
        + _notes(world, notes)
    )
    crumbs = trail(project, ("merge_requests", "Merge requests"))
    moving = any(p.status not in ENDED for p in mine)
    return drawn(mr.title, body, crumbs=crumbs, moving=moving)


async def _standing(world: GitLabWorld, project: Project, mr: MergeRequest) -> str:
    if mr.state == "merged" and mr.merged_by:
        commit = (mr.merge_commit_sha or "")[:8]
        return (
            f'<p class="standing merged">Merged by {_who(world, mr.merged_by)} as '
            f"<code>{commit}</code></p>"
        )
    status = (await standing.status(world, project, mr)).replace("_", " ")
    return f'<p class="standing">Merge status: {escape(status)}</p>'


@of_project.get("/-/pipelines")
async def pipelines_page(world: World, project: Here) -> Response:
    runs = [p for p in world.pipelines.values() if p.project_id == project.id]
    lines = "".join(_pipeline_line(project, p) for p in reversed(runs))
    body = f"<h1>Pipelines</h1><table>{lines}</table>"
    return drawn("Pipelines", body, crumbs=trail(project))


def _job_line(project: Project, job: Job) -> str:
    link = _link(f"/{project.path}/-/jobs/{job.id}", job.name)
    took = ci_shapes.seconds(job.started_at, job.finished_at)
    again = "retried" if job.retried else ""
    return (
        f"<tr><td>{_badge(job.status)}</td><td>{link}</td><td>{escape(job.stage)}</td>"
        f"<td>{'' if took is None else f'{took:.1f} s'}</td><td>{again}</td></tr>"
    )


@of_project.get("/-/pipelines/{key}")
async def pipeline_page(world: World, project: Here, key: int) -> Response:
    found = world.pipelines.get(key)
    if found is None or found.project_id != project.id:
        raise not_found("Pipeline")
    about = f"<code>{found.sha[:8]}</code> on {escape(found.ref)}"
    if found.mr_iid:
        href = f"/{project.path}/-/merge_requests/{found.mr_iid}"
        about += f", for {_link(href, f'!{found.mr_iid}')}"
    errors = ""
    if found.yaml_errors:
        errors = f'<pre class="trace">{escape(found.yaml_errors)}</pre>'
    jobs = world.jobs_of(found, retried=True)
    body = (
        f"<h1>Pipeline #{found.id}</h1><p>{_badge(found.status)} {about}, started by "
        f"{_who(world, found.user)}</p>{errors}<table>"
        + "".join(_job_line(project, job) for job in jobs)
        + "</table>"
    )
    crumbs = trail(project, ("pipelines", "Pipelines"))
    moving = found.status not in ENDED
    return drawn(f"Pipeline #{found.id}", body, crumbs=crumbs, moving=moving)


@of_project.get("/-/jobs/{key}")
async def job_page(world: World, project: Here, key: int) -> Response:
    job = world.jobs.get(key)
    if job is None or job.project_id != project.id:
        raise not_found()
    trace = world.runner.trace(job) or "This job has not started yet."
    files = "".join(f"<li>{escape(name)}</li>" for name in job.artifacts)
    body = (
        f"<h1>{escape(job.name)} <small>#{job.id}</small></h1>"
        f"<p>{_badge(job.status)} in stage {escape(job.stage)} "
        f"{escape(job.failure_reason or '')}</p>"
        f'<pre class="trace">{escape(trace)}</pre>'
        + (f'<h2>Artifacts</h2><ul class="files">{files}</ul>' if files else "")
    )
    crumbs = trail(
        project,
        ("pipelines", "Pipelines"),
        (f"pipelines/{job.pipeline_id}", f"#{job.pipeline_id}"),
    )
    return drawn(job.name, body, crumbs=crumbs, moving=job.status not in ENDED)


@of_project.get("/-/commit/{sha}")
async def commit_page(world: World, project: Here, sha: str) -> Response:
    git = world.repository(project)
    full = await git.resolve(sha)
    if full is None:
        raise not_found("Commit")
    info = await git.commit(full)
    diffs = await git.diff(info.parents[0], full) if info.parents else []
    body = (
        f"<h1>{escape(info.title)}</h1><p><code>{full}</code> by "
        f"{escape(info.author.name)}</p>"
        f'<pre class="text">{escape(info.message)}</pre>{_diff(diffs)}'
    )
    return drawn(info.title, body, crumbs=trail(project))


async def content_of(world: GitLabWorld, project: Project, ref: str, path: str) -> str:
    """Return a file's text at a branch or commit; not found if there is none."""
    git = world.repository(project)
    sha = await git.resolve(ref)
    try:
        content = await git.read(sha, path) if sha else None
    except (GitError, ValueError):
        content = None
    if content is None:
        raise not_found("File")
    return content.decode("utf-8", "replace")


@of_project.get("/-/blob/{ref}/{path:path}")
async def blob_page(world: World, project: Here, ref: str, path: str) -> Response:
    text = await content_of(world, project, ref, path)
    edit = _link(f"/{project.path}/-/edit/{path}", "Edit")
    body = (
        f"<h1>{escape(path)} <small>{edit}</small></h1>"
        f'<pre class="trace plain">{escape(text)}</pre>'
    )
    return drawn(path, body, crumbs=trail(project))


@of_project.get("/-/tree/{branch:path}")
async def tree_page(world: World, project: Here, branch: str) -> Response:
    git = world.repository(project)
    sha = await git.branch(branch)
    if sha is None:
        raise not_found("Branch")
    entries = await git.tree(sha, path="", recursive=True)
    files = "".join(
        f"<li>{_link(f'/{project.path}/-/blob/{sha}/{e.path}', e.path)}</li>"
        for e in entries or []
        if e.kind == "blob"
    )
    body = f'<h1>{escape(branch)}</h1><ul class="files">{files}</ul>'
    return drawn(branch, body, crumbs=trail(project))
