"""
What a signed payload of Slack's says: who, where, what; and the key of its delivery.

Identity is the payload's team and user, never a button's value or a form's text. The
delivery's key is made of what Slack made up, so that nobody can choose another's.
https://docs.slack.dev/reference/interaction-payloads
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bot.domain.errors import Broken
from bot.flow.door import Knock

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPERATION: Final = re.compile(r"[a-z2-7]{20}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}|")
_DOMAIN: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Carried:
    """What our own button or form carried: which operation, what was shown."""

    operation: str
    digest: str


@dataclass(frozen=True, slots=True)
class Click:
    """A button that was clicked; `away` when its user is of another workspace."""

    knock: Knock
    carried: Carried | None
    value: str
    trigger: str
    answers_to: str
    domain: str
    away: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was sent with a reason in it."""

    knock: Knock
    carried: Carried | None
    reason: str
    away: bool


@dataclass(frozen=True, slots=True)
class Older:
    """The rest of which audit search is wanted."""

    query: str
    before: str


def typed(body: Mapping[str, Any]) -> Knock:
    """Return the knock of a slash command."""
    return Knock(
        team=_text(body, "team_id"),
        user=_text(body, "user_id"),
        channel=_text(body, "channel_id"),
        text=str(body.get("text") or ""),
        delivery=f"slash:{_text(body, 'trigger_id')}",
    )


def domain(body: Mapping[str, Any]) -> str:
    """Return the workspace's domain, only ever shown within an address."""
    found = body.get("team_domain") or _part(body, "team").get("domain") or ""
    return found if isinstance(found, str) and _DOMAIN.fullmatch(found) else ""


def clicked(body: Mapping[str, Any]) -> Click:
    """Return the click on a button of a message."""
    actions = body.get("actions")
    action = actions[0] if isinstance(actions, list) and actions else {}
    trigger = _text(body, "trigger_id")
    value = str(action.get("value") or "")[:_LONGEST]
    name = _text(action, "action_id")
    carried = read_carried(value)
    what = f"[{name}] {carried.operation if carried else ''}".strip()
    knock = _knock(
        body, channel=_text(body, "channel", "id"), what=what, key=f"action:{trigger}"
    )
    return Click(
        knock=knock,
        carried=carried,
        value=value,
        trigger=trigger,
        answers_to=str(body.get("response_url") or ""),
        domain=domain(body),
        away=_is_away(body),
    )


def sent(body: Mapping[str, Any], *, block: str, action: str) -> Sent:
    """Return the form that was sent; its channel is the one it was opened in."""
    view = _part(body, "view")
    metadata = _object(str(view.get("private_metadata") or ""))
    carried = _carried(metadata)
    values = _part(_part(_part(_part(view, "state"), "values"), block), action)
    knock = _knock(
        body,
        channel=str(metadata.get("c") or ""),
        what=f"[deny] {carried.operation if carried else ''}".strip(),
        key=f"view:{_text(view, 'id')}:{_text(view, 'hash')}",
    )
    return Sent(knock, carried, str(values.get("value") or "").strip(), _is_away(body))


def read_carried(value: str) -> Carried | None:
    """Return what a button carried, or nothing if it is not ours as it is today."""
    return _carried(_object(value))


def read_older(value: str) -> Older | None:
    """Return what the button under a page of the audit carried."""
    found = _object(value)
    query, before = found.get("q"), found.get("b")
    if not isinstance(query, str) or not isinstance(before, str):
        return None
    return Older(query, before) if _OPERATION.fullmatch(before) else None


def _carried(found: Mapping[str, Any]) -> Carried | None:
    operation, digest = found.get("o"), found.get("d", "")
    if not isinstance(operation, str) or not isinstance(digest, str):
        return None
    if not _OPERATION.fullmatch(operation) or not _DIGEST.fullmatch(digest):
        return None
    return Carried(operation, digest)


def _knock(body: Mapping[str, Any], *, channel: str, what: str, key: str) -> Knock:
    return Knock(
        team=_text(body, "team", "id"),
        user=_text(body, "user", "id"),
        channel=channel,
        text=what,
        delivery=key,
    )


def _is_away(body: Mapping[str, Any]) -> bool:
    """Whether the user is at home elsewhere: a guest by Slack Connect (threats B1)."""
    home = _part(body, "user").get("team_id")
    return bool(home) and home != _part(body, "team").get("id")


def _text(found: Mapping[str, Any], *steps: str) -> str:
    """Return a text that Slack always sends; Broken when it did not."""
    value: Any = found
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    if not isinstance(value, str) or not value:
        raise Broken(f"Slack's payload has no {'.'.join(steps)}")
    return value


def _part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = found.get(name)
    return part if isinstance(part, dict) else {}


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text[:_LONGEST])
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
