"""
Answers that these very rules have given before: the same question has the same answer.

A judgement depends on the rules and the question and on nothing else, no clock and no
state, so it is made once. Other rules are another `Rules`, which has answered nothing
yet. Roles are part of the question: whoever loses one asks another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.rights.judge import judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.rights.asked import Asked
    from bot.domain.rights.judge import Ruling
    from bot.domain.rights.rules import Rules

# Members times commands times targets of a large client; some ten megabytes.
MOST: Final = 20_000


def answered(rules: Rules, asked: Sequence[Asked]) -> tuple[Ruling, ...]:
    """Return what `judge` answers to each question, in order."""
    known = rules.answers
    new = [one for one in dict.fromkeys(asked) if one not in known]
    found = dict(zip(new, judge(rules, new), strict=True))
    given = tuple(found[one] if one in found else known[one] for one in asked)
    if len(known) + len(found) > MOST:
        known.clear()
    known.update(found)
    return given
