"""
What the Slack side of the program shows by itself: answers, forms, words after a click.

`bot.inbound.slack` is handed one of these. It holds no rule: what is said comes from
the flow, how it looks from `answers` and `modals`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.outbound.slack import answers, modals
from bot.outbound.slack.cards import bounded

if TYPE_CHECKING:
    from bot.domain.message import Language, Message
    from bot.domain.views import View
    from bot.outbound.slack.blocks import Drawn, Json
    from bot.outbound.slack.chat import SlackChat

# Slack waits three seconds for us; a call of ours within them gets less.
IN_BETWEEN: Final = 2.0


class SlackFace:
    """Answers drawn, and the few calls that a click may need at once."""

    def __init__(self, chat: SlackChat) -> None:
        self._chat = chat

    def answer(self, view: View, *, domain: str = "") -> Drawn:
        """Draw the answer to a question; `domain` is the workspace's, as Slack says."""
        pen = self._chat.pen(view.language)
        return answers.answer(view, pen=pen, site=self._chat.site(domain))

    def said(self, message: Message, *, language: Language) -> Drawn:
        """Draw one message."""
        return answers.said(bounded(message, self._chat.pen(language)))

    def plain(self, message: Message, *, language: Language) -> str:
        """Return the message as plain text, for the line under a form's field."""
        return self._chat.pen(language).plain(message)

    def told(self, message: Message, *, language: Language) -> Json:
        """Return what stands in the place of a form that was sent."""
        pen = self._chat.pen(language)
        return modals.told(bounded(message, pen), pen=pen)

    async def whisper(
        self, message: Message, *, language: Language, channel: str, user: str
    ) -> None:
        """Tell the person who clicked; raises like any call of Slack's."""
        drawn = self.said(message, language=language)
        await self._chat.whisper_drawn(
            drawn, channel=channel, user=user, timeout=IN_BETWEEN
        )

    async def replace(self, view: View, *, address: str, domain: str = "") -> None:
        """Put an answer in the place of the whispered one whose button was clicked."""
        drawn = self.answer(view, domain=domain)
        await self._chat.replace(drawn, address=address, timeout=IN_BETWEEN)

    async def ask_why(
        self,
        *,
        operation: str,
        digest: str,
        channel: str,
        trigger: str,
        language: Language,
    ) -> None:
        """Open the form that asks why; raises like any call of Slack's."""
        view = modals.denial(
            operation=operation,
            digest=digest,
            channel=channel,
            pen=self._chat.pen(language),
        )
        await self._chat.open_view(view, trigger=trigger, timeout=IN_BETWEEN)
