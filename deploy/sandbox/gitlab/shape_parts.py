"""What every shape of GitLab's answers is made of: moments, users, links, commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from deploy.sandbox.gitlab.git_says import CommitInfo
    from deploy.sandbox.gitlab.records import Project
    from deploy.sandbox.gitlab.world import GitLabWorld

Shape = dict[str, object]


def stamp(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def user(world: GitLabWorld, username: str) -> Shape:
    found = world.user(username)
    return {
        "id": found.id,
        "username": found.username,
        "name": found.name,
        "state": "active",
        "locked": False,
        "avatar_url": f"{world.base_url}/-/avatar/{found.username}.svg",
        "web_url": f"{world.base_url}/{found.username}",
    }


def url(world: GitLabWorld, project: Project, *parts: str | int) -> str:
    tail = "/".join(str(part) for part in parts)
    return f"{world.base_url}/{project.path}" + (f"/-/{tail}" if tail else "")


def commit(world: GitLabWorld, found: Project, info: CommitInfo) -> Shape:
    return {
        "id": info.sha,
        "short_id": info.sha[:8],
        "created_at": stamp(info.committed_at),
        "parent_ids": list(info.parents),
        "title": info.title,
        "message": info.message,
        "author_name": info.author.name,
        "author_email": info.author.email,
        "authored_date": stamp(info.authored_at),
        "committer_name": info.committer.name,
        "committer_email": info.committer.email,
        "committed_date": stamp(info.committed_at),
        "trailers": {},
        "web_url": url(world, found, "commit", info.sha),
    }
