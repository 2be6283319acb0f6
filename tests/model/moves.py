"""
Every move that is possible in a world, and the world after it.

The moves of the product are generated from `STEPS`: each step of the table is taken by
those whom the table names, through the guard that is written here for that actor; a
step without a guard is a gap in the model and stops it. A stage is two moves, so that
anything can come in between: it reads and judges, and later commits one transaction by
compare-and-set. Acting is a move of its own, after the announcement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bot.domain.audit import EventName
from bot.domain.decision import Verdict
from bot.domain.operation import ENDED, STEPS, State
from tests.model.oracle import may_act
from tests.model.state import Deed, Freeze, Hand, Kind, Said, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.model.rules import Rules

NEVER_ACTS = frozenset(
    {
        State.ASKED,
        State.PROPOSED,
        State.APPROVED,
        State.REFUSED,
        State.DENIED,
        State.CANCELLED,
        State.EXPIRED,
        State.VOIDED,
    }
)


class Move(NamedTuple):
    """One move: its name, the world after it, and what it must never do."""

    name: str
    world: World
    broken: tuple[str, ...] = ()


class Gap(Exception):  # noqa: N818 - names what it is
    """The table has a step that the model does not know."""


# --- what each actor of the table may set out to do, by (from, to, who)


def _tells(to: State) -> EventName:
    return EventName(f"operation.{_WORDS.get(to, to.value)}")


_WORDS = {State.RUNNING: "started", State.IN_DOUBT: "doubted"}


def _save(to: State, **more: object) -> Hand:
    return Hand(Deed.SAVE, to, _tells(to), **more)


def _prepares(world: World, rules: Rules) -> Iterator[Hand]:
    if not world.late:
        yield _save(State.PROPOSED, shown=world.head)


def _refuses(world: World, rules: Rules) -> Iterator[Hand]:
    if not world.late:
        yield _save(State.REFUSED)


def _calls_off(world: World, rules: Rules) -> Iterator[Hand]:
    for who in rules.members:
        if who not in world.gone and rules.may_cancel(world.state, who):
            yield _save(State.CANCELLED)


def _sweeps(world: World, rules: Rules) -> Iterator[Hand]:
    if world.late:
        yield _save(State.EXPIRED)


def _clicks(verdict: Verdict) -> Callable[[World, Rules], Iterator[Hand]]:
    """Return everyone's click, on the card that hangs there and on an older one."""

    def clicks(world: World, rules: Rules) -> Iterator[Hand]:
        for who in rules.members:
            if who in world.gone:
                continue  # nobody in the catalog: turned away at the door
            for card in (0, 1):
                if rules.may_decide(
                    world.state,
                    world.shown,
                    rules.route,
                    who,
                    verdict,
                    card,
                    world.late,
                    world.said,
                    world.gone,
                ) and not (verdict is Verdict.APPROVE and _is_held(world, rules)):
                    yield _decided(world, Said(who, verdict, card), rules)

    return clicks


def _breaks(world: World, rules: Rules) -> Iterator[Hand]:
    """Return everyone's click on the glass, on this card and on an older one."""
    for who in rules.members:
        if who in world.gone:
            continue
        for card in (0, 1):
            if rules.may_break(
                world.state, world.shown, rules.route, who, card, world.late
            ):
                one = Said(who, Verdict.APPROVE, card)
                yield Hand(Deed.SAVE, State.APPROVED, EventName.GLASS_BROKEN, broke=one)


def _decided(world: World, one: Said, rules: Rules) -> Hand:
    if one.verdict is Verdict.DENY:
        return _save(State.DENIED, said=one)
    said = tuple(sorted((*world.said, one)))
    if rules.full(world.shown, rules.route, said, world.gone):
        return _save(State.APPROVED, said=one)
    return Hand(Deed.SAVE, State.PROPOSED, EventName.DECISION_MADE, said=one)


def _watches(world: World, rules: Rules) -> Iterator[Hand]:
    if rules.kind is Kind.MERGE and not rules.same(world.shown, world.head):
        yield _save(State.VOIDED)


def _starts(to: State) -> Callable[[World, Rules], Iterator[Hand]]:
    def starts(world: World, rules: Rules) -> Iterator[Hand]:
        if not _is_free(world, rules) or _waits(world, rules):
            return
        instead = rules.objects(world, rules) or State.RUNNING
        if instead is to:
            right = may_act(world, route=rules.route)
            yield _save(to, look=right, locked=True)

    return starts


def _is_free(world: World, rules: Rules) -> bool:
    return not (rules.locks and world.held)


def _is_held(world: World, rules: Rules) -> bool:
    return rules.holds(world.freeze, rules.route)


def _waits(world: World, rules: Rules) -> bool:
    """Whether a freeze keeps it from starting; its own time runs on meanwhile."""
    return _is_held(world, rules) and not world.late


def _goes_on(world: World, rules: Rules) -> Iterator[Hand]:
    """Take up what another has begun: judge it again, or ask the world about it."""
    if not _is_free(world, rules):
        return
    if not world.announced and world.state is State.RUNNING:
        if _waits(world, rules):
            return
        right = may_act(world, route=rules.route)
        if rules.looks_again and rules.objects(world, rules) is not None:
            yield _save(State.FAILED, locked=True)
        else:
            yield Hand(Deed.ANNOUNCE, None, None, locked=True, look=right)
        return
    if not rules.asks_the_world:
        yield Hand(Deed.ACT, None, None, locked=True)
        return
    if world.effects:
        yield _close(State.DONE)
    elif rules.kind is not Kind.ONCE:
        yield Hand(Deed.ACT, None, None, locked=True)
    # The world may not answer; of what must not be repeated "no" is no answer either.
    yield _close(State.IN_DOUBT)


def _close(to: State) -> Hand:
    return Hand(Deed.CLOSE, to, _tells(to), locked=True)


def _settles(to: State) -> Callable[[World, Rules], Iterator[Hand]]:
    """Return everyone's word on what became of it, who looked and says what is so."""

    def settles(world: World, rules: Rules) -> Iterator[Hand]:
        so = State.DONE if world.effects else State.FAILED
        if so is not to:
            return
        for who in rules.members:
            if who not in world.gone and rules.may_settle(
                world.state, rules.route, who, world.gone
            ):
                yield _save(to, worded=True)

    return settles


def _elsewhere(world: World, rules: Rules) -> Iterator[Hand]:
    """Take the step that the table allows as part of another guard's move."""
    return iter(())


_BY_THE_TABLE: dict[tuple[State, State, str], Callable[..., Iterator[Hand]]] = {
    (State.ASKED, State.PROPOSED, "prepare"): _prepares,
    (State.ASKED, State.REFUSED, "prepare"): _refuses,
    (State.ASKED, State.CANCELLED, "requester"): _calls_off,
    (State.ASKED, State.EXPIRED, "sweep"): _sweeps,
    (State.PROPOSED, State.APPROVED, "decider"): _clicks(Verdict.APPROVE),
    (State.PROPOSED, State.APPROVED, "break-glass"): _breaks,
    (State.PROPOSED, State.DENIED, "decider"): _clicks(Verdict.DENY),
    (State.PROPOSED, State.CANCELLED, "requester"): _calls_off,
    (State.PROPOSED, State.EXPIRED, "sweep"): _sweeps,
    (State.PROPOSED, State.VOIDED, "watch"): _watches,
    (State.APPROVED, State.RUNNING, "execute"): _starts(State.RUNNING),
    (State.APPROVED, State.VOIDED, "execute"): _starts(State.VOIDED),
    (State.APPROVED, State.VOIDED, "watch"): _elsewhere,  # left to `execute`
    (State.APPROVED, State.CANCELLED, "requester"): _calls_off,
    (State.APPROVED, State.EXPIRED, "execute"): _starts(State.EXPIRED),
    (State.APPROVED, State.EXPIRED, "sweep"): _sweeps,
    # Taken up by whoever gets the job; how it ends shows only after acting or asking.
    (State.RUNNING, State.DONE, "execute"): _goes_on,
    (State.RUNNING, State.FAILED, "execute"): _elsewhere,
    (State.RUNNING, State.IN_DOUBT, "execute"): _elsewhere,
    (State.RUNNING, State.IN_DOUBT, "sweep"): _elsewhere,
    (State.IN_DOUBT, State.DONE, "reconcile"): _goes_on,
    (State.IN_DOUBT, State.FAILED, "reconcile"): _elsewhere,
    (State.IN_DOUBT, State.DONE, "decider"): _settles(State.DONE),
    (State.IN_DOUBT, State.FAILED, "decider"): _settles(State.FAILED),
}


def guards(before: State) -> tuple[tuple[str, Callable[..., Iterator[Hand]]], ...]:
    """Return the guards of every step that the product's table has from here."""
    found = []
    for step in STEPS[before]:
        for who in step.by.split(", "):
            key = (before, step.to, who)
            if key not in _BY_THE_TABLE:
                raise Gap(f"{before} -> {step.to} by {who}")
            found.append((f"{who} sets out for {step.to}", _BY_THE_TABLE[key]))
    return tuple(found)


def known() -> frozenset[tuple[State, State, str]]:
    """Return every step that the model has a guard for."""
    return frozenset(_BY_THE_TABLE)


# --- all moves


def moves(world: World, rules: Rules) -> Iterator[Move]:
    """Return every move that may come next."""
    yield from _of_the_world(world, rules)
    if world.state is None:
        yield Move("alice asks", world._replace(state=State.ASKED))
        return
    for place in (0, 1):
        hand = world.hands[place]
        if hand is None:
            yield from _taken(world, place, rules)
        else:
            yield from _in_hand(world, place, hand, rules)


def _of_the_world(world: World, rules: Rules) -> Iterator[Move]:
    """What nobody asks the product about."""
    if world.state is None or world.state in ENDED:
        return
    if world.head == 0:
        yield Move("somebody pushes", world._replace(head=1))
    if not world.late:
        yield Move("its time is over", world._replace(late=True))
    if rules.freezes and world.freeze is Freeze.NONE:
        yield Move("somebody freezes all", world._replace(freeze=Freeze.NOW))
    if world.freeze is Freeze.NOW:
        yield Move("the freeze is lifted", world._replace(freeze=Freeze.OVER))
    for who in rules.leave:
        if who not in world.gone:
            gone = tuple(sorted((*world.gone, who)))
            yield Move(f"{who} is deactivated", world._replace(gone=gone))


def _taken(world: World, place: int, rules: Rules) -> Iterator[Move]:
    """Have an idle replica read and judge: any stage, once more or for the first."""
    seen = set()
    for name, guard in guards(world.state):
        for hand in guard(world, rules):
            if hand not in seen:
                seen.add(hand)
                yield Move(f"{place}: {name}", _with(world, place, hand))


def _in_hand(world: World, place: int, hand: Hand, rules: Rules) -> Iterator[Move]:
    yield Move(f"{place}: crashes", _with(world, place, None))
    if not hand.awake:
        yield Move(f"{place}: wakes", _with(world, place, hand._replace(awake=True)))
        return
    if hand.locked:
        # Silent for so long that its connection is gone, and with it its lock.
        still = hand._replace(awake=False, locked=False)
        yield Move(f"{place}: freezes", _with(world, place, still))
    if hand.deed is Deed.ACT:
        yield from _acts(world, place, hand, rules)
        return
    if hand.deed is Deed.ANNOUNCE:
        yield from _announces(world, place, hand, rules)
        return
    yield _commits(world, place, hand, rules)


def _commits(world: World, place: int, hand: Hand, rules: Rules) -> Move:
    """One transaction, or nothing of it."""
    assert hand.to is not None
    name = f"{place}: commits {hand.to}"
    overtaken = Move(f"{name}, too late", _with(world, place, None))
    if hand.deed is Deed.CLOSE:
        # It reads again what is stored by now.
        if world.state in ENDED or world.state is hand.to:
            return overtaken
        if world.state not in (State.RUNNING, State.IN_DOUBT):
            return overtaken
    elif rules.compares and not hand.fresh:
        return overtaken
    elif hand.worded and rules.rests and world.held:
        return Move(f"{name}, at work", _with(world, place, None))
    after = _saved(world, place)
    broken = _step(world, hand, rules)
    said = world.said if hand.said is None else tuple(sorted({*world.said, hand.said}))
    shown = hand.shown if hand.shown >= 0 else world.shown
    broke = hand.broke or world.broke
    after = after._replace(state=hand.to, said=said, shown=shown, broke=broke)
    after = after._replace(worded=world.worded or hand.worded)
    if hand.to is State.RUNNING:
        begun = hand._replace(deed=Deed.ANNOUNCE, to=None, event=None)
        return Move(name, _with(after, place, begun), broken)
    return Move(name, _with(after, place, None), broken)


def _step(world: World, hand: Hand, rules: Rules) -> tuple[str, ...]:
    """Return what is wrong with this change of state: not in the table, or untold."""
    assert world.state is not None
    event = hand.event if rules.tells else None
    if hand.to is world.state:
        return () if event is EventName.DECISION_MADE else ("a decision is not told",)
    glass = hand.broke is not None
    steps = [step for step in STEPS[world.state] if step.to is hand.to]
    if not steps:
        return (f"no step leads from {world.state} to {hand.to}",)
    # Who broke the glass is told by that, and by no word of an approval.
    wanted = {one.event for one in steps if (one.by == "break-glass") == glass}
    if event is None or event.value not in wanted:
        return (f"{world.state} to {hand.to} is not told by {sorted(wanted)}",)
    return ()


def _announces(world: World, place: int, hand: Hand, rules: Rules) -> Iterator[Move]:
    """Write down that it is about to act; whoever finds that asks the world first."""
    moved_on = world.announced or world.state is not State.RUNNING
    if rules.fences and moved_on:
        yield Move(f"{place}: announces, too late", _with(world, place, None))
        return
    acting = hand._replace(deed=Deed.ACT, fresh=True)
    after = _saved(world, place)._replace(announced=True, looked=hand.look)
    yield Move(f"{place}: announces", _with(after, place, acting))


def _acts(world: World, place: int, hand: Hand, rules: Rules) -> Iterator[Move]:
    """The call itself: it answers, or its answer is lost, before or after it acted."""
    if rules.kind is Kind.MERGE and world.head != world.shown and not world.effects:
        failed = _with(world, place, _close(State.FAILED)._replace(locked=hand.locked))
        yield Move(f"{place}: is told that the branch moved", failed)
        return
    effects = world.effects + 1 if rules.kind is Kind.ONCE else 1
    broken = _acting(world, effects, hand)
    after = world._replace(effects=effects)
    unsure = State.IN_DOUBT if rules.doubts else State.FAILED
    yield Move(f"{place}: acts", _ending(after, place, State.DONE, hand), broken)
    yield Move(f"{place}: acts, unheard", _ending(after, place, unsure, hand), broken)
    yield Move(f"{place}: is not heard", _ending(world, place, unsure, hand))


def _ending(world: World, place: int, to: State, hand: Hand) -> World:
    return _with(world, place, _close(to)._replace(locked=hand.locked))


def _acting(world: World, effects: int, hand: Hand) -> tuple[str, ...]:
    """Return what is wrong with acting in this very moment."""
    found = []
    if world.state in NEVER_ACTS:
        found.append(f"acted on what is {world.state}")
    if world.worded and hand.locked:
        # Who froze and lost the lock may still act: no word can know of that.
        found.append("acted on what a person's word had ended")
    if effects > 1:
        found.append("acted twice")
    if not world.looked:
        found.append(
            "acted without a full quorum on what is there, in time, in no freeze"
        )
    return tuple(found)


def _with(world: World, place: int, hand: Hand | None) -> World:
    other = world.hands[1 - place]
    # Replicas are alike: which of them holds what makes no difference.
    first, second = sorted((hand, other), key=_order)
    return world._replace(hands=(first, second))


def _order(hand: Hand | None) -> str:
    return "" if hand is None else repr(hand)


def _saved(world: World, place: int) -> World:
    """Return the world in which whoever else has read reads an older version."""
    stale = tuple(
        hand if hand is None or at == place else hand._replace(fresh=False)
        for at, hand in enumerate(world.hands)
    )
    return world._replace(hands=stale)


def after_all(world: World) -> tuple[str, ...]:
    """Return what is wrong with a world, however it was come to."""
    found = []
    if world.state is State.DONE and not world.effects:
        found.append("said to be done, and nothing happened")
    if world.state is State.FAILED and world.effects and not world.worded:
        found.append("said to have failed, and it happened")
    return tuple(found)
