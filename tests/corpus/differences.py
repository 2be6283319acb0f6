"""
What an edit changed, judged from the outside: by bytes and blanks, with no parser.

The engine proves its own edits; this is the second opinion, which knows nothing of it.
"""

from __future__ import annotations

import re

_BLANKS = re.compile(rb"[ \t]+")
_COMMENT = re.compile(rb"[ \t]+(#|//)")


def only_value_changed(before: bytes, after: bytes, *, old: bytes, new: bytes) -> str:
    """
    Return what is wrong with an edit of one value, or nothing.

    One place has the new text instead of the old one; every other byte is the same, but
    for the blanks before comments of lines next to it.
    """
    was, now = before.split(b"\n"), after.split(b"\n")
    if len(was) != len(now):
        return f"{len(was)} lines became {len(now)}"
    moved = [at for at, pair in enumerate(zip(was, now, strict=True)) if _differ(*pair)]
    if len(moved) != 1:
        return f"{len(moved)} lines say something else"
    (at,) = moved
    around = [
        index
        for index, pair in enumerate(zip(was, now, strict=True))
        if pair[0] != pair[1] and index != at
    ]
    if around and any(not _COMMENT.search(was[index]) for index in around):
        return "blanks moved in a line without a comment"
    if around and set(range(min(*around, at), max(*around, at) + 1)) != {*around, at}:
        # A line of the run may have stood right already; it must have a comment then.
        run = range(min(*around, at), max(*around, at) + 1)
        if any(not _COMMENT.search(was[index]) for index in run):
            return "blanks moved far from the value"
    if not any(
        _put(was[at], old, new, place) == _bare(now[at])
        for place in _places(was[at], old)
    ):
        return f"{was[at]!r} became {now[at]!r}"
    return ""


def only_lines_came(before: bytes, after: bytes) -> str:
    """Return what is wrong with an edit that put whole lines in, or nothing."""
    was, now = before.split(b"\n"), after.split(b"\n")
    rest = iter(now)
    missing = [line for line in was if not any(_same(line, each) for each in rest)]
    # A file without a last line end gets one before what is put after it.
    return "" if not [one for one in missing if one.strip()] else f"lost {missing[:2]}"


def _differ(one: bytes, other: bytes) -> bool:
    return _bare(one) != _bare(other)


def _same(one: bytes, other: bytes) -> bool:
    return _bare(one) == _bare(other)


def _bare(line: bytes) -> bytes:
    return _BLANKS.sub(b" ", line).strip()


def _places(line: bytes, old: bytes) -> list[int]:
    return [found.start() for found in re.finditer(re.escape(old), line)]


def _put(line: bytes, old: bytes, new: bytes, at: int) -> bytes:
    return _bare(line[:at] + new + line[at + len(old) :])
