"""
The entries of the provider's rota: people by name, a calendar feed, or a Slack group.

An entry without times is always; one with `rotates` takes its people in turns. What a
feed or a group says is read elsewhere and kept in the database with its age.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from bot.domain.catalog.names import (
    Duration,
    FeedName,
    MemberId,
    Moment,
    ShownName,
    SlackGroup,
    SlackTeam,
)
from bot.domain.frozen import Frozen
from bot.domain.timing.rota import Rotation
from bot.domain.timing.zone import ZoneName

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Self


class EventOf(Frozen):
    """Whose turn an event of a calendar is, by the event's whole title."""

    event: Annotated[ShownName, Field(description="The title, exactly as it is.")]
    member: Annotated[MemberId, Field(description="The member whose turn it is.")]


class CalendarFeed(Frozen):
    """A calendar that says who is on call; its address is a setting, as a secret."""

    name: Annotated[FeedName, Field(description="Its name in TANDEM_FEEDS.")]
    stale_after: Annotated[
        Duration, Field(description="Older than that, nobody is on call by it.")
    ] = timedelta(hours=2)
    timezone: Annotated[
        ZoneName, Field(description="Of its times that say no zone; else UTC.")
    ] = "UTC"
    events: Annotated[
        tuple[EventOf, ...],
        Field(min_length=1, description="Whose turn which event is."),
    ]


class GroupFeed(Frozen):
    """A Slack user group whose members are on call, by their accounts."""

    team: Annotated[SlackTeam, Field(description="Id of the workspace, T….")]
    id: Annotated[SlackGroup, Field(description="Id of the user group, S….")]
    stale_after: Annotated[
        Duration, Field(description="Older than that, nobody is on call by it.")
    ] = timedelta(hours=1)

    @property
    def name(self) -> str:
        """What it is kept under; no calendar's name looks like this."""
        return f"{self.team}/{self.id}"


class Shift(Frozen):
    """Who is on call, first to be called first; with no times, always."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True
    )

    members: Annotated[
        tuple[MemberId, ...],
        Field(description="Provider members, first called first."),
    ] = ()
    rotates: Annotated[
        Rotation | None, Field(description="They take turns; else all are on call.")
    ] = None
    feed: Annotated[
        CalendarFeed | None, Field(description="Or: a calendar says who it is.")
    ] = None
    group: Annotated[
        GroupFeed | None, Field(description="Or: a Slack user group says who it is.")
    ] = None
    begins: Annotated[
        Moment | None,
        Field(
            alias="from", description="The first moment of the shift, with its zone."
        ),
    ] = None
    until: Annotated[
        Moment | None,
        Field(description="The moment the shift is over, with its zone."),
    ] = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = (bool(self.members), self.feed is not None, self.group is not None)
        if sum(sources) != 1 or (self.rotates is not None and not self.members):
            raise PydanticCustomError(
                "catalog.shift-source", "wanted members, a feed or a group"
            )
        return self

    @property
    def source(self) -> CalendarFeed | GroupFeed | None:
        """What is asked who it is, where the catalog does not say."""
        return self.feed or self.group

    def covers(self, at: datetime) -> bool:
        """Whether `at` is within the shift; its end is no longer."""
        if self.begins is not None and at < self.begins:
            return False
        return self.until is None or at < self.until
