"""
Every message, in order, by channel: kept over a restart, numbered by time.

A `ts` is Slack's: seconds and microseconds, unique, and rising in the whole world.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from deploy.sandbox.slack.refusal import SlackRefusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deploy.sandbox.slack.journal import Journal


class Reaction(BaseModel):
    """An emoji and who gave it."""

    model_config = ConfigDict(frozen=True)

    name: str
    users: tuple[str, ...]


class Message(BaseModel):
    """One message. `seen_by` is the only reader of an ephemeral one, else empty."""

    model_config = ConfigDict(frozen=True)

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: tuple[dict[str, Any], ...] = ()
    attachments: tuple[dict[str, Any], ...] = ()
    metadata: dict[str, Any] | None = None
    thread_ts: str = ""
    broadcast: bool = False
    edited: str = ""
    seen_by: str = ""
    reactions: tuple[Reaction, ...] = ()

    @property
    def ephemeral(self) -> bool:
        return bool(self.seen_by)

    @property
    def is_reply(self) -> bool:
        return bool(self.thread_ts) and self.thread_ts != self.ts

    def visible_to(self, user: str) -> bool:
        return self.seen_by in {"", user}


class Messages:
    """The store. Slack's rules on who may write what are the callers'."""

    def __init__(self, journal: Journal, now: Callable[[], datetime]) -> None:
        self._journal = journal
        self._now = now
        self._channels: dict[str, dict[str, Message]] = {}
        self._threads: dict[tuple[str, str], dict[str, Message]] = {}
        self._last = 0
        for row in sorted(journal.loaded("message"), key=lambda r: str(r["ts"])):
            message = Message.model_validate(row)
            self._keep(message)
            self._last = max(self._last, _micros(message.ts))

    def _keep(self, message: Message) -> None:
        self._channels.setdefault(message.channel, {})[message.ts] = message
        if message.is_reply:
            thread = (message.channel, message.thread_ts)
            self._threads.setdefault(thread, {})[message.ts] = message

    def next_ts(self) -> str:
        """The time now, moved on just enough to be unique."""
        now = int(self._now().timestamp() * 1_000_000)
        self._last = max(now, self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def put(self, message: Message) -> Message:
        """Store a new message, or a new version of one."""
        name = f"{message.channel}/{message.ts}"
        self._journal.put("message", name, message.model_dump(mode="json"))
        self._keep(message)
        return message

    def drop(self, message: Message) -> None:
        self._journal.drop("message", f"{message.channel}/{message.ts}")
        self._channels[message.channel].pop(message.ts, None)
        thread = self._threads.get((message.channel, message.thread_ts), {})
        thread.pop(message.ts, None)

    def find(self, channel: str, ts: str) -> Message | None:
        return self._channels.get(channel, {}).get(ts)

    def get(self, channel: str, ts: str) -> Message:
        """The public message of this `ts`; ephemeral ones cannot be addressed."""
        message = self.find(channel, ts)
        if message is None or message.ephemeral:
            raise SlackRefusal("message_not_found")
        return message

    def all(self, channel: str) -> list[Message]:
        """Every message of a channel, replies and ephemerals too, oldest first."""
        return list(self._channels.get(channel, {}).values())

    def top(self, channel: str, *, reader: str = "") -> list[Message]:
        """What the channel itself shows, oldest first, to one reader or to the app."""
        return [
            m
            for m in self.all(channel)
            if (not m.is_reply or m.broadcast)
            and (not m.ephemeral or m.seen_by == reader)
        ]

    def replies(self, channel: str, ts: str, *, reader: str = "") -> list[Message]:
        """The replies under a message, oldest first."""
        return [
            m
            for m in self._threads.get((channel, ts), {}).values()
            if not m.ephemeral or m.seen_by == reader
        ]

    def thread_for(self, channel: str, thread_ts: str) -> str:
        """Check that a thread can be answered there, and give its `ts` back."""
        if not thread_ts:
            return ""
        parent = self.find(channel, thread_ts)
        if parent is None:
            raise SlackRefusal("thread_not_found")
        if parent.is_reply or parent.ephemeral:
            raise SlackRefusal("cannot_reply_to_message")
        return thread_ts


def _micros(ts: str) -> int:
    seconds, _, rest = ts.partition(".")
    return int(seconds) * 1_000_000 + int(rest or 0)
