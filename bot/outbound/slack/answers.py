"""
What a question is answered with, drawn for the one person who asked.

Pure: a view of `bot.domain.views` and a pen in, blocks out. The lines of a story are
`story`'s, the card's parts `cards`'.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from bot.domain.command import Spec
from bot.domain.errors import Broken
from bot.domain.views import Answered, Found, Help, Said, Story
from bot.outbound.slack import blocks
from bot.outbound.slack.buttons import OLDER, OPEN
from bot.outbound.slack.cards import bounded, status
from bot.outbound.slack.escape import cut, mrkdwn, plain
from bot.outbound.slack.hits import hit_lines
from bot.outbound.slack.sheets import help_on, question_lines, sheet
from bot.outbound.slack.story import story_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.views import View
    from bot.outbound.slack.blocks import Drawn, Json
    from bot.outbound.slack.pen import Pen

_HELP: Final = 1500
_TARGETS: Final = 40
_QUERY: Final = 1500

_TOPICS: Final = (
    *("help", "can-i", "status", "audit", "cancel", "halt", "undo", "ticket"),
    *("at", "oncall", "freeze", "delegate", "trust", "settle"),
    *("break-glass", "review", "link"),
)


def answer(view: View, *, pen: Pen, site: str = "") -> Drawn:
    """
    Return the answer as a message for the person who asked.

    `site` is where messages have their addresses; without it none is linked.
    """
    match view:
        case Said(message=message):
            return said(bounded(message, pen))
        case Help():
            return _drawn(_help(view, pen))
        case Answered():
            return _drawn(sheet(view, pen=pen, site=site))
        case Found():
            return _drawn(_found(view, pen, site))
        case Story():
            return _drawn(_story(view, pen))
        case _:
            raise Broken(f"no way to draw {type(view).__name__}")


def said(text: str) -> Drawn:
    """Return one paragraph, already in mrkdwn, as a message."""
    return blocks.Drawn(text, (blocks.section(text),))


def _drawn(made: Iterator[Json]) -> Drawn:
    """Return blocks as a message whose text is that of its first block."""
    found = tuple(made)
    return blocks.Drawn(str(found[0]["text"]["text"]), found[: blocks.BLOCKS])


def _help(view: Help, pen: Pen) -> Iterator[Json]:
    match view.one:
        case None:
            return _all_commands(view, pen)
        case Spec() as spec:
            return _one_command(spec, view, pen)
        case query:
            return help_on(query, pen=pen)


def _all_commands(view: Help, pen: Pen) -> Iterator[Json]:
    yield blocks.section(f"*{pen.words('help.title')}*")
    lines = [
        f"*{mrkdwn(spec.name)}* · {mrkdwn(cut(plain(spec.summary), most=_HELP))}\n"
        f"{_typed(_example(spec, view))}"
        for spec in view.specs
    ]
    for text in blocks.paragraphs(lines):
        yield blocks.section(text)
    if view.note is not None:
        yield blocks.section(pen.say(view.note))
    if view.queries:
        yield blocks.section(question_lines(view.queries, pen=pen))
    yield blocks.divider()
    for topic in _TOPICS:
        yield blocks.context(pen.words(f"help.{topic}"))


def _one_command(spec: Spec, view: Help, pen: Pen) -> Iterator[Json]:
    yield blocks.section(f"*{_typed(spec.usage)}*")
    # A docstring's lines are broken for the eye of a programmer; paragraphs are not.
    for part in spec.help.split("\n\n"):
        text = " ".join(part.split())
        yield blocks.section(mrkdwn(cut(text, most=_HELP)) or "-")
    lines = [
        f"*{mrkdwn(one.name)}* · {mrkdwn(cut(plain(one.help), most=_HELP))}"
        for one in spec.arguments
    ]
    for text in blocks.paragraphs(lines):
        yield blocks.section(text)
    if view.note is not None:
        yield blocks.context(pen.say(view.note))
    example = _example(spec, view)
    yield blocks.context(pen.words("help.example", {"line": f"/infra {example}"}))
    names = view.targets[:_TARGETS]
    if names:
        yield blocks.context(pen.words("help.targets", {"names": ", ".join(names)}))


def _example(spec: Spec, view: Help) -> str:
    """Return a line that works here: with a target that this client really has."""
    own = [name for kind in spec.kinds for name in view.kinds.get(kind, ())]
    words = [
        argument.typed_as(own[0])
        if argument.name == spec.target and own and argument.example not in own
        else argument.typed
        for argument in spec.arguments
    ]
    return " ".join((spec.name, *words))


def _typed(line: str) -> str:
    """Return a line as it is to be typed, in code style; the style is ours."""
    return f"`/infra {mrkdwn(line)}`"


def _story(view: Story, pen: Pen) -> Iterator[Json]:
    operation = view.card.operation
    title = pen.say(operation.change.title)
    yield blocks.section(f"*{title}*\n{status(view.card, pen)}")
    if operation.outcome is not None:
        yield blocks.section(bounded(operation.outcome, pen))
    line = cut(plain(operation.line), most=_HELP)
    yield blocks.context(pen.words("story.typed", {"line": f"/infra {line}"}))
    for text in blocks.paragraphs(story_lines(view, pen)):
        yield blocks.section(text)
    if view.link and pen.trusts(view.link):
        number = str(operation.progress.merge_request or 0)
        label = pen.label("card.button-open", {"number": number})
        yield blocks.actions(
            "links", [blocks.button(label, action=OPEN, url=view.link)]
        )


def _found(view: Found, pen: Pen, site: str) -> Iterator[Json]:
    if not view.page.hits:
        yield blocks.section(pen.words("audit.nothing"))
        yield blocks.context(pen.words("audit.hint"))
        return
    query = cut(plain(view.query), most=_HELP)
    yield blocks.section(f"*{pen.words('audit.title', {'query': f'/infra {query}'})}*")
    for hit in view.page.hits:
        yield blocks.section(hit_lines(hit, names=view.names, pen=pen, site=site))
    if view.page.next is not None:
        value = json.dumps(
            {"q": view.query[:_QUERY], "b": view.page.next}, separators=(",", ":")
        )
        older = pen.label("audit.button-older")
        yield blocks.actions("page", [blocks.button(older, action=OLDER, value=value)])
    else:
        yield blocks.context(pen.words("audit.end"))
