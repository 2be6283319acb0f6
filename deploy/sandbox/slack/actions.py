"""
What a person clicks in a message or a modal: `block_actions`, `block_suggestion`.

Source: docs.slack.dev/reference/interaction-payloads. One detail differs: a button's
`style` is left out of the action, since the recorded contract does not know it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.sandbox.slack.blocks import elements_of, option_faults
from deploy.sandbox.slack.courier import Parcel
from deploy.sandbox.slack.elements import action_of, find, state_of
from deploy.sandbox.slack.gestures import (
    Outcome,
    channel_part,
    team_part,
    tell_failure,
)
from deploy.sandbox.slack.refusal import SlackRefusal
from deploy.sandbox.slack.shapes import message_shape, view_shape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deploy.sandbox.slack.forms import Form
    from deploy.sandbox.slack.messages import Message
    from deploy.sandbox.slack.state import SlackWorld
    from deploy.sandbox.slack.workspace import Channel, Json, Person


@dataclass(frozen=True)
class Click:
    """What was done: to which element, and what the page says was chosen."""

    block_id: str
    action_id: str
    did: Json


def seen_message(
    world: SlackWorld, person: Person, channel: str, ts: str
) -> tuple[Channel, Message]:
    """The message as this person sees it; `message_not_found` when they do not."""
    room = world.rooms.readable(channel, person.id)
    message = world.messages.find(room.id, ts)
    if message is None or not message.visible_to(person.id):
        raise SlackRefusal("message_not_found")
    return room, message


def own_form(world: SlackWorld, person: Person, view_id: str) -> Form:
    """The open view, if it is this person's."""
    form = world.forms.find(view_id=view_id)
    if form.user != person.id:
        raise SlackRefusal("not_found")
    return form


def filled(blocks: Iterable[Json], values: Json, *, inputs_only: bool = False) -> Json:
    """The `state.values` of these blocks: what was filled in, for what exists."""
    state: Json = {}
    for block in blocks:
        if inputs_only and block.get("type") != "input":
            continue
        name = str(block.get("block_id"))
        given = values.get(name)
        for element in elements_of(block):
            if element.get("type") in {"button", "overflow"}:
                continue
            action_id = str(element["action_id"])
            did = given.get(action_id) if isinstance(given, dict) else None
            state.setdefault(name, {})[action_id] = state_of(
                element, did if isinstance(did, dict) else None
            )
    return state


async def click(
    world: SlackWorld,
    *,
    user: str,
    channel: str,
    ts: str,
    action: Click,
    values: Json | None = None,
) -> Outcome:
    """Work an element of a message; returns when the app acknowledged it."""
    person = world.rooms.active(user)
    room, message = seen_message(world, person, channel, ts)
    element = find(message.blocks, action.block_id, action.action_id)
    handle = world.response_urls.issue(
        "actions",
        user=person.id,
        channel=room.id,
        thread_ts=message.thread_ts if message.is_reply else "",
        original=message.ts,
    )
    payload: Json = {
        "type": "block_actions",
        **team_part(world, user=person),
        "container": _container(message),
        "trigger_id": world.triggers.issue(person.id),
        "channel": channel_part(room),
        "message": message_shape(message, world.workspace),
        "state": {"values": filled(message.blocks, values or {})},
        "response_url": world.url_of(handle),
        "actions": [_action(world, element, action)],
    }
    if message.ephemeral:
        # Slack tells an app no more of an ephemeral message than where it was.
        payload.pop("message")
    parcel = Parcel(
        family="interactive",
        name="block_actions",
        payload=payload,
        contract="PBlock",
        user=person.id,
        channel=room.id,
        ts=message.ts,
    )
    return await _send(world, parcel)


def _container(message: Message) -> Json:
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.ephemeral,
    }
    if message.is_reply:
        container["thread_ts"] = message.thread_ts
    return container


def _action(world: SlackWorld, element: Json, action: Click) -> Json:
    ts = world.messages.next_ts()
    return action_of(element, block_id=action.block_id, did=action.did, ts=ts)


async def click_in_view(
    world: SlackWorld,
    *,
    user: str,
    view_id: str,
    action: Click,
    values: Json | None = None,
) -> Outcome:
    """Work an element of an open modal; returns when the app acknowledged it."""
    person = world.rooms.active(user)
    form = own_form(world, person, view_id)
    element = find(form.blocks, action.block_id, action.action_id)
    state = filled(form.blocks, values or {})
    payload: Json = {
        "type": "block_actions",
        **team_part(world, user=person),
        "container": {"type": "view", "view_id": form.id},
        "trigger_id": world.triggers.issue(person.id, view=form.id),
        "view": view_shape(form, world.workspace, state),
        "actions": [_action(world, element, action)],
    }
    parcel = Parcel(
        family="interactive",
        name="block_actions",
        payload=payload,
        contract="PBlock",
        user=person.id,
        ts=form.id,
    )
    return await _send(world, parcel)


async def _send(world: SlackWorld, parcel: Parcel) -> Outcome:
    answer = await world.courier.send(parcel)
    if answer.ok:
        return Outcome()
    return tell_failure(
        world, user=parcel.user, channel=parcel.channel, error=answer.error
    )


async def suggest(
    world: SlackWorld,
    *,
    user: str,
    action: Click,
    typed: str,
    view_id: str = "",
    channel: str = "",
    ts: str = "",
) -> Json:
    """Ask the app for a menu's options: `{options}` or `{option_groups}`."""
    person = world.rooms.active(user)
    if view_id:
        form = own_form(world, person, view_id)
        find(form.blocks, action.block_id, action.action_id)
        where: Json = {
            "container": {"type": "view", "view_id": form.id},
            "view": view_shape(form, world.workspace),
        }
    else:
        room, message = seen_message(world, person, channel, ts)
        find(message.blocks, action.block_id, action.action_id)
        where = {"container": _container(message), "channel": channel_part(room)}
    payload: Json = {
        "type": "block_suggestion",
        **_plain_user(team_part(world, user=person)),
        **where,
        "action_id": action.action_id,
        "block_id": action.block_id,
        "value": typed,
    }
    parcel = Parcel(
        family="interactive",
        name="block_suggestion",
        payload=payload,
        contract="PSuggest",
        user=person.id,
        channel=channel,
    )
    answer = await world.courier.send(parcel)
    return _offered(answer.body) if answer.ok else {"options": []}


def _plain_user(part: Json) -> Json:
    """The same without `username`, which only block_actions carries."""
    user = {k: v for k, v in part["user"].items() if k != "username"}
    return {**part, "user": user}


def _offered(body: object) -> Json:
    if not isinstance(body, dict):
        return {"options": []}
    groups = body.get("option_groups")
    if isinstance(groups, list):
        fine = [
            g
            for g in groups
            if isinstance(g, dict) and not option_faults(g.get("options"))
        ]
        return {"options": [], "option_groups": fine}
    options = body.get("options")
    if option_faults(options):
        return {"options": []}
    return {"options": options}
