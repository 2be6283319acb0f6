"""
What Tandem writes into a GitLab issue for a person whom no command helps.

In English like the rest of a repository. What the person typed stands in a fence and in
one inert line, so that GitLab reads it as text: no `/close`, no `@all`, no HTML.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.domain.gitlab_text import fenced, one_line

if TYPE_CHECKING:
    from datetime import datetime

# What a later report counts by, and what is searched for.
LABELS: Final = ("tandem", "missing-command")
_TITLE: Final = 120


@dataclass(frozen=True, slots=True)
class Context:
    """What led to it: the targets that are named, and the lines refused before."""

    targets: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ticket:
    """What was asked for in words: by whom, in which channel, when, after what."""

    id: str
    text: str
    requester: str
    organisation: str
    channel: str
    at: datetime
    context: Context = field(default_factory=Context)


def title(ticket: Ticket) -> str:
    """Return the issue's title: the words, on one inert line."""
    return one_line(ticket.text, most=_TITLE)


def description(ticket: Ticket) -> str:
    """Return what whoever reads the issue needs to know."""
    who = f"{one_line(ticket.requester)} ({one_line(ticket.organisation)})"
    facts = (
        f"- Asked by: {who}",
        f"- Channel: {one_line(ticket.channel)}",
        f"- At: {ticket.at:%Y-%m-%d %H:%M} UTC",
    )
    about = [f"- About: {one_line(one)}" for one in ticket.context.targets]
    tried = "\n".join(ticket.context.tried)
    before = ("Refused in the hour before (UTC):", fenced(tried)) if tried else ()
    return "\n\n".join(
        (
            "Asked for in chat, because no command of Tandem does this yet.",
            "\n".join((*facts, *about)),
            "In their words:",
            fenced(ticket.text),
            *before,
            mark(ticket.id),
        )
    )


def mark(ticket_id: str) -> str:
    """Return the line by which the issue of this ticket is found again."""
    return f"Operation: {ticket_id}"
