"""
The sandbox's people, bots, tokens and two projects.

The tokens are public on purpose: this GitLab holds made-up companies only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deploy.sandbox.gitlab.git import ZERO
from deploy.sandbox.gitlab.git_says import Edit
from deploy.sandbox.gitlab.records import (
    Label,
    Level,
    Project,
    Protection,
    Token,
    User,
)

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.sandbox.gitlab.world import GitLabWorld

CLIENTS: Final = {"acme": "Acme", "globex": "Globex"}
PREPARE: Final = "tandem-prepare"
EXECUTE: Final = "tandem-execute"
READ: Final = "tandem-read"
ROOT_TOKEN: Final = "glpat-sandbox-root"
_PEOPLE: Final = {
    "alice": ("Alice Martin", "acme.example"),
    "carol": ("Carol Petit", "acme.example"),
    # In GitLab as well as in Slack, but no catalog says that these are one person.
    "ines": ("Ines Faure", "acme.example"),
    "gina": ("Gina Rossi", "globex.example"),
    "greg": ("Greg Simon", "globex.example"),
    "bob": ("Bob Durand", "claranet.example"),
    "dave": ("Dave Leroy", "claranet.example"),
    "erin": ("Erin Blanc", "claranet.example"),
}
_STAFF: Final = {
    "acme": ("alice", "carol", "ines", "bob", "dave", "erin"),
    "globex": ("gina", "greg", "bob", "dave", "erin"),
}
_OWNERS: Final = {"acme": "carol", "globex": "greg"}


def token_of(client: str, bot: str) -> str:
    """Return a bot's seeded token (`read`, `prepare`, `execute`) for one client."""
    return f"glpat-sandbox-{client}-{bot}"


def person_token(username: str) -> str:
    return f"glpat-sandbox-{username}"


async def seed(world: GitLabWorld, *, seeds: Path) -> None:
    """Create what is missing; each project is whole before its record is written."""
    if not world.users:
        world.save(*_users())
    for number, client in enumerate(CLIENTS, start=1):
        if number not in world.projects:
            await _project(world, number, client, seeds / f"{client}-infra")
    if not world.tokens:
        world.save(*_tokens())


def _users() -> list[User]:
    found = [
        User(id=1, username="root", name="Administrator", email="root@gitlab.example"),
        User(
            id=2,
            username=PREPARE,
            name="Tandem",
            email="tandem-prepare@noreply.gitlab.example",
            bot=True,
        ),
        User(
            id=3,
            username=EXECUTE,
            name="Tandem (execute)",
            email="tandem-execute@noreply.gitlab.example",
            bot=True,
        ),
    ]
    found.append(
        User(
            id=4,
            username=READ,
            name="Tandem (read)",
            email="tandem-read@noreply.gitlab.example",
            bot=True,
        )
    )
    for username, (name, domain) in _PEOPLE.items():
        email = f"{username}@{domain}"
        found.append(User(id=len(found) + 1, username=username, name=name, email=email))
    return found


def _tokens() -> list[Token]:
    every = {1: Level.MAINTAINER, 2: Level.MAINTAINER}
    found = [(ROOT_TOKEN, "root", every)]
    for number, client in enumerate(CLIENTS, start=1):
        found.append((token_of(client, "read"), READ, {number: Level.REPORTER}))
        found.append((token_of(client, "prepare"), PREPARE, {number: Level.DEVELOPER}))
        found.append((token_of(client, "execute"), EXECUTE, {number: Level.MAINTAINER}))
    for username in _PEOPLE:
        levels = {
            number: Level.MAINTAINER
            if username == _OWNERS[client] or len(_clients(username)) > 1
            else Level.DEVELOPER
            for number, client in enumerate(CLIENTS, start=1)
            if client in _clients(username)
        }
        found.append((person_token(username), username, levels))
    return [
        Token(
            id=at,
            value=value,
            username=username,
            scopes=frozenset({"read_api" if username == READ else "api"}),
            levels=levels,
            admin=value == ROOT_TOKEN,
        )
        for at, (value, username, levels) in enumerate(found, start=1)
    ]


def _clients(username: str) -> list[str]:
    return [client for client, staff in _STAFF.items() if username in staff]


async def _project(world: GitLabWorld, number: int, client: str, folder: Path) -> None:
    project = Project(
        id=number,
        path=f"{client}/infra",
        name="infra",
        description=f"The platform of {CLIENTS[client]}, as code.",
        created_at=world.now(),
        protected=[Protection(name="main")],
        labels=[Label(id=number * 100, name="tandem", description="Opened by Tandem")],
    )
    git = world.repository(project)
    await git.create(project.default_branch)
    who = world.signature(_OWNERS[client])
    sha = await git.write_commit(
        base=None,
        edits=_files(folder),
        message=f"The platform of {CLIENTS[client]} as it stands\n",
        author=who,
        committer=who,
        when=world.now(),
    )
    old = await git.branch(project.default_branch) or ZERO
    await git.set_branch(project.default_branch, new=sha, old=old)
    # The first commit describes what runs already: no pipeline is due for it.
    project.heads = {project.default_branch: sha}
    world.save(project)


def _files(folder: Path) -> list[Edit]:
    if not folder.is_dir():
        raise FileNotFoundError(f"no seed folder {folder}")
    found = []
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder).as_posix()
        if (
            file.is_file()
            and not file.is_symlink()
            and "/.terraform/" not in f"/{inside}"
        ):
            mode = "100755" if file.stat().st_mode & 0o100 else "100644"
            found.append(Edit(inside, file.read_bytes(), mode))
    return found
