"""Help, status and the audit in chat, and the export: they read and change nothing."""

import hashlib
import json

import pytest

from bot.domain.views import Found, Help, Said, Story
from bot.flow.answer import answer
from bot.flow.export import exported
from tests.flow.test_corners import Instead


async def asks(ops, who, words, **more):
    return await answer(who._knock(words), front=ops.back, **more)


async def test_help_lists_every_command_and_the_client_s_own_targets(ops):
    view = await asks(ops, ops.alice, "help")

    assert isinstance(view, Help)
    assert [one.name for one in view.specs] == sorted(ops.back.registry.commands)
    assert view.one is None
    assert "web-2" in view.targets
    assert "shop-1" not in view.targets


@pytest.mark.parametrize("words", ["", "help"])
async def test_saying_nothing_is_asking_for_help(ops, words):
    assert isinstance(await asks(ops, ops.alice, words), Help)


async def test_help_on_one_command_names_the_targets_it_takes(ops):
    view = await asks(ops, ops.alice, "help backup")

    assert view.one.name == "backup"
    assert view.targets == ("db-prod", "db-prod-2", "db-staging", "uploads")


async def test_help_on_a_word_that_is_none_says_what_may_be_meant(ops):
    view = await asks(ops, ops.alice, "help bakcup")

    assert isinstance(view, Said)
    assert view.message.args["known"] == "backup"


async def test_a_stranger_is_helped_with_nothing(ops):
    view = await asks(ops, ops.mallory, "help")

    assert isinstance(view, Said)
    assert view.message.key == "refused.unknown-person"


async def test_status_tells_the_whole_story_of_an_operation(ops):
    card = await ops.alice.asks("resize web-2 m5.large")

    view = await asks(ops, ops.alice, f"status #{card.operation.short.upper()}")

    assert isinstance(view, Story)
    assert view.card.operation == card.operation
    assert view.link == card.operation.progress.url
    assert next(one.event for one in view.records) == "operation.asked"


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("status", "refused.status-usage"),
        ("status a b", "refused.status-usage"),
        ("status abc", "refused.no-operation"),
        ("status ../../etc", "refused.no-operation"),
        ("status aaaaaaa", "refused.no-operation"),
    ],
)
async def test_a_status_of_nothing_is_refused(ops, words, key):
    view = await asks(ops, ops.alice, words)

    assert view.message.key == key


async def test_a_status_that_means_two_asks_for_more_of_the_id(ops):
    ids = iter(("aaaaaaa" + "b" * 13, "aaaaaaa" + "c" * 13))
    ops.back = ops.with_ports(new_id=lambda: next(ids))
    await ops.alice.says("backup db-prod")
    await ops.alice.says("backup db-prod-2")

    view = await asks(ops, ops.alice, "status aaaaaaa")

    assert view.message.key == "refused.ambiguous-operation"


async def test_a_client_sees_no_operation_of_another(ops):
    card = await ops.alice.asks("backup db-prod")

    status = await asks(ops, ops.gina, f"status {card.operation.id}")
    audit = await asks(ops, ops.gina, "audit")

    assert status.message.key == "refused.no-operation"
    assert audit.page.hits == ()


async def test_the_audit_finds_by_target_by_person_and_by_state(ops):
    first = await ops.alice.asks("backup db-prod-2")
    await ops.bob.asks("backup db-staging")
    await ops.bob.denies(first, "not now")

    by_target = await asks(ops, ops.alice, "audit db-prod-2")
    by_person = await asks(ops, ops.alice, "audit who:<@U0ALICE>")
    by_state = await asks(ops, ops.alice, "audit state:denied since:1d")
    by_decider = await asks(ops, ops.alice, "audit who:bob")

    assert isinstance(by_target, Found)
    for view in (by_target, by_person, by_state):
        assert [one.operation.id for one in view.page.hits] == [first.operation.id]
    assert len(by_decider.page.hits) == 2
    assert by_decider.names == {"alice": "Alice Martin", "bob": "Bob Durand"}


async def test_the_audit_of_somebody_unknown_is_refused(ops):
    view = await asks(ops, ops.alice, "audit who:<@U0NOBODY>")

    assert view.message.key == "refused.nobody-known"


async def test_a_long_audit_comes_in_pages(ops):
    for _ in range(9):
        await ops.alice.says("backup db-prod-2")

    first = await asks(ops, ops.alice, "audit")
    second = await asks(ops, ops.alice, "audit", before=first.page.next)

    assert len(first.page.hits) == 8
    assert len(second.page.hits) == 1


async def lines(ops, client="acme"):
    return [json.loads(line) async for line in exported(client, store=ops.back.store)]


async def test_an_export_holds_the_whole_chain_its_checkpoints_and_its_end(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    await ops.works()
    ops.clock.passes(hours=1, minutes=1)
    await ops.sweeps()

    whole = [line async for line in exported("acme", store=ops.back.store)]

    found = [json.loads(line) for line in whole]
    kinds = [one.get("kind", "head") for one in found]
    length = found[0]["records"]
    assert kinds == ["head", *["record"] * length, "checkpoint", "end"]
    before = "".join(whole[:-1]).encode()
    assert found[-1]["sha256"] == hashlib.sha256(before).hexdigest()


async def test_an_export_of_a_client_without_history_is_empty_and_whole(ops):
    found = await lines(ops, "globex")

    assert found[0]["records"] == 0
    assert [one.get("kind", "head") for one in found] == ["head", "end"]


async def test_what_is_recorded_and_signed_while_it_is_exported_is_left_out(ops):
    await ops.alice.asks("backup db-prod")
    head = await ops.back.store.head("acme")
    ops.clock.passes(hours=1, minutes=1)
    await ops.sweeps()

    async def earlier(client):
        return head

    store = Instead(ops.back.store, head=earlier)
    found = [json.loads(line) async for line in exported("acme", store=store)]

    (signed,) = await ops.back.store.checkpoints("acme")
    kinds = [one.get("kind", "head") for one in found]
    assert signed.seq > head[0]
    assert kinds == ["head", *["record"] * head[0], "end"]
