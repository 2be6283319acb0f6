"""A merge request that the client opened itself passes the same gate."""

import json
from dataclasses import replace

import pytest

from bot.domain.operation import State
from bot.domain.proposal import Effects
from bot.domain.scope import Risk
from bot.flow.notice import notice
from tests.flow.people import MAIN_TF
from tests.flow.test_corners import Instead

WEB_2 = '"web-2" = { instance_type = "t3.medium" }'
BIGGER = '"web-2" = { instance_type = "m5.large" }'


async def opens(ops, who="alice", *, old=WEB_2, new=BIGGER, path=MAIN_TF, **more):
    """Push a branch and open its merge request, as a person does."""
    files = await ops.edits(old, new, path=path)
    await ops.pushes(who, "bigger-web-2", {**files, **more}, message="Bigger web-2")
    return await ops.opens(who, "bigger-web-2", "Bigger web-2, please")


async def noticed(ops):
    """Let the timer find it, and return the card that came of it."""
    await ops.sweeps()
    return await ops.card((await ops.newest()).id)


async def test_it_is_carded_with_diff_plan_and_who_decides(ops):
    await opens(ops)

    card = await noticed(ops)

    assert card.operation.state is State.PROPOSED
    assert card.operation.requester == "alice"
    assert "Bigger web-2, please" in card
    assert BIGGER in card
    assert 'aws_instance.web["web-2"]' in card
    assert "<@U0BOB>" in card


async def test_approved_it_is_merged_at_that_commit_and_applied(ops):
    request = await opens(ops)
    card = await noticed(ops)

    await ops.bob.approves(card)
    await ops.works()

    assert await ops.state(card) is State.DONE
    assert ops.aws.type_of("web-2") == "m5.large"
    assert [one.detail["head"] for one in ops.git.merged] == [request.head.head_sha]


async def test_its_author_may_not_decide_on_it(ops):
    await opens(ops, "bob")
    card = await noticed(ops)

    answer = await ops.bob.approves(card)

    assert answer.key == "refused.self-decision"
    assert await ops.state(card) is State.PROPOSED


async def test_who_wrote_a_commit_in_it_may_not_decide_on_it(ops):
    await opens(ops, "alice")
    await ops.pushes("bob", "bigger-web-2", {"notes.md": "Mine\n"})
    card = await noticed(ops)

    answer = await ops.bob.approves(card)

    assert answer.key == "refused.author-decision"


async def test_a_push_voids_its_card_and_brings_a_new_one(ops):
    await opens(ops)
    first = await noticed(ops)
    await ops.bob.approves(first)
    await ops.pushes("alice", "bigger-web-2", {"notes.md": "More\n"})
    await ops.works()

    second = await noticed(ops)

    assert await ops.state(first) is State.VOIDED
    assert second.operation.id != first.operation.id
    assert second.operation.state is State.PROPOSED
    assert ops.git.merged == []


async def test_noticing_it_again_and_again_makes_one_operation(ops):
    await opens(ops)
    card = await noticed(ops)

    await ops.sweeps()
    await ops.sweeps()

    assert (await ops.newest()).id == card.operation.id
    assert (await ops.events()).count("operation.asked") == 1


async def test_our_own_merge_requests_are_not_taken_for_the_client_s(ops):
    card = await ops.alice.asks("resize web-2 m5.large")

    await ops.sweeps()

    assert (await ops.newest()).id == card.operation.id


async def test_a_branch_named_like_ours_does_not_pass_for_ours(ops):
    card = await ops.alice.asks("resize web-1 m5.large")
    files = await ops.edits(WEB_2, BIGGER)
    branch = f"tandem/{card.operation.id}x"
    await ops.pushes("alice", branch, files)
    await ops.opens("alice", branch, "Ours, honestly")

    found = await noticed(ops)

    assert found.operation.command == "merge-request"


async def test_a_draft_waits_until_it_is_ready(ops):
    request = await opens(ops)
    await ops.on_gitlab("alice", request.iid, "", title="Draft: later")

    await ops.sweeps()

    assert await ops.events() == []


async def test_advice_is_written_under_it_once_and_pointed_to_on_the_card(ops):
    request = await opens(ops, new='"web-2" = { instance_type = "m5.large" }  ')

    card = await noticed(ops)
    await ops.sweeps()

    (note,) = [one for one in ops.git.notes(request.iid) if "white space" in one]
    assert "environments/production/main.tf`, line 14" in note
    assert "One thing to mend" in card


async def test_a_changed_pipeline_raises_the_risk_and_is_shown_first(ops):
    old = await ops.git.main(".gitlab-ci.yml")
    await opens(ops, **{".gitlab-ci.yml": f"# mine\n{old}"})

    card = await noticed(ops)

    assert card.operation.risk is Risk.HIGH
    assert "what the pipeline runs" in card


async def test_one_that_destroys_a_server_says_so_and_asks_both_companies(ops):
    await opens(ops, old='    "web-1" = { instance_type = "t3.medium" }\n', new="")

    card = await noticed(ops)

    assert card.operation.risk is Risk.HIGH
    # What the rules of routes look at, as for a request that Tandem opened.
    assert card.operation.proposal.effects == Effects(destroys=1, addresses=1)
    assert "Destroys" in card
    assert {one.role for one in card.operation.route.needs} == {
        "provider.oncall",
        "client.owner",
    }


async def test_denied_it_stays_open_and_its_author_reads_why(ops):
    request = await opens(ops)
    card = await noticed(ops)

    await ops.bob.denies(card, "Not in peak season")
    await ops.works()

    assert ops.git.request(request.iid).state == "opened"
    assert any("denied in chat" in one for one in ops.git.notes(request.iid))


async def test_one_merged_around_the_gate_is_audited_and_announced_once(ops):
    request = await opens(ops)
    await ops.on_gitlab("carol", request.iid, "/merge", sha=request.head.head_sha)

    await ops.sweeps()
    await ops.sweeps()

    said = [one for one in ops.slack.posts() if "without Tandem" in one.text]
    assert len(said) == 1
    assert (await ops.events()).count("gate.bypassed") == 1


async def test_one_of_somebody_unknown_passes_no_gate_and_is_said(ops):
    await ops.edits_catalog("clients/acme/client.yaml", "    gitlab: alice\n", "")
    await opens(ops)

    await ops.sweeps()
    await ops.sweeps()

    said = [one for one in ops.slack.posts() if "nobody in Tandem" in one.text]
    (record,) = await ops.audit()
    assert len(said) == 1
    assert "(rule request-stranger, built in)" in said[0].text
    assert record.event == "request.refused"
    assert json.loads(record.body)["rule"] == "request-stranger"


async def test_one_of_another_client_s_passes_no_gate_and_that_is_said_once(ops):
    await ops.edits_catalog("clients/acme/client.yaml", "    gitlab: alice\n", "")
    await ops.edits_catalog(
        "clients/globex/client.yaml", "gitlab: greg", "gitlab: alice"
    )
    await opens(ops)

    await ops.sweeps()
    await ops.sweeps()

    said = [one.text for one in ops.slack.posts() if "work on this client" in one.text]
    (record,) = await ops.audit()
    assert len(said) == 1
    assert "(rule other-client, built in). Please have somebody open it" in said[0]
    assert record.event == "request.refused"
    assert json.loads(record.body)["rule"] == "other-client"


class Forked:
    """GitLab, where every open request is one of a fork."""

    def __init__(self, real):
        self._real = real

    def __getattr__(self, name):
        return getattr(self._real, name)

    async def requests_into(self, project, *, state, **more):
        found = await self._real.requests_into(project, state=state, **more)
        return tuple(replace(one, fork=state == "opened") for one in found)


async def test_one_from_a_fork_is_not_taken_in_and_that_is_said_once(ops):
    request = await opens(ops)
    ops.back = ops.with_ports(forge=Forked(ops.back.forge))

    await ops.sweeps()
    await ops.sweeps()

    said = [one.text for one in ops.slack.posts() if "comes from a fork" in one.text]
    (record,) = await ops.audit()
    assert len(said) == 1
    assert f"!{request.iid} by alice" in said[0]
    assert "Please push its branch to the project itself" in said[0]
    assert record.event == "request.refused"
    assert json.loads(record.body)["rule"] == "request-fork"
    assert ops.git.merged == []


async def test_a_draft_from_a_fork_is_not_spoken_of(ops):
    request = await opens(ops)
    await ops.on_gitlab("alice", request.iid, "", title="Draft: later")
    ops.back = ops.with_ports(forge=Forked(ops.back.forge))

    await ops.sweeps()

    assert await ops.events() == []


@pytest.mark.parametrize(
    "meanwhile", [{"head_sha": "0" * 40}, {"changed_paths": ()}], ids=str
)
async def test_one_that_moves_while_it_is_looked_at_is_taken_in_at_the_next_look(
    ops, meanwhile
):
    await opens(ops)
    known, looked = ops.back, []

    async def merge_request(project, **named):
        looked.append(await known.forge.merge_request(project, **named))
        return replace(looked[-1], **meanwhile)

    ops.back = ops.with_ports(forge=Instead(known.forge, merge_request=merge_request))
    await ops.sweeps()
    moving = await ops.events()
    ops.back = known

    card = await noticed(ops)

    assert len(looked) == 1
    assert moving == []
    assert card.operation.state is State.PROPOSED


async def test_one_merged_around_the_gate_long_ago_is_history(ops):
    request = await opens(ops)
    await ops.on_gitlab("carol", request.iid, "/merge", sha=request.head.head_sha)
    ops.clock.passes(hours=25)

    await ops.sweeps()

    assert await ops.events() == []
    assert ops.slack.posts() == []


async def test_of_a_client_that_left_the_catalog_nothing_is_looked_at(ops):
    await notice("nobody", "requests-nobody", back=ops.back)

    assert ops.vault_audit.requests("auth/token/create") == []
    assert await ops.events(client="nobody") == []


NEW_MACHINE = """resource "aws_instance" "jobs" {
  instance_type = "t3.medium"
  tags          = { Client = "acme" }
}
"""


async def test_what_the_client_s_own_guidelines_ask_for_is_advised(ops):
    request = await opens(ops, **{"scratch/jobs.tf": NEW_MACHINE})

    card = await noticed(ops)

    (note,) = [one for one in ops.git.notes(request.iid) if "scratch/jobs.tf" in one]
    assert "Environment, Name" in note
    assert "environments, ansible, chef" in note
    assert card.operation.state is State.PROPOSED


async def test_a_failed_pipeline_refuses_it_with_the_job_s_link(ops):
    await opens(ops, new='"web-2" = { instance_type = var.nowhere }')

    card = await noticed(ops)

    assert card.operation.state is State.REFUSED
    assert card.operation.outcome.key == "refused.pipeline"


@pytest.mark.parametrize("moment", ["asked", "approved"])
async def test_a_hint_brings_it_at_once(ops, moment):
    request = await opens(ops)
    await ops.hints(request.iid)
    await ops.works()
    card = await ops.card((await ops.newest()).id)
    if moment == "approved":
        await ops.bob.approves(card)
        await ops.works()

    assert await ops.state(card) is (
        State.DONE if moment == "approved" else State.PROPOSED
    )
