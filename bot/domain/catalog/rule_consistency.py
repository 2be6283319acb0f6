"""
What has to fit together among the rules of routes.yaml.

A rule that can never be reached, or that asks less of a greater risk, reads like a
safeguard and is none; it is refused rather than explained.
"""

from __future__ import annotations

from itertools import chain, combinations, product
from typing import TYPE_CHECKING

from bot.domain.catalog.layout import ROUTES_FILE, Inconsistency, client_file
from bot.domain.scope import Environment, Risk
from bot.domain.suggest import near

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from bot.domain.catalog.client import Client
    from bot.domain.catalog.routes import RouteRule
    from bot.domain.message import Message


def rule_inconsistencies(
    clients: Sequence[Client], routes: Sequence[RouteRule]
) -> Iterator[Inconsistency]:
    """Return all that does not fit together among rules, and with the clients."""
    return chain(_rules(routes), _lowered_by_risk(routes), _reminders(clients, routes))


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
        if (name := rule.match.command) is not None and name not in commands
    )


def _rules(routes: Sequence[RouteRule]) -> Iterator[Inconsistency]:
    for index, rule in enumerate(routes):
        here = ("routes", index)
        for number, earlier in enumerate(routes[:index]):
            if earlier.match.takes_all_of(rule.match):
                yield Inconsistency.at(
                    ROUTES_FILE, here, "rule-hidden", {"by": number + 1}
                )
                break
        roles = [place.role for place in rule.needs]
        for number, role in enumerate(roles):
            if role in roles[:number]:
                place = (*here, "needs", number, "role")
                yield Inconsistency.at(
                    ROUTES_FILE, place, "role-twice", {"got": role.value}
                )


def _lowered_by_risk(routes: Sequence[RouteRule]) -> Iterator[Inconsistency]:
    """Risk may only raise a route: more risk never needs fewer people."""
    # The empty name is no command, and so stands for all that no rule names.
    commands = {"", *(rule.match.command or "" for rule in routes)}
    found: set[tuple[int, int]] = set()
    for environment, command in product(Environment, sorted(commands)):
        chosen = [_chosen(routes, risk, environment, command) for risk in Risk]
        for low, high in combinations(chosen, 2):
            if low is None or high is None or (low, high) in found:
                continue
            if _asks_less(routes[high], routes[low]):
                found.add((low, high))
                steps = ("routes", high, "needs")
                yield Inconsistency.at(
                    ROUTES_FILE, steps, "lowered-by-risk", {"rule": low + 1}
                )


def _chosen(
    routes: Sequence[RouteRule], risk: Risk, environment: Environment, command: str
) -> int | None:
    for index, rule in enumerate(routes):
        if rule.match.fits(risk=risk, environment=environment, command=command):
            return index
    return None


def _asks_less(rule: RouteRule, other: RouteRule) -> bool:
    """Whether fewer people approve; which role weighs more is for the operator."""
    people = sum(place.count for place in rule.needs)
    return people < sum(place.count for place in other.needs)


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
