"""A whole merge request held against the guidelines."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from bot.domain.guidelines.advice import Advice
from bot.domain.guidelines.plain_text import formatting, pipeline, secrets
from bot.domain.guidelines.terraform_text import terraform
from bot.domain.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.guidelines.advice import ChangedFile, Guide

_FORMATTED: Final = (".tf", ".tfvars")


def review(files: Sequence[ChangedFile], *, guide: Guide) -> tuple[Advice, ...]:
    """
    Return what these changes bring in that the guidelines advise against.

    Serious things first, then by file and line. What stood in a file before, word for
    word, is left out, wherever it stands now.
    """
    found: list[Advice] = []
    for file in files:
        found += _new(file, guide)
    found.sort(key=lambda one: (not one.serious, one.path, one.line, one.rule))
    return tuple(found)


def _new(file: ChangedFile, guide: Guide) -> Iterator[Advice]:
    yield from _layout(file, guide)
    yield from pipeline(file.path)
    if file.after is None:
        return
    before = Counter(key for key, _ in _advised(file.path, file.before or b"", guide))
    for key, one in _advised(file.path, file.after, guide):
        if before[key] > 0:
            before[key] -= 1
        else:
            yield one


def _advised(
    path: str, content: bytes, guide: Guide
) -> Iterator[tuple[tuple[str, str, str], Advice]]:
    """Yield each advice with what makes it the same one before and after a change."""
    text = content.decode("utf-8", "replace")
    lines = text.splitlines()
    for one in _all(path, content, guide, lines=lines, text=text):
        at = lines[one.line - 1] if one.line <= len(lines) else ""
        yield (one.rule, repr(one.message), at.strip()), one


def _all(
    path: str, content: bytes, guide: Guide, *, lines: list[str], text: str
) -> Iterator[Advice]:
    if b"\0" in content:
        return  # not a text: nothing in it can be read line by line
    yield from secrets(path, lines)
    if path.endswith(_FORMATTED):
        yield from formatting(path, lines, text=text)
    if path.endswith(".tf") and content:
        yield from terraform(path, content, tags=guide.tags)


def _layout(file: ChangedFile, guide: Guide) -> Iterator[Advice]:
    """Yield advice on a new file outside the folders that the client uses."""
    if not guide.folders or file.before is not None or "/" not in file.path:
        return
    if not any(file.path.startswith(f"{folder}/") for folder in guide.folders):
        said = Message.of("guide.layout", {"folders": ", ".join(guide.folders)})
        yield Advice("layout", file.path, 1, said)
