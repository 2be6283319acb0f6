"""
What Block Kit allows: limits, unique ids, known types.

Three layers, in this order: our own rules, `slack_sdk.models` (the vendor's limits),
the recorded schemas (`contracts.py`). Sources: docs.slack.dev/reference/block-kit.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from typing import TYPE_CHECKING, Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.sandbox.slack.contracts import Contracts
    from deploy.sandbox.slack.workspace import Json

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
_TEXT = 3000
_FIELD = 2000
_ID = 255
_OPTIONS = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}
_SELECT_OPTIONS = 100

_MALFORMED = (TypeError, ValueError, AttributeError, KeyError, IndexError)
"""What the vendor's models raise on shapes they do not expect."""


def message_faults(blocks: object, contracts: Contracts) -> list[str]:
    """Say why these blocks may not be in a message; empty when they may."""
    return _faults(blocks, contracts, most=MESSAGE_BLOCKS)


def view_faults(view: object, contracts: Contracts) -> list[str]:
    """Say why this may not be a modal; empty when it may."""
    if not isinstance(view, dict):
        return ["view must be an object [json-pointer:/view]"]
    found = [f"{fault} [json-pointer:/view]" for fault in _view_rules(view)]
    found += _faults(view.get("blocks"), contracts, most=VIEW_BLOCKS)
    return found or contracts.faults("TheView", view)


def option_faults(options: object) -> list[str]:
    """Say why these may not be offered by a menu; empty when they may."""
    if not isinstance(options, list):
        return ["options must be a list"]
    return list(_option_rules(options, _SELECT_OPTIONS))


def with_ids(blocks: list[Json]) -> list[Json]:
    """Return a copy in which every block and element has an id, as Slack gives them."""
    copy: list[Json] = json.loads(json.dumps(blocks))
    for block in copy:
        block.setdefault("block_id", secrets.token_urlsafe(4)[:5])
        for element in elements_of(block):
            element.setdefault("action_id", secrets.token_urlsafe(4)[:5])
    return copy


def elements_of(block: Json) -> Iterator[Json]:
    """Yield the elements of a block that a person can work."""
    several = block.get("elements") if block.get("type") == "actions" else None
    for element in (
        *(several if isinstance(several, list) else ()),
        block.get("accessory"),
        block.get("element"),
    ):
        if isinstance(element, dict) and element.get("type") != "image":
            yield element


def _faults(blocks: object, contracts: Contracts, *, most: int) -> list[str]:
    if not isinstance(blocks, list):
        return ["blocks must be an array [json-pointer:/blocks]"]
    if len(blocks) > most:
        return [f"no more than {most} items allowed [json-pointer:/blocks]"]
    found: list[str] = []
    for at, block in enumerate(blocks):
        pointer = f"[json-pointer:/blocks/{at}]"
        if not isinstance(block, dict):
            found.append(f"must be an object {pointer}")
            continue
        faults = [*_own_rules(block), *_vendor_limits(block)]
        faults = faults or contracts.block_faults(block)
        found += [f"{fault} {pointer}" for fault in faults]
    named = [b["block_id"] for b in blocks if isinstance(b, dict) and b.get("block_id")]
    return found + [
        f"`block_id` {name} already exists" for name in _repeated(map(str, named))
    ]


def _repeated(names: Any) -> list[str]:  # noqa: ANN401 - any iterable of names
    return [name for name, times in Counter(names).items() if times > 1]


def _vendor_limits(block: Json) -> list[str]:
    try:
        parsed = Block.parse(block)
        if parsed is None:
            return [f"unsupported type: {block.get('type')}"]
        parsed.to_dict()
    except SlackObjectFormationError as error:
        return [str(error)]
    except _MALFORMED as error:
        return [f"malformed {block.get('type')}: {error}"]
    return []


def _own_rules(block: Json) -> Iterator[str]:
    for text, where in _texts(block, ""):
        if not text:
            yield f"must be more than 0 characters at {where}"
        elif len(text) > _TEXT:
            yield f"must be less than {_TEXT + 1} characters at {where}"
    fields = block.get("fields")
    for at, field in enumerate(fields if isinstance(fields, list) else ()):
        if isinstance(field, dict) and len(str(field.get("text"))) > _FIELD:
            yield f"must be less than {_FIELD + 1} characters at /fields/{at}"
    if len(str(block.get("block_id", ""))) > _ID:
        yield f"block_id must be less than {_ID + 1} characters"
    elements = list(elements_of(block))
    ids = [str(e["action_id"]) for e in elements if "action_id" in e]
    yield from (f"`action_id` {name} already exists" for name in _repeated(ids))
    for element in elements:
        yield from _element_rules(element)


def _element_rules(element: Json) -> Iterator[str]:
    kind = element.get("type")
    if kind == "button":
        text = element.get("text")
        if isinstance(text, dict) and len(str(text.get("text"))) > 75:  # noqa: PLR2004 - Slack's limit, stated by its docs
            yield "button text must be less than 76 characters"
        if len(str(element.get("value", ""))) > 2000:  # noqa: PLR2004 - Slack's limit, stated by its docs
            yield "button value must be less than 2001 characters"
        if element.get("style", "primary") not in {"primary", "danger"}:
            yield "button style must be primary or danger"
    if len(str(element.get("action_id", ""))) > _ID:
        yield f"action_id must be less than {_ID + 1} characters"
    most = _OPTIONS.get(str(kind), _SELECT_OPTIONS)
    groups = element.get("option_groups")
    for group in groups if isinstance(groups, list) else ():
        if isinstance(group, dict):
            yield from _option_rules(group.get("options"), most)
    if "options" in element:
        yield from _option_rules(element["options"], most)


def _option_rules(options: object, most: int) -> Iterator[str]:
    if not isinstance(options, list):
        yield "options must be an array"
        return
    if len(options) > most:
        yield f"no more than {most} options allowed"
    for option in options:
        if not isinstance(option, dict) or not isinstance(option.get("text"), dict):
            yield "an option needs a text object and a value"
            continue
        if len(str(option["text"].get("text"))) > 75:  # noqa: PLR2004 - Slack's limit, stated by its docs
            yield "option text must be less than 76 characters"
        if not 0 < len(str(option.get("value", ""))) <= 150:  # noqa: PLR2004 - Slack's limit, stated by its docs
            yield "option value must be between 1 and 150 characters"


def _texts(value: object, where: str) -> Iterator[tuple[str, str]]:
    """Yield every text object's text, with where it is."""
    if isinstance(value, dict):
        if value.get("type") in {"plain_text", "mrkdwn"} and "text" in value:
            yield str(value["text"]), f"{where}/text"
        for key, inner in value.items():
            yield from _texts(inner, f"{where}/{key}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _texts(inner, f"{where}/{at}")


def _view_rules(view: Json) -> Iterator[str]:
    if view.get("type") != "modal":
        yield "type must be modal"
    if not isinstance(view.get("title"), dict):
        yield "missing required field: title"
    blocks = view.get("blocks")
    inputs = [
        b
        for b in (blocks if isinstance(blocks, list) else ())
        if isinstance(b, dict) and b.get("type") == "input"
    ]
    if inputs and not view.get("submit"):
        yield "submit is required when an input block is in the view"
    try:
        View(**{**view, "blocks": blocks or [{"type": "divider"}]}).to_dict()
    except SlackObjectFormationError as error:
        yield str(error)
    except _MALFORMED as error:
        yield f"malformed view: {error}"
