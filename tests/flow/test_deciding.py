"""Who may say yes or no, to what, and how often."""

import asyncio

import pytest

from bot.domain.decision import Verdict
from bot.domain.errors import Unavailable
from bot.domain.operation import State
from bot.domain.writes import Overtaken
from bot.flow.decide import Choice, cancel, decide, may_open
from tests.flow.people import ACME, GLOBEX
from tests.flow.test_corners import Instead


async def test_nobody_approves_their_own_request(ops):
    card = await ops.bob.asks("backup db-prod-2")

    answer = await ops.bob.approves(card)

    assert answer.key == "refused.self-decision"
    assert answer.args["who"].args["members"] == "dave"
    assert await ops.state(card) is State.PROPOSED


async def test_who_wrote_a_commit_in_it_cannot_approve_it(ops):
    # Bob pushes a change and takes it back before the card is drawn: what is in the
    # branch is Tandem's, and yet it went through his hands.
    await ops.alice.says("resize web-2 m5.large")
    operation = await ops.newest()
    branch = f"tandem/{operation.id}"
    ops.day.gitlab.runner.hold()
    task = asyncio.create_task(ops.works())
    await ops.until(ops.git.requests)
    mine = await ops.git.main()
    edited = mine.replace(
        '"web-2" = { instance_type = "t3.medium"',
        '"web-2" = { instance_type = "m5.large"',
    )
    await ops.day.gitlab.push(
        "acme/infra", branch, "bob", {"environments/production/x.tf": "# x\n"}, "x"
    )
    await ops.day.gitlab.push(
        "acme/infra", branch, "bob", {"environments/production/x.tf": None}, "un-x"
    )
    ops.day.gitlab.runner.let_go()
    await task
    card = await ops.card(operation.id)

    by_bob = await ops.bob.approves(card)
    by_dave = await ops.dave.approves(card)

    assert edited != mine
    assert by_bob.key == "refused.author-decision"
    assert by_dave.key == "decided.approve"


async def test_a_colleague_of_the_requester_is_no_decider(ops):
    card = await ops.alice.asks("backup db-prod-2")

    answer = await ops.carol.approves(card)

    assert answer.key == "refused.not-a-decider"
    assert answer.args["who"].args["members"] == "bob dave"


async def test_who_is_not_on_call_cannot_approve(ops):
    card = await ops.alice.asks("backup db-prod-2")

    answer = await ops.erin.approves(card)

    assert answer.key == "refused.not-a-decider"


async def test_one_client_cannot_decide_on_another_s_operation(ops):
    card = await ops.alice.asks("backup db-prod-2")

    in_their_own = await ops.greg.approves(card)
    in_acme_s = await ops.greg.at(ACME).approves(card)

    assert in_their_own.key == "refused.no-operation"
    assert in_acme_s.key == "refused.other-client"
    assert await ops.state(card) is State.PROPOSED


async def test_somebody_unknown_cannot_decide(ops):
    card = await ops.alice.asks("backup db-prod-2")

    answer = await ops.mallory.approves(card)

    assert answer.key == "refused.unknown-person"
    assert "request.refused" in await ops.events()


async def test_the_second_click_is_told_who_decided_and_when(ops):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.bob.approves(card)

    answer = await ops.dave.approves(card)

    assert answer.key == "refused.decided-already"
    assert answer.args["who"].args["names"] == "Bob Durand"
    assert answer.args["who"].args["slack"] == "U0BOB"
    assert answer.args["verdict"] == "approve"
    assert str(answer.args["at"]).endswith("UTC")


async def test_of_sixteen_clicks_at_once_one_counts(ops):
    card = await ops.alice.asks("backup db-prod-2")

    answers = await asyncio.gather(
        *(who.approves(card) for who in (ops.bob, ops.dave) for _ in range(8))
    )

    keys = [one.key for one in answers]
    assert keys.count("decided.approve") == 1
    assert set(keys) == {"decided.approve", "refused.decided-already"}
    assert len(await ops.back.store.decisions("acme", operation=card.operation.id)) == 1


async def test_the_same_click_delivered_twice_gets_the_same_answer(ops):
    card = await ops.alice.asks("backup db-prod-2")
    choice = Choice(card.operation.id, card.digest, Verdict.APPROVE)
    knock = ops.bob._knock(kind="action")

    first = await decide(knock, choice=choice, front=ops.back)
    again = await decide(knock, choice=choice, front=ops.back)

    assert first.key == "decided.approve"
    # By then it is decided, and he is told so; nothing more is recorded.
    assert again.key in {"decided.approve", "refused.decided-already"}
    assert (await ops.events(card)).count("decision.made") == 1


async def test_what_a_stale_card_showed_cannot_be_approved(ops):
    card = await ops.alice.asks("backup db-prod-2")
    choice = Choice(card.operation.id, "0" * 64, Verdict.APPROVE)

    answer = await decide(ops.bob._knock(kind="action"), choice=choice, front=ops.back)

    assert answer.key == "refused.other-digest"
    assert await ops.state(card) is State.PROPOSED


async def test_after_its_time_nobody_can_approve(ops):
    card = await ops.alice.asks("backup db-prod-2")
    ops.clock.passes(hours=1, minutes=1)

    answer = await ops.bob.approves(card)

    assert answer.key == "refused.expired"


async def test_a_denial_with_its_reason_closes_the_merge_request(ops):
    card = await ops.alice.asks("resize web-2 m5.large")

    answer = await ops.bob.denies(card, "too expensive")
    await ops.works()

    iid = card.operation.progress.merge_request
    assert answer.key == "decided.deny"
    assert await ops.state(card) is State.DENIED
    assert "Bob Durand denied this: too expensive" in ops.slack.thread(card)
    assert ops.git.request(iid).state == "closed"
    assert "denied" in ops.git.notes(iid)[-1]
    assert ops.aws.type_of("web-2") == "t3.medium"


async def test_a_denied_backup_touches_nothing(ops):
    card = await ops.alice.asks("backup db-prod-2")

    await ops.bob.denies(card, "not tonight")
    await ops.works()

    assert ops.aws.created == ()


async def test_the_requester_can_cancel_and_the_merge_request_is_closed(ops):
    card = await ops.alice.asks("resize web-2 m5.large")

    answer = await ops.alice.cancels(card)
    await ops.works()

    assert answer.key == "decided.cancelled"
    assert await ops.state(card) is State.CANCELLED
    assert ops.git.request(card.operation.progress.merge_request).state == "closed"


async def test_an_approved_operation_can_still_be_cancelled_before_it_runs(ops):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.bob.approves(card)

    answer = await ops.alice.cancels(card)
    await ops.works()

    assert answer.key == "decided.cancelled"
    assert ops.aws.created == ()


async def test_a_request_cancelled_while_it_is_prepared_leaves_no_merge_request(ops):
    await ops.alice.says("resize web-2 m5.large")
    operation = await ops.newest()
    ops.day.gitlab.runner.hold()
    task = asyncio.create_task(ops.works())
    await ops.until(ops.git.requests)

    answer = await cancel(
        ops.alice._knock(kind="action"), operation=operation.id, front=ops.back
    )
    ops.day.gitlab.runner.let_go()
    await task
    await ops.works()

    assert answer.key == "decided.cancelled"
    assert [one.state for one in ops.git.requests()] == ["closed"]


async def test_what_is_called_off_before_it_was_prepared_leaves_nothing_to_tidy(ops):
    await ops.alice.says("backup db-prod-2")
    operation = await ops.newest()
    ((number, task, client, _),) = await ops.jobs()
    answer = await cancel(
        ops.alice._knock(kind="action"), operation=operation.id, front=ops.back
    )

    await ops.runs(number, task, client, operation.id)

    assert answer.key == "decided.cancelled"
    assert (await ops.newest()).state is State.CANCELLED
    assert await ops.jobs() == []


async def test_what_is_called_off_while_it_is_refused_stays_called_off(ops):
    ops.forbids("rds:DescribeDBInstances")
    await ops.alice.says("backup db-prod-2")
    operation, known = await ops.newest(), ops.back

    async def mint(**named):
        knock = ops.alice._knock(kind="action")
        await cancel(knock, operation=operation.id, front=known)
        return await known.lender.mint(**named)

    ops.back = ops.with_ports(lender=Instead(known.lender, mint=mint))
    await ops.works()

    now, events = await ops.newest(), await ops.events()
    assert now.state is State.CANCELLED
    assert now.outcome is None or now.outcome.key != "refused.aws"
    assert "operation.cancelled" in events
    assert "operation.refused" not in events


async def test_only_the_requester_can_cancel(ops):
    card = await ops.alice.asks("backup db-prod-2")

    answer = await ops.bob.cancels(card)

    assert answer.key == "refused.not-the-requester"


async def test_what_is_done_cannot_be_cancelled(ops):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.bob.approves(card)
    await ops.works()

    answer = await ops.alice.cancels(card)

    assert answer.key == "refused.too-late-to-cancel"


async def test_what_matters_most_needs_both_companies(ops):
    card = await ops.gina.asks("resize shop-1 m5.large", client="globex")
    first = await ops.bob.at(GLOBEX).approves(card)
    between = await ops.state(card)

    second = await ops.greg.approves(card)
    await ops.works()

    assert (first.key, second.key) == ("decided.approve", "decided.approve")
    assert between is State.PROPOSED
    assert await ops.state(card) is State.DONE
    assert ops.aws.type_of("shop-1", client="globex") == "m5.large"


async def test_one_company_alone_does_not_fill_a_quorum_of_two(ops):
    await both_companies(ops)
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)

    by_dave = await ops.dave.approves(card)
    again = await ops.bob.approves(card)
    await ops.works()

    assert by_dave.key == "decided.approve"
    assert again.key == "refused.already-decided-by-you"
    assert await ops.state(card) is State.PROPOSED
    assert ops.aws.created == ()


async def test_one_person_with_both_roles_fills_one_place(ops):
    await ops.edits_catalog(
        "routes.yaml",
        "      - role: client.owner\n    expires: 2h",
        "      - role: provider.engineer\n    expires: 2h",
    )
    await asks_for(ops, "provider.engineer")
    card = await ops.alice.asks("backup db-prod")

    await ops.bob.approves(card)
    alone = await ops.state(card)
    await ops.dave.approves(card)

    assert alone is State.PROPOSED
    assert await ops.state(card) is State.APPROVED


async def both_companies(ops):
    await asks_for(ops, "client.owner")


async def asks_for(ops, role):
    """Have everything in production decided by somebody on call and this role."""
    await ops.edits_catalog(
        "routes.yaml",
        "      - role: provider.oncall\n    expires: 1h",
        f"      - role: provider.oncall\n      - role: {role}\n    expires: 1h",
    )


async def test_without_a_route_it_is_refused_and_said_why(ops):
    await ops.edits_catalog(
        "routes.yaml", "match: { environment: staging }", "match: { command: resize }"
    )

    card = await ops.alice.asks("backup db-staging")

    assert card.operation.state is State.REFUSED
    assert card.operation.outcome.key == "refused.no-route"
    assert "Nobody may decide on backup in staging at low risk" in card


async def test_a_form_opens_only_for_who_may_decide(ops):
    card = await ops.alice.asks("backup db-prod-2")
    choice = Choice(card.operation.id, card.digest, Verdict.DENY)

    for_bob = await may_open(ops.bob._knock(), choice=choice, front=ops.back)
    for_carol = await may_open(ops.carol._knock(), choice=choice, front=ops.back)

    assert for_bob is None
    assert for_carol.key == "refused.not-a-decider"


async def test_an_id_that_begins_two_operations_is_asked_for_in_full(ops):
    ids = iter(("aaaaaaa" + "b" * 13, "aaaaaaa" + "c" * 13))
    ops.back = ops.with_ports(new_id=lambda: next(ids))
    await ops.alice.says("backup db-prod")
    await ops.alice.says("backup db-prod-2")

    answer = await cancel(
        ops.alice._knock(kind="action"), operation="aaaaaaa", front=ops.back
    )

    assert answer.key == "refused.ambiguous-operation"


async def test_a_refusal_of_a_moment_that_never_was_is_thought_over(ops):
    card = await ops.alice.asks("backup db-prod-2")
    store, clicks = ops.back.store, []

    async def decisions(client, *, operation):
        if not clicks:
            clicks.append(await ops.bob.approves(card))
        return await store.decisions(client, operation=operation)

    choice = Choice(card.operation.id, card.digest, Verdict.APPROVE)
    front = ops.with_ports(store=Instead(store, decisions=decisions))
    told = await decide(ops.bob._knock(kind="action"), choice=choice, front=front)

    assert [one.key for one in clicks] == ["decided.approve"]
    assert told.key == "refused.decided-already"
    assert (await ops.told(card, "decision.refused"))["rule"] == "decided-already"
    assert (await ops.events(card)).count("decision.refused") == 1


class AlwaysOvertaken:
    """A store before which somebody else is always faster."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def write(self, writes):
        raise Overtaken("again")


async def test_a_click_that_is_overtaken_again_and_again_says_so(ops):
    card = await ops.alice.asks("backup db-prod-2")
    choice = Choice(card.operation.id, card.digest, Verdict.APPROVE)
    front = ops.with_ports(store=AlwaysOvertaken(ops.back.store))

    with pytest.raises(Unavailable, match="too many decided at once"):
        await decide(ops.bob._knock(kind="action"), choice=choice, front=front)
