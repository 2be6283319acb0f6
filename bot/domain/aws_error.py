"""
What AWS says when it understood a call and will not do it.

Playbooks tell refusals apart by `code`, which is the vendor's own and stable; its words
are for people and may change. No refusal carries anything of a credential.
"""

from __future__ import annotations

from typing import Final

from bot.domain.errors import TandemError

# EC2 names some conditions in its own way.
_DENIED: Final = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
)
_EXPIRED: Final = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "Request.Expired"}
)


class AwsRefusal(TandemError):  # noqa: N818 - a refusal is an answer, not an error
    """AWS refused `operation`, which had no effect; `code` says why."""

    def __init__(self, *, code: str, operation: str, words: str = "") -> None:
        """Take AWS's code, the operation (`rds:CreateDBSnapshot`) and cleaned words."""
        told = f": {words}" if words else ""
        super().__init__(f"AWS refused {operation} with {code}{told}")
        self.code = code
        self.operation = operation
        self.words = words

    @property
    def denied(self) -> bool:
        """Whether the lent credentials do not reach as far as this call."""
        return self.code in _DENIED

    @property
    def expired(self) -> bool:
        """Whether the lent credentials have come to their end."""
        return self.code in _EXPIRED
