"""
Why the policies say no, who could do it, and what this person could do instead.

A refusal that only says no sends people to somebody who answers tickets. So the same
policies are asked again: for everybody else, and for what lies nearest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.domain.errors import NotAllowed
from bot.domain.message import Message
from bot.domain.people import members
from bot.flow.rights import actor, doable, rulings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.catalog import Target
    from bot.domain.command import Command, Spec
    from bot.domain.rights import Asked, Rule, Ruling
    from bot.domain.timing.rota import Standing
    from bot.flow.door import Caller
    from bot.ports import Front

# What the audit calls a no that no rule says: the default.
NOTHING_PERMITS: Final = "nothing-permits"
RULES_FAILED: Final = "rules-failed"
_PEOPLE: Final = 5
_LINES: Final = 2


@dataclass(frozen=True, slots=True)
class _Others:
    """Who could do it, nearest colleagues first, and the rule that lets the first."""

    ids: tuple[str, ...]
    rule: Rule | None


def refused(
    asked: Asked,
    ruled: Ruling,
    *,
    standing: Standing,
    front: Front,
    instead: Sequence[str] = (),
    barred: frozenset[str] = frozenset(),
) -> NotAllowed:
    """
    Return the refusal that the policies' no comes to.

    `standing` is what chat and feeds say of the rota, and which roles are lent, as far
    as they count for this question; so that who is named could do it indeed. `instead`
    are lines that this person may type; `barred` are people who may not do it for
    another reason than a policy.
    """
    others = _others(asked, standing=standing, barred=barred, front=front)
    hints: dict[str, str | int | Message] = {
        "who": _who(others),
        "instead": _instead(others, instead),
    }
    if ruled.failed:
        message = Message.of("refused.rules-failed", {"problem": ruled.failed[:200]})
        return NotAllowed(message, rule=RULES_FAILED)
    if ruled.rules:
        rule = ruled.rules[0]
        message = Message.of("refused.policy", {**_told(rule), **hints})
        return NotAllowed(message, rule=rule.id)
    permits = (
        Message.of("policy.permits-others", _told(others.rule))
        if others.rule
        else Message.of("policy.permits-nobody")
    )
    message = Message.of("refused.no-policy", {"permits": permits, **hints})
    return NotAllowed(message, rule=NOTHING_PERMITS)


def others_able(asked: Asked, *, standing: Standing, front: Front) -> tuple[str, ...]:
    """Return who else could do it, by the policies, nearest colleagues first."""
    return _others(asked, standing=standing, barred=frozenset(), front=front).ids


def not_asked(
    command: Command,
    target: Target,
    *,
    asked: Asked,
    ruled: Ruling,
    caller: Caller,
    standing: Standing,
    front: Front,
) -> NotAllowed:
    """Return the refusal of a command on a target, with what lies nearest to it."""
    lines = _nearest(command, target, caller=caller, front=front)
    return refused(asked, ruled, standing=standing, front=front, instead=lines)


def _told(rule: Rule) -> dict[str, str | int | Message]:
    return {"rule": rule.id, "place": rule.place, "because": rule.because}


def _others(
    asked: Asked, *, standing: Standing, barred: frozenset[str], front: Front
) -> _Others:
    """Ask the same for everybody else who has to do with this client."""
    catalog, at = front.catalog.current(), front.now()
    people = sorted(
        (
            one
            for one in catalog.people(asked.client)
            if one.id != asked.actor.id and one.id not in barred
        ),
        # Colleagues are nearest, and then by name.
        key=lambda one: (one.organisation != asked.actor.organisation, one.name),
    )
    actors = [
        actor(one, client=asked.client, at=at, standing=standing, front=front)
        for one in people
    ]
    questions = [
        replace(asked, actor=one, holds=asked.role in one.roles) for one in actors
    ]
    found = [
        (person.id, ruled)
        for person, ruled in zip(people, rulings(questions, front=front), strict=True)
        if ruled.allowed
    ]
    rule = found[0][1].rules[0] if found else None
    return _Others(tuple(one for one, _ in found), rule)


def _who(others: _Others) -> Message:
    if not others.ids:
        return Message.of("policy.who-nobody")
    more = len(others.ids) - _PEOPLE
    who = members(others.ids[:_PEOPLE])
    if more > 0:
        return Message.of("policy.who-more", {"who": who, "more": more})
    return Message.of("policy.who", {"who": who})


def _instead(others: _Others, lines: Sequence[str]) -> Message:
    if lines:
        shown = ", ".join(f"/infra {line}" for line in lines)
        return Message.of("policy.instead", {"lines": shown})
    if others.ids:
        return Message.of("policy.instead-ask")
    return Message.of("policy.instead-provider")


def _nearest(
    command: Command, target: Target, *, caller: Caller, front: Front
) -> tuple[str, ...]:
    """Return lines open to the caller: the same elsewhere, else another thing here."""
    open_to = doable(caller, front=front)
    targets = {one.name: one for one in caller.client.targets}
    elsewhere = sorted(
        (name for name in open_to.get(command.spec.name, ()) if name != target.name),
        key=lambda name: (targets[name].environment == target.environment, name),
    )
    same = [_again(command, name) for name in elsewhere[:_LINES]]
    specs = {name: one.spec for name, one in front.registry.commands.items()}
    here = [
        _usage(specs[name], target.name)
        for name, places in sorted(open_to.items())
        if target.name in places and name != command.spec.name
    ]
    return (*same, *here)[:_LINES]


def _again(command: Command, target: str) -> str:
    """Return the same words with another target."""
    given = command.model_dump(mode="json") | {command.spec.target: target}
    words = (str(given[one.name]) for one in command.spec.arguments)
    return " ".join((command.spec.name, *words))


def _usage(spec: Spec, target: str) -> str:
    """Return how to type another command for this target."""
    words = (
        target if one.name == spec.target else f"<{one.name}>" for one in spec.arguments
    )
    return " ".join((spec.name, *words))
