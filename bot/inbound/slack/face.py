"""What this side needs from the one that draws and speaks; `wiring` joins the two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from bot.domain.message import Language, Message
    from bot.domain.views import View


class Drawn(Protocol):
    """A message in Slack's form: blocks, and the text beside them."""

    @property
    def text(self) -> str: ...

    @property
    def blocks(self) -> tuple[dict[str, Any], ...]: ...


class Face(Protocol):
    """Answers drawn, and the few calls that a click may need at once."""

    def answer(self, view: View, *, domain: str = "") -> Drawn: ...
    def said(self, message: Message, *, language: Language) -> Drawn: ...
    def plain(self, message: Message, *, language: Language) -> str: ...
    def told(self, message: Message, *, language: Language) -> dict[str, Any]: ...
    async def whisper(
        self, message: Message, *, language: Language, channel: str, user: str
    ) -> None: ...
    async def replace(self, view: View, *, address: str, domain: str = "") -> None: ...
    async def ask_why(
        self,
        *,
        operation: str,
        digest: str,
        channel: str,
        trigger: str,
        language: Language,
    ) -> None: ...
