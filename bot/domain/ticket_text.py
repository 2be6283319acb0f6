"""
What Tandem writes into a GitLab issue for a person whom no command helps.

In English like the rest of a repository. What the person typed stands in a fence and in
one inert line, so that GitLab reads it as text: no `/close`, no `@all`, no HTML.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.gitlab_text import fenced, one_line

if TYPE_CHECKING:
    from datetime import datetime

# What a later report counts by, and what is searched for.
LABELS: Final = ("tandem", "missing-command")
_TITLE: Final = 120


@dataclass(frozen=True, slots=True)
class Ticket:
    """What was asked for in words: by whom, in which channel, when."""

    id: str
    text: str
    requester: str
    organisation: str
    channel: str
    at: datetime


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
    return "\n\n".join(
        (
            "Asked for in chat, because no command of Tandem does this yet.",
            "\n".join(facts),
            "In their words:",
            fenced(ticket.text),
            mark(ticket.id),
        )
    )


def mark(ticket_id: str) -> str:
    """Return the line by which the issue of this ticket is found again."""
    return f"Operation: {ticket_id}"
