"""
The policies as they were written, and where in its file each of them stands.

Cedar's own parser tells what is wrong and not where, so a file is taken apart here:
comments, strings and the semicolons between policies are all that has to be known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN: Final = re.compile(
    r"""
      (?P<gap>\s+|//[^\n]*)
    | (?P<text>"(?:\\.|[^"\\])*"?)
    | (?P<word>\w+)
    | (?P<mark>::|==|!=|<=|>=|&&|\|\||.)
    """,
    re.VERBOSE | re.DOTALL,
)


class PolicyFile(Frozen):
    """
    One file of policies.

    `client` is whose folder it lies in; None for what holds for every client. `shipped`
    ones came with the program, and their reasons are texts of ours.
    """

    file: str
    text: str
    client: str | None = None
    shipped: bool = False


class Policies(Frozen):
    """Every policy file there is, and the schema that all of them are held to."""

    schema_text: str = ""
    files: tuple[PolicyFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a mark or a quoted text, and where it begins in its file."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One policy as it stands in its file, from its first token to its semicolon."""

    tokens: tuple[Token, ...]
    text: str
    start: int

    def upto(self, count: int) -> str:
        """Return the policy's text up to and with its `count`-th token."""
        last = self.tokens[count - 1]
        return self.text[: last.start + len(last.text) - self.start]


def pieces(text: str) -> tuple[Piece, ...]:
    """Return the policies of a file, in order; what follows the last `;` is one too."""
    found: list[Piece] = []
    tokens: list[Token] = []
    for token in _tokens(text):
        tokens.append(token)
        if token.text == ";":
            found.append(_piece(text, tokens))
            tokens = []
    if tokens:
        found.append(_piece(text, tokens))
    return tuple(found)


def place(text: str, start: int) -> tuple[int, int]:
    """Return line and column, from 1, of an offset into a file's text."""
    before = text[:start]
    return before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1


def _piece(text: str, tokens: list[Token]) -> Piece:
    start, last = tokens[0].start, tokens[-1]
    return Piece(tuple(tokens), text[start : last.start + len(last.text)], start)


def _tokens(text: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(text):
        if found.lastgroup != "gap":
            yield Token(found.group(), found.start())
