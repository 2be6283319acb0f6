"""What a question is handed: one person's view of one client, read as it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.audit_filter import AuditFilter
from bot.domain.errors import BadArguments
from bot.domain.found import Hit
from bot.domain.message import Message
from bot.domain.people import members
from bot.domain.query import Deciding
from bot.domain.suggest import near
from bot.flow.foreseen import Foreseen, able, courses
from bot.flow.foretelling import joined
from bot.flow.offered import commands_for, targets_for
from bot.flow.rights import least_risk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.catalog import Client, Target
    from bot.domain.command import Spec
    from bot.domain.route import Need, Route
    from bot.flow.door import Caller
    from bot.flow.foreseen import Present
    from bot.ports import Front


@dataclass(frozen=True, slots=True)
class ChannelReading:
    """Fills `bot.domain.query.Reading` for one caller."""

    caller: Caller
    front: Front
    now: Present

    @property
    def client(self) -> Client:
        """The client whose channel it was asked in."""
        return self.caller.client

    @property
    def targets(self) -> Sequence[Target]:
        """The client's targets that this person may know of."""
        return targets_for(self.caller)

    def target(self, name: str) -> Target:
        """Return the target of exactly this name; BadArguments suggests others."""
        for one in self.targets:
            if one.name == name:
                return one
        names = [one.name for one in self.targets]
        known = near(name, names) or tuple(names[:5])
        args: dict[str, str | int | Message] = {
            "got": name[:60],
            "client": self.client.name,
            "known": ", ".join(known) or "-",
        }
        raise BadArguments(Message.of("refused.nothing-named", args))

    def commands_for(self, target: Target) -> Sequence[Spec]:
        """Return the commands that this person may ask for on the target."""
        return commands_for(self.caller, target=target, front=self.front)

    def deciding(self, target: Target) -> Sequence[Deciding]:
        """Return who decides, for each of those commands."""
        return tuple(
            Deciding(spec.name, self._who(self._foreseen(spec, target)))
            for spec in self.commands_for(target)
        )

    def can_look_at(self, target: Target) -> bool:
        """Tell whether anything in this build reads the live state of such a target."""
        return self.front.registry.observing(target, client=self.client) is not None

    async def open_on(self, target: Target) -> Sequence[Hit]:
        """Return the operations on the target that have not ended, oldest first."""
        found = await self.front.store.unfinished(self.client.id)
        return tuple(Hit(one, ()) for one in found if one.target == target.name)

    async def last_on(self, target: Target, *, most: int) -> Sequence[Hit]:
        """Return the latest operations on the target, newest first."""
        page = await self.front.store.search(
            self.client.id,
            wanted=AuditFilter(on=target.name),
            since=None,
            before=None,
            most=most,
        )
        return page.hits

    def _foreseen(self, spec: Spec, target: Target) -> Foreseen:
        """Return the request, made now, that is no riskier than its command."""
        return Foreseen(
            client=self.client.id,
            command=spec.name,
            target=target,
            risk=least_risk(spec, target),
            requester=self.caller.person.id,
            runs_at=self.now.at,
        )

    def _who(self, asked: Foreseen) -> Message:
        found = courses(asked, now=self.now, front=self.front)
        return joined("deciding.or", [self._way(one, asked) for one in found])

    def _way(self, route: Route | None, asked: Foreseen) -> Message:
        if route is None:
            return Message.of("deciding.no-route")
        if route.envelope is not None:
            args: dict[str, str | int | Message] = {
                "envelope": route.envelope.name,
                "number": route.envelope.number,
                "most": route.envelope.per_day,
            }
            return Message.of("deciding.envelope", args)
        return joined("deciding.and", [self._need(need, asked) for need in route.needs])

    def _need(self, need: Need, asked: Foreseen) -> Message:
        """Return one place of the route, and who could fill it instead of the asker."""
        who = able(need, asked, now=self.now, front=self.front)
        return Message.of(
            "deciding.need",
            {
                "role": Message.of(f"role.{need.role}"),
                "count": need.count,
                "who": members(who),
            },
        )
