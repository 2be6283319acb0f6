"""
What GitLab reads into text that people wrote.

Quick actions (`/merge` at a line start), mentions, references that close issues,
`[skip ci]`, `Draft:`. The stand-in acts on them as GitLab would, so that a test can
show that the product's texts trigger none.
https://docs.gitlab.com/user/project/quick_actions/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# GitLab's own rule (lib/gitlab/quick_actions/extractor.rb): three backticks at a line
# start open, a line of exactly three close; inside nothing is read.
_FENCE: Final = re.compile(r"^```.+?\n```$", re.DOTALL | re.MULTILINE)
_SPAN: Final = re.compile(r"`[^`\n]+`")
_ACTION: Final = re.compile(r"^/([a-z_]+)(?:[ \t]+(.*))?$", re.MULTILINE)
_MENTION: Final = re.compile(r"(?<![\w`/])@([A-Za-z0-9_][\w.-]*)", re.ASCII)
_REFERENCE: Final = re.compile(r"(?<![\w&])[#!][0-9]+\b", re.ASCII)
_SKIP: Final = re.compile(r"\[(?:ci[ _-]skip|skip[ _-]ci)\]", re.IGNORECASE)
ACTIONS: Final = frozenset(
    [
        "approve",
        "close",
        "draft",
        "label",
        "merge",
        "ready",
        "reopen",
        "target_branch",
        "title",
        "unlabel",
    ]
)


@dataclass(frozen=True)
class Reading:
    """Everything that GitLab would act on in one text."""

    actions: tuple[tuple[str, str], ...]
    mentions: tuple[str, ...]
    references: tuple[str, ...]
    skips_ci: bool


def reading(text: str) -> Reading:
    """Return what GitLab finds in `text`, code left out."""
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = _SPAN.sub("", _FENCE.sub("", unix))
    found = tuple((name, (rest or "").strip()) for name, rest in _ACTION.findall(plain))
    return Reading(
        actions=tuple(pair for pair in found if pair[0] in ACTIONS),
        mentions=tuple(_MENTION.findall(plain)),
        references=tuple(_REFERENCE.findall(plain)),
        skips_ci=_SKIP.search(text) is not None,
    )


def without_actions(text: str) -> str:
    """Return the text as GitLab stores it: the lines it acted on are gone."""
    fences = _FENCE.findall(text)
    pieces = _FENCE.split(text)
    kept = [
        _ACTION.sub(lambda m: "" if m[1] in ACTIONS else m[0], piece)
        for piece in pieces
    ]
    out = kept[0]
    for fence, piece in zip(fences, kept[1:], strict=True):
        out += fence + piece
    return out.strip("\n")
