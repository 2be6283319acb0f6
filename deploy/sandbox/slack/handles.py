"""
Short-lived keys that Slack hands to the app: trigger ids and response URLs.

A trigger id opens one view within 3 seconds. A response URL speaks at most 5 times in
30 minutes. Source: docs.slack.dev/interactivity/handling-user-interaction.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from deploy.sandbox.slack.refusal import SlackRefusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deploy.sandbox.slack.journal import Journal

TRIGGER_SECONDS = 3.0
RESPONSE_SECONDS = 30 * 60
RESPONSE_USES = 5


@dataclass
class _Trigger:
    user: str
    view: str
    until: float
    used: bool = False


class Triggers:
    """Trigger ids; a restart forgets them, as their 3 seconds are then over."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._known: dict[str, _Trigger] = {}

    def issue(self, user: str, *, view: str = "") -> str:
        """Make a trigger id for one gesture of a person, made inside `view` if any."""
        now = self._now().timestamp()
        stale = [key for key, each in self._known.items() if now > each.until + 60]
        for key in stale:
            del self._known[key]
        key = f"{int(now * 1000)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._known[key] = _Trigger(user=user, view=view, until=now + TRIGGER_SECONDS)
        return key

    def exchange(self, key: str) -> tuple[str, str]:
        """Use a trigger id up: who made the gesture, and in which view."""
        trigger = self._known.get(key)
        if trigger is None:
            raise SlackRefusal(
                "invalid_arguments", messages=["[ERROR] invalid `trigger_id`"]
            )
        if trigger.used:
            raise SlackRefusal("exchanged_trigger_id")
        if self._now().timestamp() > trigger.until:
            raise SlackRefusal("expired_trigger_id")
        trigger.used = True
        return trigger.user, trigger.view


class ResponseUrl(BaseModel):
    """What a response URL may speak to, and how often it has."""

    model_config = ConfigDict(frozen=True)

    key: str
    family: str
    """`commands` or `actions`: the first step of its path, as with Slack."""
    user: str
    channel: str
    thread_ts: str = ""
    original: str = ""
    """The `ts` of the message it may replace; "" until a command's first answer."""
    until: float
    uses: int = 0


class ResponseUrls:
    """Response URLs; they outlive a restart, as with Slack."""

    def __init__(self, journal: Journal, now: Callable[[], datetime]) -> None:
        self._journal = journal
        self._now = now
        rows = (ResponseUrl.model_validate(r) for r in journal.loaded("response"))
        self._known = {row.key: row for row in rows}

    def issue(
        self,
        family: str,
        *,
        user: str,
        channel: str,
        thread_ts: str = "",
        original: str = "",
    ) -> ResponseUrl:
        handle = ResponseUrl(
            key=secrets.token_urlsafe(18),
            family=family,
            user=user,
            channel=channel,
            thread_ts=thread_ts,
            original=original,
            until=self._now().timestamp() + RESPONSE_SECONDS,
        )
        return self.put(handle)

    def put(self, handle: ResponseUrl) -> ResponseUrl:
        self._journal.put("response", handle.key, handle.model_dump(mode="json"))
        self._known[handle.key] = handle
        return handle

    def use(self, key: str) -> ResponseUrl:
        """Count one use; refuses the sixth, and any after half an hour."""
        handle = self._known.get(key)
        if handle is None:
            raise SlackRefusal("no_service", status=404)
        if self._now().timestamp() > handle.until:
            raise SlackRefusal("expired_url", status=404)
        if handle.uses >= RESPONSE_USES:
            raise SlackRefusal("used_url", status=404)
        return self.put(handle.model_copy(update={"uses": handle.uses + 1}))
