"""
The world of this Slack: everything it knows, in one object that tests can look into.

The world holds no server: `app.py` serves it, `serve.py` runs that. Each part has its
own module; this one joins them and tells pages of changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, SecretStr

from deploy.sandbox import clock
from deploy.sandbox.slack.contracts import Contracts
from deploy.sandbox.slack.courier import Courier, Route
from deploy.sandbox.slack.faults import Faults
from deploy.sandbox.slack.forms import Form, Forms
from deploy.sandbox.slack.handles import ResponseUrl, ResponseUrls, Triggers
from deploy.sandbox.slack.journal import Journal
from deploy.sandbox.slack.ledger import Ledger
from deploy.sandbox.slack.limits import Limiter, Rates
from deploy.sandbox.slack.messages import Message, Messages
from deploy.sandbox.slack.rooms import Rooms
from deploy.sandbox.slack.shapes import page_shape, view_shape
from deploy.sandbox.slack.socket_mode import Links
from deploy.sandbox.slack.stream import Stream
from deploy.sandbox.slack.workspace import Workspace, sample_workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from deploy.sandbox.slack.workspace import Channel, Json

MessageEvent: TypeAlias = Literal["message", "message_changed", "message_deleted"]
ViewOp: TypeAlias = Literal["open", "update", "push", "close"]
Level: TypeAlias = Literal["error", "info"]


class Secrets(BaseModel):
    """What the app and this Slack share. The defaults are public: a sandbox's."""

    model_config = ConfigDict(frozen=True)

    signing_secret: SecretStr = SecretStr("sandbox-signing-secret")
    bot_token: SecretStr = SecretStr("xoxb-sandbox-bot-token")
    app_token: SecretStr = SecretStr("xapp-sandbox-app-token")
    verification_token: SecretStr = SecretStr("sandbox-verification-token")


class SlackWorld:
    """One workspace with one app installed. Close it with `aclose`."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        secrets: Secrets,
        now: Callable[[], datetime],
        folder: Path | None = None,
        contracts: Path | None = None,
        route: Route | None = None,
        rates: Rates | None = None,
    ) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self.workspace = workspace
        self.secrets = secrets
        self.now = now
        self.contracts = Contracts(contracts)
        self.rates = rates or Rates()
        self.base_url = "http://127.0.0.1"
        journal = Journal(folder / "world.jsonl" if folder else None)
        self.ledger = Ledger(now, folder / "ledger.jsonl" if folder else None)
        self.rooms = Rooms(workspace, journal)
        self.messages = Messages(journal, now)
        self.forms = Forms(journal, now)
        self.triggers = Triggers(now)
        self.response_urls = ResponseUrls(journal, now)
        self.limiter = Limiter(now)
        self.faults = Faults(now)
        self.stream = Stream()
        self.links = Links()
        self.groups: dict[str, tuple[str, ...]] = {}
        self.read_marks: dict[tuple[str, str], str] = {}
        self.started = self.messages.next_ts()
        self.courier = Courier(
            workspace=workspace,
            signing_secret=secrets.signing_secret,
            verification_token=secrets.verification_token,
            now=now,
            route=route or Route(),
            links=self.links,
            faults=self.faults,
            ledger=self.ledger,
            contracts=self.contracts,
        )

    @classmethod
    def sample(
        cls,
        *,
        secrets: Secrets | None = None,
        now: Callable[[], datetime] = clock.now,
        folder: Path | None = None,
        contracts: Path | None = None,
        route: Route | None = None,
        rates: Rates | None = None,
        subscriptions: frozenset[str] = frozenset(),
    ) -> SlackWorld:
        """The sandbox's workspace: Claranet, with Acme's and Globex's channels."""
        given = sample_workspace()
        return cls(
            given.model_copy(update={"subscriptions": subscriptions}),
            secrets=secrets or Secrets(),
            now=now,
            folder=folder,
            contracts=contracts,
            route=route,
            rates=rates,
        )

    async def aclose(self) -> None:
        """End streams and sockets, and wait for deliveries under way."""
        self.stream.close()
        await self.links.close()
        await self.courier.aclose()

    def announce(self, event: MessageEvent, message: Message) -> None:
        """Tell the pages of everyone who may see a message what became of it."""
        channel = self.rooms.find(message.channel)
        viewers = [message.seen_by] if message.seen_by else channel.members
        replies = self.messages.replies(message.channel, message.ts)
        shape = page_shape(message, replies, self.workspace)
        self.stream.tell(viewers, event, {"channel": channel.id, "message": shape})

    def publish(self, message: Message) -> Message:
        """Store a new message and tell pages of it, and of its parent's new count."""
        self.messages.put(message)
        self.announce("message", message)
        self._announce_parent(message)
        return message

    def amend(self, message: Message) -> Message:
        """Store a new version of a message and tell pages."""
        self.messages.put(message)
        self.announce("message_changed", message)
        return message

    def remove(self, message: Message) -> None:
        """Delete a message and tell pages."""
        self.messages.drop(message)
        self.announce("message_deleted", message)
        self._announce_parent(message)

    def _announce_parent(self, message: Message) -> None:
        if message.is_reply and not message.ephemeral:
            parent = self.messages.find(message.channel, message.thread_ts)
            if parent is not None:
                self.announce("message_changed", parent)

    def show(self, form: Form, op: ViewOp) -> None:
        """Tell the person's pages that a view opened, changed or closed."""
        data: Json = {"view": view_shape(form, self.workspace), "op": op}
        self.stream.tell([form.user], "view", data)

    def notice(self, user: str, channel: str, text: str, *, level: Level) -> None:
        """Tell one person something, as Slack itself does in grey or red."""
        data: Json = {"channel": channel, "level": level, "text": text}
        self.stream.tell([user], "notice", data)

    def url_of(self, handle: ResponseUrl) -> str:
        """The response URL as the app gets it."""
        path = f"{handle.family}/{self.workspace.team_id}/{handle.key}"
        return f"{self.base_url}/{path}"

    def unread(self, channel: Channel, user: str) -> int:
        """How many messages of others this person has not been shown."""
        since = self.read_marks.get((user, channel.id), self.started)
        return sum(
            m.ts > since and m.user != user
            for m in self.messages.top(channel.id, reader=user)
        )

    def mark_read(self, channel: Channel, user: str) -> None:
        self.read_marks[user, channel.id] = self.messages.next_ts()
