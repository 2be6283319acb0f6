"""
What has to fit together among the rules of routes.yaml.

A rule that can never be reached, or that asks less of a greater risk, reads like a
safeguard and is none; it is refused rather than explained.
"""

from __future__ import annotations

from itertools import chain, combinations, product
from typing import TYPE_CHECKING

from bot.domain.catalog.choosing import Request, first_rule
from bot.domain.catalog.layout import ROUTES_FILE, Inconsistency, client_file
from bot.domain.ladder import COMMAND, TrustLevel, is_two_sided
from bot.domain.route import Facts, Need
from bot.domain.scope import Environment, Risk
from bot.domain.suggest import near

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

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


def _lowered_by_risk(routes: Sequence[RouteRule]) -> Iterator[Inconsistency]:
    """Risk may only raise a route: more risk never needs fewer people."""
    # Every envelope once with places left and once used up or closed.
    envelopes = {rule.envelope.name for rule in routes if rule.envelope}
    found: set[tuple[int, int]] = set()
    for request, is_free in product(_requests(routes), (True, False)):
        used = dict.fromkeys(envelopes, 0) if is_free else {}
        chosen = [_chosen(routes, risk, request, used) for risk in Risk]
        for low, high in combinations(chosen, 2):
            if low is None or high is None or (low, high) in found:
                continue
            if routes[high].people < routes[low].people:
                found.add((low, high))
                steps = ("routes", high, "needs")
                yield Inconsistency.at(
                    ROUTES_FILE, steps, "lowered-by-risk", {"rule": low + 1}
                )


def _requests(routes: Sequence[RouteRule]) -> Iterator[Request]:
    """Yield one request of each kind that any rule tells from another."""
    matches = [rule.match for rule in routes]
    # The empty name is no command, and so stands for all that no rule names.
    commands = {"", *(one.command for one in matches if one.command)}
    edges = {one.addresses_up_to for one in matches if one.addresses_up_to is not None}
    counts = {0, *edges, *(edge + 1 for edge in edges)}
    levels = {TrustLevel.PROPOSE, *(one.trust for one in matches if one.trust)}
    # What no rule asks for makes no difference, and is left out of the product.
    hours = (True, False) if any(one.hours for one in matches) else (True,)
    destroys = (0, 1) if any(one.destroys is not None for one in matches) else (0,)
    replaces = (0, 1) if any(one.replaces is not None for one in matches) else (0,)
    for environment, command, level, (is_open, gone, new, count) in product(
        Environment,
        sorted(commands),
        sorted(levels),
        tuple(product(hours, destroys, replaces, sorted(counts))),
    ):
        yield Request(
            environment=environment,
            command=command,
            trust=level,
            facts=Facts(is_open=is_open, destroys=gone, replaces=new, addresses=count),
        )


def _chosen(
    routes: Sequence[RouteRule],
    risk: Risk,
    request: Request,
    used: Mapping[str, int],
) -> int | None:
    rule = first_rule(routes, risk=risk, request=request, used=used)
    return None if rule is None else routes.index(rule)


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
