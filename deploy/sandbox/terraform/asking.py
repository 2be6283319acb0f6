"""One question to the cloud: faults become errors that name the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from deploy.sandbox.terraform.errors import TerraformError

if TYPE_CHECKING:
    from collections.abc import Callable

_Answer = TypeVar("_Answer")
_GONE: Final = frozenset(
    {"InvalidInstanceID.NotFound", "InvalidVolume.NotFound", "InvalidGroup.NotFound"}
)


class GoneError(TerraformError):
    """AWS has no such thing."""


def asked(call: str, ask: Callable[[], _Answer]) -> _Answer:
    """Return the answer; GoneError when AWS has no such thing."""
    try:
        return ask()
    except (ClientError, BotoCoreError) as fault:
        code = ""
        if isinstance(fault, ClientError):
            code = fault.response["Error"]["Code"]
        kind = GoneError if code in _GONE else TerraformError
        raise kind(f"AWS refused or failed {call}", detail=str(fault)) from fault
