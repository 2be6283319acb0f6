"""
What a person can do with an element, and how Slack writes down what they did.

The app's own words (a button's value, an option's text) are taken from the stored
blocks, never from the page: a person cannot send what was not on the screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploy.sandbox.slack.blocks import elements_of
from deploy.sandbox.slack.refusal import SlackRefusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deploy.sandbox.slack.workspace import Json

_ONE = {
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
}
_MANY = {
    "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
}
_OPTION = {"static_select", "overflow", "radio_buttons", "external_select"}
_OPTIONS = {"checkboxes", "multi_static_select", "multi_external_select"}
_EXTERNAL = {"external_select", "multi_external_select"}


def find(blocks: Iterable[Json], block_id: str, action_id: str) -> Json:
    """The element of these ids; `action_not_found` when the screen shows none."""
    for block in blocks:
        if block.get("block_id") != block_id:
            continue
        for element in elements_of(block):
            if element.get("action_id") == action_id:
                return element
    raise SlackRefusal("action_not_found")


def action_of(element: Json, *, block_id: str, did: Json, ts: str) -> Json:
    """The `actions[]` entry for what a person did with an element."""
    kind = str(element.get("type"))
    action: Json = {
        "type": kind,
        "action_id": element["action_id"],
        "block_id": block_id,
        "action_ts": ts,
    }
    if kind == "button":
        # Slack also sends `confirm`, in a form that the recorded contract has wrong.
        kept = ("text", "value", "url")
        return action | {k: element[k] for k in kept if k in element}
    chosen = _chosen(element, did)
    if "selected_option" in chosen and chosen["selected_option"] is None:
        raise SlackRefusal("invalid_action")
    return action | chosen


def state_of(element: Json, did: Json | None) -> Json:
    """The `state.values` entry of an element, filled in or as it stood at first."""
    if did is None:
        did = _initial(element)
    return {"type": str(element.get("type")), **_chosen(element, did)}


def _initial(element: Json) -> Json:
    renamed = {
        "initial_value": (
            "rich_text_value" if element.get("type") == "rich_text_input" else "value"
        ),
        "initial_option": "selected_option",
        "initial_options": "selected_options",
        "initial_date": "selected_date",
        "initial_time": "selected_time",
        "initial_date_time": "selected_date_time",
        "initial_user": "selected_user",
        "initial_users": "selected_users",
        "initial_channel": "selected_channel",
        "initial_channels": "selected_channels",
        "initial_conversation": "selected_conversation",
        "initial_conversations": "selected_conversations",
    }
    return {new: element[old] for old, new in renamed.items() if old in element}


def _chosen(element: Json, did: Json) -> Json:
    kind = str(element.get("type"))
    if kind in _OPTION:
        chosen = did.get("selected_option")
        return {"selected_option": _offered(element, chosen) if chosen else None}
    if kind in _OPTIONS:
        many = did.get("selected_options") or []
        return {"selected_options": [_offered(element, each) for each in many]}
    if kind in _MANY:
        return {_MANY[kind]: [str(each) for each in did.get(_MANY[kind]) or []]}
    if kind in _ONE:
        return {_ONE[kind]: did.get(_ONE[kind])}
    if kind == "rich_text_input":
        return {"rich_text_value": did.get("rich_text_value")}
    value = did.get("value")
    return {"value": None if value in {None, ""} else str(value)}


def _offered(element: Json, chosen: Any) -> Json:  # noqa: ANN401 - whatever the page sent
    """The option as the app offered it; external menus vouch for their own."""
    if not isinstance(chosen, dict):
        raise SlackRefusal("invalid_action")
    if element.get("type") in _EXTERNAL:
        return {"text": chosen.get("text"), "value": str(chosen.get("value"))}
    for option in _options(element):
        if option.get("value") == chosen.get("value"):
            return {"text": option["text"], "value": option["value"]}
    raise SlackRefusal("invalid_action")


def _options(element: Json) -> list[Json]:
    groups = element.get("option_groups") or []
    return [
        *(element.get("options") or []),
        *(option for group in groups for option in group.get("options", [])),
    ]
