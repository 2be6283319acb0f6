"""
The part of `terraform show -json` that is read, checked field by field.

The file comes from a client's pipeline: it is bounded, strict, and nothing of it is
believed beyond its shape. https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from bot.domain.terraform.refusal import Reason, refused

LARGEST_PLAN: Final = 32 * 1024 * 1024
_LARGEST_EXPONENT: Final = 400


def _visible(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds characters that cannot be seen")
    return text


# Names are shown to people before they decide: nothing invisible may hide in them.
_Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2000),
    AfterValidator(_visible),
]


class _Wire(BaseModel):
    # Unknown fields are let through: minor format versions only add some.
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class WireChange(_Wire):
    """One `change` representation."""

    actions: list[str]
    before: Any = None
    after: Any = None
    after_unknown: Any = None
    before_sensitive: Any = None
    after_sensitive: Any = None
    replace_paths: list[list[str | int]] = []
    importing: dict[str, Any] | None = None


class WireResource(_Wire):
    """One entry of `resource_changes` or `resource_drift`."""

    address: _Name
    previous_address: _Name | None = None
    module_address: str = ""
    mode: Literal["managed", "data"]
    type: _Name
    name: _Name
    deposed: _Name | None = None
    action_reason: _Name | None = None
    change: WireChange

    def model_post_init(self, _: object, /) -> None:
        """Refuse an address that tells of another resource than its parts do."""
        module = f"{self.module_address}." if self.module_address else ""
        data = "data." if self.mode == "data" else ""
        stem = f"{module}{data}{self.type}.{self.name}"
        if self.address != stem and not self.address.startswith(f"{stem}["):
            raise ValueError("address does not fit type and name")


class _CheckAddress(_Wire):
    to_display: _Name


class WireCheck(_Wire):
    """One entry of `checks`: a condition or a check block, and how it ended."""

    address: _CheckAddress
    status: str


class WireInvocation(_Wire):
    """One provider action the plan would run (Terraform 1.14 and later)."""

    address: _Name


class WirePlan(_Wire):
    """The fields of a plan that mean something to us."""

    format_version: Annotated[str, StringConstraints(pattern=r"^1\.[0-9]{1,4}$")]
    terraform_version: Annotated[
        str, StringConstraints(pattern=r"^[0-9A-Za-z.+-]{1,60}$")
    ]
    # Always there in a plan and never in a state, which looks much the same.
    planned_values: dict[str, Any]
    resource_changes: list[WireResource] = []
    resource_drift: list[WireResource] = []
    output_changes: dict[_Name, WireChange] = {}
    checks: list[WireCheck] = []
    action_invocations: list[WireInvocation] = []
    deferred_changes: list[Any] = Field(default=[])
    deferred_action_invocations: list[Any] = Field(default=[])
    errored: bool = False
    complete: bool = True


def decode(data: bytes) -> tuple[WirePlan, dict[str, Any]]:
    """Return the checked plan and the JSON object it was read from."""
    if len(data) > LARGEST_PLAN:
        raise refused(Reason.PLAN_LARGE, file="plan.json")
    try:
        raw = json.loads(
            data,
            parse_float=_number,
            parse_constant=_no_constant,
            object_pairs_hook=_no_duplicates,
        )
    except (ValueError, RecursionError) as error:
        raise refused(Reason.PLAN_UNREADABLE, file="plan.json") from error
    try:
        return WirePlan.model_validate(raw), raw
    except ValidationError as error:
        # The values may be secrets; only where the trouble is may be told.
        where = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        version = where == "format_version"
        reason = Reason.PLAN_VERSION if version else Reason.PLAN_SHAPE
        raise refused(reason, file="plan.json", what=where) from None


def _number(text: str) -> Decimal:
    exact = Decimal(text)
    # Written out in full such a number would fill the memory.
    if abs(exact.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError("number out of range")
    return exact


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is not JSON")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    # Two readers would each believe another one of the two values.
    if len(found) != len(pairs):
        raise ValueError("a key is written twice")
    return found
