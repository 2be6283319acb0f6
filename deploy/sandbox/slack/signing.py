"""
How Slack signs what it sends: v0, HMAC-SHA256 over the raw body.

Source: docs.slack.dev/authentication/verifying-requests-from-slack.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import SecretStr


def signed_headers(body: bytes, *, secret: SecretStr, at: int) -> dict[str, str]:
    """The headers that prove a body is Slack's; `at` is in seconds since 1970."""
    base = b"v0:%d:" % at + body
    key = secret.get_secret_value().encode()
    digest = hmac.new(key, base, hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": str(at),
        "X-Slack-Signature": f"v0={digest}",
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
    }
