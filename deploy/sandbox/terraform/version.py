"""Which version the stand-in says it is, and whether a configuration wants it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from deploy.sandbox.terraform.errors import TerraformError, not_evaluated

if TYPE_CHECKING:
    from deploy.sandbox.terraform.syntax import Expression

# The behaviour was compared with this release; the build metadata keeps anybody from
# taking the stand-in's files for the real one's.
BEHAVES_LIKE: Final = (1, 11, 4)
VERSION: Final = "1.11.4+standin"

_CONSTRAINT = re.compile(r"(>=|<=|>|<|=|!=|~>)?\s*([0-9]+(?:\.[0-9]+){0,2})", re.ASCII)


def check_required(constraint: Expression) -> None:
    """Refuse a `required_version` that this version does not meet."""
    text = constraint.text.strip('"')
    for part in text.split(","):
        match = _CONSTRAINT.fullmatch(part.strip())
        if match is None:
            raise not_evaluated("this version constraint", constraint.where)
        if not _meets(match.group(1) or "=", match.group(2)):
            raise TerraformError(
                "Unsupported Terraform Core version",
                detail=f"This configuration wants {text}; this is {VERSION}.",
                where=constraint.where,
            )


def _meets(operator: str, text: str) -> bool:
    given = tuple(int(number) for number in text.split("."))
    padded = given + (0,) * (3 - len(given))
    fixed = len(given) - 1
    return {
        ">=": padded <= BEHAVES_LIKE,
        "<=": padded >= BEHAVES_LIKE,
        ">": padded < BEHAVES_LIKE,
        "<": padded > BEHAVES_LIKE,
        "=": padded == BEHAVES_LIKE,
        "!=": padded != BEHAVES_LIKE,
        "~>": padded <= BEHAVES_LIKE and given[:fixed] == BEHAVES_LIKE[:fixed],
    }[operator]
