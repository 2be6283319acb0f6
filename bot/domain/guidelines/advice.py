"""What is looked at, by which guide, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints

from bot.domain.frozen import Frozen

if TYPE_CHECKING:
    from bot.domain.message import Message

Folder = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}(/[A-Za-z0-9_.-]{1,64}){0,7}$"),
]
TagKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:/=+@ -]{1,128}$")]


class Guide(Frozen):
    """What a client's merge requests are held to, beside what holds everywhere."""

    folders: Annotated[
        tuple[Folder, ...],
        Field(description="Folders that may be changed; none named means any."),
    ] = ()
    tags: Annotated[
        tuple[TagKey, ...],
        Field(description="Tags that a new machine, database or volume must carry."),
    ] = ()


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file of a merge request; `before` is None when new, `after` when removed."""

    path: str
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to mend: where, by which rule, and how, in words."""

    rule: str
    path: str
    line: int
    message: Message
    serious: bool = False
