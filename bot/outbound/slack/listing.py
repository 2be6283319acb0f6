"""
Lists that may be too long for a message: what fits, how much does not, said honestly.

Nothing is dropped without being counted, and a line that was shortened counts as not
shown in full.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.outbound.slack import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.message import Message
    from bot.outbound.slack.pen import Pen

# Escaping makes a character five at most, so this much always fits a section.
_LONGEST_WORDS: Final = 500
_LONGEST_LINE: Final = 240


@dataclass(frozen=True, slots=True)
class Listing:
    """The lines that are shown, and how many are missing or shortened."""

    lines: tuple[str, ...]
    hidden: int = 0
    shortened: int = 0

    @property
    def whole(self) -> bool:
        """Whether everything is shown in full."""
        return not self.hidden and not self.shortened


def messages(
    found: Sequence[Message], *, signs: Sequence[str], most: int, pen: Pen
) -> Listing:
    """Return messages as mrkdwn, each behind its sign."""
    shown: list[str] = []
    shortened = 0
    for sign, message in zip(signs, found, strict=True):
        text = pen.say(message)
        if len(text) > _LONGEST_WORDS:
            plain = pen.plain(message)
            shortened += len(plain) > _LONGEST_WORDS
            text = escape.mrkdwn(escape.cut(plain, most=_LONGEST_WORDS))
        shown.append(f"{sign} {text}")
    kept = _fitting(shown, most)
    return Listing(tuple(shown[:kept]), len(shown) - kept, shortened)


def data(texts: Sequence[str], *, most: int) -> Listing:
    """Return plain data for preformatted text, each a line of its own."""
    seen = [escape.plain(text) for text in texts]
    shortened = sum(len(text) > _LONGEST_LINE for text in seen)
    shown = [escape.cut(text, most=_LONGEST_LINE) for text in seen]
    kept = _fitting(shown, most)
    return Listing(tuple(shown[:kept]), len(shown) - kept, shortened)


def diff(text: str, *, most: int) -> Listing:
    """Return a diff's own lines for preformatted text."""
    seen = escape.lines(text).split("\n") if text else []
    shortened = sum(len(line) > _LONGEST_LINE for line in seen)
    shown = [escape.cut(line, most=_LONGEST_LINE) for line in seen]
    kept = _fitting(shown, most)
    return Listing(tuple(shown[:kept]), len(shown) - kept, shortened)


def _fitting(lines: Sequence[str], most: int) -> int:
    """Return how many of the lines fit into so many characters."""
    size = 0
    for at, line in enumerate(lines):
        size += len(line) + 1
        if size > most:
            return at
    return len(lines)
