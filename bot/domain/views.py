"""What the questions of chat and command line are answered with, before it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.audit import Record
    from bot.domain.audit_filter import AuditFilter
    from bot.domain.card import CardView
    from bot.domain.command import Spec
    from bot.domain.found import Page
    from bot.domain.message import Language, Message
    from bot.domain.query import QuerySpec, Sheet


@dataclass(frozen=True, slots=True)
class Said:
    """One message and nothing else."""

    message: Message
    language: Language


@dataclass(frozen=True, slots=True)
class Help:
    """
    The commands there are, or one of them in full, with the client's own targets.

    `kinds` has the names of the targets of each kind, for examples that work; `queries`
    are the questions that change nothing. Only what this person may ask for is listed;
    `note` says so where that is little.
    """

    specs: tuple[Spec, ...]
    one: Spec | QuerySpec | None
    targets: tuple[str, ...]
    kinds: dict[str, tuple[str, ...]]
    language: Language
    note: Message | None = None
    queries: tuple[QuerySpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """
    One operation and what the audit has of it.

    Of a long one the first and the last records; `left_out` are between the two.
    """

    card: CardView
    records: tuple[Record, ...]
    link: str | None
    language: Language
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the audit; `query` is what was asked, to ask for the rest."""

    page: Page
    query: str
    wanted: AuditFilter
    names: dict[str, str]
    language: Language


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a question of the registry, with who is who in its operations."""

    sheet: Sheet
    names: dict[str, str]
    language: Language


View = Said | Help | Story | Found | Answered
