"""
Who and what is in the workspace: the part of the stand-in's world that is given.

What changes while it runs (messages, who was deactivated, open forms) is elsewhere.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict

Json: TypeAlias = dict[str, Any]
"""A JSON object as Slack sends it: open by nature, checked by `contracts.py`."""


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(_Given):
    """A human of the workspace."""

    id: str
    name: str
    real_name: str
    title: str
    organisation: str
    color: str

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.real_name.split()[:2]).upper()

    @property
    def im(self) -> str:
        """The id of this person's direct-message channel with the app."""
        return "D" + self.id[1:]


class Channel(_Given):
    """A channel as it was created; membership may change later, see `rooms.py`."""

    id: str
    name: str
    topic: str = ""
    members: tuple[str, ...]
    is_im: bool = False


class SlashCommand(_Given):
    """A slash command as the app's manifest declares it."""

    command: str
    usage_hint: str = ""
    description: str = ""
    should_escape: bool = True


class App(_Given):
    """The one app installed in the workspace."""

    id: str
    name: str
    bot_user: str
    bot_id: str


class Workspace(_Given):
    """The team, its people, its channels, and the app installed there."""

    team_id: str
    team_domain: str
    team_name: str
    app: App
    people: tuple[Person, ...]
    channels: tuple[Channel, ...]
    commands: tuple[SlashCommand, ...]
    subscriptions: frozenset[str] = frozenset()
    """Event types the app subscribes to, such as `app_home_opened` or `message`."""

    def person(self, user: str) -> Person | None:
        return next((p for p in self.people if p.id == user), None)

    def command(self, name: str) -> SlashCommand | None:
        return next((c for c in self.commands if c.command == name), None)


_ACME = (
    *("U0ALICE", "U0CAROL", "U0INES", "U0OSCAR", "U0HENRI"),
    *("U0BOB", "U0DAVE", "U0ERIN", "U0MALLORY"),
)
_GLOBEX = ("U0GINA", "U0GREG", "U0BOB", "U0DAVE", "U0ERIN")
_ONCALL = ("U0BOB", "U0DAVE", "U0ERIN")


def _people() -> tuple[Person, ...]:
    rows = (
        ("U0ALICE", "alice", "Alice Martin", "Developer", "Acme", "2f6fde"),
        ("U0CAROL", "carol", "Carol Petit", "Platform owner", "Acme", "8f3fb0"),
        ("U0INES", "ines", "Ines Faure", "Trainee", "Acme", "3d8b8b"),
        ("U0OSCAR", "oscar", "Oscar Weil", "Auditor", "Acme", "6b6f2f"),
        ("U0HENRI", "henri", "Henri Blum", "Left in spring", "Acme", "7a5c4a"),
        ("U0GINA", "gina", "Gina Rossi", "Developer", "Globex", "c2571a"),
        ("U0GREG", "greg", "Greg Simon", "Platform owner", "Globex", "9a6a00"),
        ("U0BOB", "bob", "Bob Durand", "Engineer, on call", "Claranet", "1d7f5f"),
        ("U0DAVE", "dave", "Dave Leroy", "Engineer", "Claranet", "0b7285"),
        ("U0ERIN", "erin", "Erin Blanc", "Service manager", "Claranet", "b02a5b"),
        ("U0MALLORY", "mallory", "Mallory", "", "outsider", "5f5f6b"),
    )
    return tuple(
        Person(
            id=user,
            name=name,
            real_name=real_name,
            title=title,
            organisation=organisation,
            color=color,
        )
        for user, name, real_name, title, organisation, color in rows
    )


def sample_workspace() -> Workspace:
    """The workspace of the sandbox: Claranet and its clients Acme and Globex."""
    return Workspace(
        team_id="T0CLARANET",
        team_domain="claranet-tandem",
        team_name="Claranet Tandem",
        app=App(id="A0TANDEM", name="tandem", bot_user="U0TANDEM", bot_id="B0TANDEM"),
        people=_people(),
        channels=(
            Channel(
                id="C0ACMEOPS",
                name="acme-ops",
                topic="Acme's production, run together",
                members=_ACME,
            ),
            Channel(
                id="C0GLOBEXOPS",
                name="globex-ops",
                topic="Globex's production, run together",
                members=_GLOBEX,
            ),
            Channel(
                id="C0ONCALL",
                name="claranet-oncall",
                topic="Claranet's on-call engineers",
                members=_ONCALL,
            ),
        ),
        commands=(
            SlashCommand(
                command="/infra",
                usage_hint="help | resize web-2 m5.large | backup db-prod | link",
                description="Change and look after production, together",
            ),
        ),
    )
