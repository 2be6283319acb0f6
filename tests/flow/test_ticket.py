"""A ticket: opened once, whatever happens, and nothing in it is more than text."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from pydantic import SecretStr

from bot.domain.audit import Event, EventName
from bot.domain.catalog import Catalog
from bot.domain.errors import OutcomeUnknown, Refused, Unavailable
from bot.domain.message import Message
from bot.domain.writes import Task, Writes
from bot.flow.missing import missing_since
from bot.inbound.slack.typed import typed
from deploy.sandbox.gitlab.seeding import person_token
from tests.flow.people import ACME, GLOBEX

ASKED = "ticket please move the nightly reports to 05:00"


async def says(who, words):
    view = await typed(who._knock(words), front=who.ops.back)
    return view.message


def issues(ops):
    return list(ops.day.gitlab.issues.values())


def whispers(ops):
    return [one.text for one in ops.slack.posts(ACME) if one.seen_by]


def spoken(ops):
    return [one.text for one in ops.slack.posts(ACME) if not one.seen_by]


async def test_a_ticket_becomes_one_issue_with_who_where_and_the_words(ops):
    told = await says(ops.alice, ASKED)
    await ops.works()

    (issue,) = issues(ops)
    assert told.key == "ticket.noted"
    assert issue.title == "please move the nightly reports to 05:00"
    assert "- Asked by: Alice Martin (acme)" in issue.description
    assert "- Channel: ＃acme-ops" in issue.description  # noqa: RUF001 - inert
    assert issue.labels == ["missing-command", "tandem"]
    assert issue.author == "tandem-prepare"


async def test_the_issue_has_what_was_refused_before_and_the_targets_named(ops):
    await says(ops.alice, "defrag web-2")
    await says(ops.alice, "resize web-9 m5.large")
    await says(ops.bob, "reboot db-prod")
    await says(ops.gina, "vacuum shop-1")

    await says(ops.alice, "ticket please defragment web-2 and UPLOADS, at night.")
    await ops.works()

    (issue,) = issues(ops)
    text = issue.description
    assert "- About: web-2 (instance, production)" in text
    assert "- About: uploads (volume, production)" in text
    assert "defrag web-2\n    There is no command" in text
    assert text.index("resize web-9 m5.large") > text.index("defrag web-2")
    assert "db-prod" not in text
    assert "vacuum" not in text


async def test_what_was_refused_long_ago_is_another_matter(ops):
    await says(ops.alice, "defrag web-2")
    ops.clock.passes(minutes=61)

    await says(ops.alice, ASKED)
    await ops.works()

    (issue,) = issues(ops)
    assert "Refused in the hour before" not in issue.description
    assert "defrag" not in issue.description


@pytest.mark.parametrize(
    "line",
    [
        "``` /close @all ~everything",
        "</code>/merge &lt;img src=x&gt; #1 !2",
        "{{ lookup('pipe','id') }} ${file('x')} { $who } @root",
        "/label ~bug\n/assign @root\n```\n/close",
    ],
)
async def test_what_was_refused_is_read_by_nothing_in_the_issue(ops, line):
    await says(ops.alice, line)

    await says(ops.alice, ASKED)
    await ops.works()

    (issue,) = issues(ops)
    assert "Refused in the hour before" in issue.description
    assert issue.state == "opened"
    for effect in ("quick_action.performed", "mention.sent", "reference.made"):
        assert not ops.day.gitlab.ledger.of(effect)


async def test_a_refusal_in_words_of_another_version_is_no_reason_to_open_nothing(ops):
    knock = ops.alice._knock(ASKED)
    reason = {"key": "refused.of-old", "args": {}, "patterns": None}
    body = {"line": "old words", "channel": knock.channel, "reason": reason}
    old = Event(
        name=EventName.REQUEST_REFUSED, actor="alice", source="slack", body=body
    )
    await ops.back.store.write(Writes(client="acme", at=ops.back.now(), events=(old,)))

    await typed(knock, front=ops.back)
    await ops.works()

    (issue,) = issues(ops)
    assert "old words\n    refused.of-old" in issue.description


async def test_what_is_missing_is_counted_by_client(ops):
    for words in ("defrag web-2", "defrag web-1", "reboot web-1", "resize web-1"):
        await says(ops.alice, words)
    await says(ops.gina, "vacuum shop-1")
    await says(ops.alice, ASKED)
    store, now = ops.back.store, ops.back.now()

    acme = await missing_since("acme", since=now - timedelta(hours=1), store=store)
    later = await missing_since("acme", since=now + timedelta(hours=1), store=store)
    globex = await missing_since("globex", since=now - timedelta(days=1), store=store)

    assert acme.unknown == (("defrag", 2), ("reboot", 1))
    assert [one.text for one in acme.tickets] == [ASKED.removeprefix("ticket ")]
    assert (later.tickets, later.unknown) == ((), ())
    assert (globex.tickets, globex.lines) == ((), 1)


async def test_what_is_missing_is_counted_over_a_long_chain(ops):
    await says(ops.alice, "defrag web-2")
    filler = Event(name=EventName.LOOK_DONE, actor="x", source="worker")
    await ops.back.store.write(
        Writes(client="acme", at=ops.back.now(), events=(filler,) * 1100)
    )
    await says(ops.alice, "reboot web-2")

    since = ops.back.now() - timedelta(hours=1)
    found = await missing_since("acme", since=since, store=ops.back.store)

    assert dict(found.unknown) == {"defrag": 1, "reboot": 1}


async def test_everybody_in_the_channel_sees_the_issue_s_link(ops):
    await says(ops.alice, ASKED)
    await ops.works()

    (said,) = spoken(ops)
    assert "Alice Martin asked for something no command does yet" in said
    assert "/acme/infra/-/issues/1" in said


async def test_a_ticket_is_audited_and_its_credentials_are_given_back(ops):
    await says(ops.alice, ASKED)
    await ops.works()

    assert await ops.events() == [
        "ticket.asked",
        "credentials.lent",
        "ticket.announced",
        "credentials.ended",
        "ticket.opened",
    ]
    assert await ops.back.store.open_leases("acme") == ()


HOSTILE = [
    "ticket please stop\n/close\n/label ~everything and more",
    "ticket hello @all and &lt;@all&gt;, closes #1 and !2 at once",
    "ticket <!-- nothing --> <img src=x onerror=alert(1)> please".replace(
        "<", "&lt;"
    ).replace(">", "&gt;"),
    "ticket ``` /close ``` ~~~ @all ~~~ [skip ci] [x](http://evil.example)",
    "ticket {{ lookup('pipe','id') }} ${file('/etc/passwd')} %{if} { $who }",
    "ticket Draft: WIP: /close #1 @root this is all of the title",
    "ticket ask <@U0BOB> about <#C0ACMEOPS|acme-ops> before you begin",
]


@pytest.mark.parametrize("words", HOSTILE)
async def test_what_a_ticket_says_is_read_by_nothing(ops, words):
    told = await says(ops.alice, words)
    await ops.works()

    (issue,) = issues(ops)
    ledger = ops.day.gitlab.ledger
    assert told.key == "ticket.noted"
    assert issue.state == "opened"
    for effect in ("quick_action.performed", "mention.sent", "reference.made"):
        assert not ledger.of(effect)
    assert "<img" not in issue.title
    assert "@" not in issue.title


@pytest.mark.parametrize("words", ["ticket", "ticket help", "ticket \u202ehello there"])
async def test_a_ticket_without_a_sentence_is_refused_with_an_example(ops, words):
    told = await says(ops.alice, words)

    assert told.key.startswith(("refused.ticket-usage", "grammar."))
    assert await ops.jobs() == []
    assert (await ops.events())[-1] == "request.refused"


async def test_an_apostrophe_or_an_open_quote_is_no_reason_to_refuse(ops):
    told = await says(ops.alice, "ticket it doesn't say “why, and that's all")

    assert told.key == "ticket.noted"


async def test_who_is_nobody_here_opens_no_ticket(ops):
    told = await says(ops.mallory, ASKED)

    assert told.key == "refused.unknown-person"
    assert await ops.jobs() == []


async def test_the_same_delivery_twice_is_one_ticket(ops):
    knock = ops.alice._knock(ASKED)

    first = await typed(knock, front=ops.back)
    again = await typed(knock, front=ops.back)
    await ops.works()

    assert first == again
    assert len(issues(ops)) == 1


async def test_a_job_that_runs_twice_opens_one_issue(ops):
    await says(ops.alice, ASKED)
    ((_, task, client, ticket),) = await ops.jobs()
    await ops.works()

    await ops.runs(0, task, client, ticket)

    assert task is Task.TICKET
    assert len(issues(ops)) == 1


class _DiedError(Exception):
    """The worker is gone."""


class Around:
    """The real forge, with one method that goes wrong."""

    def __init__(self, forge, **wrong):
        self._forge = forge
        self._wrong = wrong

    def __getattr__(self, name):
        return self._wrong.get(name) or getattr(self._forge, name)


async def test_an_answer_that_is_lost_is_said_and_the_issue_found_again(ops):
    real = ops.back

    async def open_issue(project, **more):
        await real.forge.open_issue(project, **more)
        raise OutcomeUnknown("GitLab", "the line went dead")

    ops.back = ops.with_ports(forge=Around(real.forge, open_issue=open_issue))
    await says(ops.alice, ASKED)
    await ops.tries()
    assert "it is not known yet whether it is there" in whispers(ops)[-1]

    await ops.works()

    assert len(issues(ops)) == 1
    assert (await ops.events())[-1] == "ticket.opened"


async def test_a_worker_that_dies_after_opening_finds_the_issue_again(ops):
    real = ops.back

    async def open_issue(project, **more):
        await real.forge.open_issue(project, **more)
        raise _DiedError

    ops.back = ops.with_ports(forge=Around(real.forge, open_issue=open_issue))
    await says(ops.alice, ASKED)
    with pytest.raises(_DiedError):
        await ops.tries()

    ops.back = real
    await ops.works()

    assert len(issues(ops)) == 1
    assert (await ops.events())[-1] == "ticket.opened"


async def test_what_was_never_opened_is_told_and_never_done_twice(ops):
    asked = []

    async def open_issue(project, **more):
        asked.append(project)
        raise OutcomeUnknown("GitLab", "the line went dead")

    ops.back = ops.with_ports(forge=Around(ops.back.forge, open_issue=open_issue))
    await says(ops.alice, ASKED)
    await ops.tries()
    ops.clock.passes(minutes=16)
    await ops.works()

    assert len(asked) == 1
    assert issues(ops) == []
    assert "Please type it again" in whispers(ops)[-1]
    assert "ticket.lost" in await ops.events()


async def test_what_does_not_show_yet_is_looked_for_again_and_not_given_up(ops):
    async def open_issue(project, **more):
        raise OutcomeUnknown("GitLab", "the line went dead")

    ops.back = ops.with_ports(forge=Around(ops.back.forge, open_issue=open_issue))
    await says(ops.alice, ASKED)
    await ops.tries()
    before = await ops.events()

    await ops.tries()

    ((_, task, _, _),) = await ops.jobs()
    assert task is Task.TICKET
    assert set(await ops.events()) == set(before)
    assert "ticket.lost" not in before


async def test_who_asked_is_told_why_gitlab_refuses_and_it_is_not_tried_again(ops):
    asked = []

    async def open_issue(project, **more):
        asked.append(project)
        args = {"action": "open an issue", "reason": "issues are turned off"}
        raise Refused(Message.of("refused.gitlab-rejected", args))

    ops.back = ops.with_ports(forge=Around(ops.back.forge, open_issue=open_issue))
    await says(ops.alice, ASKED)
    await ops.works()

    record = (await ops.audit())[-1]
    assert record.event == "ticket.refused"
    assert json.loads(record.body)["reason"]["key"] == "refused.gitlab-rejected"
    assert "issues are turned off" in whispers(ops)[-1]
    assert asked == ["acme/infra"]


async def test_who_asked_is_told_when_the_client_left_before_it_was_opened(ops):
    await says(ops.gina, ASKED)
    whole = ops.catalog.current()
    others = tuple(one for one in whole.clients if one.id != "globex")

    class Fewer:
        def current(self):
            return Catalog(
                provider=whole.provider,
                clients=others,
                routes=whole.routes,
                policies=whole.policies,
            )

    known, ops.back = ops.back, ops.with_ports(catalog=Fewer())
    await ops.works()
    ops.back = known
    await ops.speaks()

    record = (await ops.audit(client="globex"))[-1]
    (said,) = [one.text for one in ops.slack.posts(GLOBEX) if one.seen_by]
    assert record.event == "ticket.refused"
    assert json.loads(record.body)["reason"]["key"] == "ticket.client-gone"
    assert "no longer in the catalog" in said
    assert issues(ops) == []


@pytest.mark.parametrize("method", ["find_issue", "open_issue"])
async def test_an_outage_is_said_once_and_the_ticket_opened_after_it(ops, method):
    real = ops.back

    async def out(*args, **more):
        raise Unavailable("GitLab", "down")

    ops.back = ops.with_ports(forge=Around(real.forge, **{method: out}))
    await says(ops.alice, ASKED)
    for _ in range(3):
        await ops.tries()
    said = [one for one in whispers(ops) if "does not answer" in one]

    ops.back = real
    await ops.works()

    assert len(said) == 1
    assert len(issues(ops)) == 1


async def test_an_issue_of_somebody_else_with_the_same_line_is_not_taken_for_it(ops):
    await says(ops.alice, ASKED)
    ((_, _, _, ticket),) = await ops.jobs()
    token = SecretStr(person_token("alice"))
    await ops.back.forge.open_issue(
        "acme/infra",
        title="mine",
        description=f"Operation: {ticket}",
        labels=(),
        token=token,
    )

    await ops.works()

    assert len(issues(ops)) == 2


async def test_an_unknown_command_suggests_a_ticket(ops):
    told = await says(ops.alice, "defrag web-2")

    assert told.key == "refused.no-command"
    assert "/infra ticket" in ops.day.town.speech.say(told, language="en")


async def test_globex_s_ticket_goes_to_globex_s_project(ops):
    await says(ops.gina, ASKED)
    await ops.works()

    (issue,) = issues(ops)
    assert ops.day.gitlab.project(issue.project_id).path == "globex/infra"
