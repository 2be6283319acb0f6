"""
What has to fit together among the rules of routes.yaml.

A rule that can never be reached, or that asks less of a greater risk, reads like a
safeguard and is none; it is refused rather than explained.
"""

from __future__ import annotations

from itertools import chain, combinations
from typing import TYPE_CHECKING, Final

from bot.domain.catalog.choosing import Request
from bot.domain.catalog.layout import ROUTES_FILE, Inconsistency, client_file
from bot.domain.catalog.routes import Match
from bot.domain.cost import Cost
from bot.domain.ladder import COMMAND, TrustLevel, is_two_sided
from bot.domain.route import Facts, Need
from bot.domain.scope import Environment, Risk
from bot.domain.suggest import near

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from bot.domain.catalog.client import Client
    from bot.domain.catalog.routes import RouteRule
    from bot.domain.message import Message


_Places = frozenset[int]


def rule_inconsistencies(
    clients: Sequence[Client], routes: Sequence[RouteRule]
) -> Iterator[Inconsistency]:
    """Return all that does not fit together among rules, and with the clients."""
    return chain(
        _rules(routes),
        _lowered(routes),
        _reminders(clients, routes),
    )


def unknown_commands(
    routes: Sequence[RouteRule], commands: Collection[str]
) -> tuple[Inconsistency, ...]:
    """
    Return the rules for commands that do not exist.

    A misspelt command would let its requests fall to a later, perhaps weaker rule.
    """
    return tuple(
        Inconsistency.at(
            ROUTES_FILE,
            ("routes", index, "match", "command"),
            "unknown-command",
            {"got": name, "known": ", ".join(near(name, commands) or sorted(commands))},
        )
        for index, rule in enumerate(routes)
        if (name := rule.match.command) not in (None, COMMAND) and name not in commands
    )


def _rules(routes: Sequence[RouteRule]) -> Iterator[Inconsistency]:
    for index, rule in enumerate(routes):
        here = ("routes", index)
        for number, earlier in enumerate(routes[:index]):
            # What an envelope has no place for goes on to the rules below it.
            if earlier.envelope is None and earlier.match.takes_all_of(rule.match):
                yield Inconsistency.at(
                    ROUTES_FILE, here, "rule-hidden", {"by": number + 1}
                )
                break
        named = [one.envelope.name for one in routes[:index] if one.envelope]
        if rule.envelope is not None and rule.envelope.name in named:
            args: dict[str, str | int | Message] = {"got": rule.envelope.name}
            named_at = (*here, "envelope", "name")
            yield Inconsistency.at(ROUTES_FILE, named_at, "envelope-twice", args)
        if rule.match.command == COMMAND and not _agreed_by_both(rule):
            yield Inconsistency.at(ROUTES_FILE, (*here, "needs"), "trust-one-sided")
        roles = [place.role for place in rule.needs]
        for number, role in enumerate(roles):
            if role in roles[:number]:
                place = (*here, "needs", number, "role")
                yield Inconsistency.at(
                    ROUTES_FILE, place, "role-twice", {"got": role.value}
                )


def _agreed_by_both(rule: RouteRule) -> bool:
    return is_two_sided(Need(role=one.role.value) for one in rule.needs)


def _lowered(routes: Sequence[RouteRule]) -> Iterator[Inconsistency]:
    """
    More risk, a higher or unknown cost and less that went well need no fewer people.

    Which rules a request may fall to is looked at by sets of their places, one for each
    way that each thing may be: all requests one by one would be far too many.
    """
    ways = _ways(routes)
    for field, key in _RAISING.items():
        rest = _together(ways[name] for name in ways if name != field)
        pairs = {
            pair
            for others in rest
            for pair in combinations(_chosen(others, ways[field]), 2)
        }
        for low, high in sorted(pairs):
            if routes[high].people < routes[low].people:
                steps = ("routes", high, "needs")
                yield Inconsistency.at(ROUTES_FILE, steps, key, {"rule": low + 1})


def _chosen(others: _Places, steps: Iterable[_Places]) -> list[int]:
    """Return which rule is the first at each step that any rule fits at."""
    return [min(others & one) for one in steps if others & one]


# By what a rule asks for: the ways of these are in the order in which they raise.
_RAISING: Final = {
    "risk": "lowered-by-risk",
    "costs_up_to": "lowered-by-cost",
    "after_success": "lowered-by-history",
}


def _together(ways: Iterable[Sequence[_Places]]) -> set[_Places]:
    """Return which rules fit one request together, for all ways that it may be."""
    first, *others = ways
    found = set(first)
    for way in others:
        found = {one & other for one in found for other in way}
    return found


def _ways(routes: Sequence[RouteRule]) -> dict[str, list[_Places]]:
    """Return, for each thing rules look at and each way it may be, which allow it."""
    found = {
        field: [
            frozenset(
                place
                for place, rule in enumerate(routes)
                if _allows(rule.match, field, risk=risk, request=request)
            )
            for risk, request in asked
        ]
        for field, asked in _asked(routes).items()
    }
    # Every envelope once with places left and once used up or closed.
    everything = frozenset(range(len(routes)))
    closed = {place for place, rule in enumerate(routes) if rule.envelope}
    return {**found, "envelope": [everything, everything - closed]}


def _allows(match: Match, field: str, *, risk: Risk, request: Request) -> bool:
    """Whether this one thing that a rule asks for is so in the request."""
    alone = Match.model_construct(**{field: getattr(match, field)})
    return alone.fits(
        risk=risk,
        environment=request.environment,
        command=request.command,
        trust=request.trust,
        facts=request.facts,
    )


def _asked(routes: Sequence[RouteRule]) -> dict[str, list[tuple[Risk, Request]]]:
    """Return a request for each way of each thing that rules tell from another."""
    matches = [rule.match for rule in routes]
    # The empty name is no command, and so stands for all that no rule names.
    commands = {"", *(one.command for one in matches if one.command)}
    levels = {TrustLevel.PROPOSE, *(one.trust for one in matches if one.trust)}
    edges = {one.addresses_up_to for one in matches if one.addresses_up_to is not None}
    counts = {0, *edges, *(edge + 1 for edge in edges)}
    limits = {one.costs_up_to for one in matches if one.costs_up_to is not None}
    costs = [*(Cost(cents=one * 100) for one in sorted(limits)), None]
    rows = {0, *(one.after_success or 0 for one in matches)}
    return {
        "risk": [(risk, _request()) for risk in Risk],
        "environment": [(_LOW, _request(environment=one)) for one in Environment],
        "command": [(_LOW, _request(command=one)) for one in commands],
        "trust": [(_LOW, _request(trust=one)) for one in levels],
        "hours": [_fact(is_open=one) for one in (True, False)],
        "destroys": [_fact(destroys=one) for one in (0, 1)],
        "replaces": [_fact(replaces=one) for one in (0, 1)],
        "addresses_up_to": [_fact(addresses=one) for one in counts],
        "costs_up_to": [_fact(cost=one) for one in costs],
        "after_success": [_fact(successes=one) for one in sorted(rows, reverse=True)],
    }


_LOW: Final = Risk.LOW
_REQUEST: Final = Request(environment=Environment.STAGING, command="")


def _request(**different: object) -> Request:
    return _REQUEST.model_copy(update=different)


def _fact(**known: object) -> tuple[Risk, Request]:
    return _LOW, _request(facts=Facts().model_copy(update=known))


def _reminders(
    clients: Sequence[Client], routes: Sequence[RouteRule]
) -> Iterator[Inconsistency]:
    """A reminder comes before the end, whichever of the two files says when."""
    for client in clients:
        own = client.requests
        if own.remind_before >= own.expires:
            yield Inconsistency.at(
                client_file(client.id),
                ("requests", "remind_before"),
                "reminder-too-early",
            )
            continue
        for index, rule in enumerate(routes):
            expires = rule.expires or own.expires
            if (rule.remind_before or own.remind_before) >= expires:
                steps = ("routes", index)
                args: dict[str, str | int | Message] = {"client": client.id}
                yield Inconsistency.at(
                    ROUTES_FILE, steps, "reminder-too-early-for", args
                )
