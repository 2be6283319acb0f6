"""
Why a Terraform edit or plan is refused, as a closed list.

Owns the reasons and the one place where they become a `Refused`. Each reason has its
text in `bot/messages/terraform.en.ftl`; a test keeps both lists equal.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bot.domain.errors import Refused
from bot.domain.message import Message

# Excerpts of people's files are shown, so they are kept to one short line.
_EXCERPT: Final = 80


class Reason(StrEnum):
    """The last part of a message key: `refused.terraform-<reason>`."""

    # What was asked.
    ADDRESS = "address"
    ATTRIBUTE = "attribute"
    VALUE = "value"
    ALREADY = "already"
    NAME = "name"
    PRESENT = "present"
    DIFFERENT = "different"
    NOT_MORE = "not-more"
    # The files as such.
    ENCODING = "encoding"
    LARGE = "large"
    SYNTAX = "syntax"
    JSON = "json"
    OVERRIDE = "override"
    ONE_LINE = "one-line"
    # Looked for and not there, or there too often.
    NO_FILES = "no-files"
    NO_BLOCK = "no-block"
    NO_ATTRIBUTE = "no-attribute"
    NO_KEY = "no-key"
    DUPLICATE = "duplicate"
    DYNAMIC = "dynamic"
    # The address does not fit the block.
    COUNT = "count"
    NEEDS_KEY = "needs-key"
    NO_FOR_EACH = "no-for-each"
    REMOTE_MODULE = "remote-module"
    # The right-hand side is not a value of ours to change.
    CONDITIONAL = "conditional"
    FUNCTION = "function"
    TEMPLATE = "template"
    HEREDOC = "heredoc"
    COMPUTED_KEY = "computed-key"
    OPERATION = "operation"
    COLLECTION = "collection"
    NOT_COLLECTION = "not-collection"
    REFERENCE = "reference"
    EACH_KEY = "each-key"
    LOOP = "loop"
    # The value is decided outside git, or must not be shown, or would be ignored.
    CI_ONLY = "ci-only"
    VAR_FILE = "var-file"
    SENSITIVE = "sensitive"
    IGNORED = "ignored"
    # Plans.
    PLAN_LARGE = "plan-large"
    PLAN_UNREADABLE = "plan-unreadable"
    PLAN_SHAPE = "plan-shape"
    PLAN_VERSION = "plan-version"
    PLAN_ERRORED = "plan-errored"
    PLAN_INCOMPLETE = "plan-incomplete"


def excerpt(text: str) -> str:
    """Return `text` as one line of at most 80 characters."""
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT else line[: _EXCERPT - 1] + "…"


def refused(reason: Reason, *, file: str, line: int = 0, what: str = "") -> Refused:
    """
    Return the refusal to raise; `line` counts from 1, and 0 means the whole file.

    `what` is the piece of source or the name that it is about; it is data.
    """
    return Refused(
        Message.of(
            f"refused.terraform-{reason}",
            {"file": file, "line": line, "what": excerpt(what)},
        )
    )
