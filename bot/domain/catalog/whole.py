"""
The catalog as a whole, and what is looked up in it.

Everything here is exact: an identity, a channel or a name is found or it is not, and
what is not found is nobody and nothing (threats B9, I14). A catalog that contradicts
itself cannot be built, so no answer depends on the order of its files.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final, Self

from pydantic import model_validator

from bot.domain.catalog.choosing import Request, chosen_rule, passed, relied_on
from bot.domain.catalog.client import Client, Requests
from bot.domain.catalog.consistency import inconsistencies
from bot.domain.catalog.duty import on_call
from bot.domain.catalog.people import Person, Provider, ProviderChannel
from bot.domain.catalog.routes import DeciderRole, RouteRule
from bot.domain.frozen import Frozen
from bot.domain.ladder import COMMAND, two_sided
from bot.domain.rights import Policies
from bot.domain.rights.rules import Rules, compiled
from bot.domain.route import Facts, Grounds, Need, Route
from bot.domain.timing.freeze import Freeze, Hold, hold
from bot.domain.timing.rota import Standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.domain.catalog.names import ClientId
    from bot.domain.ladder import TrustLevel
    from bot.domain.scope import Environment, Risk
    from bot.domain.timing.hours import Hours

_CATALOG_ALONE: Final = Standing()
_NO_FACTS: Final = Facts()


class Catalog(Frozen):
    """
    The provider, its clients, who may do what, and the rules of who decides.

    Without policies nobody may do anything.
    """

    provider: Provider
    clients: tuple[Client, ...]
    routes: tuple[RouteRule, ...]
    policies: Policies = Policies()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """Refuse what the reader should have reported, file by file."""
        for found in inconsistencies(self.provider, self.clients, self.routes):
            raise ValueError(f"{found.file} {found.steps}: {found.message.key}")
        return self

    @cached_property
    def version(self) -> str:
        """The hash of everything; it changes if and only if the catalog says else."""
        return _hash(self.provider, self.clients, self.routes, self.policies)

    def version_for(self, client: ClientId) -> str:
        """
        Return the hash of all that bears on this client: its own, provider, routes.

        Another client's change leaves it alone, and so leaves this client's approvals
        alone. Policies have a version of their own, see `rules`. KeyError if there is
        no such client.
        """
        own = self._clients[client]
        return _hash(
            Catalog(provider=self.provider, clients=(own,), routes=self.routes)
        )

    def rules(self, client: ClientId) -> Rules:
        """
        Return the policies that hold for this client, ready to be asked.

        KeyError if there is no such client.
        """
        return self._rules[client]

    def people(self, client: ClientId) -> tuple[Person, ...]:
        """Return who has rights on this client at all: its people, the provider's."""
        return tuple(
            person
            for person in self._people.values()
            if person.organisation in (client, self.provider.id)
            and not person.deactivated
        )

    def person(self, team: str, user: str) -> Person | None:
        """Return who this Slack account belongs to, if anyone here."""
        return self._identities.get((team, user))

    def member(self, member: str) -> Person | None:
        """Return the person with this id."""
        return self._people.get(member)

    def by_gitlab(self, username: str) -> Person | None:
        """Return the person with this GitLab user name; GitLab ignores its case."""
        return self._gitlab_users.get(username.lower())

    def channel(self, team: str, channel: str) -> Client | ProviderChannel | None:
        """Return the client whose channel this is, or that it is the provider's own."""
        return self._channels.get((team, channel))

    def client(self, client: str) -> Client | None:
        """Return the client with this id."""
        return self._clients.get(client)

    def on_call(
        self, at: datetime, *, standing: Standing = _CATALOG_ALONE
    ) -> tuple[Person, ...]:
        """
        Return who of the provider is on call, first called first; maybe nobody.

        `standing` is what chat and feeds say besides the catalog. Whoever left the
        catalog is not on call, whatever they say.
        """
        found = on_call(
            self.provider, standing=standing, accounts=self._identities, at=at
        )
        people = (self._people.get(member) for member in found)
        return tuple(
            person
            for person in people
            if person is not None
            and person.organisation == self.provider.id
            and not person.deactivated
        )

    def holders(
        self,
        role: str,
        *,
        client: ClientId,
        at: datetime,
        standing: Standing = _CATALOG_ALONE,
    ) -> tuple[Person, ...]:
        """
        Return who may decide as `role` for this client at this moment.

        Nobody does for a role or a client that does not exist.
        """
        if client not in self._clients or role not in set(DeciderRole):
            return ()
        if role == DeciderRole.PROVIDER_ONCALL:
            return self.on_call(at, standing=standing)
        side, _, name = role.partition(".")
        organisation = self.provider.id if side == "provider" else client
        return tuple(
            person
            for person in self._people.values()
            if person.organisation == organisation
            and name in person.roles
            and not person.deactivated
        )

    def calendars(self, client: ClientId) -> tuple[Hours, ...]:
        """
        Return whose hours count for this client: its own and the provider's.

        KeyError if there is no such client.
        """
        both = (self._clients[client].hours, self.provider.hours)
        return tuple(one for one in both if one is not None)

    def timezone(self, client: str) -> str:
        """Return the zone in which the client's people speak of time; UTC if unsaid."""
        found = self._clients.get(client)
        both = (found.hours if found else None, self.provider.hours)
        return next((one.timezone for one in both if one is not None), "UTC")

    def hold(
        self,
        client: ClientId,
        *,
        freezes: Sequence[Freeze],
        environment: Environment,
        command: str,
        at: datetime,
    ) -> Hold | None:
        """
        Return what holds such a request of this client at this moment, or nothing.

        KeyError if there is no such client.
        """
        rules = (*self._clients[client].freezes, *self.provider.freezes)
        return hold(
            rules,
            freezes,
            environment=environment,
            command=command,
            at=at,
        )

    def route(
        self,
        *,
        client: ClientId,
        risk: Risk,
        environment: Environment,
        command: str,
        facts: Facts = _NO_FACTS,
        used: Mapping[str, int] | None = None,
        trust: TrustLevel | None = None,
    ) -> Route | None:
        """
        Return who must decide such a request; None means nobody may, so it ends there.

        `used` has how often each envelope let something pass today; without it no
        envelope is open. Whatever smaller risk would ask of more people is asked of the
        greater one too. `trust` is the level in force, if it is not the catalog's own.
        A move on the trust ladder is decided by a rule that names it, and by both
        companies whatever that says. KeyError if there is no such client.
        """
        own, moves, spent = self._clients[client], command == COMMAND, used or {}
        rules = [
            one for one in self.routes if not moves or one.match.command == COMMAND
        ]
        request = Request(
            environment=environment,
            command=command,
            trust=trust or own.trust.level(environment),
            facts=facts,
        )
        chosen = chosen_rule(rules, risk=risk, request=request, used=spent)
        if chosen is None:
            return None if not moves else _agreement(own.requests, ())
        grounds = Grounds(
            rule=self.routes.index(chosen) + 1,
            costs_up_to=chosen.match.costs_up_to,
            after_success=chosen.match.after_success,
            successes=facts.successes,
            relied_on=relied_on(rules, risk=risk, request=request, used=spent),
        )
        needs = tuple(
            Need(role=place.role.value, count=place.count) for place in chosen.needs
        )
        waits = Requests(
            expires=chosen.expires or own.requests.expires,
            remind_before=chosen.remind_before or own.requests.remind_before,
        )
        if moves:
            return _agreement(waits, needs, grounds=grounds)
        return Route(
            needs=needs,
            expires=waits.expires,
            remind_before=waits.remind_before,
            envelope=passed(chosen, spent),
            grounds=grounds,
        )

    @cached_property
    def _rules(self) -> dict[str, Rules]:
        return compiled(self.policies, clients=self._clients)

    @cached_property
    def _clients(self) -> dict[str, Client]:
        return {client.id: client for client in self.clients}

    @cached_property
    def _people(self) -> dict[str, Person]:
        provider = (
            Person.of(member, organisation=self.provider.id)
            for member in self.provider.members
        )
        clients = (
            Person.of(member, organisation=client.id)
            for client in self.clients
            for member in client.members
        )
        return {person.id: person for person in chain(provider, clients)}

    @cached_property
    def _identities(self) -> dict[tuple[str, str], Person]:
        return {
            (slack.team, slack.user): person
            for person in self._people.values()
            for slack in person.slack
        }

    @cached_property
    def _gitlab_users(self) -> dict[str, Person]:
        people = self._people.values()
        return {one.gitlab.lower(): one for one in people if one.gitlab is not None}

    @cached_property
    def _channels(self) -> dict[tuple[str, str], Client | ProviderChannel]:
        own = self.provider.escalation_channel
        rooms: dict[tuple[str, str], Client | ProviderChannel] = {
            (channel.team, channel.id): client
            for client in self.clients
            for channel in client.channels
        }
        rooms[own.team, own.id] = ProviderChannel(
            provider=self.provider.id, channel=own
        )
        return rooms


def _agreement(
    waits: Requests, needs: tuple[Need, ...], *, grounds: Grounds | None = None
) -> Route:
    """Return who agrees on a move of trust: both companies, and never an envelope."""
    return Route(
        needs=two_sided(needs),
        expires=waits.expires,
        remind_before=waits.remind_before,
        grounds=grounds,
    )


def _hash(*parts: Frozen | tuple[Frozen, ...]) -> str:
    """Return the SHA-256, in hex, of one canonical text of the parts."""
    plain = [
        [one.model_dump(mode="json") for one in part]
        if isinstance(part, tuple)
        else part.model_dump(mode="json")
        for part in parts
    ]
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
