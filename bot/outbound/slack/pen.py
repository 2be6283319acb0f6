"""
What a card or an answer is written with: texts, a language, and our own markup.

Owns how words, people and moments become mrkdwn. Where they stand is for `cards` and
`answers`; what may be in them is for `escape`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.message import Message
from bot.outbound.slack.escape import Token, mrkdwn, plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.domain.catalog import Person
    from bot.domain.message import Language
    from bot.outbound.speech import Speech

_USER: Final = re.compile(r"[UW][A-Z0-9]{1,30}")
_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]{1,2000}")

Words = str | int | Message

# The message that names people and has their ids too (`bot.flow.naming`).
PEOPLE: Final = "people.called"
# The message whose text is to be copied: in code style no letter of it is changed.
EXACT: Final = "text.exact"
_COPIED: Final = re.compile(r"[A-Za-z0-9 ._:/=+-]{1,500}")


@dataclass(frozen=True, slots=True)
class Pen:
    """
    Puts words into mrkdwn, in one language.

    An argument that is an address below one of `trusted` is a link; any other address
    is text, whoever wrote it.
    """

    speech: Speech
    language: Language
    trusted: tuple[str, ...] = ()

    def say(self, message: Message) -> str:
        """Return the message as mrkdwn."""
        called = _called(message)
        return self.speech.say(called, language=self.language, escape=self.data)

    def plain(self, message: Message) -> str:
        """Return the message for a plain_text object."""
        return self.speech.say(message, language=self.language, escape=plain)

    def words(self, key: str, args: Mapping[str, Words] | None = None) -> str:
        """Return a text of the catalog as mrkdwn; its arguments may be tokens."""
        return self.say(_unchecked(key, args))

    def label(self, key: str, args: Mapping[str, Words] | None = None) -> str:
        """Return a text of the catalog for a plain_text object."""
        return self.plain(_unchecked(key, args))

    def data(self, text: str) -> str:
        """Return data as inert mrkdwn, except that our own systems' addresses link."""
        if isinstance(text, Token) or not text.startswith("http"):
            return mrkdwn(text)
        return self.link(text) or mrkdwn(text)

    def link(self, address: str, *, label: str = "") -> Token | None:
        """Return a link, or nothing for an address that is not of a system of ours."""
        if not self.trusts(address):
            return None
        safe = address.replace("&", "&amp;")
        return Token(f"<{safe}|{mrkdwn(label)}>" if label else f"<{safe}>")

    def trusts(self, address: str) -> bool:
        """Whether this is a plain web address of one of our own systems."""
        # The slash after the host: `https://gitlab.example.evil` is somebody else's.
        ours = tuple(f"{one.rstrip('/')}/" for one in self.trusted)
        return address.startswith(ours) and bool(_ADDRESS.fullmatch(address))

    def moment(self, at: datetime, *, form: str = "{time}") -> Token:
        """Return a moment that each reader sees in their own time zone."""
        fallback = f"{at:%Y-%m-%d %H:%M} UTC" if "date" in form else f"{at:%H:%M} UTC"
        return Token(f"<!date^{int(at.timestamp())}^{form}|{fallback}>")


def _called(message: Message) -> Message:
    """Return the message with its mentions and what is to be copied, however deep."""
    found = {
        name: _mentions(value)
        for name, value in message.args.items()
        if isinstance(value, Message)
    }
    if all(one is message.args[name] for name, one in found.items()):
        return message  # as most are: nobody is called
    return message.model_copy(update={"args": {**message.args, **found}})


def _mentions(message: Message) -> Token | Message:
    if message.key == EXACT:
        text = str(message.args["text"])
        return Token(f"`{text}`") if _COPIED.fullmatch(text) else message
    if message.key != PEOPLE:
        return _called(message)
    ids = [one for one in str(message.args["slack"]).split() if _USER.fullmatch(one)]
    if not ids:
        return message
    called = [f"<@{one}>" for one in ids]
    others = str(message.args.get("others", ""))
    return Token(" ".join(called) + (f", {mrkdwn(others)}" if others else ""))


def mention(person: Person | None, *, team: str, name: str) -> Token:
    """Return a mention of the person in this workspace, else the name, inert."""
    for identity in person.slack if person else ():
        if identity.team == team and _USER.fullmatch(identity.user):
            return Token(f"<@{identity.user}>")
    return Token(mrkdwn(person.name if person else name))


def _unchecked(key: str, args: Mapping[str, Words] | None) -> Message:
    """A message whose tokens pydantic does not flatten into plain text."""
    return Message.model_construct(key=key, args=dict(args or {}), patterns=None)
