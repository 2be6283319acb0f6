"""
What is known of one kind of resource: its arguments, and how the provider plans it.

Each kind's own module says what it is; planning is the same for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from deploy.sandbox.terraform.values import UNKNOWN, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

PROVIDER: Final = "registry.terraform.io/hashicorp/aws"
Shape = Literal["text", "number", "flag", "tags", "texts"]


@dataclass(frozen=True)
class Kind:
    """
    One kind of resource, as the AWS provider plans it.

    `before_create` are the attributes that a create knows without being told;
    `after_create` those that only AWS decides, and `collections` which of them hold
    several. `private` is what the provider keeps in the state for itself.
    """

    arguments: Mapping[str, Shape]
    required: tuple[str, ...]
    forces_new: frozenset[str]
    before_create: Mapping[str, Value]
    after_create: tuple[str, ...]
    collections: tuple[str, ...] = ()
    schema_version: int = 0
    private: str = "bnVsbA=="
    tagged: bool = True

    def created(self, arguments: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return what a create plans: arguments, defaults, and the rest unknown."""
        unknown: dict[str, Value] = dict.fromkeys(self.after_create, UNKNOWN)
        unknown |= dict.fromkeys(self.collections, UNKNOWN)
        planned = {**unknown, **self.before_create, **arguments}
        if "tags" in arguments:
            planned["tags_all"] = arguments["tags"]
        return dict(sorted(planned.items()))

    def updated(
        self, before: Mapping[str, Value], arguments: Mapping[str, Value]
    ) -> Mapping[str, Value]:
        """Return what an update plans: what was read, with the arguments over it."""
        if not self.tagged:
            return {**before, **arguments}
        tags = arguments.get("tags") or {}
        planned = {**before, **arguments, "tags": before["tags"]}
        # No tags in the file and none on the thing is one, however it is recorded.
        if tags != (before["tags"] or {}):
            planned["tags"] = tags
        if tags != (before["tags_all"] or {}):
            # The provider leaves it to the cloud what remains when all are taken off.
            planned["tags_all"] = tags or UNKNOWN
        return planned

    def replace_paths(
        self, before: Mapping[str, Value], after: Mapping[str, Value]
    ) -> tuple[str, ...]:
        """Return the changed attributes for which the thing must be made anew."""
        return tuple(
            name
            for name in sorted(self.forces_new)
            if before.get(name) != after.get(name)
        )
