"""
What Terraform says it would do, as values.

Only shapes and counts: `plan_reading` makes them from JSON, `guard` judges them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What happens to one resource or output."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    FORGET = "forget"
    READ = "read"
    NO_OP = "no-op"


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """
    One changed value; before and after are JSON texts, None for null and nothing.

    `known` is false when only applying will tell the value. A sensitive value is never
    in here: both texts are None then.
    """

    path: str
    before: str | None
    after: str | None
    sensitive: bool = False
    known: bool = True


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """
    What happens to one resource instance.

    `replace_paths` are the attributes that force a replacement; `deposed` is the key of
    a left-over object of an earlier replacement.
    """

    address: str
    type: str
    name: str
    action: Action
    attributes: tuple[AttributeChange, ...] = ()
    replace_paths: tuple[str, ...] = ()
    reason: str | None = None
    moved_from: str | None = None
    imported: bool = False
    deposed: str | None = None


@dataclass(frozen=True, slots=True)
class OutputChange:
    """What happens to one output of the root module."""

    name: str
    action: Action
    attributes: tuple[AttributeChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """The addresses under each heading of Terraform's own closing line."""

    add: tuple[str, ...]
    change: tuple[str, ...]
    destroy: tuple[str, ...]
    replace: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """
    A plan as read; `digest` is the hash of its meaning (see `plan_reading`).

    `invocations` are the provider actions (Terraform 1.14 and later) it would run.
    """

    format_version: str
    terraform_version: str
    changes: tuple[ResourceChange, ...]
    drift: tuple[ResourceChange, ...]
    outputs: tuple[OutputChange, ...]
    failed_checks: tuple[str, ...]
    invocations: tuple[str, ...]
    errored: bool
    complete: bool
    digest: str

    @property
    def summary(self) -> Summary:
        """What is added, changed, destroyed and replaced, by address."""
        return Summary(
            add=self._with(Action.CREATE),
            change=self._with(Action.UPDATE),
            destroy=self._with(Action.DELETE),
            replace=self._with(Action.REPLACE),
        )

    def _with(self, action: Action) -> tuple[str, ...]:
        return tuple(each.address for each in self.changes if each.action is action)
