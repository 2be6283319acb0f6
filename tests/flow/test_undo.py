"""The way back: shown before anybody decides, and asked for like any other line."""

import asyncio

import pytest

from bot.domain.operation import State
from bot.inbound.slack.typed import typed


async def types(person, words):
    """Type a line as Slack's slash command hands it in, and return the answer."""
    view = await typed(person._knock(words), front=person.ops.back)
    return view.message


async def undoes(person, card):
    """Ask for the way back of an operation and return the card that came of it."""
    answer = await types(person, f"undo {card.operation.short}")
    assert answer.key == "asked.noted", answer
    await person.ops.works()
    return await person.ops.card(str(answer.args["id"]))


async def resized(ops, words="resize web-2 m5.large"):
    card = await ops.alice.asks(words)
    await ops.bob.approves(card)
    await ops.works()
    assert await ops.state(card) is State.DONE
    return card


async def test_the_way_back_is_on_the_card_before_anybody_decides(ops):
    card = await ops.alice.asks("resize web-2 m5.large")

    short = card.operation.short
    assert card.operation.state is State.PROPOSED
    assert f"Undo: /infra undo {short}, which is “resize web-2 t3.medium”" in card


async def test_an_undo_is_a_new_operation_with_its_own_card_and_gate(ops):
    done = await resized(ops)

    card = await undoes(ops.alice, done)
    proposed = card.operation.state
    await ops.bob.approves(card)
    await ops.works()

    assert proposed is State.PROPOSED
    assert card.operation.id != done.operation.id
    assert f"This takes back {done.operation.short}" in card
    assert await ops.state(card) is State.DONE
    assert ops.aws.type_of("web-2") == "t3.medium"
    assert len(ops.git.merged) == 2


async def test_the_audit_links_the_undo_to_what_it_undoes(ops):
    done = await resized(ops)

    card = await undoes(ops.alice, done)

    asked = await ops.told(card, "operation.asked")
    assert asked["undoes"] == done.operation.id
    assert asked["line"] == "resize web-2 t3.medium"
    said = "\n".join(ops.slack.thread(done))
    assert f"asks to take this back: {card.operation.short}" in said


async def test_somebody_else_s_operation_can_be_undone_by_whoever_may_ask(ops):
    done = await resized(ops)

    card = await undoes(ops.carol, done)

    assert card.operation.requester == "carol"
    assert done.operation.requester == "alice"


async def test_whoever_asked_for_the_undo_cannot_approve_it(ops):
    done = await resized(ops)
    card = await undoes(ops.bob, done)

    answer = await ops.bob.approves(card)

    assert answer.key == "refused.self-decision"
    assert await ops.state(card) is State.PROPOSED


async def test_what_is_not_done_yet_is_called_off_instead(ops):
    card = await ops.alice.asks("resize web-2 m5.large")

    answer = await types(ops.alice, f"undo {card.operation.short}")

    assert answer.key == "refused.undo-not-done"
    assert answer.args["state"] == "proposed"
    assert (await ops.events())[-1] == "request.refused"


async def test_what_was_denied_left_nothing_to_undo(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.denies(card, "not today")
    await ops.works()

    answer = await types(ops.alice, f"undo {card.operation.short}")

    assert answer.key == "refused.undo-not-done"
    assert answer.args["state"] == "denied"


async def test_a_backup_has_nothing_to_undo_and_says_why(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    await ops.works()

    answer = await types(ops.alice, f"undo {card.operation.short}")

    assert answer.key == "refused.undo-none"
    assert answer.args["why"].key == "playbook.rds-snapshot.undo"


async def test_what_was_undone_is_not_undone_again(ops):
    done = await resized(ops)
    card = await undoes(ops.alice, done)
    while_open = await types(ops.alice, f"undo {done.operation.short}")
    await ops.bob.approves(card)
    await ops.works()

    afterwards = await types(ops.alice, f"undo {done.operation.short}")

    assert while_open.key == "refused.undo-under-way"
    assert afterwards.key == "refused.undo-again"
    assert afterwards.args["by"] == card.operation.short


async def test_an_undo_that_was_denied_may_be_asked_again(ops):
    done = await resized(ops)
    card = await undoes(ops.alice, done)
    await ops.bob.denies(card, "keep it until Monday")
    await ops.works()

    again = await undoes(ops.alice, done)

    assert again.operation.state is State.PROPOSED


async def test_an_undo_can_be_undone(ops):
    done = await resized(ops)
    back = await undoes(ops.alice, done)
    await ops.bob.approves(back)
    await ops.works()

    forth = await undoes(ops.alice, back)

    assert forth.operation.line == "resize web-2 m5.large"


async def test_what_was_changed_again_since_is_not_undone_over_it(ops):
    first = await resized(ops)
    second = await resized(ops, "resize web-2 m5.xlarge")

    answer = await types(ops.alice, f"undo {first.operation.short}")

    assert answer.key == "refused.undo-overtaken"
    assert answer.args["by"] == second.operation.short
    assert answer.args["line"] == "resize web-2 t3.medium"


async def test_two_who_undo_at_once_ask_for_one_operation(ops):
    done = await resized(ops)

    words = f"undo {done.operation.short}"
    answers = await asyncio.gather(types(ops.alice, words), types(ops.carol, words))

    assert sorted(one.key for one in answers) == [
        "asked.noted",
        "refused.undo-under-way",
    ]


async def test_the_client_next_door_finds_nothing_to_undo(ops):
    done = await resized(ops)

    answer = await types(ops.gina, f"undo {done.operation.short}")

    assert answer.key == "refused.no-operation"


@pytest.mark.parametrize("words", ["undo", "undo a b", "undo abc1234 now"])
async def test_an_undo_takes_one_id(ops, words):
    answer = await types(ops.alice, words)

    assert answer.key == "refused.undo-usage"


async def test_an_undo_that_no_longer_fits_is_refused_like_a_typed_line(ops):
    done = await resized(ops)
    await ops.edits_catalog(
        "clients/acme/inventory.yaml",
        'address: aws_instance.web["web-2"]\n',
        'address: aws_instance.web["web-2"]\n    protected: [instance_type]\n',
    )

    answer = await types(ops.alice, f"undo {done.operation.short}")

    assert answer.key == "refused.protected"


async def test_a_parameter_that_was_set_is_set_back(ops):
    done = await resized(ops, "set nginx-workers 8")

    card = await undoes(ops.alice, done)
    await ops.bob.approves(card)
    await ops.works()

    assert card.operation.line == "set nginx-workers 4"
    assert await ops.state(card) is State.DONE
    assert "nginx_workers: 4 # one a core" in await ops.git.main(
        "ansible/group_vars/web.yml"
    )
