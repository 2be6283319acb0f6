"""The one way this Slack says no: an error word, and sometimes details."""

from __future__ import annotations


class SlackRefusal(Exception):  # noqa: N818 - an answer of Slack, not a fault of ours
    """A call or gesture is answered `{"ok": false, "error": …}`."""

    def __init__(
        self,
        error: str,
        *,
        messages: list[str] | None = None,
        status: int = 200,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages or []
        self.status = status
        self.retry_after = retry_after
