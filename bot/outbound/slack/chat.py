"""
Slack as the flow's `Chat`: cards, threads, whispers, direct messages, and finding them.

Every post carries its key in the message's metadata, by which a post whose answer was
lost is found again. What is drawn is `cards`' and `answers`'; what failed is `wire`'s.
https://docs.slack.dev/messaging/message-metadata
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.domain.errors import Unavailable
from bot.outbound.slack import blocks
from bot.outbound.slack.cards import bounded, card
from bot.outbound.slack.looks import LOUD
from bot.outbound.slack.pen import Pen
from bot.outbound.slack.wire import SYSTEM, Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import ClientSession
    from pydantic import SecretStr

    from bot.domain.card import CardView
    from bot.domain.message import Language, Message
    from bot.outbound.slack.blocks import Drawn, Json
    from bot.outbound.speech import Speech

_EVENT: Final = "tandem"
_LOOKED_AT: Final = 200
_PAGES: Final = 5
_QUIET: Final[Json] = {
    "unfurl_links": False,
    "unfurl_media": False,
    "link_names": False,
    "parse": "none",
}
# chat.update takes less text than chat.postMessage, and a card's text is one line.
_TEXT: Final = 3500


def slack_chat(
    *,
    token: SecretStr,
    base_url: str,
    speech: Speech,
    trusted: tuple[str, ...] = (),
    session: ClientSession | None = None,
) -> SlackChat:
    """
    Return the chat; nothing is connected yet. `session` keeps connections for it.

    `trusted` are the beginnings of addresses that may be shown as links: our GitLab's.
    """
    return SlackChat(
        wire=Wire(token=token, base_url=base_url, session=session),
        speech=speech,
        trusted=trusted,
    )


class SlackChat:
    """What people of one workspace read."""

    def __init__(
        self, *, wire: Wire, speech: Speech, trusted: tuple[str, ...] = ()
    ) -> None:
        self._wire = wire
        self._speech = speech
        self._trusted = trusted
        self._me: tuple[str, str] | None = None

    def pen(self, language: Language) -> Pen:
        """Return what to write with in this language."""
        return Pen(self._speech, language, self._trusted)

    def site(self, domain: str) -> str:
        """Return where messages of this workspace have their addresses."""
        return self._wire.site(domain)

    async def post_card(self, card: CardView, *, channel: str, key: str) -> str:
        """Post a card and return the id by which it is updated."""
        return await self._post(_card(card, self), channel, thread=None, key=key)

    async def update_card(self, card: CardView, *, channel: str, message: str) -> None:
        """Draw a posted card anew; doing it twice shows the same."""
        drawn = _card(card, self)
        arguments = {
            "channel": channel,
            "ts": message,
            "text": drawn.text[:_TEXT],
            "blocks": list(drawn.blocks),
            "link_names": False,
            "parse": "none",
        }
        await self._wire.call("chat.update", arguments, changes=False)

    async def post(
        self,
        message: Message,
        *,
        language: Language,
        channel: str,
        thread: str | None,
        key: str,
    ) -> str:
        """Post a message, in a thread if one is given, and return its id."""
        drawn = self._said(message, language)
        return await self._post(drawn, channel, thread=thread, key=key)

    async def whisper(
        self,
        message: Message,
        *,
        language: Language,
        channel: str,
        user: str,
    ) -> str:
        """Tell one person in a channel; nobody can find such a message again."""
        return await self.whisper_drawn(
            self._said(message, language), channel=channel, user=user
        )

    async def whisper_drawn(
        self,
        drawn: Drawn,
        *,
        channel: str,
        user: str,
        timeout: float | None = None,  # noqa: ASYNC109 - handed on to the call
    ) -> str:
        """Tell one person in a channel what is already drawn."""
        arguments = {
            "channel": channel,
            "user": user,
            "text": drawn.text,
            "blocks": list(drawn.blocks),
            "link_names": False,
            "parse": "none",
        }
        answer = await self._wire.call(
            "chat.postEphemeral", arguments, changes=True, timeout=timeout
        )
        return str(answer.get("message_ts", ""))

    async def direct(
        self,
        message: Message,
        *,
        language: Language,
        user: str,
        key: str,
        again: bool = False,
    ) -> str:
        """
        Write to one person alone and return the message's id.

        With `again` it may have arrived at an earlier try, so it is looked for first.
        """
        opened = await self._wire.call(
            "conversations.open", {"users": user}, changes=False
        )
        channel = str(opened.get("channel", {}).get("id", ""))
        if not channel:
            raise Unavailable(SYSTEM, "conversations.open gave no channel")
        if again:
            found = await self.find(channel=channel, thread=None, key=key)
            if found is not None:
                return found
        drawn = self._said(message, language)
        return await self._post(drawn, channel, thread=None, key=key)

    async def find(self, *, channel: str, thread: str | None, key: str) -> str | None:
        """Return the id of our own recent post with this key, if there is one."""
        me = await self._self()
        method = "conversations.history" if thread is None else "conversations.replies"
        arguments: Json = {
            "channel": channel,
            "limit": _LOOKED_AT,
            "include_all_metadata": True,
        }
        if thread is not None:
            arguments["ts"] = thread
        cursor = ""
        for _ in range(_PAGES):
            asked = {**arguments, "cursor": cursor} if cursor else arguments
            answer = await self._wire.read(method, asked)
            for message in answer.get("messages", []):
                if _is_ours(message, me=me, key=key):
                    return str(message["ts"])
            cursor = _cursor(answer)
            # History begins with the newest, a thread with the oldest.
            if thread is None or not cursor:
                return None
        return None

    async def open_view(
        self,
        view: Json,
        *,
        trigger: str,
        timeout: float | None = None,  # noqa: ASYNC109 - handed on to the call
    ) -> None:
        """Open a form for the person whose click this trigger came with."""
        arguments = {"trigger_id": trigger, "view": view}
        await self._wire.call("views.open", arguments, changes=True, timeout=timeout)

    async def replace(
        self,
        drawn: Drawn,
        *,
        address: str,
        timeout: float | None = None,  # noqa: ASYNC109 - handed on to the call
    ) -> None:
        """Replace a message that only one person sees, by its response URL."""
        body = {
            "replace_original": True,
            "text": drawn.text,
            "blocks": list(drawn.blocks),
        }
        await self._wire.respond(address, body, timeout=timeout)

    async def ping(self) -> None:
        """Raise Unavailable, or Refused for a wrong token, unless Slack knows us."""
        await self._wire.call("auth.test", {}, changes=False)

    def _said(self, message: Message, language: Language) -> Drawn:
        text = bounded(message, self.pen(language))
        sign = LOUD.get(message.key)
        text = f"{sign} {text}" if sign else text
        return blocks.Drawn(text, (blocks.section(text),))

    async def _post(
        self, drawn: Drawn, channel: str, *, thread: str | None, key: str
    ) -> str:
        arguments: Json = {
            "channel": channel,
            "text": drawn.text,
            "blocks": list(drawn.blocks),
            "metadata": {"event_type": _EVENT, "event_payload": {"key": key}},
            **_QUIET,
        }
        if thread is not None:
            arguments["thread_ts"] = thread
        answer = await self._wire.call("chat.postMessage", arguments, changes=True)
        return str(answer.get("ts", ""))

    async def _self(self) -> tuple[str, str]:
        """Return our own user and bot id, asked for once."""
        if self._me is None:
            answer = await self._wire.call("auth.test", {}, changes=False)
            self._me = (str(answer.get("user_id")), str(answer.get("bot_id")))
        return self._me


def _card(view: CardView, chat: SlackChat) -> Drawn:
    return card(view, pen=chat.pen(view.language))


def _is_ours(message: Mapping[str, Any], *, me: tuple[str, str], key: str) -> bool:
    """Whether our own bot posted this with this key; anybody can write metadata."""
    user, bot = me
    if message.get("user") != user and message.get("bot_id") != bot:
        return False
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return metadata.get("event_type") == _EVENT and payload.get("key") == key


def _cursor(answer: Mapping[str, Any]) -> str:
    return str((answer.get("response_metadata") or {}).get("next_cursor") or "")
