"""
The kernel as the model asks it: the product's own functions, on real values.

Each question is a field, so that a test can put a wrong answer in its place and see the
model find it. What the stages do between two questions is in `tests/model/moves.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING

from bot.domain.change import MergeRequest
from bot.domain.glass import Break, Breaker, broken, may_break_glass
from bot.domain.operation import State
from bot.domain.policy import Allowed, Decider, may_cancel, may_decide, may_settle
from bot.domain.proposal import differences, digest
from bot.domain.rights.rules import compiled
from bot.domain.route import Need, Route
from bot.domain.timing import freeze as freezes
from bot.domain.timing.rota import Standing
from bot.flow.holders import holders_now, still_missing
from bot.outbound.catalog_policies import shipped
from tests.domain import core_samples as core
from tests.model.state import (
    AUTHOR,
    EVERYBODY,
    GLASS,
    ON_CALL,
    OWNERS,
    REQUESTER,
    Freeze,
    Kind,
    Said,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.decision import Verdict
    from bot.domain.operation import Operation
    from tests.model.state import World

# Chat, feeds and delegations say nothing here: the catalog alone does.
NOBODY_ELSE = Standing()
# Two organisations, or two people of one.
ROUTES = {
    "both sides": (Need(role="provider.oncall"), Need(role="client.owner")),
    "two on call": (Need(role="provider.oncall", count=2),),
    GLASS: (Need(role="provider.oncall", count=2),),
}
_HOLDS = {"provider.oncall": ON_CALL, "client.owner": OWNERS}
_ROLES = {"alice": ("developer",), "gina": ("developer",)}
_CLIENT = {"alice": "acme", "carol": "acme", "gina": "globex"}


@cache
def bound(head: int):
    """Return what is bound when the branch stands here."""
    return core.bound(head_sha=str(head) * 40)


@cache
def operation(state: State, shown: int, *, route: str) -> Operation:
    """Return a real operation that stands so."""
    found = core.asked()
    if shown >= 0:
        made = core.proposal(bound(shown), authors=(AUTHOR,))
        by = Route(
            needs=ROUTES[route],
            expires=timedelta(hours=4),
            remind_before=timedelta(minutes=30),
        )
        found = found.proposed(made, digest=digest(made.bound), route=by)
    assert isinstance(found.change, MergeRequest)
    glass = "the shop is down" if route == GLASS else None
    return found.model_copy(update={"state": state, "glass": glass})


@cache
def person(member: str):
    roles = ("owner",) if member in OWNERS else _ROLES.get(member, ("engineer",))
    return core.person(member, _CLIENT.get(member, "claranet"), roles)


def decision(one: Said, of: Operation):
    return core.decision(
        of, one.member, verdict=one.verdict, digest=digest(bound(one.head))
    )


@cache
def policies():
    """The policies that are shipped: a person may decide only if they say so too."""
    return compiled(shipped(), clients=("acme", "globex"))


@cache
def front(gone: tuple[str, ...]):
    """Return as much of the flow's front as the questions look at."""

    def holders(role, *, client, at, standing=NOBODY_ELSE):
        return tuple(person(one) for one in _HOLDS[role] if one not in gone)

    catalog = SimpleNamespace(
        holders=holders,
        provider=SimpleNamespace(id="claranet"),
        client=lambda _: None,
        member=person,
        rules=lambda client: policies()[client],
    )
    return SimpleNamespace(
        catalog=SimpleNamespace(current=lambda: catalog), now=lambda: core.NOW
    )


@cache
def allows(  # noqa: PLR0917 - positions make the cache's key
    state: State,
    shown: int,
    route: str,
    member: str,
    verdict: Verdict,
    card: int,
    late: bool,
    said: tuple[Said, ...],
    gone: tuple[str, ...],
) -> bool:
    """Ask `may_decide` about a click on a card that showed this."""
    of = operation(state, shown, route=route)
    by = Decider(
        person=person(member),
        digest=digest(bound(card)),
        verdict=verdict,
        now=of.expires_at if late else core.NOW,
        holders=holders_now(of, standing=NOBODY_ELSE, front=front(gone)),
        decisions=tuple(decision(one, of) for one in said),
    )
    return isinstance(may_decide(of, by=by), Allowed)


@cache
def breaks(  # noqa: PLR0917 - positions make the cache's key
    state: State, shown: int, route: str, member: str, card: int, late: bool
) -> bool:
    """Ask `may_break_glass` about a click on a card that showed this."""
    of = operation(state, shown, route=route)
    by = Breaker(
        person=person(member),
        digest=digest(bound(card)),
        now=of.expires_at if late else core.NOW,
    )
    return isinstance(may_break_glass(of, by=by), Allowed)


@cache
def lets_run(shown: int, broke: Said | None) -> bool:
    """Ask `broken`: whether this break is of what hangs on the card."""
    of = operation(State.APPROVED, shown, route=GLASS)
    if broke is None:
        return False
    made = Break(
        operation=of.id,
        client=of.client,
        member=broke.member,
        organisation="acme",
        reason=of.glass or "",
        digest=digest(bound(broke.head)),
        at=core.NOW,
    )
    return broken(of, breaks=(made,)) is not None


@cache
def calls_off(state: State, member: str) -> bool:
    """Ask `may_cancel`."""
    of = operation(state, 0, route="both sides")
    return isinstance(may_cancel(of, person=person(member)), Allowed)


@cache
def settles(state: State, route: str, member: str, gone: tuple[str, ...]) -> bool:
    """Ask `may_settle`."""
    of = operation(state, 0, route=route)
    holders = holders_now(of, standing=NOBODY_ELSE, front=front(gone))
    return isinstance(may_settle(of, person=person(member), holders=holders), Allowed)


@cache
def has_quorum(
    shown: int, route: str, said: tuple[Said, ...], gone: tuple[str, ...]
) -> bool:
    """Ask `still_missing`, and so `still_approved` and `missing`."""
    of = operation(State.PROPOSED, shown, route=route)
    decisions = tuple(decision(one, of) for one in said)
    return not still_missing(
        of, decisions=decisions, standing=NOBODY_ELSE, front=front(gone)
    )


@cache
def unmoved(shown: int, head: int) -> bool:
    """Compare digests; a difference has words, and no difference has none."""
    before, after = bound(shown), bound(head)
    same = digest(before) == digest(after)
    assert same == (not differences(before, after))
    return same


@cache
def held_back(freeze: Freeze, route: str) -> bool:
    """Ask `hold`, as `decide` and `execute` do of what was asked the usual way."""
    of = operation(State.PROPOSED, 0, route=route)
    if of.glass is not None or freeze is Freeze.NONE:
        return False
    declared = freezes.Freeze(
        id="f",
        client=of.client,
        environment=of.environment,
        begins=core.NOW,
        until=core.NOW + timedelta(days=1),
        reason="the shop opens",
        by="carol",
        organisation=of.client,
        lifted_at=core.NOW if freeze is Freeze.OVER else None,
    )
    held = freezes.hold(
        (),
        (declared,),
        environment=of.environment,
        command=of.command,
        at=core.NOW,
    )
    return held is not None


def objection(world: World, rules: Rules) -> State | None:
    """Look at time, rights and what is bound, in the order of `execute`."""
    if not rules.on_time(world.late):
        return State.EXPIRED
    if REQUESTER in world.gone:
        return State.VOIDED
    if rules.route == GLASS:
        if not rules.lets_run(world.shown, world.broke):
            return State.VOIDED
    elif not rules.full(world.shown, rules.route, world.said, world.gone):
        return State.VOIDED
    if not rules.same(world.shown, world.head):
        return State.VOIDED
    return None


def on_time(late: bool) -> bool:
    """Answer as `execute` does: it compares two moments."""
    return not late


@dataclass(frozen=True)
class Rules:
    """What is asked, and who answers: the kernel, unless a test says otherwise."""

    kind: Kind = Kind.MERGE
    route: str = "both sides"
    members: tuple[str, ...] = EVERYBODY
    leave: tuple[str, ...] = ("bob", "carol")  # who may be deactivated
    may_decide: Callable[..., bool] = allows
    may_cancel: Callable[..., bool] = calls_off
    may_settle: Callable[..., bool] = settles
    may_break: Callable[..., bool] = breaks
    lets_run: Callable[..., bool] = lets_run
    full: Callable[..., bool] = has_quorum
    same: Callable[[int, int], bool] = unmoved
    on_time: Callable[[bool], bool] = on_time
    freezes: bool = False  # whether somebody may stop all changes
    holds: Callable[[Freeze, str], bool] = held_back
    objects: Callable[[World, Rules], State | None] = objection
    compares: bool = True  # saves by compare-and-set
    locks: bool = True  # one replica at a time executes
    fences: bool = True  # what was announced or has ended is not announced again
    looks_again: bool = True  # what was started and not announced is judged once more
    asks_the_world: bool = True  # what was announced is asked for before acting
    doubts: bool = True  # an unknown outcome is said to be one
    rests: bool = True  # nobody's word ends what a replica acts on
    tells: bool = True  # every change of state with its event
