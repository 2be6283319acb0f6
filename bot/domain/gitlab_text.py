"""
Text that people wrote, made inert for GitLab.

GitLab reads more into titles, descriptions, notes and commit messages than letters:
quick actions (`/merge`), mentions, references (`Closes #1`), trailers, `[skip ci]`,
`Draft:`, HTML, links. What a person wrote goes through `one_line` (titles, subjects,
values in a sentence) or `fenced` (anything longer), and then triggers none of it.
https://docs.gitlab.com/user/project/quick_actions/

Pure; what the sentences around such text say is decided by the callers.
"""

from __future__ import annotations

import unicodedata
from typing import Final

LONGEST_LINE: Final = 200
LONGEST_BLOCK: Final = 8000
_CUT: Final = "…"
# Each of these starts something in GitLab's Markdown; its full-width twin reads the
# same to a person and starts nothing. `/` is here for `/merge` and for links.
_TWINS: Final = str.maketrans(
    {
        "@": "＠",  # noqa: RUF001 - the twin is the point
        "#": "＃",  # noqa: RUF001 - the twin is the point
        "!": "！",  # noqa: RUF001 - the twin is the point
        "~": "～",  # noqa: RUF001 - the twin is the point
        "%": "％",  # noqa: RUF001 - the twin is the point
        "&": "＆",  # noqa: RUF001 - the twin is the point
        "$": "＄",  # noqa: RUF001 - the twin is the point
        "[": "［",  # noqa: RUF001 - the twin is the point
        "]": "］",  # noqa: RUF001 - the twin is the point
        "<": "＜",  # noqa: RUF001 - the twin is the point
        ">": "＞",  # noqa: RUF001 - the twin is the point
        "`": "｀",  # noqa: RUF001 - the twin is the point
        "|": "｜",  # noqa: RUF001 - the twin is the point
        "\\": "＼",  # noqa: RUF001 - the twin is the point
    }
)
# Control, format (bidirectional, zero-width), surrogate, private-use characters.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LINE_ENDS: Final = "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def one_line(text: str, *, most: int = LONGEST_LINE) -> str:
    """
    Return `text` as one inert line of at most `most` characters.

    It can stand in a title, a commit message or a sentence. Line ends become spaces,
    unseen characters are shown by their number, and a line that GitLab would take for
    a draft's or a quick action's is put in quotes.
    """
    for end in _LINE_ENDS:
        text = text.replace(end, " ")
    shown = " ".join(_seen(text).translate(_TWINS).split())
    # `://` would make a link, and `Closes <link>` closes what it points to.
    shown = shown.replace("://", ":／／").replace("www.", "www·")  # noqa: RUF001 - twins
    if shown.startswith(("/", "(")) or _first_word(shown) in {"draft", "wip"}:
        shown = f"“{shown}”"
    return shown if len(shown) <= most else shown[: most - 1] + _CUT


def fenced(text: str, *, most: int = LONGEST_BLOCK) -> str:
    """
    Return `text` as an inert code block of at most `most` characters of content.

    No line of it can end the block, and each begins with two spaces, so that it starts
    nothing even for a reader that overlooks the block. Unseen characters are shown.
    """
    for end in ("\r\n", *_LINE_ENDS):
        text = text.replace(end, "\n")
    lines = []
    for line in text.split("\n"):
        shown = _seen(line).replace("```", "｀｀｀").replace("~~~", "～～～")  # noqa: RUF001 - twins
        lines.append(f"  {shown}".rstrip(" ") if shown.strip() else "")
    inside = "\n".join(lines).strip("\n")
    if len(inside) > most:
        inside = inside[: most - 1] + _CUT
    return f"```text\n{inside or '  '}\n```"


def _first_word(text: str) -> str:
    """Return the letters that the text begins with, brackets aside, in lower case."""
    bare = text.lstrip("［（([ ")  # noqa: RUF001 - the twins are put there above
    end = next((at for at, c in enumerate(bare) if not c.isalpha()), len(bare))
    return bare[:end].casefold()


def _seen(text: str) -> str:
    """Return `text` with every unseen character (tabs aside) shown as `⟨U+202E⟩`."""
    return "".join(
        f"⟨U+{ord(char):04X}⟩"
        if char != "\t" and unicodedata.category(char) in _UNSEEN
        else char
        for char in text
    )
