"""
Data made inert for Slack: whatever people, clouds or files wrote shows as it is.

In mrkdwn a text can mention people, call a whole channel, link, format and show emoji.
Nothing of that may come out of data (threats F1, F2). Three characters have escapes of
Slack's own; every other mark is replaced by its full-width or modifier twin, which no
reader of mrkdwn takes for a mark. `verbatim` (see `blocks`) keeps Slack from finding
links and names by itself.

https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

# ruff: noqa: RUF001 - look-alike characters are what this is about
from __future__ import annotations

import re
import unicodedata
from typing import Final

_UNSEEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Unseen though Unicode files them under marks and letters (see `bot.domain.decode`).
_UNSEEN: Final = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0))
)
_LINE_END: Final = re.compile(r"\r\n|[\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_FOLD: Final = " ⏎ "

# Nothing in here means anything to Slack, so most data is done after one look.
_HARMLESS: Final = re.compile(r"[A-Za-z0-9 .,;()/+=#%'\"-]*")
_TWINS: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "*": "＊", "~": "～", "`": "｀"}
)
# A mark only where a word begins or ends: `db_prod` stays as it is.
_UNDERSCORE: Final = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_EMOJI: Final = re.compile(r":(?=[^\s:]+:)")
_CALL: Final = re.compile(r"(?<![^\W_])@(?=\w)")


class Token(str):
    """Markup of our own making (a mention, a date, a link), told apart from data."""

    __slots__ = ()


def mrkdwn(text: str) -> str:
    """Return data as inert mrkdwn on one line; a `Token` is ours and stays."""
    if isinstance(text, Token) or _HARMLESS.fullmatch(text):
        return text
    shown = _CALL.sub("＠", _EMOJI.sub("꞉", _UNDERSCORE.sub("＿", plain(text))))
    # At the start of a line `&gt;` quotes, so a first `>` gets a twin too.
    if shown.startswith(">"):
        shown = f"＞{shown[1:]}"
    return shown.translate(_TWINS)


def plain(text: str) -> str:
    """Return data for a plain_text object: one line, nothing in it unseen."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_seen, _LINE_END.sub(_FOLD, text)))


def lines(text: str) -> str:
    """Return data for preformatted text: its lines stay, nothing in it is unseen."""
    whole = text.removesuffix("\n").split("\n")
    return "\n".join(
        "\t".join(plain(part) for part in line.removesuffix("\r").split("\t"))
        for line in whole
    )


def cut(text: str, *, most: int) -> str:
    """Return `text`, or its start and an ellipsis, in at most `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _seen(character: str) -> str:
    if character.isprintable() and character not in _UNSEEN:
        return character
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    if category in _UNSEEN_CATEGORIES or character in _UNSEEN:
        return f"⟨U+{ord(character):04X}⟩"
    return character
