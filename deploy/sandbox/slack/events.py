"""
The Events API: what happened, told to the app if it subscribed, and told again.

Slack retries at once, after a minute and after five. Source:
docs.slack.dev/apis/events-api#retries.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from deploy.sandbox.slack.courier import Parcel
from deploy.sandbox.slack.shapes import message_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy.sandbox.slack.messages import Message
    from deploy.sandbox.slack.state import SlackWorld
    from deploy.sandbox.slack.workspace import Json

RETRY_SECONDS = (0.0, 60.0, 300.0)
_REASONS = {
    "operation_timeout": "http_timeout",
    "dispatch_failed": "http_error",
}


async def verify_url(world: SlackWorld) -> bool:
    """Ask the request URL to repeat a challenge, as Slack does when it is set."""
    challenge = secrets.token_urlsafe(24)
    payload: Json = {"type": "url_verification", "challenge": challenge}
    parcel = Parcel(family="events_api", name="url_verification", payload=payload)
    answer = await world.courier.send(parcel)
    said = answer.body
    if isinstance(said, dict):
        said = said.get("challenge")
    return answer.ok and said == challenge


def message_posted(world: SlackWorld, message: Message) -> None:
    """Tell the app of a person's message, if it subscribed and is in the channel."""
    room = world.rooms.find(message.channel)
    kind = "im" if room.is_im else "channel"
    wanted = {"message", f"message.{kind}s" if kind == "channel" else "message.im"}
    bot = world.workspace.app.bot_user
    if not wanted & world.workspace.subscriptions or bot not in room.members:
        return
    event: Json = {
        **message_shape(message, world.workspace),
        "channel": room.id,
        "channel_type": kind,
        "event_ts": message.ts,
    }
    publish(world, event)


def home_opened(world: SlackWorld, user: str) -> None:
    """A person opened the app's home tab."""
    person = world.rooms.active(user)
    if "app_home_opened" not in world.workspace.subscriptions:
        return
    event: Json = {
        "type": "app_home_opened",
        "user": person.id,
        "channel": person.im,
        "tab": "home",
        "event_ts": world.messages.next_ts(),
    }
    publish(world, event)


def publish(
    world: SlackWorld, event: Json, *, waits: Sequence[float] = RETRY_SECONDS
) -> None:
    """Deliver an event in the background, with Slack's retries."""
    task = asyncio.create_task(_deliver(world, event, waits))
    world.courier.tasks.add(task)
    task.add_done_callback(world.courier.tasks.discard)


async def _deliver(world: SlackWorld, event: Json, waits: Sequence[float]) -> None:
    space = world.workspace
    payload: Json = {
        "team_id": space.team_id,
        "api_app_id": space.app.id,
        "event": event,
        "type": "event_callback",
        "event_id": "Ev0" + secrets.token_hex(4).upper(),
        "event_time": int(world.now().timestamp()),
        "is_ext_shared_channel": False,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": space.team_id,
                "user_id": space.app.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
    }
    reason = ""
    for retry, wait in enumerate((None, *waits)):
        await asyncio.sleep(wait or 0)
        answer = await world.courier.send(
            Parcel(
                family="events_api",
                name=str(event["type"]),
                payload=payload,
                user=str(event.get("user", "")),
                channel=str(event.get("channel", "")),
                retry=retry,
                retry_reason=reason,
            )
        )
        if answer.ok or answer.no_retry:
            return
        reason = _REASONS.get(answer.error, "unknown_error")
