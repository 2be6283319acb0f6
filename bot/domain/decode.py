"""
Slack's encoding of a typed line, undone exactly once.

Slack sends `&`, `<` and `>` as entities and puts what it recognised (people, channels,
links) between bare `<` and `>`. This module turns such a line into atoms: one for each
character that the person sees, one for each person or channel. It refuses characters
that nobody can see. Words, quotes and dashes are left to `text`.

https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from bot.domain.errors import BadArguments
from bot.domain.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

# Slack's own bound for a text field; whatever is longer was not typed by a person.
LONGEST_LINE: Final = 3_000

# So much of a refused text is shown back.
_SHOWN: Final = 60

_ENTITIES: Final = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
_ENTITY: Final = re.compile(r"&(?:amp|lt|gt);")
_MENTION: Final = re.compile(r"([@#])([UWCG][A-Z0-9]{1,30})(?:\|[^|]*)?")
_LINK_SCHEMES: Final = ("http://", "https://", "mailto:", "tel:")

# Unseen though Unicode files them under marks and letters: fillers, joiners, the
# blank Braille cell and the variation selectors that can carry hidden bytes. The two
# selectors that pick an emoji's looks (U+FE0E, U+FE0F) may stay.
_UNSEEN: Final = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0))
) | frozenset(
    map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE0E), *range(0xE0100, 0xE01F0)))
)
_UNSEEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Mention:
    """A person or a channel that Slack recognised: its id, never its shown name."""

    kind: Literal["member", "channel"]
    id: str


@dataclass(frozen=True, slots=True)
class Atom:
    """
    One thing the person sees: a character, or a mention as a whole.

    `column` counts from 1 in the line as it was shown. `typed` is false for what came
    out of an entity or a link: a quote in there is only a character.
    """

    text: str
    column: int
    typed: bool = True
    mention: Mention | None = None


def unfit(key: str, args: dict[str, str | int | Message] | None = None) -> BadArguments:
    """Return the refusal that says the text `grammar.<key>`."""
    return BadArguments(Message.of(f"grammar.{key}", args))


def visible(text: str) -> str:
    """Return the start of `text` fit to be shown back: one line, nothing unseen."""
    clean = "".join(
        one if one.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for one in text[:_SHOWN]
    )
    return clean if len(text) <= _SHOWN else f"{clean}…"


def atoms(line: str) -> list[Atom]:
    """
    Return what the person saw when typing `line`, in linear time.

    Raises `BadArguments` for a line over 3,000 characters, an unseen character, a link
    whose label is not its address, and a `<…>` that is not understood.
    """
    if len(line) > LONGEST_LINE:
        raise unfit("too-long", {"length": len(line), "limit": LONGEST_LINE})
    found: list[Atom] = []
    at, column = 0, 1
    while at < len(line):
        if line[at] == "<":
            end = line.find(">", at)
            if end < 0:
                raise unfit("unfinished-token", {"column": column})
            found += _token(line[at + 1 : end], column)
            column = found[-1].column + 1
            at = end + 1
            continue
        entity = _ENTITY.match(line, at)
        typed = entity is None
        character = line[at] if entity is None else _ENTITIES[entity.group()]
        found.append(Atom(seen(character, column), column, typed))
        column += 1
        at = at + 1 if entity is None else entity.end()
    return found


def seen(character: str, column: int) -> str:
    """Return `character` with any space as U+0020; refuse one that nobody sees."""
    if character in "\t\n\r" or unicodedata.category(character) == "Zs":
        return " "
    unseen = unicodedata.category(character) in _UNSEEN_CATEGORIES
    if unseen or character in _UNSEEN:
        name = unicodedata.name(character, "UNNAMED")
        code = f"U+{ord(character):04X}"
        raise unfit("hidden-character", {"code": code, "name": name, "column": column})
    return character


def _token(body: str, column: int) -> Iterator[Atom]:
    """Return what stood between `<` and `>` as one mention, or as a link's text."""
    mention = _MENTION.fullmatch(body)
    if mention is not None:
        sigil, identity = mention.groups()
        is_member = identity[0] in "UW"
        if is_member != (sigil == "@"):
            raise unfit("unknown-token", {"token": visible(body), "column": column})
        kind: Literal["member", "channel"] = "member" if is_member else "channel"
        yield Atom(
            sigil + identity, column, typed=False, mention=Mention(kind, identity)
        )
        return
    for offset, character in enumerate(_link_text(body, column)):
        place = column + offset
        yield Atom(seen(character, place), place, typed=False)


def _link_text(body: str, column: int) -> str:
    """
    Return the text of a link, which must be its own address.

    Slack turns `web-2.acme.example` into `<http://web-2.acme.example|web-2.acme.example>`
    by itself. A label that is anything else could show one host and mean another.
    """
    address, bar, label = body.partition("|")
    scheme = next((one for one in _LINK_SCHEMES if address.startswith(one)), None)
    if scheme is None or address == scheme or (bar and not label):
        raise unfit("unknown-token", {"token": visible(body), "column": column})
    bare = address.removeprefix(scheme)
    if not bar:
        return _unescaped(address)
    if label in {address, bare, bare.removesuffix("/")} or _same_host(label, bare):
        return _unescaped(label)
    names = {"label": visible(label), "address": visible(address)}
    raise unfit("link-label", {**names, "column": column})


def _same_host(label: str, bare: str) -> bool:
    """Whether they differ in case only: Slack writes the address in lower case."""
    return label.isascii() and label.lower() == bare.removesuffix("/").lower()


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda found: _ENTITIES[found.group()], text)
