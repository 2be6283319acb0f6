"""`/infra list` and `/infra show`: what is told at once, and the look that follows."""

from __future__ import annotations

import json

import pytest

from bot.domain.errors import Unavailable
from bot.domain.views import Answered, Said
from bot.flow.answer import answer
from bot.inbound.slack.typed import typed
from bot.outbound.slack.answers import answer as drawn
from bot.outbound.slack.pen import Pen
from bot.outbound.speech import Speech
from tests.flow.people import ACME
from tests.flow.test_envelope import envelope

PEN = Pen(Speech(), "en")


async def asks(who, words):
    return await typed(who._knock(words), front=who.ops.back)


def words(view):
    """Everything the person reads, as one text."""
    return json.dumps(drawn(view, pen=PEN).blocks, ensure_ascii=False)


def whispers(ops):
    """What only one person reads, oldest first."""
    return [one for one in ops.slack.posts(ACME) if one.seen_by]


# --- list


async def test_the_list_has_every_target_by_kind_with_the_commands_that_fit(ops):
    view = await asks(ops.alice, "list")

    assert isinstance(view, Answered)
    kinds = (
        *("database", "host", "instance", "parameter"),
        *("security_group", "server", "volume"),
    )
    database, host, instance, _, group, server, volume = view.sheet.sections
    assert len(view.sheet.sections) == len(kinds)
    assert len(database.lines) == len(instance.lines) == 3
    assert {"halt <instance>", "resize <instance> <type>"} <= {*instance.typed}
    assert "service restart|start|stop <service> on <host>" in host.typed
    assert database.typed == volume.typed
    assert "postgres create <database> on <server> [user=…]" in server.typed
    assert group.typed == ("flow open|close <source> <destination> <port>",)
    assert "web-2 · production · the shop's second web server" in words(view)


async def test_the_list_of_a_kind_has_that_kind_alone(ops):
    view = await asks(ops.alice, "list instance")

    (section,) = view.sheet.sections
    assert len(section.lines) == 3
    assert "db-prod" not in words(view)


async def test_the_list_shows_no_target_of_another_client(ops):
    assert "shop-1" not in words(await asks(ops.alice, "list"))
    assert "shop-1" in words(await asks(ops.gina, "list"))


@pytest.mark.parametrize(
    "line", ["list volcano", "list instance 0", "list instance x", "list instance 2"]
)
async def test_a_list_of_nothing_says_why(ops, line):
    view = await asks(ops.alice, line)

    assert isinstance(view, Said)
    assert (await ops.events())[-1] == "request.refused"


async def test_a_long_list_is_cut_and_says_how_to_go_on(ops):
    await ops.edits_catalog(
        "clients/acme/inventory.yaml", "targets:\n", "targets:\n" + many(60)
    )

    glance = words(await asks(ops.alice, "list"))
    first = words(await asks(ops.alice, "list instance"))
    second = words(await asks(ops.alice, "list instance 2"))

    assert "55 more: /infra list instance" in glance
    assert "23 more: /infra list instance 2" in first
    assert "more:" not in second
    assert "many-00" in first
    assert "web-staging" in second


def many(count):
    return "".join(
        f"  - {{ name: many-{number:02}, kind: instance, environment: production,"
        f" description: one of many, aws: {{ name_tag: many-{number:02} }} }}\n"
        for number in range(count)
    )


# --- show


async def test_show_tells_what_a_target_is_who_decides_and_what_fits(ops):
    view = await asks(ops.alice, "show web-2")

    told = words(view)
    assert "Terraform: aws_instance.web" in told
    assert "AWS: name_tag web-2" in told
    assert "`/infra resize web-2 &lt;type&gt;`" in told
    assert "resize: <@U0BOB> <@U0DAVE>, as the provider's on-call" in told
    assert "Mind the name: this is not web-1." in told


async def test_show_leaves_out_the_asker_among_those_who_decide(ops):
    told = words(await asks(ops.bob, "show web-2"))

    assert "resize: <@U0DAVE>, as" in told


async def test_show_says_of_what_nobody_could_decide(ops):
    await ops.edits_catalog(
        "routes.yaml", "match: { environment: staging }", "match: { command: resize }"
    )

    told = words(await asks(ops.alice, "show db-staging"))

    assert "nobody, since the provider's routes have no rule for it" in told


async def test_show_names_who_was_handed_the_rota(ops):
    await asks(ops.bob, "oncall give <@U0DAVE> until tomorrow 09:00")

    told = words(await asks(ops.alice, "show web-2"))

    assert "resize: <@U0DAVE>, as the provider's on-call" in told


async def test_show_tells_what_the_policy_lets_pass_and_by_which_plan(ops):
    await envelope(ops)
    whole = words(await asks(ops.alice, "show web-staging"))
    await ops.edits_catalog(
        "routes.yaml", "hours: open }", "hours: open, replaces: false }"
    )

    told = words(await asks(ops.alice, "show web-staging"))

    assert "resize: the policy itself, envelope small, 1 of 2 today" in whole
    assert "1 of 2 today or, by what the plan shows, <@U0BOB> <@U0DAVE>, as" in told


async def test_show_tells_what_is_open_and_what_was_done_last(ops):
    done = await ops.alice.asks("backup db-prod-2")
    await ops.bob.approves(done)
    await ops.works()
    waits = await ops.alice.asks("backup db-prod-2")

    view = await asks(ops.alice, "show db-prod-2")

    parts = [part.hits for part in view.sheet.sections if part.hits]
    ids = [[hit.operation.id for hit in hits] for hits in parts]
    assert ids == [[waits.operation.id], [done.operation.id]]
    assert view.names["bob"] == "Bob Durand"


async def test_show_of_nothing_suggests_what_may_be_meant(ops):
    view = await asks(ops.alice, "show web2")

    assert isinstance(view, Said)
    assert view.message.key == "refused.nothing-named"
    assert str(view.message.args["known"]).startswith("web-2")
    assert await ops.jobs() == []


async def test_show_of_another_client_s_target_tells_nothing(ops):
    view = await asks(ops.alice, "show shop-1")

    assert view.message.key == "refused.nothing-named"
    own = ops.back.catalog.current().client("acme").targets
    known = str(view.message.args["known"]).split(", ")
    assert set(known) <= {one.name for one in own}


# --- the look


async def test_the_live_state_follows_for_the_asker_alone(ops):
    await asks(ops.alice, "show web-2")

    await ops.works()

    (whisper,) = whispers(ops)
    assert whisper.seen_by == "U0ALICE"
    assert "instance_type t3.medium, state running" in whisper.text
    assert "The code says instance_type t3.medium: no drift." in whisper.text


async def test_what_was_changed_past_the_code_is_told_as_drift(ops):
    ops.aws.makes("web-2", "m5.xlarge")
    await asks(ops.alice, "show web-2")

    await ops.works()

    (whisper,) = whispers(ops)
    assert "instance_type m5.xlarge" in whisper.text
    assert "The code says instance_type t3.medium: this has drifted." in whisper.text


async def test_a_database_that_is_not_in_the_code_is_looked_at_all_the_same(ops):
    await asks(ops.alice, "show db-prod")

    await ops.works()

    (whisper,) = whispers(ops)
    assert "status available" in whisper.text
    assert "It is not in Terraform" in whisper.text


async def test_what_a_security_group_lets_in_is_read_and_compared_with_no_data(ops):
    await asks(ops.alice, "show shop-front")
    await ops.works()

    (whisper,) = whispers(ops)
    assert "rules -" in whisper.text
    assert "The code says nothing about any of this" in whisper.text


async def test_a_look_is_audited_with_its_credentials_which_are_given_back(ops):
    await asks(ops.alice, "show web-2")

    await ops.works()

    assert await ops.events() == [
        "look.asked",
        "credentials.lent",
        "credentials.ended",
        "credentials.lent",
        "credentials.ended",
        "look.done",
    ]
    lent = [
        json.loads(one.body)["action"]
        for one in await ops.audit()
        if one.event == "credentials.lent"
    ]
    assert lent == ["ec2-instance-read", "gitlab-read"]
    assert await ops.back.store.open_leases("acme") == ()


async def test_the_same_question_delivered_twice_is_looked_at_once(ops):
    knock = ops.alice._knock("show web-2")

    await answer(knock, front=ops.back)
    again = await answer(knock, front=ops.back)
    await ops.works()

    assert isinstance(again, Answered)
    assert (await ops.events()).count("look.asked") == 1
    assert len(whispers(ops)) == 1


async def test_a_look_that_was_answered_is_not_repeated(ops):
    await asks(ops.alice, "show web-2")
    ((_, task, client, look),) = await ops.jobs()
    await ops.works()

    await ops.runs(0, task, client, look)
    await ops.speaks()

    assert len(whispers(ops)) == 1


@pytest.mark.parametrize("system", ["Vault", "AWS"])
async def test_when_a_system_is_out_the_follow_up_names_it(ops, system):
    class Out:
        def __getattr__(self, name):
            async def call(*args, **kwargs):
                raise Unavailable(system, "down")

            return call

    ops.back = ops.with_ports(lender=Out())
    await asks(ops.alice, "show web-2")

    await ops.works()

    (whisper,) = whispers(ops)
    assert f"is not known now: {system} does not answer" in whisper.text
    assert await ops.jobs() == []


async def test_when_only_gitlab_is_out_the_live_state_is_told_without_the_code(ops):
    async def read_tree(*args, **kwargs):
        raise Unavailable("GitLab", "down")

    forge = type("Out", (), {"read_tree": staticmethod(read_tree)})()
    ops.back = ops.with_ports(forge=forge)
    await asks(ops.alice, "show web-2")

    await ops.works()

    (whisper,) = whispers(ops)
    assert "instance_type t3.medium" in whisper.text
    assert "GitLab does not answer" in whisper.text


async def test_a_right_that_aws_refuses_is_told(ops):
    ops.forbids("ec2:DescribeInstances")
    await asks(ops.alice, "show web-2")

    await ops.works()

    (whisper,) = whispers(ops)
    assert "AWS refused ec2:DescribeInstances with" in whisper.text


async def test_looking_changes_nothing(ops):
    await asks(ops.alice, "show web-2")

    await ops.works()

    assert not ops.git.requests()
    assert not ops.aws.resized
    assert await ops.back.store.unfinished("acme") == ()
