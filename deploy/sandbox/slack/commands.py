"""
What a person types: ordinary messages and slash commands.

Source: docs.slack.dev/interactivity/implementing-slash-commands. Slack escapes `&`, `<`
and `>` in all text, and turns names and links into tokens where the manifest says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.sandbox.slack.courier import Answer, Parcel
from deploy.sandbox.slack.events import message_posted
from deploy.sandbox.slack.gestures import Outcome
from deploy.sandbox.slack.messages import Message
from deploy.sandbox.slack.refusal import SlackRefusal
from deploy.sandbox.slack.response_url import speak

if TYPE_CHECKING:
    from deploy.sandbox.slack.handles import ResponseUrl
    from deploy.sandbox.slack.state import SlackWorld
    from deploy.sandbox.slack.workspace import Channel, Json, Person, SlashCommand

_INVALID = "invalid_command_response"
_TOKEN = re.compile(r"(?<!\S)(https?://\S+|[@#][a-z0-9._-]+)", re.ASCII)


def escaped(text: str) -> str:
    """Escape text as Slack does before it hands it to an app."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def tokenised(world: SlackWorld, text: str) -> str:
    """Turn `@bob`, `#acme-ops` and links into Slack's tokens, in escaped text."""
    people = {f"@{p.name}": f"<@{p.id}|{p.name}>" for p in world.workspace.people}
    rooms = {f"#{c.name}": f"<#{c.id}|{c.name}>" for c in world.workspace.channels}
    known = {**people, **rooms}

    def token(found: re.Match[str]) -> str:
        word = found[0]
        return f"<{word}>" if word.startswith("http") else known.get(word, word)

    return _TOKEN.sub(token, text)


async def say(
    world: SlackWorld, *, user: str, channel: str, text: str, thread_ts: str = ""
) -> Message:
    """Post an ordinary message as a person."""
    person = world.rooms.active(user)
    room = world.rooms.writable(channel, person.id)
    if not text.strip():
        raise SlackRefusal("no_text")
    message = world.publish(
        Message(
            channel=room.id,
            ts=world.messages.next_ts(),
            user=person.id,
            text=tokenised(world, escaped(text)),
            thread_ts=world.messages.thread_for(room.id, thread_ts),
        )
    )
    world.mark_read(room, person.id)
    world.ledger.note(
        "person", "message", channel=room.id, user=person.id, ts=message.ts
    )
    message_posted(world, message)
    return message


@dataclass(frozen=True)
class _Typed:
    """A command line as it was typed, by whom and where."""

    person: Person
    room: Channel
    line: str

    @property
    def name(self) -> str:
        return self.line.partition(" ")[0]

    @property
    def text(self) -> str:
        return self.line.partition(" ")[2].strip()


async def command(
    world: SlackWorld, *, user: str, channel: str, line: str, thread_ts: str = ""
) -> Outcome:
    """Type a slash command; returns when the app acknowledged it, or failed to."""
    person = world.rooms.active(user)
    room = world.rooms.writable(channel, person.id)
    typed = _Typed(person, room, line.strip())
    known = world.workspace.command(typed.name)
    if known is None:
        said = f"{typed.name} is not a valid command"
        return _complain(world, typed, "unknown_command", said)
    if thread_ts:
        said = f"{typed.name} is not supported in threads. Sorry!"
        return _complain(world, typed, "not_supported_in_threads", said)
    handle = world.response_urls.issue("commands", user=person.id, channel=room.id)
    parcel = Parcel(
        family="slash_commands",
        name=typed.name,
        payload=_payload(world, typed, known, handle),
        contract="PSlash",
        user=person.id,
        channel=room.id,
    )
    answer = await world.courier.send(parcel)
    if not answer.ok:
        return _complain(world, typed, answer.error)
    return _shown(world, typed, handle, answer)


def _payload(
    world: SlackWorld, typed: _Typed, known: SlashCommand, handle: ResponseUrl
) -> Json:
    safe = escaped(typed.text)
    room = typed.room
    return {
        "team_id": world.workspace.team_id,
        "team_domain": world.workspace.team_domain,
        "channel_id": room.id,
        "channel_name": "directmessage" if room.is_im else room.name,
        "user_id": typed.person.id,
        "user_name": typed.person.name,
        "command": known.command,
        "text": tokenised(world, safe) if known.should_escape else safe,
        "api_app_id": world.workspace.app.id,
        "is_enterprise_install": "false",
        "response_url": world.url_of(handle),
        "trigger_id": world.triggers.issue(typed.person.id),
    }


def _complain(world: SlackWorld, typed: _Typed, error: str, said: str = "") -> Outcome:
    text = said or f'{typed.name} failed with the error "{error}"'
    user, channel = typed.person.id, typed.room.id
    world.notice(user, channel, text, level="error")
    world.ledger.note("person", typed.name, outcome=error, channel=channel, user=user)
    return Outcome(error=error)


def _shown(
    world: SlackWorld, typed: _Typed, handle: ResponseUrl, answer: Answer
) -> Outcome:
    """Show what the acknowledgement itself said, if anything."""
    body = answer.body
    if isinstance(body, str):
        body = {"text": body} if body.strip() else None
    if not body:
        return Outcome()
    if not isinstance(body, dict):
        return _complain(world, typed, _INVALID)
    if body.get("response_type") == "in_channel":
        _show_line(world, typed)
    try:
        if body.get("text") or body.get("blocks") or body.get("attachments"):
            speak(world, handle, body)
    except SlackRefusal:
        return _complain(world, typed, _INVALID)
    return Outcome()


def _show_line(world: SlackWorld, typed: _Typed) -> None:
    """Show everyone the command itself, as Slack does before a public answer."""
    world.publish(
        Message(
            channel=typed.room.id,
            ts=world.messages.next_ts(),
            user=typed.person.id,
            text=escaped(typed.line),
        )
    )
