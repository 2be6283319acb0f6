"""What hardly ever happens to a change while it is checked, started and carried out."""

from dataclasses import replace

import pytest

from bot.domain.audit import EventName
from bot.domain.errors import Broken, Refused
from bot.domain.message import Message
from bot.domain.operation import State
from bot.domain.proposal import Drafted
from bot.flow import execute as executing
from bot.flow.changes import client_request, merge_request, value
from bot.flow.changes.observing import client_of
from bot.flow.changes.planning import refuse_foreign_paths
from bot.flow.execute import TURN
from tests.flow.mortal import KilledError, Mortal
from tests.flow.test_corners import Instead
from tests.flow.test_freeze import freezes
from tests.flow.test_voiding import PushesFirst

FREEZE = "freeze all until tomorrow 09:00 We launch tonight"


async def approved(ops, words):
    card = await ops.alice.asks(words)
    await ops.bob.approves(card)
    return card


async def as_gitlab_has_it(ops, operation):
    """Return an operation's merge request as the worker reads it."""
    back, client = ops.back, client_of(operation, back=ops.back)
    read = []

    async def merge_request_of(project, **named):
        read.append(await back.forge.merge_request(project, **named))
        return read[-1]

    forge = Instead(back.forge, merge_request=merge_request_of)
    await merge_request.rebound(
        operation, back=ops.with_ports(forge=forge), in_full=False
    )
    return client, read[-1]


async def test_what_another_replica_starts_on_a_target_is_waited_for(ops):
    card = await approved(ops, "backup db-prod-2")
    before = await ops.again(card)

    async with ops.back.store.exclusive(f"{TURN}acme/db-prod-2"):
        await ops.tries()
        waiting = await ops.again(card)
    await ops.works()

    assert before.operation.state is State.APPROVED
    assert waiting.operation == before.operation
    assert await ops.state(card) is State.DONE
    assert len(ops.aws.created) == 1


async def test_a_freeze_while_everything_is_looked_at_is_in_time(ops):
    card = await approved(ops, "backup db-prod-2")
    store = ops.back.store

    async def carol_freezes():
        ops.back = alive
        await freezes(ops.carol, FREEZE)

    alive = ops.back
    ops.back = ops.with_ports(store=PushesFirst(store, "decisions", carol_freezes))
    await ops.works()

    frozen = await ops.again(card)
    assert frozen.operation.state is State.APPROVED
    assert frozen.operation.progress.waiting_for.key == "waiting.frozen"
    assert (await ops.events(card))[-1] == "operation.paused"
    assert ops.aws.created == ()


async def test_a_freeze_holds_back_what_was_started_and_never_acted(ops):
    card = await approved(ops, "backup db-prod")
    ((number, task, client, operation),) = await ops.jobs()
    alive = ops.back
    ops.back = Mortal(3).around(alive)
    with pytest.raises(KilledError):
        await ops.runs(number, task, client, operation)
    ops.back = alive
    await freezes(ops.carol, FREEZE)

    await ops.works()

    frozen = await ops.again(card)
    assert frozen.operation.state is State.RUNNING
    assert frozen.operation.progress.waiting_for.key == "waiting.frozen"
    assert (await ops.events(card))[-1] == "operation.paused"
    assert ops.aws.created == ()


async def test_an_approval_without_a_route_approves_nothing(ops):
    card = await approved(ops, "backup db-prod")
    store = ops.back.store

    async def operation(client, *, id):  # noqa: A002 - the port's own name
        found = await store.operation(client, id=id)
        return found.model_copy(update={"route": None})

    ops.back = ops.with_ports(store=Instead(store, operation=operation))
    await ops.tries()

    ended = (await ops.again(card)).operation
    assert ended.state is State.VOIDED
    assert ended.outcome.key == "voided.rights"
    assert ops.aws.created == ()


async def test_a_refusal_before_anything_was_announced_is_a_failure(ops):
    card = await approved(ops, "set nginx-workers 8")
    lender, why = ops.back.lender, Message.of("refused.gitlab-link", {"path": "x"})

    async def forge_token(minted, *, client, purpose):
        if purpose == "gitlab-execute":
            raise Refused(why)
        return await lender.forge_token(minted, client=client, purpose=purpose)

    ops.back = ops.with_ports(lender=Instead(lender, forge_token=forge_token))
    await ops.works()

    ended = (await ops.again(card)).operation
    assert ended.state is State.FAILED
    assert ended.outcome == why
    assert "merge.announced" not in await ops.events(card)
    assert ops.git.merged == []


async def test_what_vanishes_while_it_is_carried_out_is_called_nothing(ops):
    card = await approved(ops, "set nginx-workers 8")
    alive, gone = ops.back, []

    async def write(writes):
        await alive.store.write(writes)
        gone.extend(one for one in writes.events if one.name == verified)

    async def operation(client, *, id):  # noqa: A002 - the port's own name
        return None if gone else await alive.store.operation(client, id=id)

    verified = EventName.EFFECT_VERIFIED
    ops.back = ops.with_ports(
        store=Instead(alive.store, write=write, operation=operation)
    )
    await ops.tries()
    ops.back = alive

    assert len(gone) == 1
    assert await ops.state(card) is State.RUNNING
    assert "operation.done" not in await ops.events(card)


async def test_an_effect_that_still_does_not_show_stays_in_doubt_and_is_said_once(ops):
    card = await approved(ops, "resize web-2 m5.large")
    ops.hurries()
    await ops.tries()
    await ops.day.gitlab.idle()
    ops.aws.makes("web-2", "t3.medium")
    await ops.works()
    first = await ops.state(card)

    await ops.sweeps()

    assert first is State.IN_DOUBT
    assert await ops.state(card) is State.IN_DOUBT
    events = await ops.events(card)
    assert events.count("effect.missing") == events.count("operation.doubted") == 1


async def test_an_effect_that_shows_a_moment_later_is_looked_at_again_and_done(ops):
    card = await approved(ops, "resize web-2 m5.large")
    patient, slept = ops.back, []
    ops.hurries()
    await ops.tries()
    await ops.day.gitlab.idle()
    ops.aws.makes("web-2", "t3.medium")

    async def sleep(seconds):
        slept.append(seconds)
        ops.aws.makes("web-2", "m5.large")

    ops.back = replace(patient, sleep=sleep)
    await ops.works()

    assert slept == [patient.pace.poll.total_seconds()]
    assert await ops.state(card) is State.DONE
    assert "effect.missing" not in await ops.events(card)


async def test_a_merge_request_that_touches_another_file_is_not_laid_before_anybody(
    ops,
):
    operation = (await ops.alice.asks("resize web-2 m5.large")).operation
    _, request = await as_gitlab_has_it(ops, operation)
    more = replace(request, changed_paths=request.changed_paths | {"deploy.sh"})

    refuse_foreign_paths(request, operation.progress.drafted)
    with pytest.raises(Refused) as refusal:
        refuse_foreign_paths(more, operation.progress.drafted)

    assert refusal.value.message.key == "refused.foreign-paths"
    assert refusal.value.message.args["paths"] == "deploy.sh"
    assert isinstance(operation.progress.drafted, Drafted)


async def test_changes_that_are_not_what_they_should_be_are_broken(ops):
    backup = (await ops.alice.asks("backup db-prod")).operation
    resize = (await ops.alice.asks("resize web-2 m5.large")).operation
    client, request = await as_gitlab_has_it(ops, resize)
    bare = resize.model_copy(update={"proposal": None})
    undrafted = resize.advanced(resize.progress.model_copy(update={"drafted": None}))

    with pytest.raises(Broken, match="never proposed"):
        await executing._moved(bare, back=ops.back)
    with pytest.raises(Broken, match="never proposed"):
        await client_request.rebound(bare, back=ops.back, in_full=True)
    with pytest.raises(Broken, match="about no client's merge request"):
        client_request.change_of(backup)
    with pytest.raises(Broken, match="proposed without a merge request"):
        await value.rebound(bare, back=ops.back, in_full=True)
    with pytest.raises(Broken, match="sets no value"):
        value.change_of(backup)
    with pytest.raises(Broken, match="a merge request and no draft"):
        value._proposal(undrafted, request, b"", accounts=None, back=ops.back)
    with pytest.raises(Broken, match="a merge request and no draft"):
        await merge_request._ready(
            undrafted, request, b"", client=client, back=ops.back
        )
