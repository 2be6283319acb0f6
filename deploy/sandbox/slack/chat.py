"""
The chat methods: what the app may write, change and take back.

Errors and limits: docs.slack.dev/reference/methods (chat.*).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploy.sandbox.slack.blocks import message_faults, with_ids
from deploy.sandbox.slack.messages import Message, Reaction
from deploy.sandbox.slack.refusal import SlackRefusal
from deploy.sandbox.slack.shapes import message_shape

if TYPE_CHECKING:
    from deploy.sandbox.slack.arguments import Arguments
    from deploy.sandbox.slack.state import SlackWorld
    from deploy.sandbox.slack.workspace import Json

POST_TEXT = 40_000
UPDATE_TEXT = 4_000
_ATTACHMENTS = 100
_METADATA_KEYS = {"event_type", "event_payload", "entities"}


def checked_blocks(world: SlackWorld, blocks: list[Any]) -> tuple[Json, ...]:
    """The blocks with all ids given, or `invalid_blocks` with what is wrong."""
    faults = message_faults(blocks, world.contracts)
    if faults:
        said = [f"[ERROR] {fault}" for fault in faults]
        raise SlackRefusal("invalid_blocks", messages=said)
    return tuple(with_ids(blocks))


def checked_text(text: str, *, most: int, alone: bool) -> str:
    """The text, unless it is too long, or empty with nothing beside it."""
    if len(text) > most:
        raise SlackRefusal("msg_too_long")
    if alone and not text.strip():
        raise SlackRefusal("no_text")
    return text


def _metadata(args: Arguments) -> Json | None:
    metadata = args.object("metadata")
    if not metadata:
        return None
    if (
        not set(metadata) <= _METADATA_KEYS
        or not isinstance(metadata.get("event_type"), str)
        or not isinstance(metadata.get("event_payload"), dict)
    ):
        raise SlackRefusal("invalid_metadata_format")
    return metadata


def _content(world: SlackWorld, args: Arguments) -> dict[str, Any]:
    blocks, attachments = args.listed("blocks"), args.listed("attachments")
    if len(attachments) > _ATTACHMENTS:
        raise SlackRefusal("too_many_attachments")
    alone = not blocks and not attachments
    text = checked_text(args.optional("text"), most=POST_TEXT, alone=alone)
    return {
        "text": text,
        "blocks": checked_blocks(world, blocks),
        "attachments": tuple(attachments),
    }


async def post_message(world: SlackWorld, args: Arguments) -> Json:
    """chat.postMessage: a new message, in a thread when `thread_ts` says so."""
    bot = world.workspace.app.bot_user
    channel = world.rooms.writable(args.text("channel"), bot)
    thread = world.messages.thread_for(channel.id, args.optional("thread_ts"))
    message = Message(
        channel=channel.id,
        ts=world.messages.next_ts(),
        user=bot,
        thread_ts=thread,
        broadcast=bool(thread) and args.flag("reply_broadcast"),
        metadata=_metadata(args),
        **_content(world, args),
    )
    world.publish(message)
    shape = message_shape(message, world.workspace)
    return {"channel": channel.id, "ts": message.ts, "message": shape}


async def post_ephemeral(world: SlackWorld, args: Arguments) -> Json:
    """chat.postEphemeral: a message that one member of the channel sees."""
    bot = world.workspace.app.bot_user
    channel = world.rooms.writable(args.text("channel"), bot)
    user = args.text("user")
    if user not in channel.members or world.rooms.is_deactivated(user):
        raise SlackRefusal("user_not_in_channel")
    message = Message(
        channel=channel.id,
        ts=world.messages.next_ts(),
        user=bot,
        thread_ts=world.messages.thread_for(channel.id, args.optional("thread_ts")),
        seen_by=user,
        **_content(world, args),
    )
    world.publish(message)
    return {"message_ts": message.ts}


def own_message(world: SlackWorld, args: Arguments, *, refusal: str) -> Message:
    """The message the call names, which must be the app's own."""
    bot = world.workspace.app.bot_user
    channel = world.rooms.find(args.text("channel"))
    if channel.id != args.text("channel"):
        # A person's id works for posting only; changing wants the DM's own id.
        raise SlackRefusal("channel_not_found")
    message = world.messages.get(channel.id, args.text("ts"))
    if message.user != bot:
        raise SlackRefusal(refusal)
    if world.rooms.is_archived(channel.id):
        raise SlackRefusal("is_inactive")
    return message


async def update(world: SlackWorld, args: Arguments) -> Json:
    """chat.update: what is not given stays; an empty list or object takes it away."""
    message = own_message(world, args, refusal="cant_update_message")
    change: dict[str, Any] = {"edited": world.messages.next_ts()}
    if args.given("text"):
        change["text"] = checked_text(
            args.optional("text"), most=UPDATE_TEXT, alone=False
        )
    if args.given("blocks"):
        change["blocks"] = checked_blocks(world, args.listed("blocks"))
    if args.given("attachments"):
        change["attachments"] = tuple(args.listed("attachments"))
    if args.given("metadata"):
        change["metadata"] = _metadata(args)
    changed = message.model_copy(update=change)
    if not (changed.text.strip() or changed.blocks or changed.attachments):
        raise SlackRefusal("no_text")
    world.amend(changed)
    shape = message_shape(changed, world.workspace)
    shape.pop("ts")
    return {
        "channel": changed.channel,
        "ts": changed.ts,
        "text": changed.text,
        "message": shape,
    }


async def delete(world: SlackWorld, args: Arguments) -> Json:
    """chat.delete: take one of the app's own messages away."""
    message = own_message(world, args, refusal="cant_delete_message")
    world.remove(message)
    return {"channel": message.channel, "ts": message.ts}


async def permalink(world: SlackWorld, args: Arguments) -> Json:
    """chat.getPermalink: a link to the message, on this stand-in's own page."""
    channel = world.rooms.find(args.text("channel"))
    message = world.messages.get(channel.id, args.text("message_ts"))
    link = f"{world.base_url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


async def react(world: SlackWorld, args: Arguments) -> Json:
    """reactions.add: the app's emoji on a message."""
    bot = world.workspace.app.bot_user
    channel = world.rooms.readable(args.text("channel"), bot)
    message = world.messages.get(channel.id, args.text("timestamp"))
    name = args.text("name")
    before = {r.name: r.users for r in message.reactions}
    if bot in before.get(name, ()):
        raise SlackRefusal("already_reacted")
    before[name] = (*before.get(name, ()), bot)
    reactions = tuple(Reaction(name=n, users=u) for n, u in before.items())
    world.amend(message.model_copy(update={"reactions": reactions}))
    return {}
