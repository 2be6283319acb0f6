"""A branch's protection against the stand-in: looked at, set, and never set twice."""

import pytest
from pydantic import SecretStr

from bot.domain.errors import OutcomeUnknown, Refused
from bot.domain.ladder import Protection
from bot.outbound.gitlab_protecting import _edits
from bot.outbound.gitlab_shapes import AccessLevel
from deploy.sandbox.gitlab.faults import Fault
from deploy.sandbox.gitlab.records import Level
from deploy.sandbox.gitlab.seeding import token_of
from tests.outbound.test_gitlab_adapter import EXECUTE, PREPARE, forge, world

__all__ = ["forge", "world"]

READ = SecretStr(token_of("acme", "read"))
OPEN = Protection(is_protected=True, developers_push=False, developers_merge=True)
CLOSED = Protection(is_protected=True, developers_push=False, developers_merge=False)


def rules(world):
    return [(one.name, one.push, one.merge) for one in world.projects[1].protected]


def changes(world):
    """Return every call that changed a protection, with how it ended."""
    return [
        (one.detail["method"], one.status)
        for one in world.ledger.of("api.called")
        if "protected_branches" in str(one.detail["path"])
    ]


async def look(forge):
    return await forge.protection("acme/infra", branch="main", token=READ)


async def protects(forge, wanted, token=EXECUTE):
    return await forge.protect("acme/infra", branch="main", wanted=wanted, token=token)


async def test_a_token_that_only_reads_sees_what_developers_may(forge, world):
    before = await look(forge)
    world.projects[1].protected[0].merge = Level.DEVELOPER
    opened = await look(forge)
    world.projects[1].protected[0].push = Level.DEVELOPER
    pushed = await look(forge)

    assert before == CLOSED
    assert opened == OPEN
    assert pushed.developers_push


async def test_what_is_not_protected_is_open_to_developers(forge, world):
    world.projects[1].protected.clear()

    found = await look(forge)

    assert found == Protection(
        is_protected=False, developers_push=True, developers_merge=True
    )


async def test_a_branch_that_is_not_there_is_refused(forge):
    with pytest.raises(Refused, match="gitlab-absent"):
        await forge.protection("acme/infra", branch="nowhere", token=READ)


@pytest.mark.parametrize(
    ("licensed", "calls"),
    [
        (True, [("PATCH", "200")]),
        (False, [("PATCH", "200"), ("DELETE", "204"), ("POST", "201")]),
    ],
)
async def test_it_is_opened_and_closed_with_any_licence(forge, world, licensed, calls):
    world.licensed = licensed

    opened = await protects(forge, OPEN)
    then = rules(world)
    closed = await protects(forge, CLOSED)

    assert (opened, closed) == (OPEN, CLOSED)
    assert then == [("main", Level.MAINTAINER, Level.DEVELOPER)]
    assert rules(world) == [("main", Level.MAINTAINER, Level.MAINTAINER)]
    assert changes(world) == [*calls, *calls]


async def test_what_is_as_wanted_is_left_alone(forge, world):
    await protects(forge, CLOSED)

    assert changes(world) == []


async def test_a_branch_without_protection_is_protected(forge, world):
    world.projects[1].protected.clear()

    assert await protects(forge, CLOSED) == CLOSED
    assert changes(world) == [("POST", "201")]


async def test_developers_who_may_push_lose_that(forge, world):
    world.projects[1].protected[0].push = Level.DEVELOPER

    assert await protects(forge, OPEN) == OPEN
    assert rules(world) == [("main", Level.MAINTAINER, Level.DEVELOPER)]


async def test_a_token_that_is_no_maintainer_s_changes_nothing(forge, world):
    with pytest.raises(Refused, match="gitlab-rejected"):
        await protects(forge, OPEN, token=PREPARE)

    assert rules(world) == [("main", Level.MAINTAINER, Level.MAINTAINER)]


async def test_a_lost_answer_to_a_change_in_place_is_unknown_and_heals(forge, world):
    world.faults.add(Fault(kind="lose", method="PATCH", path="protected_branches"))

    with pytest.raises(OutcomeUnknown):
        await protects(forge, OPEN)

    assert await protects(forge, OPEN) == OPEN
    assert changes(world) == [("PATCH", "200")]


async def test_a_lost_answer_to_protecting_is_looked_up(forge, world):
    world.projects[1].protected.clear()
    world.faults.add(Fault(kind="lose", method="POST", path="protected_branches"))

    assert await protects(forge, CLOSED) == CLOSED


async def test_protecting_that_did_not_happen_is_unknown(forge, world):
    world.projects[1].protected.clear()
    world.faults.add(Fault(kind="down", method="POST", path="protected_branches"))

    with pytest.raises(OutcomeUnknown):
        await protects(forge, CLOSED)


def level(key, access, **named):
    return AccessLevel(id=key, access_level=access, **named)


@pytest.mark.parametrize(
    ("levels", "developers", "edits"),
    [
        ([level(1, 40)], True, [{"id": 1, "access_level": 30}]),
        ([level(1, 30)], True, []),
        ([], True, [{"access_level": 30}]),
        ([level(1, 30), level(2, 40)], False, [{"id": 1, "access_level": 40}]),
        ([level(1, 0)], False, []),
        # Who was named one by one stays, whatever their level.
        ([level(1, 30, user_id=7)], True, [{"access_level": 30}]),
        ([level(1, 30, user_id=7), level(2, 30, group_id=3)], False, []),
    ],
)
def test_only_what_has_to_change_is_changed(levels, developers, edits):
    assert _edits(levels, developers=developers) == edits
