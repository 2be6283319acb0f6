"""What hardly ever happens: things that are gone, promises that were not kept."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.change import DirectAction
from bot.domain.decision import Verdict
from bot.domain.errors import Broken, OutcomeUnknown, Unavailable
from bot.domain.forge import PipelineStatus
from bot.domain.message import Message
from bot.domain.operation import State
from bot.domain.writes import Task, Writes
from bot.flow import attempting
from bot.flow.carrying import applying
from bot.flow.carrying import direct_action as carry_action
from bot.flow.carrying import merge_request as carry_request
from bot.flow.changes import direct_action, drafting, merge_request
from bot.flow.changes.observing import client_of
from bot.flow.decide import Choice, decide, may_open
from bot.flow.execute import execute
from bot.flow.outage import note_broken, note_outage, outage_over, usual
from bot.flow.prepare import prepare
from bot.flow.run import WorkerRun
from bot.flow.tidy import tidy
from tests.flow.mortal import KilledError, Mortal
from tests.flow.test_voiding import PushesFirst

NOBODY = "a" * 20
STAGES = (prepare, execute, tidy)


class Instead:
    """A port with one method told by the story."""

    def __init__(self, port, **methods):
        self._port, self._methods = port, methods

    def __getattr__(self, name):
        return self._methods.get(name) or getattr(self._port, name)


def without_jobs(ops):
    """From now on GitLab tells of pipelines, and of no job in them."""
    forge = ops.back.forge

    async def pipeline_of(project, **named):
        found = await forge.pipeline_of(project, **named)
        return found and replace(found, jobs=())

    ops.back = ops.with_ports(forge=Instead(forge, pipeline_of=pipeline_of))


@pytest.mark.parametrize("stage", STAGES)
async def test_a_job_about_nothing_does_nothing(ops, stage):
    await stage("acme", NOBODY, back=ops.back)

    assert await ops.audit() == ()


async def test_an_outage_of_nothing_is_shown_nowhere(ops):
    await note_outage("acme", NOBODY, system="GitLab", back=ops.back)
    await outage_over("acme", NOBODY, back=ops.back)

    assert await ops.back.outbox.places("acme", now=ops.clock.now()) == ()


async def test_an_outage_of_what_ended_is_not_shown(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.denies(card, "not now")
    await ops.works()

    await note_outage("acme", card.operation.id, system="GitLab", back=ops.back)

    assert "Waiting for GitLab" not in await ops.again(card)


async def test_our_own_fault_is_shown_with_its_reference_and_taken_off(ops):
    card = await ops.alice.asks("backup db-prod")
    await note_broken("acme", card.operation.id, reference="ab12cd34", back=ops.back)
    await ops.works()
    shown = await ops.again(card)
    await outage_over("acme", card.operation.id, back=ops.back)
    await ops.works()

    assert "ab12cd34" in shown
    assert "ab12cd34" not in await ops.again(card)


async def test_what_is_waited_for_follows_from_where_it_stands(ops):
    backup = (await ops.alice.asks("backup db-prod")).operation
    running = backup.model_copy(update={"state": State.RUNNING})
    announced = running.progress.model_copy(update={"announced": True})

    assert usual(backup) is None
    assert usual(running) is None
    assert usual(running.advanced(announced)) == Message.of("waiting.playbook")


async def test_a_proposal_that_nobody_can_decide_says_so(ops):
    await ops.edits_catalog("provider.yaml", "members: [bob, dave]", "members: [bob]")

    card = await ops.bob.asks("backup db-prod-2")

    assert any("nobody may decide" in one for one in ops.slack.thread(card))


async def test_a_form_about_nothing_is_refused(ops):
    choice = Choice(NOBODY, "-", Verdict.DENY)

    answer = await may_open(ops.bob._knock(), choice=choice, front=ops.back)

    assert answer.key == "refused.no-operation"


async def test_a_click_delivered_twice_at_once_gets_the_first_one_s_answer(ops):
    await ops.edits_catalog(
        "routes.yaml",
        "      - role: provider.oncall\n    expires: 1h",
        "      - role: provider.oncall\n      - role: client.owner\n    expires: 1h",
    )
    card = await ops.alice.asks("backup db-prod")
    knock = ops.bob._knock(kind="action")
    choice = Choice(card.operation.id, card.digest, Verdict.APPROVE)
    first = await decide(knock, choice=choice, front=ops.back)

    async def decisions(client, *, operation):
        return ()

    store = Instead(ops.back.store, decisions=decisions)
    again = await decide(knock, choice=choice, front=replace(ops.back, store=store))

    assert again == first
    assert (await ops.events(card)).count("decision.made") == 1


async def test_writes_without_a_delivery_answer_that_all_is_recorded(ops):
    writes = Writes(client="acme", at=ops.clock.now())

    assert attempting._answer(writes).key == "decided.already-delivered"


async def test_what_was_started_and_never_acted_is_checked_again(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    ((number, task, client, operation),) = await ops.jobs()
    assert task is Task.EXECUTE
    alive = ops.back
    ops.back = Mortal(3).around(alive)
    with pytest.raises(KilledError):
        await ops.runs(number, task, client, operation)
    ops.back = alive
    started = await ops.state(card)
    await ops.edits_catalog("routes.yaml", "expires: 2h", "expires: 3h")

    await ops.works()

    assert started is State.RUNNING
    assert await ops.state(card) is State.FAILED
    assert ops.aws.created == ()


async def test_a_merge_request_closed_in_the_very_moment_is_failed(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)

    async def carol_closes():
        await ops.on_gitlab("carol", 1, "", state_event="close")

    ops.back = ops.with_ports(forge=PushesFirst(ops.back.forge, "merge", carol_closes))
    await ops.works()

    assert (await ops.again(card)).operation.outcome.key == "failed.not-mergeable"
    assert ops.git.merged == []


async def test_an_apply_that_waits_for_a_click_is_waited_for(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    forge, blocked = ops.back.forge, []

    async def pipeline_of(project, **named):
        found = await forge.pipeline_of(project, **named)
        if found is None or len(blocked) > 1:
            return found
        blocked.append(found)
        return replace(found, status=PipelineStatus.BLOCKED)

    ops.back = ops.with_ports(forge=Instead(forge, pipeline_of=pipeline_of))
    await ops.tries()
    waiting = await ops.again(card)
    await ops.works()

    assert waiting.operation.state is State.RUNNING
    assert waiting.operation.progress.waiting_for.key == "waiting.manual"
    assert await ops.state(card) is State.DONE


async def test_an_apply_pipeline_without_the_apply_job_is_told(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    without_jobs(ops)
    await ops.works()

    assert (await ops.told(card, "plan.differed"))["applied"] is None


async def test_a_branch_that_moves_while_it_is_read_is_refused(ops):
    forge = ops.back.forge

    async def read_tree(project, *, directory, ref, token):
        found = await forge.read_tree(
            project, directory=directory, ref=ref, token=token
        )
        if ref == "main":
            return found
        return tuple(replace(one, commit="0" * 40) for one in found)

    ops.back = ops.with_ports(forge=Instead(forge, read_tree=read_tree))
    card = await ops.alice.asks("resize web-2 m5.large")

    assert card.operation.outcome.key == "refused.pushed-before"


async def test_a_request_that_gitlab_hides_stays_open_and_the_job_ends(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.denies(card, "not now")
    ops.day.gitlab.merge_requests.clear()

    await ops.works()

    assert await ops.jobs() == []
    assert await ops.state(card) is State.DENIED


async def test_only_what_ended_without_a_merge_is_tidied(ops):
    card = await ops.alice.asks("backup db-prod")
    await tidy("acme", card.operation.id, back=ops.back)
    await ops.bob.denies(card, "not now")
    await tidy("acme", card.operation.id, back=ops.back)

    assert ops.vault_audit.requests("auth/token/create/act-acme-gitlab") == []


async def test_a_loan_that_cannot_be_written_down_is_given_back_unused(ops):
    store = ops.back.store

    async def write(writes):
        if writes.lent:
            raise Unavailable("the database", "not now")
        await store.write(writes)

    await ops.alice.says("backup db-prod")
    healthy = ops.back
    ops.back = ops.with_ports(store=Instead(store, write=write))
    await ops.tries()
    ops.back = healthy

    minted = ops.vault_audit.requests("auth/token/create/")
    revoked = ops.vault_audit.requests("auth/token/revoke-accessor")
    assert len(minted) == len(revoked) == 1
    assert (await ops.newest()).state is State.ASKED


async def test_a_loan_that_can_be_neither_written_nor_given_back_ends_by_itself(ops):
    store, lender = ops.back.store, ops.back.lender

    async def write(writes):
        if writes.lent:
            raise Unavailable("the database", "not now")
        await store.write(writes)

    async def revoke(accessor):
        raise Unavailable("Vault", "not now")

    await ops.alice.says("backup db-prod")
    healthy = ops.back
    ops.back = ops.with_ports(
        store=Instead(store, write=write), lender=Instead(lender, revoke=revoke)
    )
    await ops.tries()
    ops.back = healthy
    await ops.works()

    assert (await ops.newest()).state is State.PROPOSED


async def test_a_loan_that_nobody_heard_of_is_asked_for_again(ops):
    lender, lost = ops.back.lender, []

    async def mint(**named):
        if not lost:
            lost.append(await lender.mint(**named))
            raise OutcomeUnknown("Vault", "no answer")
        return await lender.mint(**named)

    ops.back = ops.with_ports(lender=Instead(lender, mint=mint))
    card = await ops.alice.asks("backup db-prod")

    assert card.operation.state is State.PROPOSED
    assert "operation.doubted" not in await ops.events(card)


async def test_promises_that_were_not_kept_are_broken_and_not_worked_around(ops):
    backup = (await ops.alice.asks("backup db-prod")).operation
    resize = (await ops.alice.asks("resize web-2 m5.large")).operation
    bare = {"proposal": None}
    client = client_of(resize, back=ops.back)
    unknown = resize.model_copy(update={"client": "nobody"})

    with pytest.raises(Broken, match="no longer in the catalog"):
        client_of(unknown, back=ops.back)
    with pytest.raises(Broken, match="not a direct action"):
        direct_action.playbook_of(resize, back=ops.back)
    with pytest.raises(Broken, match="does not go by merge request"):
        drafting.change_of(backup)
    with pytest.raises(Broken, match="never proposed"):
        await direct_action.rebound(backup.model_copy(update=bare), back=ops.back)
    with pytest.raises(Broken, match="proposed without a merge request"):
        await merge_request.rebound(
            resize.model_copy(update=bare), back=ops.back, in_full=True
        )
    with pytest.raises(Broken, match="approved without a merge request"):
        await carry_request.carry(resize.model_copy(update=bare), back=ops.back)
    with pytest.raises(Broken, match="does not go by merge request"):
        await carry_request._verify(backup, back=ops.back)
    assert isinstance(backup.change, DirectAction)
    assert client.id == "acme"


async def test_an_operation_that_vanishes_is_broken(ops):
    resize = (await ops.alice.asks("resize web-2 m5.large")).operation
    backup = (await ops.alice.asks("backup db-prod")).operation
    playbook = direct_action.playbook_of(backup, back=ops.back)

    async def operation(client, *, id):  # noqa: A002 - the port's own name
        return None

    back = ops.with_ports(store=Instead(ops.back.store, operation=operation))

    with pytest.raises(Broken, match="is gone"):
        await carry_request._announce(resize, back=back)
    with pytest.raises(Broken, match="is gone"):
        await carry_request.note_merged(resize, None, back=back)
    with pytest.raises(Broken, match="is gone"):
        await carry_action._announce(
            backup, playbook, WorkerRun(backup, back), back=back
        )
    with pytest.raises(Broken, match="is gone"):
        await applying._note_applied(resize, None, None, back=back)


async def test_what_is_shown_as_waited_for_is_written_once(ops):
    resize = (await ops.alice.asks("resize web-2 m5.large")).operation
    waiting = Message.of("waiting.apply")

    await applying._wait_for(resize, waiting, back=ops.back)
    once = (await ops.operation(resize.id)).version
    await applying._wait_for(resize, waiting, back=ops.back)

    assert (await ops.operation(resize.id)).version == once
    assert timedelta(0) < ops.back.pace.poll_most
