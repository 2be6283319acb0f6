"""A fault's reference: what people are shown, and what is looked for in the log."""

from __future__ import annotations

import hashlib


def reference(*parts: str) -> str:
    """Return eight hex digits, the same ones whenever the same goes wrong again."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
