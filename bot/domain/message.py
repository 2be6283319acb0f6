"""
What is said to people, before it is put into words.

A `Message` names a text of the message catalog (`bot/messages/*.ftl`) and carries its
arguments as plain data. Which language and which markup it is shown in is decided at
the edge that shows it. No module writes user text anywhere else; only a command, which
must stay one file, brings its own texts along (`Message.own`).
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

Language = Literal["en", "fr"]


class Message(BaseModel):
    """One text to be said: a key of the catalog (or own patterns) and its arguments."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    args: dict[str, str | int | Message] = {}
    patterns: dict[str, str] | None = None

    @classmethod
    def of(cls, key: str, args: dict[str, str | int | Message] | None = None) -> Self:
        """Return the catalog's text `key` with these arguments."""
        return cls(key=key, args=args or {})

    @classmethod
    def own(
        cls, *, en: str, fr: str | None = None, args: dict[str, str | int | Message]
    ) -> Self:
        """Return a text that its author brings along, in Fluent pattern syntax."""
        patterns = {"en": en} if fr is None else {"en": en, "fr": fr}
        return cls(key="", args=args, patterns=patterns)
