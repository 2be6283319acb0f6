"""
A link: one member's Slack account and one GitLab user, proved from both sides.

Whoever asks in Slack gets a code that only this GitLab user can say back, in the title
of an issue; the answer under the issue has a second code that only this Slack account
can say back. Neither is ever kept: a code is known again by its digest. Pure; who may
be linked to whom at all is `accounts`' to say.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.catalog.names import GITLAB_USER
from bot.domain.frozen import Frozen
from bot.domain.message import Message

WORD: Final = "link"
CONFIRM: Final = "confirm"
TITLE: Final = "tandem link "
LASTS: Final = timedelta(minutes=15)
TRIES: Final = 5
# A link that was taken back keeps its person from deciding for as long as anything that
# was begun before may be open: nobody gets rid of being an author by a line in chat.
COUNTS_ON: Final = timedelta(days=120)
_NAME: Final = re.compile(GITLAB_USER)
# As `new_code` makes them, so that one that strayed into another line is known.
_CODE: Final = re.compile(r"[a-z2-7]{4}(?:\+[a-z2-7]{4}){4}", re.IGNORECASE)


class Ending(StrEnum):
    """Why a link, or the wish for one, is over."""

    REPLACED = "replaced"
    EXPIRED = "expired"
    REFUSED = "refused"
    WRONG_CODES = "wrong-codes"
    REMOVED = "removed"


class Link(Frozen):
    """
    One wish to be linked and what became of it; `client` is the member's organisation.

    `room` is the client in whose channel it was asked and in whose project it is
    proved. Each change makes the next version, which is kept only over the one before.
    """

    id: str
    client: str
    member: str
    team: str
    user: str
    gitlab: str
    room: str
    channel: str
    asked_code: str
    asked_at: datetime
    expires_at: datetime
    version: int = 0
    answer_code: str | None = None
    noted_at: datetime | None = None
    tries: int = 0
    made_at: datetime | None = None
    ended_at: datetime | None = None
    ending: Ending | None = None

    @property
    def open(self) -> bool:
        """Whether it still waits to be proved."""
        return self.made_at is None and self.ended_at is None

    @property
    def stands(self) -> bool:
        """Whether it was proved and not taken back."""
        return self.made_at is not None and self.ended_at is None

    def answered(self, code: str) -> Link:
        """Return it with the code that Slack has to say back; the newest counts."""
        return self._next(answer_code=digest(code), noted_at=None)

    def noted(self, *, at: datetime) -> Link:
        """Return it with the answer written under the issue."""
        return self._next(noted_at=at)

    def made(self, *, at: datetime) -> Link:
        """Return it proved from both sides."""
        return self._next(made_at=at)

    def missed(self, *, at: datetime) -> Link:
        """Return it after a wrong code; one too many and it is over."""
        missed = self._next(tries=self.tries + 1)
        if missed.tries < TRIES:
            return missed
        return missed.model_copy(update={"ended_at": at, "ending": Ending.WRONG_CODES})

    def ended(self, ending: Ending, *, at: datetime) -> Link:
        """Return it over, for this reason."""
        return self._next(ended_at=at, ending=ending)

    def _next(self, **changed: object) -> Link:
        return self.model_copy(update={"version": self.version + 1, **changed})


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a code that was typed makes no link, and what is to be kept of the try."""

    reason: Message
    link: Link | None = None


def digest(code: str) -> str:
    """Return by what a code is known again; 100 random bits need no salt."""
    return hashlib.sha256(code.encode()).hexdigest()


def code_in(title: str) -> str | None:
    """Return the code that an issue's title says, if it is one of ours."""
    _, found, code = title.partition(TITLE)
    return code if found and title.startswith(TITLE) and code.strip() else None


def without_codes(text: str) -> str:
    """Return what was typed without any code in it, for whoever writes it down."""
    return _CODE.sub("…", text)


def is_name(text: str) -> bool:
    """Whether this can be a GitLab user name; no code can, for they have a `+`."""
    return _NAME.fullmatch(text) is not None


def judged(
    link: Link | None, *, team: str, user: str, code: str, now: datetime
) -> Link | Unfit:
    """Return the link as this Slack account's saying this code makes it, or why not."""
    if link is None:
        return _no("link-nothing-asked")
    if (link.team, link.user) != (team, user):
        return _no("link-other-account")
    if not link.open:
        return _over(link)
    if now >= link.expires_at:
        return _no("link-expired", link.ended(Ending.EXPIRED, at=now))
    return _compared(link, code=code, now=now)


def _compared(link: Link, *, code: str, now: datetime) -> Link | Unfit:
    if link.answer_code is None:
        # There is nothing to guess yet, so this is no try.
        return _no("link-not-answered")
    if hmac.compare_digest(digest(code), link.answer_code):
        return link.made(at=now)
    missed = link.missed(at=now)
    if missed.open:
        return _no("link-wrong-code", missed, {"left": TRIES - missed.tries})
    return _no("link-wrong-codes", missed)


def _over(link: Link) -> Unfit:
    if link.stands:
        return _no("link-used")
    if link.ending is Ending.EXPIRED:
        return _no("link-expired")
    if link.ending is Ending.WRONG_CODES:
        return _no("link-wrong-codes")
    return _no("link-nothing-asked")


def _no(
    why: str,
    link: Link | None = None,
    args: dict[str, str | int | Message] | None = None,
) -> Unfit:
    return Unfit(Message.of(f"refused.{why}", args), link)
