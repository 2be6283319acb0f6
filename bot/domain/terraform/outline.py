"""
The outline of a plan: what it would do to which resource, and no value at all.

The job that applies plans anew and must find the outline that was approved. It has only
`jq` and `sha256sum`, so a line here is what `jq -acS` prints, byte for byte
(`deploy/gitlab/terraform.gitlab-ci.yml` has the program). Values are left out because a
hash of a short secret can be guessed, and this one stands in a commit message; they are
compared by `plan_reading.plan_digest`, after the apply.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.domain.terraform.plan_wire import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.domain.terraform.plan_wire import WirePlan

_QUIET: Final = (["no-op"], ["read"])
_LARGEST_NOTE: Final = 1000


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    actions: list[str]
    address: str
    deposed: str
    replace_paths: list[list[str | int]]


class Unapproved(BaseModel):
    """
    What an apply job leaves when it refused: the hashes of the approved and its own.

    `approved` is empty where the commit names no approved plan.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    approved: str = Field(pattern=r"^([0-9a-f]{64})?$")
    planned: str = Field(pattern=r"^[0-9a-f]{64}$")


_NOTE: Final = TypeAdapter(Unapproved)


def outline(data: bytes) -> tuple[str, ...]:
    """
    Return a line of JSON for each resource that the plan `data` would change.

    What is read or left as it is has none; an action of a provider that it would invoke
    has one. Refuses what `plan_reading.read_plan` refuses for its shape.
    """
    wire, _ = decode(data)
    # Codepoints in Python, bytes of UTF-8 in jq: the same order.
    found = sorted(
        _lines(wire), key=lambda one: (one.address, one.deposed, one.actions)
    )
    return tuple(_spelled(one) for one in found)


def outline_digest(lines: Sequence[str]) -> str:
    """Return the SHA-256, in hex, of the lines as a text file has them."""
    return hashlib.sha256("".join(f"{one}\n" for one in lines).encode()).hexdigest()


def digests(outlines: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the digest of each environment's outline."""
    return {name: outline_digest(lines) for name, lines in outlines.items()}


def read_unapproved(data: bytes) -> Unapproved | None:
    """Return what an apply job said of its refusal, or None if this is no such note."""
    if len(data) > _LARGEST_NOTE:
        return None
    try:
        return _NOTE.validate_json(data)
    except ValidationError:
        return None


Departure = tuple[Literal["more", "less"], str]


def departures(
    approved: Sequence[str], planned: Sequence[str]
) -> tuple[Departure, ...]:
    """Return what is planned besides what was approved, and what is not any more."""
    more = sorted(set(planned) - set(approved))
    less = sorted(set(approved) - set(planned))
    return (
        *(("more", _told(one)) for one in more),
        *(("less", _told(one)) for one in less),
    )


def _lines(wire: WirePlan) -> Iterator[_Line]:
    for each in wire.resource_changes:
        if each.change.actions not in _QUIET:
            yield _Line(
                actions=each.change.actions,
                address=each.address,
                deposed=each.deposed or "",
                replace_paths=sorted(each.change.replace_paths, key=_as_jq_sorts),
            )
    for one in wire.action_invocations:
        yield _Line(
            actions=["invoke"], address=one.address, deposed="", replace_paths=[]
        )


def _as_jq_sorts(path: Sequence[str | int]) -> list[tuple[bool, str | int]]:
    """Numbers come before texts; a path comes before what it is the beginning of."""
    return [(isinstance(key, str), key) for key in path]


def _spelled(line: _Line) -> str:
    # Only ASCII: jq and Python disagree on which other characters need no escape.
    return json.dumps(line.model_dump(), sort_keys=True, separators=(",", ":"))


def _told(line: str) -> str:
    """Return a line for people: the address, and what happens to it."""
    read = _Line.model_validate_json(line)
    left_over = f" [{read.deposed}]" if read.deposed else ""
    forced = ", ".join(".".join(map(str, one)) for one in read.replace_paths)
    by = f": {forced}" if forced else ""
    return f"{read.address}{left_over} ({', '.join(read.actions)}{by})"
