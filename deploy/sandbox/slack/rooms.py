"""
Who is where now: membership, archived channels, deactivated people.

Starts from the workspace as given and remembers what changed since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.sandbox.slack.refusal import SlackRefusal
from deploy.sandbox.slack.workspace import Channel, Person, Workspace

if TYPE_CHECKING:
    from deploy.sandbox.slack.journal import Journal


class Rooms:
    """Channels with their members as they are now; the app is a member of each."""

    def __init__(self, workspace: Workspace, journal: Journal) -> None:
        self._workspace = workspace
        self._journal = journal
        bot = workspace.app.bot_user
        self._channels: dict[str, Channel] = {
            c.id: c.model_copy(update={"members": (*c.members, bot)})
            for c in workspace.channels
        }
        for person in workspace.people:
            self._channels[person.im] = Channel(
                id=person.im,
                name=workspace.app.name,
                members=(person.id, bot),
                is_im=True,
            )
        self._archived: set[str] = set()
        self._deactivated: set[str] = set()
        self._recall()

    def _recall(self) -> None:
        for row in self._journal.loaded("members"):
            self._place(row["channel"], tuple(row["members"]))
        self._archived |= {r["channel"] for r in self._journal.loaded("archived")}
        self._deactivated |= {r["user"] for r in self._journal.loaded("deactivated")}

    def _place(self, channel: str, members: tuple[str, ...]) -> None:
        if channel in self._channels:
            old = self._channels[channel]
            self._channels[channel] = old.model_copy(update={"members": members})

    def find(self, ref: str) -> Channel:
        """The channel of this id, or the direct messages with this person."""
        person = self._workspace.person(ref)
        channel = self._channels.get(person.im if person else ref)
        if channel is None:
            raise SlackRefusal("channel_not_found")
        return channel

    def of(self, user: str) -> list[Channel]:
        """Every channel a person is in, direct messages last."""
        return [c for c in self._channels.values() if user in c.members]

    def active(self, user: str) -> Person:
        """The person of this id, who may still act."""
        person = self._workspace.person(user)
        if person is None:
            raise SlackRefusal("user_not_found")
        if user in self._deactivated:
            raise SlackRefusal("user_disabled")
        return person

    def is_deactivated(self, user: str) -> bool:
        return user in self._deactivated

    def is_archived(self, channel: str) -> bool:
        return channel in self._archived

    def writable(self, ref: str, user: str) -> Channel:
        """The channel, if this user may write there; `not_in_channel` otherwise."""
        channel = self.readable(ref, user)
        if channel.id in self._archived:
            raise SlackRefusal("is_archived")
        return channel

    def readable(self, ref: str, user: str) -> Channel:
        """The channel, if this user is in it; `not_in_channel` otherwise."""
        channel = self.find(ref)
        if user not in channel.members:
            raise SlackRefusal("not_in_channel")
        return channel

    def join(self, channel: str, user: str) -> None:
        members = tuple(m for m in self.find(channel).members if m != user)
        self._move(channel, (*members, user))

    def leave(self, channel: str, user: str) -> None:
        members = tuple(m for m in self.find(channel).members if m != user)
        self._move(channel, members)

    def _move(self, channel: str, members: tuple[str, ...]) -> None:
        row = {"channel": channel, "members": list(members)}
        self._journal.put("members", channel, row)
        self._place(channel, members)

    def archive(self, channel: str) -> None:
        self._journal.put("archived", channel, {"channel": self.find(channel).id})
        self._archived.add(channel)

    def unarchive(self, channel: str) -> None:
        self._journal.drop("archived", channel)
        self._archived.discard(channel)

    def deactivate(self, user: str) -> None:
        self.active(user)
        self._journal.put("deactivated", user, {"user": user})
        self._deactivated.add(user)

    def reactivate(self, user: str) -> None:
        self._journal.drop("deactivated", user)
        self._deactivated.discard(user)
