"""
The methods that read: conversations, people, and who the token is.

Errors and limits: docs.slack.dev/reference/methods (conversations.*, users.info,
usergroups.users.list).
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from deploy.sandbox.slack.refusal import SlackRefusal
from deploy.sandbox.slack.shapes import (
    bot_shape,
    channel_shape,
    history_shape,
    user_shape,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy.sandbox.slack.arguments import Arguments
    from deploy.sandbox.slack.messages import Message
    from deploy.sandbox.slack.state import SlackWorld
    from deploy.sandbox.slack.workspace import Json

_PAGE = 100
_MOST = 999


async def auth_test(world: SlackWorld, args: Arguments) -> Json:
    """auth.test: whose token this is."""
    del args
    space = world.workspace
    return {
        "url": f"{world.base_url}/",
        "team": space.team_name,
        "user": space.app.name,
        "team_id": space.team_id,
        "user_id": space.app.bot_user,
        "bot_id": space.app.bot_id,
        "is_enterprise_install": False,
    }


async def connections_open(world: SlackWorld, args: Arguments) -> Json:
    """apps.connections.open: where to open one Socket Mode connection, soon."""
    del args
    base = world.base_url.replace("http", "ws", 1)
    ticket = world.links.ticket()
    return {"url": f"{base}/link/?ticket={ticket}&app_id={world.workspace.app.id}"}


async def history(world: SlackWorld, args: Arguments) -> Json:
    """conversations.history: a channel's messages, newest first, a page at a time."""
    bot = world.workspace.app.bot_user
    channel = world.rooms.readable(args.text("channel"), bot)
    found = _window(world.messages.top(channel.id), args)
    found.reverse()
    page, more, cursor = _page(found, args)
    answer: Json = {
        "messages": [_shape(world, args, m) for m in page],
        "has_more": more,
        "pin_count": 0,
    }
    return answer | cursor


async def replies(world: SlackWorld, args: Arguments) -> Json:
    """conversations.replies: a message and its replies, oldest first."""
    bot = world.workspace.app.bot_user
    channel = world.rooms.readable(args.text("channel"), bot)
    asked = world.messages.find(channel.id, args.optional("ts"))
    if asked is None or asked.ephemeral:
        raise SlackRefusal("thread_not_found")
    parent = asked
    if asked.is_reply:
        parent = world.messages.find(channel.id, asked.thread_ts) or asked
    found = _window(world.messages.replies(channel.id, parent.ts), args)
    page, more, cursor = _page(found, args)
    shapes = [_shape(world, args, m) for m in (parent, *page)]
    return {"messages": shapes, "has_more": more} | cursor


def _shape(world: SlackWorld, args: Arguments, message: Message) -> Json:
    return history_shape(
        message,
        world.messages.replies(message.channel, message.ts),
        world.workspace,
        with_metadata=args.flag("include_all_metadata"),
    )


def _window(messages: Sequence[Message], args: Arguments) -> list[Message]:
    """Keep what lies between `oldest` and `latest`; both ends only if inclusive."""
    oldest, latest = args.moment("oldest"), args.moment("latest")
    ends = args.flag("inclusive")

    def inside(ts: float) -> bool:
        after = not oldest or ts > float(oldest) or (ends and ts == float(oldest))
        before = not latest or ts < float(latest) or (ends and ts == float(latest))
        return after and before

    return [m for m in messages if inside(float(m.ts))]


def _page(found: list[Message], args: Arguments) -> tuple[list[Message], bool, Json]:
    limit = args.number("limit", _PAGE, most=_MOST)
    start = _start(found, args.optional("cursor"))
    page = found[start : start + limit]
    rest = found[start + limit :]
    if not rest:
        return page, False, {}
    cursor = base64.b64encode(f"next_ts:{rest[0].ts}".encode()).decode()
    return page, True, {"response_metadata": {"next_cursor": cursor}}


def _start(found: list[Message], cursor: str) -> int:
    if not cursor:
        return 0
    try:
        kind, _, ts = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise SlackRefusal("invalid_cursor") from error
    if kind != "next_ts":
        raise SlackRefusal("invalid_cursor")
    return next((at for at, m in enumerate(found) if m.ts == ts), len(found))


async def open_im(world: SlackWorld, args: Arguments) -> Json:
    """conversations.open: the direct messages with one person."""
    users = [u for u in args.optional("users").split(",") if u]
    if args.optional("channel"):
        return {"channel": {"id": world.rooms.find(args.text("channel")).id}}
    if not users:
        raise SlackRefusal("users_list_not_supplied")
    if len(users) > 1:
        # Group messages are outside this stand-in; Slack would open one.
        raise SlackRefusal("method_not_supported_for_channel_type")
    if users == [world.workspace.app.bot_user]:
        raise SlackRefusal("cannot_dm_bot")
    person = world.rooms.active(users[0])
    return {"channel": {"id": person.im}, "no_op": True, "already_open": True}


async def members(world: SlackWorld, args: Arguments) -> Json:
    """conversations.members: who is in the channel, the app included."""
    bot = world.workspace.app.bot_user
    channel = world.rooms.readable(args.text("channel"), bot)
    inside = [m for m in channel.members if not world.rooms.is_deactivated(m)]
    return {"members": inside, "response_metadata": {"next_cursor": ""}}


async def info(world: SlackWorld, args: Arguments) -> Json:
    """conversations.info: what the channel is, whether or not the app is in it."""
    channel = world.rooms.find(args.text("channel"))
    archived = world.rooms.is_archived(channel.id)
    return {"channel": channel_shape(channel, world.workspace, archived=archived)}


async def group_users(world: SlackWorld, args: Arguments) -> Json:
    """usergroups.users.list: the users of a group, which a test or a page fills."""
    users = world.groups.get(args.text("usergroup"))
    if users is None:
        raise SlackRefusal("no_such_subteam")
    return {"users": list(users)}


async def user_info(world: SlackWorld, args: Arguments) -> Json:
    """users.info: who a user is, and whether they were deactivated."""
    user = args.text("user")
    if user == world.workspace.app.bot_user:
        return {"user": bot_shape(world.workspace)}
    person = world.workspace.person(user)
    if person is None:
        raise SlackRefusal("user_not_found")
    gone = world.rooms.is_deactivated(user)
    return {"user": user_shape(person, world.workspace, deleted=gone)}
