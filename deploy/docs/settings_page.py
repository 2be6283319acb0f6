"""docs/settings.md, from the settings' fields, their docstrings and their defaults."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from bot.settings import PREFIX, SECRETS, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

_HEAD = f"""\
# Settings

<!-- Made from bot/settings.py by `make docs`. -->

Every setting is an environment variable. A name that begins with `{PREFIX}` and is
none of these is refused at start, so that a slip is not a default. A secret may stand
in a file of its variable's name instead, in the folder that `{SECRETS}` names.

`tandem serve` needs Slack and GitLab, and `tandem work` needs Vault as well: without
them they say so and do not start.
"""


def settings_page() -> str:
    """Return the page: one table for the whole, one for each part."""
    parts = [_HEAD, _table(_plain(Settings, PREFIX))]
    for name, info in Settings.model_fields.items():
        part = _part(info)
        if part is not None:
            about = (part.__doc__ or "").strip()
            rows = _plain(part, f"{PREFIX}{name.upper()}__")
            parts += [f"## {part.__name__}\n\n{about}\n", _table(rows)]
    return "\n".join(parts)


def _plain(of: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, info in of.model_fields.items():
        if _part(info) is None:
            cells = (
                f"`{prefix}{name.upper()}`",
                _kind(info),
                _default(info),
                info.description or "",
            )
            yield f"| {' | '.join(cells)} |"


def _table(rows: Iterator[str]) -> str:
    head = "| variable | kind | default | what it is |\n|---|---|---|---|"
    return "\n".join((head, *rows)) + "\n"


def _part(info: FieldInfo) -> type[BaseModel] | None:
    for kind in _kinds(info):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _kinds(info: FieldInfo) -> tuple[Any, ...]:
    kinds = get_args(info.annotation) or (info.annotation,)
    if get_origin(info.annotation) is Literal:
        kinds = (info.annotation,)
    return tuple(kind for kind in kinds if kind is not type(None))


def _kind(info: FieldInfo) -> str:
    kind = _kinds(info)[0]
    if get_origin(kind) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(kind))
    while get_args(kind):  # an Annotated secret: what it is annotated on
        kind = get_args(kind)[0]
    if issubclass(kind, SecretStr):
        return "secret"
    bounds = [
        str(getattr(rule, "ge", getattr(rule, "le", "")))
        for rule in info.metadata
        if isinstance(rule, Ge | Le)
    ]
    named = {"Path": "folder", "str": "text", "int": "number", "float": "number"}
    word = named.get(kind.__name__, "yes or no")
    return f"{word}, {' to '.join(bounds)}" if bounds else word


def _default(info: FieldInfo) -> str:
    if info.default is PydanticUndefined:
        return "**needed**"
    if info.default is None:
        return "none"
    value = info.default.value if isinstance(info.default, Enum) else info.default
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
