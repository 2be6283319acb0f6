"""An edit of one file: what it was, what it becomes, and who else reads the value."""

from __future__ import annotations

import difflib
import hashlib
import math
from dataclasses import dataclass
from decimal import Decimal

Scalar = str | int | float | bool


def as_typed(value: Scalar | None) -> str:
    """
    Return the words for a value, as a person types it and reads it: `true`, `0.001`.

    Never with an exponent, which no command takes.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value):
        return format(Decimal(repr(value)), "f")
    return str(value)


@dataclass(frozen=True, slots=True)
class Step:
    """One hop on the way from the question to the value: where, and what is there."""

    file: str
    line: int
    source: str


@dataclass(frozen=True, slots=True, order=True)
class Consumer:
    """Another place that reads the value: where (line from 1), and what is there."""

    file: str
    line: int
    what: str


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One file, before and after; `line` counts from 1 and says where to look."""

    file: str
    line: int
    before: bytes
    after: bytes

    @property
    def before_sha256(self) -> str:
        """The hash of the file that the edit was made for, as hexadecimal digits."""
        return hashlib.sha256(self.before).hexdigest()

    @property
    def after_sha256(self) -> str:
        """The hash of the file with the edit in it, as hexadecimal digits."""
        return hashlib.sha256(self.after).hexdigest()

    def unified_diff(self) -> str:
        """Return the edit as a patch that `git apply` takes."""
        old, new = (_lines(each) for each in (self.before, self.after))
        names = f"a/{self.file}", f"b/{self.file}"
        patch = difflib.unified_diff(old, new, *names)
        ended = (each if each.endswith("\n") else f"{each}{_NO_END}" for each in patch)
        return "".join(ended)


@dataclass(frozen=True, slots=True)
class Edit(FileEdit):
    """
    One changed value in one file; a value that was not there before was None.

    `via` is the way from what was asked for to the value, first to last. `consumers`
    are all other places that read the same value and will see the new one.
    """

    old_value: Scalar | None
    new_value: Scalar
    via: tuple[Step, ...] = ()
    consumers: tuple[Consumer, ...] = ()


_NO_END = "\n\\ No newline at end of file\n"


def _lines(source: bytes) -> list[str]:
    # Only a line feed ends a line: str.splitlines would also cut at form feeds.
    text = source.decode()
    parts = text.split("\n")
    return [f"{each}\n" for each in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
