"""What every gesture of a person shares: who, where, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploy.sandbox.slack.state import SlackWorld
    from deploy.sandbox.slack.workspace import Channel, Json, Person


@dataclass(frozen=True)
class Outcome:
    """How a gesture ended: `error` is "" when the app took it in time."""

    error: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    """Only for a form: what is wrong, by block."""

    @property
    def ok(self) -> bool:
        return not self.error and not self.errors

    def shape(self) -> Json:
        shape: Json = {"ok": self.ok}
        if self.error:
            shape["error"] = self.error
        if self.errors:
            shape["errors"] = self.errors
        return shape


def team_part(world: SlackWorld, *, user: Person, named: bool = True) -> Json:
    """What every interactive payload says of the app, the team and the person."""
    space = world.workspace
    person: Json = {"id": user.id, "username": user.name, "team_id": space.team_id}
    if named:
        person["name"] = user.name
    return {
        "user": person,
        "team": {"id": space.team_id, "domain": space.team_domain},
        "api_app_id": space.app.id,
        "is_enterprise_install": False,
    }


def channel_part(channel: Channel) -> Json:
    """How a payload names a channel; direct messages all have the same name."""
    return {
        "id": channel.id,
        "name": "directmessage" if channel.is_im else channel.name,
    }


def tell_failure(world: SlackWorld, *, user: str, channel: str, error: str) -> Outcome:
    """Show a person that the app did not take what they did."""
    text = f'{world.workspace.app.name} failed with the error "{error}"'
    world.notice(user, channel, text, level="error")
    return Outcome(error=error)
