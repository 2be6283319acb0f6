"""What the catalog says of time besides hours and freezes: quiet, escalation."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from bot.domain.catalog.names import Duration
from bot.domain.frozen import Frozen
from bot.domain.timing.hours import Hours, Opening, Weekday
from bot.domain.timing.zone import Clock, ZoneName

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Self

_DAY: Final = timedelta(days=1)


class Quiet(Frozen):
    """The part of every day in which requests of low risk disturb nobody."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True
    )

    timezone: Annotated[ZoneName, Field(description="IANA zone of the times below.")]
    begins: Annotated[
        Clock, Field(alias="from", description='When it gets quiet, such as "21:00".')
    ]
    until: Annotated[Clock, Field(description='When the day begins, such as "07:30".')]

    @model_validator(mode="after")
    def _leaves_a_day(self) -> Self:
        if self.begins % _DAY == self.until % _DAY:
            raise PydanticCustomError("catalog.quiet-always", "no day is left")
        return self

    def is_quiet(self, at: datetime) -> bool:
        """Whether it is night at this moment."""
        return not self._awake().is_open(at)

    def ends(self, at: datetime) -> datetime:
        """Return the moment (UTC) at which the night that covers `at` is over."""
        return self._awake().next_opening(at) or at

    def stretched(self, begins: datetime, *, lasts: timedelta) -> datetime:
        """Return when so much time is over, if nights do not count."""
        awake, here, left = self._awake(), begins, lasts
        while True:
            here = awake.next_opening(here) or here
            night = awake.next_closing(here)
            if night is None or here + left <= night:
                return here + left
            left -= night - here
            here = night

    def _awake(self) -> Hours:
        """Return the day as opening hours: quiet is when they are closed."""
        parts = [(timedelta(), self.begins), (self.until, _DAY)]
        if self.begins > self.until:
            parts = [(self.until, self.begins)]
        return Hours(
            timezone=self.timezone,
            open=tuple(
                Opening(days=tuple(Weekday), begins=begins, until=until)
                for begins, until in parts
                if begins < until
            ),
        )


class Escalation(Frozen):
    """Who hears of it when nobody has decided for so long."""

    next_after: Annotated[
        Duration, Field(description="Then the next person on the rota is told.")
    ]
    manager_after: Annotated[
        Duration, Field(description="Then the provider's managers are told.")
    ]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.next_after >= self.manager_after:
            raise PydanticCustomError(
                "catalog.escalation-order", "wanted next_after before manager_after"
            )
        return self
