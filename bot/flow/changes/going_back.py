"""What the command itself adds to the card: the way back, and what to know besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.errors import Refused
from bot.domain.message import Message
from bot.domain.way_back import WayBack, spelled
from bot.flow.changes.observing import client_of
from bot.flow.line import read_line

if TYPE_CHECKING:
    from bot.domain.operation import Operation
    from bot.domain.way_back import Before
    from bot.ports import Back


@dataclass(frozen=True, slots=True)
class GoingBack:
    """What the card says of it, and the line that does it, if one does."""

    undo: Message | None = None
    line: str = ""
    notes: tuple[Message, ...] = ()


def going_back(operation: Operation, before: Before, *, back: Back) -> GoingBack:
    """
    Return how the operation could be taken back once it is done.

    A line that the grammar would not read back as exactly what was meant is no way
    back, and the card says so.
    """
    commands = back.registry.commands
    if operation.command not in commands:
        return GoingBack()
    asked = commands[operation.command].model_validate(operation.arguments)
    notes = asked.notes(before, client_of(operation, back=back))
    way = asked.undo(before)
    if not isinstance(way, WayBack):
        return GoingBack(way, notes=notes)
    line = spelled(way, spec=commands[way.command].spec)
    try:
        read = read_line(line, commands=commands)
    except Refused as refusal:
        unfit = Message.of("undo.unfit", {"why": refusal.message})
        return GoingBack(unfit, notes=notes)
    if read != commands[way.command].model_validate(way.arguments):
        return GoingBack(Message.of("undo.misread"), notes=notes)
    offered = Message.of("undo.offered", {"id": operation.short, "line": line})
    return GoingBack(offered, line, notes)
