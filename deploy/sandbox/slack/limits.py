"""
How fast the app may call: Slack's tiers, and one message a second in each channel.

Source: docs.slack.dev/apis/web-api/rate-limits. Slack states the steady rate and only
says that short bursts are tolerated; the burst sizes here are ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


@dataclass(frozen=True)
class Rate:
    """So many calls a second in the long run, and so many at once after a rest."""

    per_second: float
    burst: int


@dataclass(frozen=True)
class Rates:
    """What is allowed. `posts` is for each channel, `tiers` for each method."""

    posts: Rate = Rate(per_second=1.0, burst=4)
    tiers: tuple[Rate, ...] = field(
        default=(
            Rate(per_second=1 / 60, burst=10),
            Rate(per_second=20 / 60, burst=20),
            Rate(per_second=50 / 60, burst=50),
            Rate(per_second=100 / 60, burst=100),
        )
    )

    @classmethod
    def unlimited(cls) -> Rates:
        """For storms and benchmarks, where Slack's patience is not what is measured."""
        endless = Rate(per_second=1e9, burst=10**9)
        return cls(posts=endless, tiers=(endless,) * 4)


@dataclass
class _Bucket:
    tokens: float
    at: float


class Limiter:
    """Token buckets by name."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, name: str, rate: Rate) -> int:
        """Take a token: 0 when there was one, else the whole seconds to wait."""
        now = self._now().timestamp()
        bucket = self._buckets.setdefault(name, _Bucket(float(rate.burst), now))
        gained = max(0.0, now - bucket.at) * rate.per_second
        bucket.tokens = min(float(rate.burst), bucket.tokens + gained)
        bucket.at = now
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return 0
        return max(1, math.ceil((1 - bucket.tokens) / rate.per_second))
