"""
The views methods: modals the app opens, pushes and updates.

Errors and limits: docs.slack.dev/reference/methods (views.*).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from deploy.sandbox.slack.blocks import view_faults, with_ids
from deploy.sandbox.slack.refusal import SlackRefusal
from deploy.sandbox.slack.shapes import view_shape

if TYPE_CHECKING:
    from deploy.sandbox.slack.arguments import Arguments
    from deploy.sandbox.slack.state import SlackWorld
    from deploy.sandbox.slack.workspace import Json

_VIEW_BYTES = 250_000


def checked_view(world: SlackWorld, view: object) -> Json:
    """The view with all ids given, or `invalid_arguments` with what is wrong."""
    if not isinstance(view, dict) or not view:
        missing = "[ERROR] missing required field: view"
        raise SlackRefusal("invalid_arguments", messages=[missing])
    if len(json.dumps(view)) > _VIEW_BYTES:
        raise SlackRefusal("view_too_large")
    faults = view_faults(view, world.contracts)
    if faults:
        said = [f"[ERROR] {fault}" for fault in faults]
        raise SlackRefusal("invalid_arguments", messages=said)
    return {**view, "blocks": with_ids(view["blocks"])}


async def open_view(world: SlackWorld, args: Arguments) -> Json:
    """views.open: a modal before the person whose gesture gave the trigger id."""
    content = checked_view(world, args.object("view"))
    user, _ = world.triggers.exchange(args.text("trigger_id"))
    form = world.forms.open(user, content)
    world.show(form, "open")
    return {"view": view_shape(form, world.workspace)}


async def push_view(world: SlackWorld, args: Arguments) -> Json:
    """views.push: a view on top of the one in which the gesture was made."""
    content = checked_view(world, args.object("view"))
    user, within = world.triggers.exchange(args.text("trigger_id"))
    form = world.forms.push(user, content, onto=within)
    world.show(form, "push")
    return {"view": view_shape(form, world.workspace)}


async def update_view(world: SlackWorld, args: Arguments) -> Json:
    """views.update: what an open view shows, guarded by its hash when one is given."""
    content = checked_view(world, args.object("view"))
    form = world.forms.find(
        view_id=args.optional("view_id"), external_id=args.optional("external_id")
    )
    changed = world.forms.update(form, content, wanted=args.optional("hash"))
    world.show(changed, "update")
    return {"view": view_shape(changed, world.workspace)}
