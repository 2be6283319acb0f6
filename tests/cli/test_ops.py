"""`tandem ops`: decisions by the command line go the same way as those in chat."""

from __future__ import annotations

import pytest

from bot.domain.operation import State
from tests.cli.conftest import plain, spoil

ACME = ("--client", "acme")


def decide(verdict, operation, *more, fingerprint=None):
    shown = fingerprint or operation.digest[:8]
    words = ("ops", verdict, operation.short, *ACME, "--fingerprint", shown)
    return (*words, *more)


async def refusals(store):
    return [
        (one.actor, one.source, one.body)
        for one in await store.records("acme")
        if one.event in ("request.refused", "decision.refused")
    ]


async def state(store, operation):
    return (await store.operation("acme", id=operation.id)).state


# --- looking


async def test_what_has_not_ended_is_listed(tandem, proposed):
    ended = await tandem("ops", "list", *ACME)

    assert ended.status == 0, ended
    row = next(line for line in ended.out.splitlines() if proposed.short in line)
    for word in ("proposed", "resize", "web-2", "alice", "UTC"):
        assert word in row


async def test_an_operation_is_shown_with_all_the_audit_has_of_it(
    tandem, store, proposed
):
    await tandem.having(TANDEM_UNSAFE_CLI_MEMBER="bob")(*decide("approve", proposed))

    ended = await tandem("ops", "show", proposed.short.upper(), *ACME)

    assert f"{proposed.id}  approved  Resize web-2 to m5.large" in ended.out
    assert f"fingerprint {proposed.digest[:8]}" in ended.out
    assert "decision.made  bob  cli" in ended.out
    assert "operation.approved  bob  cli" in ended.out


@pytest.mark.parametrize("command", ["list", "show", "approve"])
async def test_a_client_that_is_not_there_is_told_with_those_that_are(
    tandem, proposed, command
):
    words = {"list": (), "show": (proposed.short,)}
    if command == "approve":
        words["approve"] = (proposed.short, "--fingerprint", "0" * 8)

    ended = await tandem("ops", command, *words[command], "--client", "acne")

    assert ended.complaint == (
        "tandem: The catalog has no client “acne”. Known: acme, globex."
    )


async def test_an_operation_of_another_client_is_not_found(tandem, proposed):
    ended = await tandem("ops", "show", proposed.short, "--client", "globex")

    assert f"There is no operation “{proposed.short}” here" in ended.complaint


# --- deciding


async def test_who_is_on_call_approves_what_the_fingerprint_shows(
    tandem, store, proposed
):
    as_bob = tandem.having(TANDEM_UNSAFE_CLI_MEMBER="bob")

    ended = await as_bob(*decide("approve", proposed))

    assert (ended.status, ended.err) == (0, "")
    assert f"Your approval of {proposed.short} is recorded." in ended.out
    assert await state(store, proposed) is State.APPROVED
    (decision,) = await store.decisions("acme", operation=proposed.id)
    assert (decision.member, decision.source) == ("bob", "cli")
    assert decision.digest == proposed.digest
    records = await store.records("acme")
    assert [(one.event, one.source) for one in records] == [
        ("decision.made", "cli"),
        ("operation.approved", "cli"),
    ]


async def test_a_denial_carries_its_reason(tandem, store, proposed):
    as_dave = tandem.having(TANDEM_UNSAFE_CLI_MEMBER="dave")

    ended = await as_dave(*decide("deny", proposed, "--reason", 'not "{today}" [b]x'))

    assert ended.status == 0, ended
    assert await state(store, proposed) is State.DENIED
    (decision,) = await store.decisions("acme", operation=proposed.id)
    assert decision.reason == 'not "{today}" [b]x'


@pytest.mark.parametrize(
    ("member", "said"),
    [
        ("alice", "You asked for this, so you cannot decide on it"),
        (
            "erin",
            "(rule not-a-decider, built in). These are: Bob Durand, Dave Leroy",
        ),
        ("carol", "You are not among those who decide on this"),
        ("greg", "You work for another company"),
    ],
)
async def test_who_may_not_decide_in_chat_may_not_here_and_it_is_written_down(
    tandem, store, proposed, member, said
):
    ended = await tandem.having(TANDEM_UNSAFE_CLI_MEMBER=member)(
        *decide("approve", proposed)
    )

    assert said in ended.complaint
    assert ended.out == ""
    assert await state(store, proposed) is State.PROPOSED
    ((actor, source, body),) = await refusals(store)
    assert (actor, source) == (member, "cli")
    assert f"approve {proposed.short}" in body


@pytest.mark.parametrize("shown", ["0" * 8, "{short}", "{digest}x", "%"])
async def test_another_fingerprint_is_refused_and_written_down(
    tandem, store, proposed, shown
):
    wrong = shown.format(short=proposed.digest[:7], digest=proposed.digest)

    ended = await tandem.having(TANDEM_UNSAFE_CLI_MEMBER="bob")(
        *decide("approve", proposed, fingerprint=wrong)
    )

    assert "What you saw is not what would run now" in ended.complaint
    assert await state(store, proposed) is State.PROPOSED
    assert len(await refusals(store)) == 1


async def test_a_second_decision_is_told_who_was_first(tandem, proposed):
    await tandem.having(TANDEM_UNSAFE_CLI_MEMBER="bob")(*decide("approve", proposed))

    ended = await tandem.having(TANDEM_UNSAFE_CLI_MEMBER="dave")(
        *decide("approve", proposed)
    )

    assert "Bob Durand approved it at" in ended.complaint


async def test_a_reason_that_is_hardly_one_is_refused(tandem, store, proposed):
    ended = await tandem.having(TANDEM_UNSAFE_CLI_MEMBER="bob")(
        *decide("deny", proposed, "--reason", "no")
    )

    assert "A reason has 3 to 500 characters; this one has 2" in ended.complaint
    assert await state(store, proposed) is State.PROPOSED


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (None, "needs TANDEM_UNSAFE_CLI_MEMBER, the id of a member"),
        ("", "needs TANDEM_UNSAFE_CLI_MEMBER, the id of a member"),
        ("bobby", "no member of that id. Meant may be: bob"),
        ("U0BOB", "has no member of that id"),
    ],
)
async def test_nobody_decides_unless_the_settings_say_who(
    tandem, store, proposed, member, said
):
    ended = await tandem.having(TANDEM_UNSAFE_CLI_MEMBER=member)(
        *decide("approve", proposed)
    )

    assert said in ended.complaint
    assert await state(store, proposed) is State.PROPOSED


async def test_a_member_from_another_workspace_cannot_decide_here(
    tandem, proposed, catalog
):
    spoil(catalog, "provider.yaml", "slack_teams: [T0", "slack_teams: [T0ELSE, T0")
    spoil(catalog, "provider.yaml", "team: T0CLARANET, user: U0BOB", _AT_HOME)

    ended = await tandem.having(
        TANDEM_UNSAFE_CLI_MEMBER="bob", TANDEM_CATALOG=str(catalog)
    )(*decide("approve", proposed))

    assert "another Slack workspace" in ended.complaint


_AT_HOME = "team: T0ELSE, user: U0BOB"


async def test_what_is_missing_on_the_line_is_said_with_status_2(tandem, proposed):
    ended = await tandem("ops", "approve", proposed.short, *ACME)

    assert ended.status == 2
    assert "--fingerprint" in plain(ended.err)
