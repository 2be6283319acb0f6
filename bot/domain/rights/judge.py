"""
Putting questions to the policies of one client.

Default is no, and one `forbid` outweighs every `permit`. Cedar leaves a policy out of
account when it fails on a question, which would make a failing `forbid` a permission;
so a question that any policy fails on is answered no.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cedarpy import is_authorized_batch

from bot.domain.rights.asked import ON_TARGETS, Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cedarpy import AuthzResult

    from bot.domain.rights.asked import Asked, Thing
    from bot.domain.rights.rules import Rule, Rules


@dataclass(frozen=True, slots=True)
class Ruling:
    """
    The answer, and the rules that gave it: what permits, or what forbids.

    No, and no rule: nothing permits it. `failed` says which rule could not be asked.
    """

    allowed: bool
    rules: tuple[Rule, ...] = ()
    failed: str = ""


def judge(rules: Rules, asked: Sequence[Asked]) -> tuple[Ruling, ...]:
    """Return the answer to each question, in order; all of this client."""
    if not asked:
        return ()
    if any(one.client != rules.client for one in asked):
        return tuple(Ruling(allowed=False, failed="other client") for _ in asked)
    entities = _entities(asked)
    if entities is None:
        return tuple(judge(rules, (one,))[0] for one in asked)
    found = is_authorized_batch(
        [_request(one) for one in asked], rules.policies, entities, rules.schema
    )
    return tuple(_ruling(one, rules) for one in found)


def _ruling(result: AuthzResult, rules: Rules) -> Ruling:
    problems = result.diagnostics.errors
    if problems:
        return Ruling(allowed=False, failed=problems[0])
    # Ids are ours (see Rules): one that is not is an answer about something else.
    reasons = [rules.rules.get(name) for name in sorted(result.diagnostics.reasons)]
    given = tuple(one for one in reasons if one is not None)
    return Ruling(allowed=result.allowed and bool(given), rules=given)


def _request(asked: Asked) -> dict[str, Any]:
    return {
        "principal": _uid("Member", asked.actor.id),
        "action": _uid("Action", asked.action.value),
        "resource": _resource(asked),
        "context": _context(asked),
    }


def _resource(asked: Asked) -> dict[str, str]:
    if asked.action in ON_TARGETS and asked.thing is not None:
        return _uid("Target", target_id(asked.client, asked.thing.name))
    return _uid("Client", asked.client)


def target_id(client: str, name: str) -> str:
    """Return how a policy names a target: names alone are not unique."""
    return f"{client}/{name}"


def _context(asked: Asked) -> dict[str, Any]:
    if asked.action in ON_TARGETS:
        requester = asked.requester or asked.actor.id
        found: dict[str, Any] = {
            "command": _entity("Command", asked.command),
            "requester": _entity("Member", requester),
        }
        # From 1, so that a policy may say `>= 2`; without one Cedar refuses to answer.
        if asked.risk is not None:
            found["risk"] = asked.risk + 1
        return found
    if asked.action is Action.DELEGATE:
        return {"role": _entity("Role", asked.role), "holds": asked.holds}
    return {}


def _entities(asked: Iterable[Asked]) -> str | None:
    """
    Return whom and what the questions are about, as JSON.

    None if somebody is there with two sets of roles, or a target twice and not alike:
    for Cedar one would take the other's place.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in asked:
        for made in _of(one):
            uid = made["uid"]["type"], made["uid"]["id"]
            if found.setdefault(uid, made) != made:
                return None
    return json.dumps(list(found.values()))


def _of(asked: Asked) -> Iterator[dict[str, Any]]:
    actor, thing = asked.actor, asked.thing
    parents = [_uid("Role", role) for role in sorted(actor.roles)]
    parents.append(_uid("Organisation", actor.organisation))
    yield _made("Member", actor.id, parents)
    if thing is not None:
        name = target_id(asked.client, thing.name)
        yield _target(name, thing, client=asked.client)


def _target(name: str, thing: Thing, *, client: str) -> dict[str, Any]:
    parents = [_uid("Client", client), _uid("Environment", thing.environment.value)]
    if thing.kind is not None:
        parents.append(_uid("Kind", thing.kind))
    return _made("Target", name, parents) | {"attrs": {"critical": thing.critical}}


def _made(kind: str, name: str, parents: list[dict[str, str]]) -> dict[str, Any]:
    return {"uid": _uid(kind, name), "attrs": {}, "parents": parents}


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def _entity(kind: str, name: str) -> dict[str, dict[str, str]]:
    return {"__entity": _uid(kind, name)}
