"""
How a text is freed of a play's secrets.

Of the standard library alone: ansible-playbook's own process loads it as well.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PEM: Final = re.compile(r"-----BEGIN [^-]*-----.*?(-----END [^-]*-----|\Z)", re.DOTALL)
_HIDDEN: Final = "•••"
_SHORTEST_SECRET: Final = 4
# A line of a key; what is shorter may be a word of the language the text is written in.
_SHORTEST_LINE: Final = 16


def hide(text: str, *, secrets: Iterable[str]) -> str:
    """Return the text with dots for each secret, each of its lines and each PEM."""
    return _freed(text, _forms(secrets))


def hide_in(value: object, *, secrets: Iterable[str]) -> object:
    """Return what JSON can hold with all its texts, and names, freed of the secrets."""
    return _freed_in(value, _forms(secrets))


def _freed(text: str, forms: Sequence[str]) -> str:
    for form in forms:
        text = text.replace(form, _HIDDEN)
    return _PEM.sub(_HIDDEN, text)


def _freed_in(value: object, forms: Sequence[str]) -> object:
    if isinstance(value, str):
        return _freed(value, forms)
    if isinstance(value, dict):
        return {
            _freed(str(name), forms): _freed_in(one, forms)
            for name, one in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_freed_in(one, forms) for one in value]
    return value


def _forms(secrets: Iterable[str]) -> list[str]:
    """Return each secret as it is, as JSON has it, and line by line; longest first."""
    known = [one for one in secrets if len(one) >= _SHORTEST_SECRET]
    lines = (line.strip() for one in known for line in one.splitlines())
    found = {
        *known,
        *(json.dumps(one)[1:-1] for one in known),
        *(line for line in lines if len(line) >= _SHORTEST_LINE),
    }
    return sorted(found, key=len, reverse=True)
