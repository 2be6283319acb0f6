"""The refusal of a whole catalog: everything that is wrong with it, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import Refused
from bot.domain.message import Message

if TYPE_CHECKING:
    from bot.domain.catalog.layout import Problem


class CatalogRefused(Refused):
    """
    The catalog is not put in force; whatever was in force before stays.

    `problems` has every wrong thing of every file, in the order of files and lines.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        args: dict[str, str | int | Message] = {
            "count": len(problems),
            "place": first.place,
            "first": first.message,
        }
        super().__init__(Message.of("catalog.refused", args))
        self.problems = problems
