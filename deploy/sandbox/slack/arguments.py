"""
The arguments of one Web API call, from a query, a form or JSON.

Forms carry everything as text, with JSON inside for blocks and views; this makes both
ways look the same.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from deploy.sandbox.slack.refusal import SlackRefusal

if TYPE_CHECKING:
    from deploy.sandbox.slack.workspace import Json

_LISTS = frozenset({"blocks", "attachments"})
_OBJECTS = frozenset({"view", "metadata"})
_FLAGS = frozenset(
    {
        "as_user",
        "inclusive",
        "include_all_metadata",
        "include_locale",
        "include_num_members",
        "link_names",
        "mrkdwn",
        "reply_broadcast",
        "return_im",
        "unfurl_links",
        "unfurl_media",
    }
)
_FORM = {"application/x-www-form-urlencoded", ""}
_TS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)


class Arguments:
    """Typed reading of the arguments; what is missing or wrong is refused."""

    def __init__(self, values: Json) -> None:
        self.values = values

    @classmethod
    def parse(cls, *, query: str, content_type: str, body: bytes) -> Arguments:
        """Read a call's arguments; raises what Slack answers to what it cannot read."""
        values: Json = dict(parse_qsl(query, keep_blank_values=True))
        kind = content_type.partition(";")[0].strip().lower()
        if not body:
            return cls(_typed(values))
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise SlackRefusal("invalid_charset") from error
        if kind == "application/json":
            values |= _object(text)
        elif kind in _FORM:
            values |= dict(parse_qsl(text, keep_blank_values=True))
        else:
            raise SlackRefusal("invalid_post_type")
        return cls(_typed(values))

    def text(self, name: str) -> str:
        """The argument as text; missing is refused as Slack does."""
        value = self.optional(name)
        if not value:
            missing = f"[ERROR] missing required field: {name}"
            raise SlackRefusal("invalid_arguments", messages=[missing])
        return value

    def optional(self, name: str) -> str:
        """The argument as text, "" when it is not there."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def flag(self, name: str) -> bool:
        return self.values.get(name) is True

    def number(self, name: str, default: int, *, most: int) -> int:
        """The argument as a whole number from 1 to `most`."""
        value = self.optional(name)
        if not value:
            return default
        if not (value.isascii() and value.isdigit()):
            raise SlackRefusal("invalid_limit")
        return max(1, min(int(value), most))

    def moment(self, name: str) -> str:
        """The argument as a `ts`, "" when it is not there."""
        value = self.optional(name)
        if value and not _TS.fullmatch(value):
            raise SlackRefusal(f"invalid_ts_{name}")
        return value

    def given(self, name: str) -> bool:
        return self.values.get(name) is not None

    def listed(self, name: str) -> list[Any]:
        value = self.values.get(name)
        return value if isinstance(value, list) else []

    def object(self, name: str) -> Json:
        value = self.values.get(name)
        return value if isinstance(value, dict) else {}

    def shown(self) -> Json:
        """The arguments for the ledger: without the token."""
        return {k: v for k, v in self.values.items() if k != "token"}


def _object(text: str) -> Json:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SlackRefusal("invalid_json") from error
    if not isinstance(value, dict):
        raise SlackRefusal("json_not_object")
    return value


def _typed(values: Json) -> Json:
    """Turn JSON-in-text and flags-in-text into what they mean; drop empty ones."""
    typed: Json = {}
    for name, value in values.items():
        if value is None:
            continue
        typed[name] = value
        if name in _LISTS | _OBJECTS:
            typed[name] = _nested(name, value)
        elif name in _FLAGS and isinstance(value, str | int):
            typed[name] = str(value).lower() in {"1", "true"}
    return typed


def _nested(name: str, value: object) -> object:
    wanted = list if name in _LISTS else dict
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise _unreadable(name) from error
    if not isinstance(value, wanted):
        raise _unreadable(name)
    return value


def _unreadable(name: str) -> SlackRefusal:
    errors = {
        "blocks": "invalid_blocks_format",
        "attachments": "invalid_attachments",
        "metadata": "invalid_metadata_format",
    }
    return SlackRefusal(errors.get(name, "invalid_arguments"))
