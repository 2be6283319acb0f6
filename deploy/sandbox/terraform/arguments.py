"""Terraform's command line: single-dash options, `-name` or `-name=value`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from deploy.sandbox.terraform.errors import TerraformError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DURATION = re.compile(r"([0-9]{1,6})(ms|s|m|h)", re.ASCII)
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Arguments:
    """What followed the command's name; an option given twice keeps both values."""

    options: Mapping[str, tuple[str, ...]]
    positional: tuple[str, ...]

    def flag(self, name: str, *, default: bool = False) -> bool:
        if name not in self.options:
            return default
        value = self.options[name][-1]
        if value not in {"", "true", "false"}:
            raise TerraformError(
                "Invalid option", detail=f'-{name} is true or false, not "{value}".'
            )
        return value != "false"

    def text(self, name: str) -> str | None:
        values = self.options.get(name)
        return values[-1] if values else None

    def seconds(self, name: str) -> float:
        """Return a duration such as `30s`; nothing given is no waiting."""
        value = self.text(name)
        if value is None:
            return 0.0
        match = _DURATION.fullmatch(value)
        if match is None:
            raise TerraformError(
                "Invalid option", detail=f'-{name} is a duration, not "{value}".'
            )
        return int(match.group(1)) * _UNITS[match.group(2)]


def parse_arguments(words: Sequence[str], *, allowed: Sequence[str]) -> Arguments:
    """Return options and the rest; an option that is not in `allowed` is refused."""
    options: dict[str, tuple[str, ...]] = {}
    positional: list[str] = []
    for word in words:
        if not word.startswith("-"):
            positional.append(word)
            continue
        name, _, value = word.lstrip("-").partition("=")
        if name not in allowed:
            raise TerraformError(
                "Failed to parse command-line flags",
                detail=f"The sandbox's terraform stand-in knows no -{name} here; "
                "install terraform to run it for real.",
            )
        options[name] = (*options.get(name, ()), value)
    return Arguments(options, tuple(positional))
