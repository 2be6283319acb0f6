"""
Where a value stands: the vocabulary that `locate`, `follow` and `readers` share.

Only shapes; how they come about is for those modules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.terraform.refusal import Reason, refused

if TYPE_CHECKING:
    from bot.domain.editing.edit import Step
    from bot.domain.terraform.expression import Key
    from bot.domain.terraform.hcl import Block, Expression
    from bot.domain.terraform.literal import Scalar


@dataclass(frozen=True, slots=True)
class Call:
    """How a module is called: by which block, from where, for which instance."""

    scope: Scope
    block: Block
    key: Key | None


@dataclass(frozen=True, slots=True)
class Scope:
    """One module's directory and, unless it is the root, its caller."""

    directory: str
    call: Call | None = None

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that lead here, innermost first."""
        here = (self.call,) if self.call else ()
        return here + (self.call.scope.calls if self.call else ())


@dataclass(frozen=True, slots=True)
class Each:
    """The for_each instance that an expression is read for."""

    block: Block
    key: Key | None


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name the value passes through: `local.sizes`, and the way into it."""

    directory: str
    root: str
    name: str
    path: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """The literal that decides the value, and all that led to it."""

    expression: Expression
    value: Scalar | None
    scope: Scope
    steps: tuple[Step, ...]
    symbols: tuple[Symbol, ...]
    read: tuple[Expression, ...]
    keyed: tuple[Block, ...]
    defaulted: str | None


def not_ours(reason: Reason, at: Expression) -> Exception:
    """Return the refusal for an expression that is in the way."""
    return refused(reason, file=at.file, line=at.line, what=at.text)
