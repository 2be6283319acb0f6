"""The one place of the sandbox that reads the time."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this is the sandbox's clock itself
