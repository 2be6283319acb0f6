"""What was shown is what runs: whatever moves in between voids the approval."""

import pytest

from bot.domain.operation import State
from bot.domain.writes import Overtaken
from bot.flow.hint import hint
from bot.flow.watch import watch

WEB_1 = '"web-1" = { instance_type = "t3.medium" }'
DATABASE = "acme-db-prod"


async def branch_of(ops, card):
    return f"tandem/{card.operation.id}"


async def changes(ops, card):
    """Return what the card says has changed, as the keys of its messages."""
    outcome = (await ops.again(card)).operation.outcome
    assert outcome.key == "voided.changed", outcome
    args = (outcome.args[f"change{place}"] for place in (1, 2, 3))
    return [one.key for one in args if one]


async def alice_pushes(ops, card):
    files = await ops.edits(WEB_1, WEB_1.replace("t3.medium", "m5.2xlarge"))
    return await ops.pushes("alice", await branch_of(ops, card), files)


async def test_a_push_after_the_card_voids_it_and_the_card_says_what_changed(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await alice_pushes(ops, card)

    await ops.sweeps()

    assert await ops.state(card) is State.VOIDED
    found = await changes(ops, card)
    assert found == ["changed.head-sha", "changed.plan", "changed.pipeline"]
    assert "Somebody pushed: the commit is another one" in await ops.again(card)
    assert ops.git.request(card.operation.progress.merge_request).state == "closed"


async def test_a_hint_of_gitlab_voids_at_once(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await alice_pushes(ops, card)

    iid = card.operation.progress.merge_request
    found = await hint("acme/infra", iid, front=ops.back)
    await ops.works()

    assert found == 1
    assert await ops.state(card) is State.VOIDED


async def test_a_hint_about_nothing_we_know_does_nothing(ops):
    assert await hint("acme/infra", None, front=ops.back) == 0
    assert await hint(None, 1, front=ops.back) == 0
    assert await hint("acme/infra", 4711, front=ops.back) == 0


async def test_a_hint_about_one_project_is_none_about_another_s_request(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    iid = card.operation.progress.merge_request

    found = [
        await hint(project, iid, front=ops.back)
        for project in ("globex/infra", "Acme/Infra")
    ]

    assert found == [0, 1]


async def test_looking_at_an_untouched_proposal_changes_nothing(ops):
    card = await ops.alice.asks("resize web-2 m5.large")

    await ops.sweeps()

    assert (await ops.again(card)).operation == card.operation


async def test_a_push_after_the_approval_voids_it_too(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    await alice_pushes(ops, card)

    await ops.works()

    assert "changed.head-sha" in await changes(ops, card)
    assert ops.git.merged == []
    assert ops.aws.resized == ()


async def test_an_edited_plan_voids(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    job = ops.git.jobs("plan:production")[-1]
    file = ops.day.gitlab.runner.artifacts(job) / "plan.json"
    file.write_text(file.read_text().replace("m5.large", "m5.4xlarge"))

    await ops.works()

    assert await changes(ops, card) == ["changed.plan"]
    assert ops.git.merged == []


async def test_a_plan_that_is_being_made_again_voids(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    ops.day.gitlab.runner.hold()
    files = {"environments/production/notes.tf": "# a note\n"}
    await ops.day.gitlab.push(
        "acme/infra", await branch_of(ops, card), "alice", files, "x"
    )

    await ops.works()
    ops.day.gitlab.runner.let_go()

    assert "changed.plan" in await changes(ops, card)


async def test_a_plan_job_that_went_away_voids(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    ops.git.jobs("plan:production")[-1].name = "plan:other"

    await ops.sweeps()

    assert await ops.state(card) is State.VOIDED
    assert (await ops.again(card)).operation.outcome.key == "refused.no-plan-job"


async def test_a_plan_job_that_went_away_after_the_approval_voids(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    ops.git.jobs("plan:production")[-1].name = "plan:other"

    await ops.works()

    assert (await ops.again(card)).operation.outcome.key == "refused.no-plan-job"


async def test_another_pipeline_without_a_head_voids(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    for pipeline in list(ops.day.gitlab.pipelines.values()):
        del ops.day.gitlab.pipelines[pipeline.id]

    await ops.sweeps()

    found = await changes(ops, card)
    assert found == ["changed.plan", "changed.pipeline", "changed.outlines"]


async def test_main_that_moved_in_that_directory_voids(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    await ops.pushes("carol", "main", {"environments/production/x.tf": "# new\n"})

    await ops.works()

    assert await changes(ops, card) == ["changed.base"]


async def test_main_that_moved_elsewhere_does_not_void(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    await ops.pushes("carol", "main", {"README.md": "Nothing to do with it.\n"})

    await ops.works()

    assert await ops.state(card) is State.DONE
    assert "plan.differed" not in await ops.events(card)


async def test_an_instance_that_changed_meanwhile_voids(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    ops.aws.makes("web-2", "t3.large")

    await ops.works()

    assert await changes(ops, card) == ["changed.live-state"]
    assert "The target itself changed" in await ops.again(card)


async def test_a_database_that_changed_meanwhile_voids(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    ops.day.town.aws("rds").modify_db_instance(
        DBInstanceIdentifier=DATABASE, AllocatedStorage=300, ApplyImmediately=True
    )

    await ops.works()

    assert await changes(ops, card) == ["changed.live-state"]
    assert ops.aws.created == ()


async def test_a_database_that_is_gone_voids(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    ops.day.town.aws("rds").delete_db_instance(
        DBInstanceIdentifier=DATABASE, SkipFinalSnapshot=True
    )

    await ops.works()

    assert await ops.state(card) is State.VOIDED
    outcome = (await ops.again(card)).operation.outcome
    assert outcome.key == "playbook.rds-snapshot.no-database"


async def test_rights_that_aws_takes_away_void(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    ops.day.town.aws("iam").delete_role_policy(
        RoleName="tandem-acme", PolicyName="operations"
    )

    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert (await ops.again(card)).operation.outcome.key == "refused.aws"


async def test_a_route_that_changed_meanwhile_voids(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    await ops.edits_catalog("routes.yaml", "expires: 2h", "expires: 3h")

    await ops.works()

    assert await changes(ops, card) == ["changed.catalog"]
    assert ops.aws.created == ()


async def test_a_role_that_was_withdrawn_voids_the_approval(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    await ops.edits_catalog("provider.yaml", "members: [bob, dave]", "members: [dave]")

    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert (await ops.again(card)).operation.outcome.key == "voided.rights"


async def test_a_requester_who_left_voids(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    await ops.edits_catalog(
        "clients/acme/client.yaml", "  - id: alice\n", "  - id: alicia\n"
    )

    await ops.works()

    assert (await ops.again(card)).operation.outcome.key == "voided.rights"


async def test_another_client_s_change_voids_nothing_here(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    await ops.edits_catalog("clients/globex/client.yaml", "name: Globex", "name: Globo")

    await ops.works()

    assert await ops.state(card) is State.DONE


async def test_an_approval_too_old_to_act_on_expires(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    ops.clock.passes(hours=2)

    await ops.works()

    assert await ops.state(card) is State.EXPIRED
    assert ops.git.request(card.operation.progress.merge_request).state == "closed"


async def test_a_merge_request_that_somebody_closed_is_void(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    iid = card.operation.progress.merge_request
    await ops.on_gitlab("carol", iid, "", state_event="close")

    await ops.sweeps()

    assert (await ops.again(card)).operation.outcome.key == "voided.closed"


async def test_a_merge_request_that_somebody_merged_is_void_and_said_so(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    iid = card.operation.progress.merge_request
    await ops.on_gitlab("carol", iid, "/merge")

    await ops.sweeps()

    assert (await ops.again(card)).operation.outcome.key == "voided.merged-around"


async def test_a_merge_request_that_was_closed_after_the_approval_is_not_merged(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    iid = card.operation.progress.merge_request
    await ops.on_gitlab("carol", iid, "", state_event="close")

    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert (await ops.again(card)).operation.outcome.key == "voided.closed"
    assert ops.git.merged == []


class PushesFirst:
    """GitLab, where somebody is a moment faster than a call of ours."""

    def __init__(self, forge, method, push):
        self._forge, self._method, self._push = forge, method, push

    def __getattr__(self, name):
        if name != self._method:
            return getattr(self._forge, name)

        async def call(*args, **named):
            await self._push()
            return await getattr(self._forge, name)(*args, **named)

        return call


async def test_a_push_in_the_very_moment_of_merging_is_not_merged(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    forge = ops.back.forge
    ops.back = ops.with_ports(
        forge=PushesFirst(forge, "merge", lambda: alice_pushes(ops, card))
    )

    await ops.works()

    assert await ops.state(card) is State.FAILED
    assert (await ops.again(card)).operation.outcome.key == "failed.head-moved"
    assert ops.git.merged == []


async def test_a_main_that_moved_in_the_very_moment_is_told_after_the_apply(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)

    async def carol_pushes():
        file = "environments/production/owner.tf"
        files = {file: 'output "owner" {\n  value = "carol"\n}\n'}
        await ops.pushes("carol", "main", files, message="Say whose it is [skip ci]")

    ops.back = ops.with_ports(forge=PushesFirst(ops.back.forge, "merge", carol_pushes))

    await ops.works()

    assert await ops.state(card) is State.DONE
    told = await ops.told(card, "plan.differed")
    assert told["approved"] == card.operation.proposal.bound.plan
    assert told["applied"] not in {None, told["approved"]}
    assert any("another plan" in one for one in ops.slack.thread(card))


async def test_a_plan_of_the_apply_that_is_not_there_is_told(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)

    async def loses_the_plan():
        for job in ops.git.jobs("apply:production"):
            job.artifacts.clear()

    forge = PushesFirst(ops.back.forge, "job_artifact", loses_the_plan)
    ops.back = ops.with_ports(forge=forge)

    await ops.works()

    assert await ops.state(card) is State.DONE
    assert (await ops.told(card, "plan.differed"))["applied"] is None
    assert any("could not be read" in one for one in ops.slack.thread(card))


class OvertakenOnce:
    """A store in which somebody decides just before the next write."""

    def __init__(self, store, first):
        self._store, self._first = store, first

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def write(self, writes):
        if any(one.state is State.VOIDED for one in writes.saves):
            await self._first()
        await self._store.write(writes)


async def test_a_proposal_that_is_decided_while_it_is_voided_is_left_alone(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await alice_pushes(ops, card)

    async def bob_approves():
        await ops.bob.approves(card)

    store = OvertakenOnce(ops.back.store, bob_approves)
    back = ops.with_ports(store=store)

    await watch("acme", card.operation.id, back=back)

    assert await ops.state(card) is State.APPROVED


async def test_what_is_not_proposed_or_not_in_gitlab_is_not_watched(ops):
    card = await ops.alice.asks("backup db-prod")

    await watch("acme", card.operation.id, back=ops.back)
    await watch("acme", "a" * 20, back=ops.back)

    assert await ops.state(card) is State.PROPOSED


async def test_two_workers_never_hold_one_operation(ops):
    from bot.flow.execute import execute  # noqa: PLC0415 - the one test of it
    from bot.flow.turns import ACTS_ON  # noqa: PLC0415 - the one test of it

    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)

    async with ops.back.store.exclusive(ACTS_ON + card.operation.id):
        with pytest.raises(Overtaken):
            await execute("acme", card.operation.id, back=ops.back)
    await ops.works()

    assert await ops.state(card) is State.DONE
