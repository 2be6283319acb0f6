"""
Why a YAML or JSON edit is refused, as a closed list.

Each reason has its text in `bot/messages/editing.en.ftl`. Terraform code has reasons of
its own, in `terraform.refusal`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bot.domain.errors import Refused
from bot.domain.message import Message

# Excerpts of people's files are shown, so they are kept to one short line.
_EXCERPT: Final = 80


class Reason(StrEnum):
    """The last part of a message key: `refused.editing-<reason>`."""

    # What was asked.
    VALUE = "value"
    TEMPLATE = "template"
    TYPE = "type"
    ALREADY = "already"
    # The file as such.
    NO_FILE = "no-file"
    ENCODING = "encoding"
    LARGE = "large"
    SYNTAX = "syntax"
    DOCUMENTS = "documents"
    # Looked for and not there, or there too often.
    NO_KEY = "no-key"
    PRESENT = "present"
    DUPLICATE = "duplicate"
    NOT_SCALAR = "not-scalar"
    NOT_COLLECTION = "not-collection"
    # It stands there in a way that is not ours to change.
    SHARED = "shared"
    MERGED = "merged"
    TAGGED = "tagged"
    JINJA = "jinja"
    STYLE = "style"


def refused(reason: Reason, *, file: str, line: int = 0, what: str = "") -> Refused:
    """
    Return the refusal to raise; `line` counts from 1, and 0 means the whole file.

    `what` is the piece of source or the name that it is about; it is data.
    """
    text = " ".join(what.split())
    short = text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"
    args: dict[str, str | int | Message] = {"file": file, "line": line, "what": short}
    return Refused(Message.of(f"refused.editing-{reason}", args))
