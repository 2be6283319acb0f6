"""
The words of a typed line.

Words are separated by spaces. A word may be quoted as a whole, or quoted after its
`key=` or `key:`; chat clients curl quotes and lengthen dashes, which is undone here and
only where it can matter: a quote that opens or closes a word, a dash that begins one.
Slack's own encoding is undone by `decode`; what words mean is left to `binding` and
`audit_filter`.
"""

# ruff: noqa: RUF001, RUF003 - look-alike quotes and dashes are what this is about
from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.domain.decode import LONGEST_LINE, Atom, Mention, atoms, unfit

if TYPE_CHECKING:
    from collections.abc import Sequence

# Each opening quote and what closes it. Clients curl one of a pair and not the other,
# so the straight one closes a curly one. “…” within "…" is handled by `_Reader`.
_CLOSERS: Final = {
    '"': '"”',
    "“": '”"',
    "”": '”"',
    "„": '“”"',
    "«": "»",
    "'": "'’",
    "‘": "’'",
    "’": "’'",
    "‚": "‘’'",
    "‹": "›",
}
_QUOTES: Final = frozenset("".join(_CLOSERS) + "".join(_CLOSERS.values()))
_DOUBLE: Final = frozenset('"“”„«»')
# These also stand inside words (l’équipe, don't): they close only before a space.
_APOSTROPHES: Final = frozenset("'’")
_DASHES: Final = {"—": "--", "–": "-", "−": "-", "‐": "-", "‑": "-"}
_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}[=:]")
# A line of these alone, as most are, is its words: nothing in it can be a quote, a
# token, an entity, an escape, unseen, or a dash that somebody lengthened.
_PLAIN: Final = re.compile(r"[A-Za-z0-9 !#$%()*+,./:;=?@^_`{|}~\[\]-]*")
_WORD: Final = re.compile(r"[^ ]+")


@dataclass(frozen=True, slots=True)
class Word:
    """
    One word: its text, and where it began in the line as shown (from 1).

    `bare` counts the characters at its start that stood outside quotes; only there can
    a `key=` be. A `mention` ends its word, and its word's text is what stood before it.
    """

    text: str
    column: int
    quoted: bool = False
    bare: int = 0
    mention: Mention | None = None

    def pair(self, separator: str) -> tuple[str, Word] | None:
        """Return key and value if this word is `key<separator>value`, else nothing."""
        found = _KEY.match(self.text[: self.bare])
        if found is None or not found.group().endswith(separator):
            return None
        end = found.end()
        value = replace(
            self,
            text=self.text[end:],
            column=self.column + end,
            bare=self.bare - end,
        )
        return found.group()[:-1], value


def read_words(line: str) -> tuple[Word, ...]:
    """
    Return the words of a line as Slack sent it, in linear time.

    Raises `BadArguments` with the column for anything that is not plainly a word; never
    anything else, whatever the line.
    """
    if len(line) <= LONGEST_LINE and _PLAIN.fullmatch(line):
        return tuple(
            Word(found.group(), found.start() + 1, bare=found.end() - found.start())
            for found in _WORD.finditer(line)
        )
    return read_any(line)


def read_any(line: str) -> tuple[Word, ...]:
    """Return the same, character by character, for a line with anything in it."""
    return _Reader(atoms(line)).words()


def quoted(text: str) -> str:
    """
    Return `text` as one word, quoted and encoded as Slack would send it.

    `read_words` gives it back unchanged, except that any kind of space is a space.
    """
    escaped = "".join(
        f"\\{one}" if one in _QUOTES or one == "\\" else one for one in text
    )
    encoded = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'"{encoded}"'


class _Reader:
    """One walk over the atoms of a line."""

    def __init__(self, line: Sequence[Atom]) -> None:
        self._line = line
        self._at = 0

    def words(self) -> tuple[Word, ...]:
        found: list[Word] = []
        while self._at < len(self._line):
            if self._is_space(self._at):
                self._at += 1
            else:
                found.append(self._word())
        return tuple(found)

    def _word(self) -> Word:
        """Read from the first character of a word to the space after it."""
        column = self._line[self._at].column
        text = self._leading_dash()
        while not self._is_space(self._at):
            atom = self._line[self._at]
            # A quote or a mention may begin a word, or the value after its key.
            starts = not text or _KEY.fullmatch(text) is not None
            if atom.mention is not None:
                return self._mention(atom, text, column, starts=starts)
            if atom.typed and starts and atom.text in _CLOSERS:
                bare = len(text)
                text += self._quoted(atom)
                return Word(text, column, quoted=True, bare=bare)
            if atom.typed and atom.text in _DOUBLE:
                raise unfit("stray-quote", {"quote": atom.text, "column": atom.column})
            text += atom.text
            self._at += 1
        return Word(text, column, bare=len(text))

    def _leading_dash(self) -> str:
        """Undo what clients make of `--` and `-` where a word begins."""
        dash = _DASHES.get(self._line[self._at].text, "")
        self._at += bool(dash)
        return dash

    def _mention(self, atom: Atom, text: str, column: int, *, starts: bool) -> Word:
        self._at += 1
        if not starts or not self._is_space(self._at):
            raise unfit("mention-inside", {"mention": atom.text, "column": atom.column})
        return Word(text, column, bare=len(text), mention=atom.mention)

    def _quoted(self, opening: Atom) -> str:
        """Read from an opening quote to its closing one; return what is between."""
        self._at += 1
        text, inner = "", 0
        while self._at < len(self._line):
            atom = self._line[self._at]
            if atom.typed and atom.text == "\\":
                text += self._escaped(atom)
                continue
            if atom.typed and self._closes(atom, opening, inner):
                return self._closed(atom, opening, text)
            # "he said “no” and left": the inner pair belongs to the text.
            if opening.text == '"' and atom.typed:
                inner += {"“": 1, "”": -1}.get(atom.text, 0)
            text += atom.text
            self._at += 1
        raise unfit("unclosed-quote", {"quote": opening.text, "column": opening.column})

    def _escaped(self, atom: Atom) -> str:
        """Read a backslash and the quote or backslash after it."""
        after = self._line[self._at + 1 : self._at + 2]
        if not after or after[0].text not in _QUOTES | {"\\"}:
            raise unfit("bad-escape", {"column": atom.column})
        self._at += 2
        return after[0].text

    def _closes(self, atom: Atom, opening: Atom, inner: int) -> bool:
        if atom.text not in _CLOSERS[opening.text]:
            return False
        if atom.text == "”" and opening.text == '"':
            return inner == 0 and self._is_space(self._at + 1)
        return atom.text not in _APOSTROPHES or self._is_space(self._at + 1)

    def _closed(self, atom: Atom, opening: Atom, text: str) -> str:
        self._at += 1
        if not self._is_space(self._at):
            raise unfit("after-quote", {"quote": atom.text, "column": atom.column + 1})
        # French typography puts a space inside guillemets; it is not part of the text.
        return text.strip(" ") if opening.text in "«‹" else text

    def _is_space(self, at: int) -> bool:
        """Whether a word is over here: at a space, or after the last character."""
        return at >= len(self._line) or self._line[at].text == " "
