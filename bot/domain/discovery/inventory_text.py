"""
New targets put into the text of an inventory, every other byte of it as it was.

They go after the last target, in the style of the sandbox's own inventory. Whether the
result is a sound inventory is for whoever reads it next: the catalog's own check.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.discovery.proposing import Proposed

# Plain in every YAML: no indicator, no word that reads as something else.
_PLAIN: Final = re.compile(r"[a-z][a-z0-9_/.-]*[a-z0-9]")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off"})
_ABOUT: Final = "found by discover; please say what it is"
_IDENTITY: Final = {
    "instance": "name_tag",
    "database": "db_identifier",
    "volume": "name_tag",
    "security_group": "name_tag",
}


def with_targets(
    text: str, proposed: Sequence[Proposed], *, end: int, indent: int
) -> str:
    """
    Return the text with the new targets after line `end` (counted from 0).

    `indent` is how far in the dashes of its list stand.
    """
    lines = text.splitlines(keepends=True)
    before, after = lines[: end + 1], lines[end + 1 :]
    if before and not before[-1].endswith("\n"):
        before[-1] += "\n"
    added = "".join(f"\n{_item(one, indent)}" for one in proposed)
    return "".join((*before, added, *after))


def _item(one: Proposed, indent: int) -> str:
    lines = [
        f"- name: {_word(one.name)}",
        f"  kind: {_word(one.kind)}",
        f"  environment: {_word(one.environment.value)}",
        f"  description: {_ABOUT}",
    ]
    if one.kind == "volume" and one.instance:
        lines.append(f"  instance: {_word(one.instance)}")
    if one.resource is not None:
        # Without any, the catalog's own default holds.
        lines += [f"  rules: {_word(one.resource.rules)}"] if one.resource.rules else []
        lines += [
            "  terraform:",
            f"    directory: {_word(one.resource.directory)}",
            f"    address: {_word(one.resource.address)}",
        ]
    lines.append(f"  aws: {{ {_IDENTITY[one.kind]}: {_word(one.identity)} }}")
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


def _word(text: str) -> str:
    """Return the text as YAML reads it back: quoted unless it is plainly plain."""
    if _PLAIN.fullmatch(text) and text not in _WORDS:
        return text
    if text.isascii() and text.isprintable() and "'" not in text:
        return f"'{text}'"
    return '"' + "".join(_escaped(one) for one in text) + '"'


def _escaped(character: str) -> str:
    """Return the character as it stands between YAML's double quotes."""
    if character.isascii() and character.isprintable() and character not in '"\\':
        return character
    return f"\\U{ord(character):08X}"
