"""Typing and clicking, over signed HTTP and a socket, against a real database."""

from __future__ import annotations

import pytest

from bot.domain.operation import Progress, State
from tests.inbound.slack_office import office, words

BOTH = pytest.mark.parametrize("by", ["http", "socket"])


@BOTH
async def test_what_is_asked_for_is_stored_before_slack_hears_of_it(database, by):
    async with office(database, by=by) as there:
        answer = await there.types("resize web-2 m5.large")

        (stored,) = await there.operations()
        assert stored.requester == "alice"
        assert stored.state is State.ASKED
        assert stored.short in answer.text


async def test_help_shows_the_commands_with_the_clients_own_targets(database):
    async with office(database) as there:
        acme = await there.types("help")
        globex = await there.types("help", user="U0GINA", channel="C0GLOBEXOPS")

        assert "/infra resize web-2 m5.large" in words(acme)
        assert "/infra backup db-prod" in words(acme)
        assert "/infra resize shop-1 m5.large" in words(globex)


async def test_nothing_typed_is_a_wish_for_help(database):
    async with office(database) as there:
        answer = await there.types("")

        assert "What you can ask for here" in words(answer)


async def test_help_of_one_command_is_its_docstring(database):
    async with office(database) as there:
        answer = await there.types("help resize")

        assert "Opens a merge request that changes one value" in words(answer)


async def test_a_mistyped_target_is_answered_with_the_clients_own(database):
    async with office(database) as there:
        answer = await there.types("resize web2 m5.large")

        assert "Acme has no instance named “web2”. Meant may be: web-2" in answer.text
        assert await there.operations() == ()


async def test_a_text_with_payload_in_it_is_a_text_like_any_other(database):
    async with office(database) as there:
        answer = await there.types("resize payload=x m5.large")

        assert "payload" in words(answer)


@BOTH
async def test_an_approval_is_recorded_and_the_person_told(database, by):
    async with office(database, by=by) as there:
        operation, ts = await there.proposed()

        outcome = await there.clicks("approve", user="U0BOB", ts=ts)

        assert outcome.ok
        assert (await there.operation(operation)).state is State.APPROVED
        told = there.whispers("U0BOB")[-1]
        assert told.text == f"Your approval of {operation.short} is recorded."


@BOTH
async def test_who_asked_in_an_emergency_breaks_the_glass(database, by):
    async with office(database, by=by) as there:
        operation, ts = await there.proposed(glass="orders are lost", requester="bob")

        other = await there.clicks("break_glass", user="U0DAVE", ts=ts)
        refused = there.whispers("U0DAVE")[-1].text
        outcome = await there.clicks("break_glass", user="U0BOB", ts=ts)

        assert other.ok
        assert "Only who asked for it breaks the glass" in refused
        assert outcome.ok
        assert (await there.operation(operation)).state is State.APPROVED
        told = there.whispers("U0BOB")[-1]
        assert told.text.startswith(f"You broke the glass of {operation.short}")


async def test_nobody_approves_their_own_request(database):
    async with office(database) as there:
        operation, ts = await there.proposed(requester="bob")

        await there.clicks("approve", user="U0BOB", ts=ts)

        assert (await there.operation(operation)).state is State.PROPOSED
        assert "You asked for this" in there.whispers("U0BOB")[-1].text


async def test_a_stranger_who_clicks_is_refused_and_written_down(database):
    async with office(database) as there:
        operation, ts = await there.proposed()

        await there.clicks("approve", user="U0MALLORY", ts=ts)

        assert (await there.operation(operation)).state is State.PROPOSED
        assert "does not know you" in there.whispers("U0MALLORY")[-1].text
        assert [one.actor for one in await there.refusals()] == ["T0CLARANET/U0MALLORY"]


@BOTH
async def test_a_denial_asks_why_and_records_the_reason(database, by):
    async with office(database, by=by) as there:
        operation, ts = await there.proposed()

        await there.clicks("deny", user="U0BOB", ts=ts)
        outcome = await there.denies("Not during\nthe sale.", user="U0BOB")

        assert outcome.ok
        assert (await there.operation(operation)).state is State.DENIED
        (decision,) = await there.front.store.decisions("acme", operation=operation.id)
        assert decision.reason == "Not during\nthe sale."
        shown = there.slack.forms.stack("U0BOB")[-1]
        assert f"Your denial of {operation.short} is recorded" in str(shown.blocks)


async def test_who_may_not_deny_is_not_asked_why(database):
    async with office(database) as there:
        _, ts = await there.proposed()

        await there.clicks("deny", user="U0CAROL", ts=ts)

        assert there.slack.forms.stack("U0CAROL") == []
        assert "You are not among those" in there.whispers("U0CAROL")[-1].text


async def test_the_requester_cancels_and_another_does_not(database):
    async with office(database) as there:
        operation, ts = await there.proposed()

        await there.clicks("cancel", user="U0BOB", ts=ts)
        before = (await there.operation(operation)).state
        await there.clicks("cancel", user="U0ALICE", ts=ts)

        assert before is State.PROPOSED
        assert (await there.operation(operation)).state is State.CANCELLED


async def test_a_click_stops_what_runs_on_a_host(database):
    async with office(database) as there:
        progress = Progress(announced=True, stoppable=True)
        operation, ts = await there.proposed(state=State.RUNNING, progress=progress)

        await there.clicks("halt", user="U0CAROL", ts=ts)
        before = (await there.operation(operation)).progress.halted_by
        await there.clicks("halt", user="U0ALICE", ts=ts)

        assert before is None
        assert (await there.operation(operation)).progress.halted_by == "alice"
        assert "is being stopped" in there.whispers("U0ALICE")[-1].text


async def test_a_decision_in_words_wants_the_fingerprint_that_was_shown(database):
    async with office(database) as there:
        operation, _ = await there.proposed()
        shown = operation.digest[:8]

        bare = await there.types(f"approve {operation.short}", user="U0BOB")
        wrong = await there.types(f"approve {operation.short} 00000000", user="U0BOB")
        between = (await there.operation(operation)).state
        right = await there.types(f"approve {operation.short} {shown}", user="U0BOB")

        assert "Please approve on the card" in bare.text
        assert "What you saw is not what would run" in wrong.text
        assert between is State.PROPOSED
        assert "is recorded" in right.text
        assert (await there.operation(operation)).state is State.APPROVED


async def test_a_denial_in_words_wants_a_reason(database):
    async with office(database) as there:
        operation, _ = await there.proposed()
        typed = f"deny {operation.short} {operation.digest[:8]}"

        bare = await there.types(typed, user="U0BOB")
        full = await there.types(f"{typed} too expensive", user="U0BOB")

        assert "A reason has 3 to 500 characters" in bare.text
        assert "is recorded" in full.text


async def test_cancelling_in_words_wants_an_id(database):
    async with office(database) as there:
        operation, _ = await there.proposed()

        bare = await there.types("cancel")
        strange = await there.types("cancel %%%%")
        done = await there.types(f"cancel {operation.short}")

        assert "Please give one id" in bare.text
        assert "There is no operation" in strange.text
        assert done.text == f"{operation.short} is cancelled. Nothing was done."


async def test_the_story_of_an_operation_is_told(database):
    async with office(database) as there:
        await there.types("resize web-2 m5.large")
        (operation,) = await there.operations()

        answer = await there.types(f"status {operation.short}")

        assert "Resize web-2 to m5.large" in answer.text
        assert "<@U0ALICE> asked: /infra resize web-2 m5.large" in words(answer)


async def test_the_audit_is_paged_by_a_button(database):
    async with office(database) as there:
        made = [await there.proposed() for _ in range(10)]

        answer = await there.types("audit on:web-2")
        first = {op.short for op, _ in made if op.short in words(answer)}
        await there.clicks("audit_older", user="U0ALICE", ts=answer.ts, block="page")
        answer = there.slack.messages.find("C0ACMEOPS", answer.ts)
        second = {op.short for op, _ in made if op.short in words(answer)}

        assert len(first) == 8
        assert first | second == {op.short for op, _ in made}
        assert "That is all." in words(answer)


async def test_an_audit_that_finds_nothing_says_so(database):
    async with office(database) as there:
        answer = await there.types("audit on:web-1 state:done")

        assert "Nothing was found." in words(answer)


async def test_a_link_on_a_card_is_acknowledged(database):
    async with office(database) as there:
        _, ts = await there.proposed()

        assert (await there.clicks("open", user="U0ALICE", ts=ts)).ok


async def test_another_clients_channel_shows_nothing_of_this_one(database):
    async with office(database) as there:
        operation, _ = await there.proposed()

        answer = await there.types(
            f"status {operation.short}", user="U0GINA", channel="C0GLOBEXOPS"
        )

        assert "There is no operation" in answer.text


async def test_a_slack_that_takes_no_whisper_loses_no_decision(database):
    async with office(database) as there:
        operation, ts = await there.proposed()
        there.slack.faults.fail("chat.postEphemeral")

        outcome = await there.clicks("approve", user="U0BOB", ts=ts)

        assert outcome.ok
        assert (await there.operation(operation)).state is State.APPROVED


async def test_a_form_that_cannot_be_opened_is_told(database):
    async with office(database) as there:
        _, ts = await there.proposed()
        there.slack.faults.fail("views.open")

        await there.clicks("deny", user="U0BOB", ts=ts)

        assert "could not be opened in time" in there.whispers("U0BOB")[-1].text
