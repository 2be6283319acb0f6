"""
Messages put into words, in a person's language.

The texts are Fluent files (`bot/messages/*.en.ftl`, `*.fr.ftl`); a language that lacks
a text falls back to English. Arguments are data: they pass through the escape of the
place where the words are shown, and are never read as a pattern.
https://projectfluent.org
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, cast

from fluent.runtime import FluentBundle, FluentResource

from bot.domain.errors import Broken

if TYPE_CHECKING:
    from collections.abc import Callable

    from fluent.runtime.resolver import Pattern

    from bot.domain.message import Language, Message

LANGUAGES: Final[tuple[Language, ...]] = ("en", "fr")


class Speech:
    """Every text there is, in every language; read once, where it is built."""

    def __init__(self) -> None:
        self._bundles = {language: _bundle(language) for language in LANGUAGES}

    def say(
        self,
        message: Message,
        *,
        language: Language,
        escape: Callable[[str], str] = str,
    ) -> str:
        """Return the message in words; Broken when there is no such text."""
        args = {
            name: value
            if isinstance(value, int)
            else escape(value)
            if isinstance(value, str)
            else self.say(value, language=language, escape=escape)
            for name, value in message.args.items()
        }
        if message.patterns is not None:
            return self._own(message.patterns, args, language=language)
        return self._known(message.key, args, language=language)

    def has(self, key: str, *, language: Language) -> bool:
        """Tell whether the language has this text itself."""
        return self._bundles[language].has_message(key.replace(".", "-"))

    def _known(
        self, key: str, args: dict[str, str | int], *, language: Language
    ) -> str:
        name = key.replace(".", "-")
        bundle = self._bundles[language]
        if not bundle.has_message(name):
            bundle = self._bundles["en"]
        if not bundle.has_message(name):
            raise Broken(f"there is no text {key!r} in the message catalog")
        return _formatted(bundle, bundle.get_message(name).value, args, of=key)

    def _own(
        self,
        patterns: dict[str, str],
        args: dict[str, str | int],
        *,
        language: Language,
    ) -> str:
        """Put into words what a command brought along in its own file."""
        spoken = language if language in patterns else "en"
        if spoken not in patterns:
            raise Broken("a text of its own has no English")
        bundle = _written(spoken, patterns[spoken])
        if not bundle.has_message("own"):
            raise Broken(f"the text {patterns[spoken]!r} is not in Fluent's syntax")
        pattern = bundle.get_message("own").value
        return _formatted(bundle, pattern, args, of=patterns[spoken])


@lru_cache(maxsize=512)
def _written(language: str, pattern: str) -> FluentBundle:
    """Read a pattern once: there are few, and reading takes far longer than saying."""
    bundle = _empty(language)
    lines = pattern.strip().replace("\n", "\n    ")
    bundle.add_resource(FluentResource(f"own = {lines}\n"))
    return bundle


@cache
def _bundle(language: str) -> FluentBundle:
    """Read the files of a language, which are part of the program, once."""
    bundle = _empty(language)
    folder = files("bot") / "messages"
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(f".{language}.ftl"):
            bundle.add_resource(FluentResource(file.read_text(encoding="utf-8")))
    return bundle


def _empty(language: str) -> FluentBundle:
    # Isolation marks would end up in code fences and in what people copy.
    return FluentBundle([language], use_isolating=False)


def _formatted(
    bundle: FluentBundle,
    pattern: Pattern | None,
    args: dict[str, str | int],
    *,
    of: str,
) -> str:
    if pattern is None:
        raise Broken(f"the text {of!r} is empty")
    words, problems = bundle.format_pattern(pattern, args)
    if problems:
        raise Broken(f"the text {of!r} cannot be said: {problems[0]}")
    return cast("str", words)
