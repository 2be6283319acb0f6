"""Who may what: refused, explained and written down, in the words of people."""

from __future__ import annotations

import pytest

from bot.domain.decision import Verdict
from bot.domain.message import Message
from bot.domain.operation import State
from bot.flow.answer import answer
from bot.flow.decide import Choice, cancel, may_open
from bot.inbound.slack.typed import typed
from bot.outbound.slack.pen import Pen
from bot.outbound.speech import Speech
from tests.flow.people import ACME, GLOBEX

PEN = Pen(Speech(), "en")
EVERYBODY = "policies/everybody.cedar"
NOBODY_DECIDES_ON_DATABASES = """
@id("databases-wait-for-erin")
@because("Databases are decided on by nobody but Erin this week.")
forbid (principal, action == Action::"decide", resource in Kind::"database")
unless { principal == Member::"erin" };

@id("trainees-ask-on-staging")"""
TRAINEES = '\n@id("trainees-ask-on-staging")'
ON_CALL_ALONE = """
@id("databases-by-the-rota")
@because("Databases are for whoever is on call.")
forbid (principal, action == Action::"ask", resource in Environment::"production")
unless { principal in Role::"provider.oncall" };

@id("trainees-ask-on-staging")"""
ONLY_BACKUPS = """
@id("bob-leaves-production-alone")
@because("Bob is on leave, and what he approved before does not count any more.")
forbid (principal == Member::"bob", action == Action::"decide",
  resource in Environment::"production");

@id("trainees-ask-on-staging")"""


async def said(person, line):
    """Type a line as in Slack and return the answer in words."""
    view = await typed(person._knock(line), front=person.ops.back)
    return PEN.plain(view.message)


async def refusal(ops, *, client="acme"):
    """Return the last refusal that was written down."""
    records = await ops.audit(client=client)
    found = [one for one in records if one.event.value.endswith(".refused")]
    return found[-1]


# --- asking


async def test_a_trainee_asks_on_staging(ops):
    card = await ops.ines.asks("resize web-staging t3.medium")

    assert card.operation.state is State.PROPOSED


async def test_a_trainee_is_kept_out_of_production_and_told_where_to_go(ops):
    told = await said(ops.ines, "resize web-2 m5.large")

    assert "trainees-stay-out-of-production (policies/everybody.cedar:" in told
    assert "Whoever is still learning does not touch production" in told
    assert "Alice Martin, Carol Petit, Bob Durand, Dave Leroy can." in told
    assert told.endswith("Open to you instead: /infra resize web-staging m5.large")


async def test_a_refusal_is_written_down_with_its_rule(ops):
    await ops.ines.says("resize web-2 m5.large")

    record = await refusal(ops)

    assert record.event.value == "request.refused"
    assert record.actor == "ines"
    assert '"rule":"trainees-stay-out-of-production"' in record.body


async def test_a_developer_leaves_high_risk_on_a_production_database_to_others(ops):
    await ops.edits_catalog(EVERYBODY, "context.risk >= 3", "context.risk >= 2")

    told = await said(ops.alice, "backup db-prod")

    assert "no-high-risk-on-production-databases" in told
    assert "Carol Petit, Bob Durand, Dave Leroy can." in told
    assert told.endswith(
        "Open to you instead: /infra backup db-staging, /infra backup db-prod-2"
    )


async def test_what_no_rule_permits_is_refused_and_names_the_rule_for_others(ops):
    told = await said(ops.erin, "backup db-prod")

    assert told.startswith("No rule permits this to you.")
    assert "The rule engineers-ask (tandem:default.cedar:" in told
    assert '"rule":"nothing-permits"' in (await refusal(ops)).body


async def test_a_policy_that_fails_while_it_is_asked_is_a_no_that_says_so(ops):
    overflows = f"""
@id("overflows")
@because("Nobody saw that this sum is too large.")
forbid (principal, action == Action::"ask", resource)
when {{ context.risk + {2**63 - 1} > 0 }};
{TRAINEES}"""
    await ops.edits_catalog(EVERYBODY, TRAINEES, overflows)

    told = await ops.alice.says("backup db-staging")

    assert told.key == "refused.rules-failed"
    assert "overflows" in told.args["problem"]
    assert '"rule":"rules-failed"' in (await refusal(ops)).body
    assert await ops.jobs() == []


async def test_who_may_do_other_things_to_a_target_is_told_how_to_type_them(ops):
    nothing_started_again = f"""
@id("no-restarts")
@because("Nothing is restarted in the week of the sale.")
forbid (principal, action == Action::"ask", resource)
when {{ context.command == Command::"restart" }};
{TRAINEES}"""
    await ops.edits_catalog(EVERYBODY, TRAINEES, nothing_started_again)

    told = await said(ops.alice, "restart web-2")

    assert "no-restarts" in told
    assert told.endswith(
        "Open to you instead: /infra halt web-2, /infra resize web-2 <type>"
    )


async def test_an_auditor_looks_and_asks_for_nothing(ops):
    card = await ops.alice.asks("backup db-staging")

    told = await said(ops.oscar, "backup db-staging")
    story = await answer(
        ops.oscar._knock(f"status {card.operation.short}"), front=ops.back
    )
    found = await answer(ops.oscar._knock("audit"), front=ops.back)

    assert "auditors-only-look" in told
    assert "Auditors see and search everything and touch nothing" in told
    assert story.card.operation == card.operation
    assert len(found.page.hits) == 1


async def test_a_trainee_may_not_search_the_audit(ops):
    told = await said(ops.ines, "audit since:2d")

    assert told.startswith("No rule permits this to you. The rule members-audit")
    assert "request.refused" in await ops.events()


async def test_somebody_who_was_deactivated_has_no_right_left(ops):
    told = await said(ops.henri, "backup db-staging")

    assert told.startswith("Your account of Acme is deactivated")
    assert '"rule":"deactivated"' in (await refusal(ops)).body


async def test_who_is_deactivated_loses_rights_at_once(ops):
    card = await ops.alice.asks("backup db-staging")
    await ops.edits_catalog(
        "provider.yaml", "gitlab: bob", "gitlab: bob\n    deactivated: true"
    )

    told = await ops.bob.approves(card)

    assert told.key == "refused.deactivated"
    assert await ops.state(card) is State.PROPOSED


async def test_an_approval_by_somebody_deactivated_since_does_not_count(ops):
    card = await ops.alice.asks("backup db-staging")
    await ops.bob.approves(card)
    await ops.edits_catalog(
        "provider.yaml", "gitlab: bob", "gitlab: bob\n    deactivated: true"
    )
    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert ops.aws.created == ()


async def test_what_a_deactivated_person_asked_for_does_not_run(ops):
    card = await ops.alice.asks("backup db-staging")
    await ops.bob.approves(card)
    await ops.edits_catalog(
        "clients/acme/client.yaml",
        "gitlab: alice",
        "gitlab: alice\n    deactivated: true",
    )
    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert ops.aws.created == ()


async def test_a_client_s_own_rule_holds_for_it_and_for_nobody_else(ops):
    await ops.edits_catalog(
        "clients/acme/policies/acme.cedar",
        '@id("acme-trainees-leave-the-staging-database")',
        '@id("acme-anybody-breaks")\n@because("Anybody.")\n'
        'permit (principal, action == Action::"ask", resource);\n'
        '@id("acme-trainees-leave-the-staging-database")',
    )

    at_acme = await ops.erin.says("backup db-staging")
    at_globex = await ops.erin.at(GLOBEX).says("backup shop-db")

    assert at_acme.key == "asked.noted"
    assert at_globex.key == "refused.no-policy"


async def test_another_client_s_rules_are_not_even_named(ops):
    await ops.edits_catalog(
        "clients/globex/client.yaml", "roles: [developer]", "roles: [trainee]"
    )

    told = await said(ops.gina, "resize shop-1 m5.large")

    assert "trainees-stay-out-of-production" in told
    assert "acme" not in told.lower()
    assert "Greg Simon" in told


async def test_a_refusal_names_who_was_handed_the_rota(ops):
    await ops.edits_catalog(EVERYBODY, TRAINEES, ON_CALL_ALONE)
    await said(ops.bob, "oncall give <@U0DAVE> until tomorrow 09:00")

    told = await said(ops.alice, "backup db-prod")

    assert "databases-by-the-rota" in told
    assert "Dave Leroy can." in told
    assert "Bob Durand" not in told


# --- deciding and cancelling


async def test_a_policy_takes_deciders_away_and_says_which(ops):
    await ops.edits_catalog(
        EVERYBODY, '\n@id("trainees-ask-on-staging")', NOBODY_DECIDES_ON_DATABASES
    )
    card = await ops.alice.asks("backup db-staging")

    told = await ops.bob.approves(card)

    words = PEN.plain(told)
    assert "databases-wait-for-erin (policies/everybody.cedar:" in words
    assert "Databases are decided on by nobody but Erin this week." in words
    assert await ops.state(card) is State.PROPOSED
    assert "nobody may decide on it now" in "\n".join(ops.slack.thread(card))
    assert '"rule":"databases-wait-for-erin"' in (await refusal(ops)).body


async def test_the_form_to_deny_does_not_open_either(ops):
    await ops.edits_catalog(
        EVERYBODY, '\n@id("trainees-ask-on-staging")', NOBODY_DECIDES_ON_DATABASES
    )
    card = await ops.alice.asks("backup db-staging")
    choice = Choice(card.operation.id, card.digest, Verdict.DENY)

    told = await may_open(ops.bob._knock(), choice=choice, front=ops.back)

    assert told.key == "refused.policy"


async def test_a_policy_that_changed_since_voids_what_was_approved(ops):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.bob.approves(card)
    await ops.edits_catalog(EVERYBODY, "context.risk >= 3", "context.risk >= 2")
    await ops.works()

    ended = await ops.again(card)
    assert ended.operation.state is State.VOIDED
    assert "The rules of who decides changed" in ended
    assert ops.aws.created == ()


async def test_an_approval_that_a_policy_no_longer_allows_does_not_count(ops):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.bob.approves(card)
    await ops.edits_catalog(EVERYBODY, '\n@id("trainees-ask-on-staging")', ONLY_BACKUPS)
    await ops.works()

    assert (await ops.again(card)).operation.outcome.key == "voided.rights"


async def test_a_remark_in_a_policy_voids_nothing(ops):
    card = await ops.alice.asks("backup db-prod-2")
    await ops.bob.approves(card)
    await ops.edits_catalog(EVERYBODY, "// Trainees see", "// Yes, trainees see")
    await ops.works()

    assert await ops.state(card) is State.DONE


async def test_a_role_withdrawn_a_second_before_decides_nothing(ops):
    card = await ops.alice.asks("backup db-staging")
    await ops.edits_catalog("provider.yaml", "members: [bob, dave]", "members: [dave]")

    told = await ops.bob.approves(card)

    assert told.key == "refused.not-a-decider"
    assert '"rule":"not-a-decider"' in (await refusal(ops)).body


async def test_no_policy_lets_anybody_decide_on_their_own_request(ops):
    await ops.edits_catalog(
        EVERYBODY,
        '\n@id("trainees-ask-on-staging")',
        '\n@id("all-may")\n@because("All may.")\npermit (principal, action in '
        '[Action::"ask", Action::"decide", Action::"cancel"], resource);\n'
        '@id("trainees-ask-on-staging")',
    )
    card = await ops.bob.asks("backup db-staging")

    own = await ops.bob.approves(card)
    no_role = await ops.erin.approves(card)
    not_theirs = await ops.carol.cancels(card)
    elsewhere = await ops.greg.at(ACME).approves(card)

    assert own.key == "refused.self-decision"
    assert no_role.key == "refused.not-a-decider"
    assert not_theirs.key == "refused.not-the-requester"
    assert elsewhere.key == "refused.other-client"
    assert await ops.state(card) is State.PROPOSED


async def test_a_policy_may_keep_people_from_cancelling(ops):
    await ops.edits_catalog(
        EVERYBODY,
        '\n@id("trainees-ask-on-staging")',
        '\n@id("no-cancelling")\n@because("What was asked is decided on.")\n'
        'forbid (principal, action == Action::"cancel", resource);\n'
        '@id("trainees-ask-on-staging")',
    )
    card = await ops.alice.asks("backup db-staging")

    told = await cancel(
        ops.alice._knock(kind="action"), operation=card.operation.id, front=ops.back
    )

    assert told.key == "refused.policy"
    assert await ops.state(card) is State.PROPOSED


# --- what is listed, and what is asked beforehand


async def helped(person, line="help"):
    return await answer(person._knock(line), front=person.ops.back)


async def test_help_lists_only_what_this_person_may_do_here(ops):
    for_alice = await helped(ops.alice)
    for_ines = await helped(ops.ines)
    for_oscar = await helped(ops.oscar)

    assert "db-prod" in for_alice.targets
    assert {one.name for one in for_alice.specs} > {"backup", "resize"}
    assert "backup" not in {one.name for one in for_ines.specs}
    acme = ops.catalog.current().client("acme")
    served = {acme.target(name).environment.value for name in for_ines.targets}
    assert "web-staging" in for_ines.targets
    assert served == {"staging"}
    assert for_oscar.specs == ()
    assert for_oscar.note == Message.of("help.nothing-yours")


async def test_help_on_a_command_says_that_it_is_not_open(ops):
    found = await helped(ops.ines, "help backup")

    assert found.one.name == "backup"
    assert found.targets == ()
    assert found.note == Message.of("help.not-yours")


async def test_suggestions_name_only_what_this_person_may_do(ops):
    command = await ops.ines.says("bakcup db-staging")
    for_alice = await ops.alice.says("bakcup db-staging")
    target = await ops.ines.says("resize web-stagin t3.medium")
    nothing = await ops.oscar.says("bakcup db-staging")

    assert for_alice.args["known"] == "backup"
    assert "backup" not in command.args["known"]
    assert target.args["known"] == "web-staging"
    assert nothing.args["known"] == "-"


async def test_can_i_says_yes_with_the_rule_the_route_and_the_expiry(ops):
    told = await said(ops.alice, "can-i backup db-prod")

    assert told.startswith(
        "Yes, you may ask for “backup db-prod”, by the rule clients-ask"
    )
    assert "the provider's on-call (Bob Durand, Dave Leroy)" in told
    assert "Nothing was decided here yet" in told
    assert "It would expire after about 60 minutes." in told
    assert await ops.events() == []


async def test_can_i_tells_how_long_decisions_took_and_of_how_many(ops):
    for minutes in (4, 10, 60):
        card = await ops.alice.asks("backup db-staging")
        ops.clock.passes(minutes=minutes)
        await ops.bob.approves(card)
        await ops.works()

    told = await said(ops.alice, "can-i backup db-prod")

    assert "So far a decision took about 10 minutes here (the median of 3)." in told


async def test_can_i_of_one_client_knows_no_wait_of_another(ops):
    card = await ops.alice.asks("backup db-staging")
    await ops.bob.approves(card)

    told = await said(ops.gina, "can-i resize shop-staging t3.medium")

    assert "Nothing was decided here yet" in told


async def test_can_i_names_both_companies_where_both_decide(ops):
    told = await said(ops.gina, "can-i resize shop-1 m5.large")

    assert "the provider's on-call (Bob Durand, Dave Leroy) and " in told
    assert "an owner of the client (Greg Simon)" in told


async def test_can_i_says_no_with_everything_a_refusal_says(ops):
    told = await said(ops.ines, "can-i resize web-2 m5.large")

    assert told.startswith("No, “resize web-2 m5.large” would be refused.")
    assert "trainees-stay-out-of-production" in told
    assert "/infra resize web-staging m5.large" in told
    assert "request.refused" not in await ops.events()


async def test_can_i_says_when_nobody_could_decide(ops):
    await ops.edits_catalog(
        "routes.yaml", "match: { environment: staging }", "match: { command: resize }"
    )

    told = await said(ops.alice, "can-i backup db-staging")

    assert "At low risk nobody may decide on it, so it would end there" in told


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("can-i", "Please give a whole line"),
        ("can-i bakcup db-prod", "There is no command “bakcup”"),
        ("can-i backup", "is missing"),
    ],
)
async def test_can_i_wants_a_whole_line(ops, line, words):
    assert words in await said(ops.alice, line)


async def test_can_i_tells_a_stranger_nothing(ops):
    told = await said(ops.mallory, "can-i backup db-prod")

    assert told.startswith("Tandem does not know you")


# --- the client's own merge requests


async def test_a_merge_request_of_somebody_who_may_not_ask_passes_no_gate(ops):
    await ops.edits_catalog(
        EVERYBODY,
        '\n@id("trainees-ask-on-staging")',
        '\n@id("production-by-commands")\n@because("Production changes by command.")\n'
        'forbid (principal, action == Action::"ask",\n'
        '  resource in Environment::"production")\n'
        'when { context.command == Command::"merge-request" };\n'
        '@id("trainees-ask-on-staging")',
    )
    files = await ops.edits("t3.medium", "m5.large")
    await ops.pushes("alice", "bigger", files, message="Bigger")
    await ops.opens("alice", "bigger", "Bigger, please")

    await ops.sweeps()

    words = "\n".join(one.text for one in ops.slack.posts())
    assert "passes no gate" in words
    assert "production-by-commands (policies/everybody.cedar:" in words
    assert '"rule":"production-by-commands"' in (await refusal(ops)).body
    assert "operation.asked" not in await ops.events()


async def test_who_could_open_a_merge_request_is_who_was_handed_the_rota(ops):
    await ops.edits_catalog(EVERYBODY, TRAINEES, ON_CALL_ALONE)
    await said(ops.bob, "oncall give <@U0DAVE> until tomorrow 09:00")
    await ops.speaks()
    files = await ops.edits("t3.medium", "m5.large")
    await ops.pushes("alice", "bigger", files, message="Bigger")
    await ops.opens("alice", "bigger", "Bigger, please")

    await ops.sweeps()

    (told,) = [one.text for one in ops.slack.posts() if "passes no gate" in one.text]
    assert "<@U0DAVE> can." in told
    assert "U0BOB" not in told
