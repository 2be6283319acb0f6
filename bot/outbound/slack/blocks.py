"""
Block Kit's pieces as they go over the wire, each within Slack's limits.

Text here is finished: escaped and in a language. Every mrkdwn text is `verbatim`, so
that Slack makes no link and no mention that we did not write.
https://docs.slack.dev/reference/block-kit
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from bot.outbound.slack.escape import cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SECTION: Final = 3000
FIELD: Final = 2000
FIELDS: Final = 10
HEADER: Final = 150
BUTTON: Final = 75
CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300
CONFIRM_BUTTON: Final = 30
VIEW_TITLE: Final = 24
# Of one message: Slack takes 50; the rest is room for what is added by others.
BLOCKS: Final = 48
# Slack has no documented bound for preformatted text; a section's is never refused.
PREFORMATTED: Final = 2900

# Slack's wire form; nothing outside this package looks into it.
Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A message, drawn: blocks for who looks, `text` for notifications and readers."""

    text: str
    blocks: tuple[Json, ...]


def header(text: str) -> Json:
    return {"type": "header", "text": _plain(text, HEADER)}


def section(text: str, *, accessory: Json | None = None) -> Json:
    """A paragraph; the caller keeps it under 3,000 characters (see `paragraphs`)."""
    block: Json = {"type": "section", "text": _mrkdwn(text)}
    return block if accessory is None else {**block, "accessory": accessory}


def fields(texts: Sequence[str]) -> Iterator[Json]:
    """Short facts side by side, ten to a block."""
    for at in range(0, len(texts), FIELDS):
        some = [_mrkdwn(text) for text in texts[at : at + FIELDS]]
        yield {"type": "section", "fields": some}


def context(text: str) -> Json:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def divider() -> Json:
    return {"type": "divider"}


def preformatted(text: str) -> Json:
    """Text as it is: rich text has no marks, so nothing can end or leave the block."""
    part = {"type": "text", "text": text}
    inside = {"type": "rich_text_preformatted", "elements": [part]}
    return {"type": "rich_text", "elements": [inside]}


def actions(block_id: str, elements: Sequence[Json]) -> Json:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def button(
    text: str,
    *,
    action: str,
    value: str | None = None,
    url: str | None = None,
    style: Literal["primary", "danger"] | None = None,
    confirm: Json | None = None,
) -> Json:
    element: Json = {
        "type": "button",
        "action_id": action,
        "text": _plain(text, BUTTON),
        "value": value,
        "url": url,
        "style": style,
        "confirm": confirm,
    }
    return {name: part for name, part in element.items() if part is not None}


def confirmation(
    *, title: str, text: str, yes: str, no: str, style: str = "primary"
) -> Json:
    return {
        "title": _plain(title, CONFIRM_TITLE),
        "text": _plain(text, CONFIRM_TEXT),
        "confirm": _plain(yes, CONFIRM_BUTTON),
        "deny": _plain(no, CONFIRM_BUTTON),
        "style": style,
    }


def modal(
    *,
    callback: str,
    title: str,
    close: str,
    blocks: Sequence[Json],
    submit: str | None = None,
    metadata: str = "",
) -> Json:
    view: Json = {
        "type": "modal",
        "callback_id": callback,
        "title": _plain(title, VIEW_TITLE),
        "close": _plain(close, VIEW_TITLE),
        "blocks": list(blocks),
    }
    if submit is not None:
        view |= {"submit": _plain(submit, VIEW_TITLE), "notify_on_close": True}
    return {**view, "private_metadata": metadata} if metadata else view


def long_input(
    *, block_id: str, action: str, label: str, hint: str, least: int, most: int
) -> Json:
    """A required text of several lines."""
    return {
        "type": "input",
        "block_id": block_id,
        "label": _plain(label, FIELD),
        "hint": _plain(hint, FIELD),
        "element": {
            "type": "plain_text_input",
            "action_id": action,
            "multiline": True,
            "min_length": least,
            "max_length": most,
            "focus_on_load": True,
        },
    }


def paragraphs(texts: Sequence[str], *, most: int = SECTION) -> Iterator[str]:
    """Join lines to as few texts as hold them; a line alone must fit already."""
    held = ""
    for text in texts:
        joined = f"{held}\n{text}" if held else text
        if len(joined) > most:
            yield held
            joined = text
        held = joined
    if held:
        yield held


def _plain(text: str, most: int) -> Json:
    return {"type": "plain_text", "text": cut(text, most=most), "emoji": False}


def _mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text, "verbatim": True}
