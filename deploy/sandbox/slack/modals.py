"""
What a person does with a form: submit it, or close it.

Source: docs.slack.dev/surfaces/modals. An input left empty is refused before the app
hears of it, as Slack's own client does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.sandbox.slack.actions import filled, own_form
from deploy.sandbox.slack.courier import Parcel
from deploy.sandbox.slack.gestures import Outcome, team_part, tell_failure
from deploy.sandbox.slack.refusal import SlackRefusal
from deploy.sandbox.slack.shapes import view_shape
from deploy.sandbox.slack.views import checked_view

if TYPE_CHECKING:
    from deploy.sandbox.slack.forms import Form
    from deploy.sandbox.slack.state import SlackWorld
    from deploy.sandbox.slack.workspace import Json, Person

_MISSING = "Please complete this required field."
_TROUBLE = "invalid_response_action"


async def submit(
    world: SlackWorld, *, user: str, view_id: str, values: Json
) -> Outcome:
    """Submit a form; `errors` says what the person must correct."""
    person = world.rooms.active(user)
    form = own_form(world, person, view_id)
    state = filled(form.blocks, values)
    errors = _left_empty(form, state)
    if errors:
        return Outcome(errors=errors)
    answer = await world.courier.send(_submission(world, person, form, state))
    if not answer.ok:
        return tell_failure(world, user=person.id, channel="", error=answer.error)
    body = answer.body if isinstance(answer.body, dict) else {}
    try:
        return _respond(world, form, body)
    except SlackRefusal:
        return tell_failure(world, user=person.id, channel="", error=_TROUBLE)


def _submission(world: SlackWorld, person: Person, form: Form, state: Json) -> Parcel:
    payload: Json = {
        "type": "view_submission",
        **_form_part(world, person),
        "trigger_id": world.triggers.issue(person.id, view=form.id),
        "view": view_shape(form, world.workspace, state),
        "response_urls": [],
    }
    return Parcel(
        family="interactive",
        name="view_submission",
        payload=payload,
        contract="PSubmit",
        user=person.id,
        ts=form.id,
    )


def _form_part(world: SlackWorld, person: Person) -> Json:
    """What a form's payload says of the person: here `username` is no field."""
    part = team_part(world, user=person)
    user = {k: v for k, v in part["user"].items() if k != "username"}
    return {**part, "user": user}


def _left_empty(form: Form, state: Json) -> dict[str, str]:
    errors: dict[str, str] = {}
    for block in form.blocks:
        if block.get("type") != "input":
            continue
        name = str(block["block_id"])
        element = block["element"]
        entry = state[name][element["action_id"]]
        value = next((v for k, v in entry.items() if k != "type"), None)
        empty = value in (None, "", [])
        if empty and not block.get("optional"):
            errors[name] = _MISSING
        elif isinstance(value, str):
            least = element.get("min_length", 0)
            most = element.get("max_length", 3000)
            if len(value) < least:
                errors[name] = f"Please use at least {least} characters."
            elif len(value) > most:
                errors[name] = f"Please use no more than {most} characters."
    return errors


def _respond(world: SlackWorld, form: Form, body: Json) -> Outcome:
    """Do what the app's answer to a submission says."""
    said = body.get("response_action")
    if said is None:
        _close(world, form)
    elif said == "clear":
        clear(world, form.user)
    elif said == "errors":
        return _rejected(form, body.get("errors"))
    elif said == "update":
        content = checked_view(world, body.get("view"))
        world.show(world.forms.update(form, content), "update")
    elif said == "push":
        content = checked_view(world, body.get("view"))
        world.show(world.forms.push(form.user, content, onto=form.id), "push")
    else:
        raise SlackRefusal(_TROUBLE)
    return Outcome()


def _rejected(form: Form, errors: object) -> Outcome:
    inputs = {b["block_id"] for b in form.blocks if b.get("type") == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise SlackRefusal(_TROUBLE)
    return Outcome(errors={str(k): str(v) for k, v in errors.items()})


def _close(world: SlackWorld, form: Form) -> None:
    world.forms.close(form)
    world.show(form, "close")


def clear(world: SlackWorld, user: str) -> None:
    """Close every view a person has open, the top one first."""
    for form in reversed(world.forms.stack(user)):
        _close(world, form)


async def close(
    world: SlackWorld, *, user: str, view_id: str, whole_stack: bool = False
) -> Outcome:
    """Close a form without submitting it; the app hears of it if it asked to."""
    person = world.rooms.active(user)
    form = own_form(world, person, view_id)
    whole_stack = whole_stack or bool(form.content.get("clear_on_close"))
    closed = world.forms.stack(person.id) if whole_stack else [form]
    for each in reversed(closed):
        _close(world, each)
    for each in reversed(closed):
        if each.content.get("notify_on_close"):
            await _tell_closed(world, person, each, cleared=whole_stack)
    return Outcome()


async def _tell_closed(
    world: SlackWorld, person: Person, form: Form, *, cleared: bool
) -> None:
    payload: Json = {
        "type": "view_closed",
        **_form_part(world, person),
        "view": view_shape(form, world.workspace),
        "is_cleared": cleared,
    }
    parcel = Parcel(
        family="interactive",
        name="view_closed",
        payload=payload,
        contract="PClosed",
        user=person.id,
        ts=form.id,
    )
    await world.courier.send(parcel)
