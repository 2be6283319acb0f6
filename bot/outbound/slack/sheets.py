"""
The answer to a question of the registry, drawn: sections of lines, in order.

A question says what there is to say; nothing here knows which question it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.outbound.slack import blocks
from bot.outbound.slack.cards import bounded
from bot.outbound.slack.escape import Token, cut, mrkdwn, plain
from bot.outbound.slack.hits import hit_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.query import QuerySpec, Section
    from bot.domain.views import Answered
    from bot.outbound.slack.blocks import Json
    from bot.outbound.slack.pen import Pen

_TEXT: Final = 1500


def sheet(view: Answered, *, pen: Pen, site: str) -> Iterator[Json]:
    """Yield the blocks of an answer; `site` is where messages have their addresses."""
    yield blocks.section(f"*{bounded(view.sheet.title, pen)}*")
    for part in view.sheet.sections:
        yield from _section(part, view, pen, site)
    if view.sheet.hint is not None:
        yield blocks.context(bounded(view.sheet.hint, pen))


def _section(part: Section, view: Answered, pen: Pen, site: str) -> Iterator[Json]:
    lines = [f"*{bounded(part.heading, pen)}*"]
    lines += [f"• {bounded(line, pen)}" for line in part.lines]
    lines += [_typed(line) for line in part.typed]
    for text in blocks.paragraphs(lines):
        yield blocks.section(text)
    for hit in part.hits:
        yield blocks.section(hit_lines(hit, names=view.names, pen=pen, site=site))


def help_on(spec: QuerySpec, *, pen: Pen) -> Iterator[Json]:
    """Yield the help of one question."""
    yield blocks.section(f"*{_typed(spec.usage)}*")
    for part in spec.help.split("\n\n"):
        text = " ".join(part.split())
        yield blocks.section(mrkdwn(cut(text, most=_TEXT)) or "-")
    lines = [
        f"*{mrkdwn(one.name)}* · {mrkdwn(cut(plain(one.help), most=_TEXT))}"
        for one in spec.arguments
    ]
    for text in blocks.paragraphs(lines):
        yield blocks.section(text)
    line = f"/infra {spec.example}"
    yield blocks.context(pen.words("help.example", {"line": line}))


def question_lines(specs: Sequence[QuerySpec], *, pen: Pen) -> str:
    """Return every question in one paragraph, for the list of all commands."""
    typed = ", ".join(_typed(spec.usage) for spec in specs)
    return pen.words("help.questions", {"lines": Token(typed)})


def _typed(line: str) -> str:
    """Return a line as it is to be typed, in code style; the style is ours."""
    return f"`/infra {mrkdwn(line)}`"
