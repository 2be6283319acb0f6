"""
Terraform resource addresses as a closed type.

Parses what an inventory may name: `aws_instance.web`, `aws_instance.web["web-2"]`,
`aws_instance.web[0]`, `module.app["x"].aws_instance.web`. Data sources are not things
to change and are refused.
https://developer.hashicorp.com/terraform/cli/state/resource-addressing
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.domain.terraform.literal import NotReadableError, quote, unquote
from bot.domain.terraform.refusal import Reason, refused

Key = str | int

_LONGEST: Final = 1000
_PART: Final = re.compile(
    r'([A-Za-z_][A-Za-z0-9_-]*)(?:\[(?:([0-9]{1,9})|"((?:[^"\\]|\\.)*)")\])?(\.|\Z)',
    re.ASCII,
)
# First words that mean something else than a resource type.
_RESERVED: Final = frozenset(
    {"data", "var", "local", "each", "count", "self", "path", "terraform", "module"}
)


def _suffix(key: Key | None) -> str:
    if key is None:
        return ""
    return f"[{quote(key)}]" if isinstance(key, str) else f"[{key}]"


@dataclass(frozen=True, slots=True)
class ModuleStep:
    """One `module.name["key"]` of an address."""

    name: str
    key: Key | None = None

    def __str__(self) -> str:
        return f"module.{self.name}{_suffix(self.key)}"


@dataclass(frozen=True, slots=True)
class Address:
    """One resource instance; `str()` gives it as Terraform writes it."""

    type: str
    name: str
    key: Key | None = None
    modules: tuple[ModuleStep, ...] = ()

    def __str__(self) -> str:
        steps = [str(step) for step in self.modules]
        return ".".join([*steps, self.type, f"{self.name}{_suffix(self.key)}"])

    @classmethod
    def parse(cls, text: str) -> Address:
        """Return the address that `text` names; refuses anything else."""
        parts = _parts(text)
        modules: list[ModuleStep] = []
        while len(parts) > 2 and parts[0] == ("module", None):  # noqa: PLR2004 - module.name.rest
            modules.append(ModuleStep(name=parts[1][0], key=parts[1][1]))
            parts = parts[2:]
        match parts:
            case [(kind, None), (name, key)] if kind not in _RESERVED:
                return cls(type=kind, name=name, key=key, modules=tuple(modules))
        raise refused(Reason.ADDRESS, file="", what=text)


def _parts(text: str) -> list[tuple[str, Key | None]]:
    parts: list[tuple[str, Key | None]] = []
    at = 0
    more = len(text) <= _LONGEST
    while more and (found := _PART.match(text, at)):
        name, index, quoted, end = found.groups()
        parts.append((name, _key(index, quoted, text)))
        at = found.end()
        if not end:
            return parts
    raise refused(Reason.ADDRESS, file="", what=text)


def _key(index: str | None, quoted: str | None, text: str) -> Key | None:
    if index is not None:
        return int(index)
    if quoted is None:
        return None
    try:
        return unquote(quoted)
    except NotReadableError as error:
        raise refused(Reason.ADDRESS, file="", what=text) from error
