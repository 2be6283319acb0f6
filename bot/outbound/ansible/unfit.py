"""What is said of a play that may not run: which file, which line, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

_SHOWN: Final = 60


class Reason(StrEnum):
    """Why a client's playbook is turned away; each is a text in `deploy.en.ftl`."""

    PLACE = "place"
    PLUGIN = "plugin"
    YAML = "yaml"
    HOSTS = "hosts"
    WORD = "word"
    MODULE = "module"
    ARGUMENT = "argument"
    LITERAL = "literal"
    NAME = "name"
    CHECK = "check"
    TEMPLATE = "template"
    FUNCTION = "function"
    DEPENDENCY = "dependency"


class UnfitError(Exception):
    """A client's playbook is not one that may run; nothing was run."""

    def __init__(self, reason: Reason, *, file: str, line: int, what: str) -> None:
        shown = "".join(one if one.isprintable() else "�" for one in what)
        self.reason, self.file, self.line = reason, file, line
        self.what = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
        super().__init__(f"{file}:{line}: {reason.value}: {self.what}")
