"""Who is let in, and what is said to whoever is not."""

import json

import pytest

from bot.domain.errors import Refused
from bot.domain.message import Message
from bot.flow.door import turn_away
from tests.flow.people import ACME, GLOBEX, ONCALL


async def refusals(ops, client="acme"):
    records = await ops.audit(client=client)
    return [one for one in records if one.event == "request.refused"]


async def test_somebody_in_no_catalog_is_refused_and_written_down(ops):
    answer = await ops.mallory.says("backup db-prod")

    assert answer.key == "refused.unknown-person"
    (refused,) = await refusals(ops)
    assert refused.actor == "T0CLARANET/U0MALLORY"
    assert json.loads(refused.body)["line"] == "backup db-prod"
    assert json.loads(refused.body)["rule"] == "unknown-person"


async def test_an_unknown_channel_is_refused_in_the_provider_s_own_chain(ops):
    answer = await ops.alice.at("C0NOWHERE").says("backup db-prod")

    assert answer.key == "refused.unknown-channel"
    (refused,) = await refusals(ops, "claranet")
    assert json.loads(refused.body)["rule"] == "unknown-channel"
    assert await refusals(ops) == []


async def test_the_same_user_id_of_another_workspace_is_nobody(ops):
    answer = await ops.alice.at(ACME, team="T0OTHER").says("backup db-prod")

    assert answer.key == "refused.unknown-channel"


async def test_the_provider_s_own_channel_means_no_client(ops):
    answer = await ops.bob.at(ONCALL).says("backup db-prod")

    assert answer.key == "refused.provider-channel"
    assert answer.args["channels"] == "#acme-ops, #globex-ops"


async def test_a_member_of_one_client_cannot_ask_in_another_s_channel(ops):
    answer = await ops.alice.at(GLOBEX).says("backup shop-db")

    assert answer.key == "refused.other-client"
    assert len(await refusals(ops, "globex")) == 1


async def test_a_client_s_channel_reaches_no_target_of_another(ops):
    answer = await ops.alice.says("backup shop-db")

    assert answer.key == "refused.no-target"
    assert "shop-db" not in str(answer.args["known"])


async def test_the_provider_may_ask_in_a_client_s_channel(ops):
    card = await ops.bob.asks("backup db-prod")

    assert card.operation.requester == "bob"


async def test_a_refused_line_is_kept_short(ops):
    await ops.mallory.says("backup " + "x" * 5000)

    (refused,) = await refusals(ops)
    assert len(json.loads(refused.body)["line"]) == 300


async def test_a_refusal_that_is_delivered_twice_is_written_once(ops):
    knock = ops.mallory._knock("backup db-prod")
    first = Refused(Message.of("refused.unknown-person", {"client": "Acme"}))
    second = Refused(Message.of("refused.unknown-channel"))

    told = await turn_away(knock, refusal=first, front=ops.back)
    again = await turn_away(knock, refusal=second, front=ops.back)

    assert again == told
    assert len(await refusals(ops)) == 1


async def test_a_request_that_is_delivered_twice_is_one_operation(ops):
    from bot.flow.ask import ask  # noqa: PLC0415 - the one test that calls it itself

    knock = ops.alice._knock("backup db-prod")

    first = await ask(knock, front=ops.back)
    second = await ask(knock, front=ops.back)

    assert second == first
    assert len(await ops.back.store.unfinished("acme")) == 1


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("", "refused.no-command"),
        ("rezise web-2 m5.large", "refused.no-command"),
        ("resize web-2", "grammar.missing"),
        ("resize web-2 huge", "refused.bad-argument"),
        ("resize web-3 m5.large", "refused.no-target"),
        ("resize web m5.large", "refused.no-target"),
        ("resize db-prod m5.large", "refused.other-kind"),
    ],
)
async def test_a_line_that_does_not_fit_is_refused_with_what_would(ops, line, key):
    answer = await ops.alice.says(line)

    assert answer.key == key
    assert await ops.back.store.unfinished("acme") == ()


async def test_a_mistyped_target_is_answered_with_the_client_s_own_names(ops):
    answer = await ops.alice.says("resize web2 m5.large")

    assert answer.args["known"].split(", ")[0] == "web-2"


async def test_a_client_without_such_a_target_is_told_so(ops):
    answer = await ops.gina.says("set nginx-workers 8")

    assert answer.key == "refused.no-target"
    assert answer.args["known"] == "-"


async def test_a_protected_attribute_is_changed_by_no_command(ops):
    await ops.edits_catalog(
        "clients/acme/inventory.yaml",
        "    description: the shop's second web server\n",
        "    description: the shop's second web server\n"
        "    protected: [instance_type]\n",
    )

    answer = await ops.alice.says("resize web-2 m5.large")

    assert answer.key == "refused.protected"
    assert answer.args == {"attribute": "instance_type", "target": "web-2"}
    assert await ops.back.store.unfinished("acme") == ()


async def test_a_target_outside_terraform_cannot_go_by_merge_request(ops):
    await ops.edits_catalog(
        "clients/acme/inventory.yaml",
        "    terraform: { directory: environments/staging,"
        " address: aws_instance.web_staging }\n",
        "",
    )

    answer = await ops.alice.says("resize web-staging t3.medium")

    assert answer.key == "refused.not-in-terraform"
