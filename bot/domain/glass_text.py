"""
How breaking the glass is typed: a whole command, the word `because`, and the reason.

The first `because` that stands alone ends the command. What is before it is read as any
line is, so that a word lost to the reason makes a line that does not fit, never another
command; and what was understood is shown on the card before anything can happen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.domain.decode import atoms
from bot.domain.errors import BadArguments
from bot.domain.message import Message

WORD: Final = "break-glass"
REVIEW: Final = "review"
SHORTEST: Final = 10
LONGEST: Final = 300
_BECAUSE: Final = re.compile(r"\s+because\s+")
_WORDS: Final = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """The line that is asked for in an emergency, and why it cannot wait."""

    line: str
    reason: str


def read_break(text: str) -> Wanted:
    """Return what `break-glass <line> because <reason>` says; BadArguments if not."""
    rest = text.strip().removeprefix(WORD)
    line, because, reason = _split(rest)
    if not because or not line:
        raise BadArguments(Message.of("refused.glass-usage"))
    return Wanted(line, fit(reason, key="refused.glass-reason"))


def whole(wanted: Wanted) -> str:
    """Return the line as it is kept in the audit."""
    return f"{WORD} {wanted.line} because {wanted.reason}"


def fit(text: str, *, key: str) -> str:
    """Return words that say something, as the person saw them; else BadArguments."""
    said = " ".join("".join(one.text for one in atoms(text.strip())).split())
    if len(said.split()) < _WORDS or not SHORTEST <= len(said) <= LONGEST:
        args: dict[str, str | int | Message] = {
            "length": len(said),
            "least": SHORTEST,
            "most": LONGEST,
        }
        raise BadArguments(Message.of(key, args))
    return said


def _split(text: str) -> tuple[str, str, str]:
    found = _BECAUSE.search(text)
    if found is None:
        return text.strip(), "", ""
    return text[: found.start()].strip(), found.group(), text[found.end() :]
