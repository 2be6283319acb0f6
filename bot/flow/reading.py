"""What a question is handed: one person's view of one client, read as it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.audit_filter import AuditFilter
from bot.domain.catalog import Criticality
from bot.domain.errors import BadArguments
from bot.domain.found import Hit
from bot.domain.message import Message
from bot.domain.people import members
from bot.domain.query import Deciding
from bot.domain.scope import Risk
from bot.domain.suggest import near
from bot.flow.offered import commands_for, targets_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.catalog import Client, Target
    from bot.domain.command import Spec
    from bot.domain.ladder import TrustLevel
    from bot.domain.route import Need, Route
    from bot.domain.scope import Environment
    from bot.flow.door import Caller
    from bot.ports import Front


@dataclass(frozen=True, slots=True)
class ChannelReading:
    """Fills `bot.domain.query.Reading` for one caller."""

    caller: Caller
    front: Front
    levels: Mapping[Environment, TrustLevel] = field(default_factory=dict)

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
            Deciding(spec.name, self._who(self._route(spec, target)))
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

    def _route(self, spec: Spec, target: Target) -> Route | None:
        """Return the route of a request that is no riskier than its command."""
        risk = spec.risk
        if target.criticality is Criticality.HIGH:
            risk = Risk(min(risk + 1, Risk.HIGH))
        return self.front.catalog.current().route(
            client=self.client.id,
            risk=risk,
            environment=target.environment,
            command=spec.name,
            trust=self.levels.get(target.environment),
        )

    def _who(self, route: Route | None) -> Message:
        if route is None:
            return Message.of("deciding.no-route")
        needs = [self._need(need) for need in route.needs]
        if len(needs) == 1:
            return needs[0]
        names = [f"m{place}" for place in range(len(needs))]
        return Message.own(
            en=" + ".join(f"{{ ${name} }}" for name in names),
            args=dict(zip(names, needs, strict=True)),
        )

    def _need(self, need: Need) -> Message:
        """Return one place of the route, and who could fill it instead of the asker."""
        holders = self.front.catalog.current().holders(
            need.role, client=self.client.id, at=self.front.now()
        )
        others = [one.id for one in holders if one.id != self.caller.person.id]
        return Message.of(
            "deciding.need",
            {
                "role": Message.of(f"role.{need.role}"),
                "count": need.count,
                "who": members(sorted(others)),
            },
        )
