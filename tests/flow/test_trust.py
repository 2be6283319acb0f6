"""The trust ladder: both companies agree on a move, and GitLab follows the levels."""

import json
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest

from bot.domain.audit import EventName
from bot.domain.errors import Broken, Refused
from bot.domain.ladder import Protection
from bot.domain.operation import State
from bot.domain.scope import Environment
from bot.domain.writes import Writes
from bot.flow.carrying.trust import carry
from bot.flow.changes import trust as changes
from bot.flow.lending import borrowed
from bot.flow.protect import protect
from bot.flow.trusting import level_now
from bot.flow.undoing import way_back
from bot.inbound.slack.typed import typed
from deploy.sandbox.gitlab.faults import Fault
from deploy.sandbox.gitlab.records import Level
from deploy.sandbox.gitlab.seeding import ROOT_TOKEN
from tests.flow.people import MAIN_TF
from tests.flow.test_envelope import ALWAYS, HOURS

UP = "trust staging self-serve twenty clean changes since May"
OPEN = Protection(is_protected=True, developers_push=False, developers_merge=True)
CLOSED = Protection(is_protected=True, developers_push=False, developers_merge=False)
CLIENT = "clients/acme/client.yaml"
STAGING_TF = "environments/staging/main.tf"
AT_REVIEW = "trust: { staging: review, production: review }"


EDITS = {
    MAIN_TF: ("t3.medium", "t3.large"),
    STAGING_TF: ("= var.instance_type", '= "t3.small"'),
}


def declared(staging, production):
    return f"trust: {{ staging: {staging}, production: {production} }}"


async def level(ops, environment="staging", *, client="acme"):
    """Return the level that the whole of Tandem reads."""
    found = await level_now(client, Environment(environment), front=ops.back)
    return found.value


async def agreed(ops, line, *, asker=None, decider=None):
    """Have both companies agree, and the worker carry it out."""
    card = await (asker or ops.carol).asks(line)
    await (decider or ops.erin).approves(card)
    await ops.works()
    return await ops.again(card)


async def ladder(who):
    """Type `/infra trust` and return the answer's words, section by section."""
    view = await typed(who._knock("trust"), front=who.ops.back)
    say = who.ops.day.town.speech.say
    return {
        say(one.heading, language="en"): [
            say(line, language="en") for line in one.lines
        ]
        for one in view.sheet.sections
    }


async def protection(ops, project=1):
    """Read the rule of main back from GitLab itself, as its administrator."""
    url = f"{ops.day.town.places.gitlab_url}/api/v4/projects/{project}"
    async with httpx.AsyncClient(
        headers={"PRIVATE-TOKEN": ROOT_TOKEN}, trust_env=False, timeout=10
    ) as http:
        answer = await http.get(f"{url}/protected_branches/main")
    if answer.status_code == 404:
        return None
    found = answer.json()
    return (
        found["push_access_levels"][0]["access_level"],
        found["merge_access_levels"][0]["access_level"],
    )


def sets_by_hand(ops, *, push=Level.MAINTAINER, merge=Level.MAINTAINER):
    """Change the protection of Acme's main past everybody."""
    project = ops.day.gitlab.project("acme/infra")
    (rule,) = project.protected
    rule.push, rule.merge = push, merge
    ops.day.gitlab.save(project)


def said(ops, words):
    return [one.text for one in ops.slack.posts() if words in one.text]


# --- both companies agree


async def test_an_owner_asks_a_manager_of_the_provider_agrees_and_it_counts(ops):
    card = await ops.carol.asks(UP)
    before = await level(ops)

    await ops.erin.approves(card)
    await ops.works()

    assert before == "review"
    assert await ops.state(card) is State.DONE
    assert await level(ops) == "self-serve"
    assert await level(ops, "production") == "review"
    body = await ops.told(card, "trust.moved")
    assert (body["before"], body["level"]) == ("review", "self-serve")
    assert body["agreed_by"] == ["carol", "erin"]
    (announced,) = said(ops, "Acme is at self-serve inside an envelope in staging")
    assert "<@U0CAROL> <@U0ERIN>" in announced


async def test_a_manager_asks_and_an_owner_agrees(ops):
    await agreed(ops, UP, asker=ops.erin, decider=ops.carol)

    assert await level(ops) == "self-serve"


async def test_one_company_alone_moves_nothing(ops):
    card = await ops.erin.asks(UP)

    answers = [await who.approves(card) for who in (ops.bob, ops.dave, ops.erin)]
    await ops.works()

    assert [one.key for one in answers] == [
        "refused.not-a-decider",
        "refused.not-a-decider",
        "refused.self-decision",
    ]
    assert await ops.state(card) is State.PROPOSED
    assert await level(ops) == "review"


async def test_who_asked_without_speaking_for_a_company_leaves_both_to_agree(ops):
    await ops.edits_catalog(
        "policies/everybody.cedar",
        "// Trainees see everything",
        '@id("bob-proposes-levels")\n@because("Bob looks after the agreements.")\n'
        'permit (principal == Member::"bob", action == Action::"administer", resource);'
        "\n\n// Trainees see everything",
    )
    card = await ops.bob.asks(UP)

    await ops.erin.approves(card)
    await ops.works()
    by_one = await ops.state(card), await level(ops)
    await ops.carol.approves(card)
    await ops.works()

    assert by_one == (State.PROPOSED, "review")
    assert await ops.state(card) is State.DONE
    assert await level(ops) == "self-serve"


async def test_a_rule_that_asks_one_company_alone_is_refused(ops):
    needs = "needs:\n      - role: client.owner\n      - role: provider.manager\n"

    with pytest.raises(AssertionError, match="trust-one-sided"):
        await ops.edits_catalog(
            "routes.yaml", needs, "needs:\n      - role: provider.manager\n"
        )


async def test_without_a_rule_of_its_own_a_move_still_needs_both(ops):
    await ops.edits_catalog(
        "routes.yaml",
        "  - match: { command: trust }\n",
        "  - match: { command: set }\n",
    )

    card = await ops.erin.asks(UP)

    roles = {one.role for one in card.operation.route.needs}
    assert roles == {"client.owner", "provider.manager"}
    assert card.operation.route.envelope is None


async def test_the_card_says_what_opens_and_who_still_has_to_agree(ops):
    card = await ops.carol.asks(UP)

    assert "Trust in staging: from merge with review to self-serve" in card
    assert "Opens: Small changes that the provider approved beforehand" in card
    assert "twenty clean changes since May" in card
    assert "a manager of the provider" in card
    assert "an owner of the client" not in card
    assert set(card.buttons) == {"approve", "deny", "cancel"}


async def test_a_card_of_a_step_down_says_what_is_no_longer_possible(ops):
    card = await ops.carol.asks("trust production propose too many went wrong")

    assert "No longer: You ask and review each other as equals" in card


async def test_denied_it_changes_nothing(ops):
    card = await ops.carol.asks(UP)

    await ops.erin.denies(card, "not before the audit")
    await ops.works()

    assert await ops.state(card) is State.DENIED
    assert await level(ops) == "review"


async def test_expired_it_changes_nothing(ops):
    card = await ops.carol.asks(UP)
    ops.clock.passes(hours=24)

    await ops.sweeps()
    told = await ops.erin.approves(card)

    assert await ops.state(card) is State.EXPIRED
    assert told.key == "refused.not-open"
    assert await level(ops) == "review"


async def test_an_approval_of_a_role_that_was_withdrawn_moves_nothing(ops):
    card = await ops.carol.asks(UP)
    await ops.erin.approves(card)
    await ops.edits_catalog("provider.yaml", "roles: [manager]", "roles: [engineer]")

    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert await level(ops) == "review"


async def test_the_word_of_an_owner_who_is_none_any_more_does_not_count(ops):
    card = await ops.carol.asks(UP)
    await ops.erin.approves(card)
    await ops.edits_catalog(CLIENT, "roles: [owner]", "roles: [developer]")

    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert await level(ops) == "review"


async def test_a_route_that_asks_one_company_only_is_never_acted_on(ops):
    card = await ops.carol.asks(UP)
    await ops.erin.approves(card)
    found = await ops.operation(card.operation.id)
    one_sided = found.route.model_copy(update={"needs": found.route.needs[:1]})
    await ops._sql(
        "UPDATE operation SET body = jsonb_set(body, '{route}', CAST(:route AS jsonb))"
        " WHERE id = :id",
        route=one_sided.model_dump_json(),
        id=found.id,
    )

    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert await level(ops) == "review"


# --- who may ask, and how


async def test_a_developer_is_refused_with_the_rule_and_who_could(ops):
    answer = await ops.alice.says(UP)

    text = ops.day.town.speech.say(answer, language="en")
    assert answer.key == "refused.no-policy"
    assert "heads-administer" in text
    assert "Carol Petit" in text
    (record,) = await ops.audit()
    assert record.event is EventName.REQUEST_REFUSED
    assert json.loads(record.body)["rule"] == "nothing-permits"


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("trust staging", "refused.trust-usage"),
        ("trust staging self-serve", "refused.trust-usage"),
        ("trust staging self-serve ok", "refused.trust-usage"),
        (f"trust staging self-serve {'x' * 201}", "refused.trust-usage"),
        ("trust moon self-serve because we can", "refused.trust-word"),
        ("trust staging root because we can", "refused.trust-word"),
        ("trust staging review it is so already", "refused.trust-same"),
    ],
)
async def test_what_does_not_fit_is_refused(ops, line, key):
    answer = await ops.carol.says(line)

    assert answer.key == key


async def test_a_move_may_be_scheduled(ops):
    card = await ops.carol.says(f'{UP} --at "tomorrow 22:00"')

    assert card.key == "asked.scheduled"
    found = await ops.newest()
    assert found.arguments["reason"] == "twenty clean changes since May"


async def test_it_is_undone_by_both_again(ops):
    card = await agreed(ops, UP)
    knock = ops.erin._knock(f"undo {card.operation.short}")

    asked = await way_back(knock, short=card.operation.short, front=ops.back)
    await typed(knock, front=ops.back)
    await ops.works()
    undo = await ops.card((await ops.newest()).id)
    before = await level(ops)
    await ops.carol.approves(undo)
    await ops.works()

    assert asked.knock.text.startswith("trust staging review")
    assert "This takes back" in undo
    assert before == "self-serve"
    assert await level(ops) == "review"


# --- what was shown is what counts


async def test_a_move_that_came_first_voids_what_was_agreed_on_top_of_it(ops):
    first = await ops.carol.asks(UP)
    second = await ops.carol.asks("trust staging propose let us begin again")
    await ops.erin.approves(first)
    await ops.works()

    await ops.erin.approves(second)
    await ops.works()

    assert await ops.state(second) is State.VOIDED
    assert await level(ops) == "self-serve"


async def test_what_was_shown_under_another_level_is_asked_again(ops):
    backup = await ops.alice.asks("backup db-staging")
    move = await ops.carol.asks("trust staging propose too many went wrong")
    await ops.erin.approves(move)
    await ops.works()

    await ops.bob.approves(backup)
    await ops.works()

    found = await ops.operation(backup.operation.id)
    assert (found.state, found.outcome.key) == (State.VOIDED, "voided.trust")
    assert len(ops.aws.created) == 0


async def test_the_catalog_s_new_word_ends_an_agreement_for_good(ops):
    await agreed(ops, UP)
    await ops.edits_catalog(CLIENT, AT_REVIEW, declared("propose", "review"))
    lowered = await level(ops)
    await ops.sweeps()
    await ops.edits_catalog(CLIENT, declared("propose", "review"), AT_REVIEW)
    await ops.sweeps()

    assert lowered == "propose"
    assert await level(ops) == "review"
    assert (await ops.events()).count("trust.lapsed") == 1
    assert len(said(ops, "no longer counts")) == 1


async def test_another_client_s_level_stays_as_it_was(ops):
    await agreed(ops, UP)

    assert await level(ops, client="globex") == "review"
    assert await ops.back.store.agreed("globex") == ()


async def test_going_on_after_a_crash_moves_it_once(ops):
    card = await agreed(ops, UP)
    await ops._sql(
        "ALTER TABLE operation DISABLE TRIGGER ALL",
    )
    found = await ops.operation(card.operation.id)
    body = found.model_copy(update={"state": State.RUNNING, "ended_at": None})
    await ops._sql(
        "UPDATE operation SET state = 'running', ended_at = NULL,"
        " body = CAST(:body AS jsonb) WHERE id = :id",
        body=body.model_dump_json(),
        id=found.id,
    )
    await ops._sql("ALTER TABLE operation ENABLE TRIGGER ALL")

    await ops.sweeps()

    assert await ops.state(card) is State.DONE
    assert (await ops.events(card)).count("trust.moved") == 1


async def test_a_worker_that_died_after_announcing_is_gone_on_with(ops):
    card = await ops.carol.asks(UP)
    await ops.erin.approves(card)
    found = await ops.operation(card.operation.id)
    progress = found.progress.model_copy(update={"announced": True})
    running = found.to(State.RUNNING).advanced(progress)
    await ops.back.store.write(
        Writes(client="acme", at=ops.clock.now(), saves=(running,))
    )

    await ops.sweeps()

    assert await ops.state(card) is State.DONE
    assert await level(ops) == "self-serve"
    assert "trust.announced" not in await ops.events(card)


async def test_what_can_only_be_our_mistake_is_called_that(ops):
    asked = await ops.carol.asks(UP)
    other = await ops.alice.asks("backup db-staging")
    bare = asked.operation.model_copy(update={"proposal": None})
    gone = asked.operation.model_copy(update={"id": "z" * 20})

    with pytest.raises(Broken, match="never proposed"):
        await changes.rebound(bare, back=ops.back)
    with pytest.raises(Broken, match="moves no level"):
        changes.move_of(other.operation)
    with pytest.raises(Broken, match="is gone"):
        await carry(gone, back=ops.back)
    with pytest.raises(Broken, match="no longer in the catalog"):
        await level(ops, client="nobody")


# --- what the levels mean


async def test_at_self_serve_a_small_change_of_staging_passes_by_itself(ops):
    await ops.edits_catalog(CLIENT, HOURS, ALWAYS)
    await agreed(ops, UP)

    card = await ops.alice.asks("backup db-staging")
    await ops.works()

    assert card.operation.route.envelope.name == "staging-small"
    assert await ops.state(card) is State.DONE


async def test_at_propose_two_of_the_provider_look_at_production(ops):
    await agreed(ops, "trust production propose too many went wrong")

    card = await ops.alice.asks("backup db-prod-2")
    told = await typed(ops.alice._knock("can-i backup db-prod-2"), front=ops.back)

    roles = [one.role for one in card.operation.route.needs]
    assert roles == ["provider.oncall", "provider.engineer"]
    said_of = ops.day.town.speech.say(told.message, language="en")
    assert "an engineer of the provider" in said_of


# --- `/infra trust`


async def test_everybody_may_read_where_they_stand_and_what_is_next(ops):
    told = await ladder(ops.alice)

    staging = told["staging: merge with review"]
    assert any(one.startswith("Now: You ask and review each other") for one in staging)
    assert any(one.startswith("Next is self-serve") for one in staging)
    assert any("low risk passes by itself, 10 a day" in one for one in staging)
    assert "Fewer than 20 changes were carried out" in staging[-1]
    assert set(told) == {
        "staging: merge with review",
        "production: merge with review",
        "In GitLab",
    }


async def test_it_has_the_client_s_own_numbers(ops):
    first = await ops.alice.asks("backup db-staging")
    second = await ops.alice.asks("backup db-staging")
    await ops.bob.approves(first)
    await ops.bob.denies(second, "one is enough")
    await ops.works()

    told = await ladder(ops.carol)

    staging = told["staging: merge with review"]
    assert any("2 decided, 50 % of them approved; 1 carried out" in x for x in staging)
    elsewhere = told["production: merge with review"]
    assert any("0 decided" in one for one in elsewhere)


@pytest.mark.parametrize(
    ("state", "words", "typed_line"),
    [
        ("done", "a step up, to self-serve", "trust staging self-serve <reason>"),
        ("failed", "a step down, to propose", "trust staging propose <reason>"),
    ],
)
async def test_the_numbers_suggest_and_move_nothing(ops, state, words, typed_line):
    await ops._sql("ALTER TABLE operation DISABLE TRIGGER ALL")
    await ops._sql(
        "INSERT INTO operation (id, client, state, version, command, target,"
        " environment, requester, asked_at, expires_at, ended_at, body)"
        " SELECT repeat('a', 18) || chr(97 + n / 5) || chr(97 + n % 5), 'acme',"
        " :state, 1, 'backup', 'db-staging', 'staging', 'alice', :at, :at, :at, '{}'"
        " FROM generate_series(0, 19) AS n",
        state=state,
        at=ops.clock.now() - timedelta(days=1),
    )
    await ops._sql("ALTER TABLE operation ENABLE TRIGGER ALL")

    view = await typed(ops.alice._knock("trust"), front=ops.back)
    told = await ladder(ops.alice)

    assert any(words in one for one in told["staging: merge with review"])
    (section,) = [one for one in view.sheet.sections if one.typed]
    assert section.typed == (typed_line,)
    assert await level(ops) == "review"


async def test_it_says_that_the_level_was_agreed_and_what_the_catalog_says(ops):
    await agreed(ops, UP)

    told = await ladder(ops.alice)

    staging = told["staging: self-serve inside an envelope"]
    assert any("The catalog says merge with review" in one for one in staging)


async def test_who_may_not_see_anything_is_turned_away(ops):
    view = await typed(ops.mallory._knock("trust"), front=ops.back)

    assert view.message.key == "refused.unknown-person"


async def test_the_auditor_sees_it_and_a_policy_may_close_it(ops):
    await ops.edits_catalog(
        "policies/everybody.cedar",
        "// Trainees see everything",
        '@id("trainees-see-nothing")\n@because("Not yet.")\n'
        'forbid (principal in Role::"client.trainee", action == Action::"see",'
        " resource);\n\n// Trainees see everything",
    )

    seen = await ladder(ops.oscar)
    refused = await typed(ops.ines._knock("trust"), front=ops.back)

    assert "In GitLab" in seen
    assert refused.message.key == "refused.policy"


# --- GitLab


async def test_a_committer_in_every_environment_may_merge_in_gitlab(ops):
    await agreed(ops, "trust staging committer they know it well")
    in_one = await protection(ops)
    card = await agreed(ops, "trust production committer they know it well")

    assert in_one == (40, 40)
    assert await protection(ops) == (40, 30)
    assert "developers may then merge into main of acme/infra themselves" in card
    names = await ops.events(card)
    assert names.index("trust.announced") < names.index("protection.set")
    assert names.index("protection.set") < names.index("trust.moved")


async def test_a_step_down_closes_the_branch_again(ops):
    await ops.edits_catalog(CLIENT, AT_REVIEW, declared("committer", "committer"))
    sets_by_hand(ops, merge=Level.DEVELOPER)

    await agreed(ops, "trust production review one merge went wrong")

    assert await protection(ops) == (40, 40)
    assert await level(ops, "production") == "review"


async def test_without_a_licence_the_rule_is_made_anew(ops):
    ops.day.gitlab.licensed = False
    await agreed(ops, "trust staging committer they know it well")
    await agreed(ops, "trust production committer they know it well")

    assert await protection(ops) == (40, 30)


async def test_a_token_that_may_not_protect_fails_the_move_and_the_level_stays(ops):
    await agreed(ops, "trust staging committer they know it well")
    token = next(
        one
        for one in ops.day.gitlab.tokens.values()
        if one.value.endswith("acme-execute")
    )
    token.levels[1] = Level.DEVELOPER

    card = await agreed(ops, "trust production committer they know it well")

    assert await ops.state(card) is State.FAILED
    assert card.operation.outcome.key == "refused.gitlab-rejected"
    assert await level(ops, "production") == "review"
    assert await protection(ops) == (40, 40)


@pytest.mark.parametrize("done", [True, False])
async def test_what_gitlab_did_not_answer_is_looked_up_and_not_tried_again(ops, done):
    await agreed(ops, "trust staging committer they know it well")
    card = await ops.carol.asks("trust production committer they know it well")
    kind = "lose" if done else "down"
    fault = Fault(kind=kind, method="PATCH", path="protected_branches")
    ops.day.gitlab.faults.add(fault)
    await ops.erin.approves(card)

    await ops.tries()
    doubted = await ops.state(card), await level(ops, "production")
    await ops.sweeps()

    ended = (State.DONE, "committer") if done else (State.FAILED, "review")
    assert doubted == (State.IN_DOUBT, "review")
    assert (await ops.state(card), await level(ops, "production")) == ended
    assert await protection(ops) == ((40, 30) if done else (40, 40))


@pytest.mark.parametrize(
    ("by_hand", "words"),
    [
        ({"push": Level.DEVELOPER}, "developers may push"),
        ({"merge": Level.DEVELOPER}, "developers may merge"),
    ],
)
async def test_drift_below_committer_is_said_once_and_left_to_people(
    ops, by_hand, words
):
    await ops.sweeps()
    sets_by_hand(ops, **by_hand)
    by_them = await protection(ops)

    await ops.sweeps()
    await ops.sweeps()

    assert (await ops.events()).count("protection.drifted") == 1
    assert len(said(ops, f"as agreed: {words}")) == 1
    assert await protection(ops) == by_them
    (line,) = (await ladder(ops.alice))["In GitLab"]
    assert line.startswith("Not as agreed")


async def test_a_branch_without_protection_is_drift(ops):
    project = ops.day.gitlab.project("acme/infra")
    project.protected.clear()
    ops.day.gitlab.save(project)

    await ops.sweeps()

    assert len(said(ops, "the branch is not protected")) == 1


async def test_drift_that_is_over_is_said_and_drift_that_comes_again_too(ops):
    sets_by_hand(ops, merge=Level.DEVELOPER)
    await ops.sweeps()
    sets_by_hand(ops)
    await ops.sweeps()
    (line,) = (await ladder(ops.alice))["In GitLab"]
    sets_by_hand(ops, merge=Level.DEVELOPER)
    await ops.sweeps()

    names = [one for one in await ops.events() if one.startswith("protection.")]
    assert names == ["protection.drifted", "protection.restored", "protection.drifted"]
    assert line.startswith("As agreed")


async def test_a_committer_s_branch_is_said_and_then_set_as_agreed(ops):
    await ops.edits_catalog(CLIENT, AT_REVIEW, declared("committer", "committer"))

    await ops.sweeps()
    await ops.sweeps()

    assert await protection(ops) == (40, 30)
    names = [one for one in await ops.events() if one.startswith("protection.")]
    assert names == ["protection.drifted", "protection.set", "protection.restored"]
    assert len(said(ops, "Tandem sets it so again")) == 1


async def test_a_branch_that_cannot_be_set_right_is_tried_again_later(ops):
    token = next(
        one
        for one in ops.day.gitlab.tokens.values()
        if one.value.endswith("acme-execute")
    )
    token.levels[1] = Level.DEVELOPER
    await ops.edits_catalog(CLIENT, AT_REVIEW, declared("committer", "committer"))

    for minutes in (0, 1, 1):
        ops.clock.passes(minutes=minutes)
        with suppress(Refused):
            await protect("acme", "-", back=ops.back)
    tried = (await ops.events()).count("protection.set")
    token.levels[1] = Level.MAINTAINER
    ops.clock.passes(minutes=15)
    await protect("acme", "-", back=ops.back)

    assert tried == 1
    assert await protection(ops) == (40, 30)
    names = [one for one in await ops.events() if one.startswith("protection.")]
    assert names == [
        "protection.drifted",
        "protection.set",
        "protection.set",
        "protection.restored",
    ]


async def test_the_look_is_made_with_credentials_that_can_only_read(ops):
    async with borrowed(
        ops.back, client="acme", action="gitlab-read", operation="a" * 20
    ) as minted:
        token = await ops.back.lender.forge_token(
            minted, client="acme", purpose="gitlab-read"
        )

        found = await ops.back.forge.protection(
            "acme/infra", branch="main", token=token
        )

    assert found == CLOSED


async def test_no_look_meets_a_move_half_way(ops):
    card = await ops.carol.asks(UP)
    await ops.erin.approves(card)
    found = await ops.operation(card.operation.id)
    await ops.back.store.write(_running(found, ops))
    sets_by_hand(ops, merge=Level.DEVELOPER)

    await protect("acme", "-", back=ops.back)

    assert await ops.back.store.protection("acme") is None


def _running(found, ops):
    return Writes(client="acme", at=ops.clock.now(), saves=(found.to(State.RUNNING),))


async def test_a_client_that_left_is_not_looked_at(ops):
    await protect("nobody", "-", back=ops.back)

    assert await ops.back.store.protection("acme") is None


# --- merges by committers


async def merged_by(ops, who, *, opener="alice", path=MAIN_TF):
    """Open a request that the gate never sees, and merge it in GitLab."""
    old, new = EDITS[path]
    files = await ops.edits(old, new, path=path)
    await ops.pushes(opener, "own", files)
    request = await ops.opens(opener, "own", "Draft: by myself")
    await ops.on_gitlab(opener, request.iid, "", title="By myself")
    await ops.on_gitlab(who, request.iid, "/merge", sha=request.head.head_sha)
    return request


async def test_a_committer_s_own_merge_is_audited_and_no_alarm(ops):
    await ops.edits_catalog(CLIENT, AT_REVIEW, declared("committer", "committer"))
    await ops.sweeps()
    await merged_by(ops, "alice")

    await ops.sweeps()
    await ops.sweeps()

    names = await ops.events()
    assert names.count("committer.merged") == 1
    assert "gate.bypassed" not in names
    assert len(said(ops, "Alice Martin merged merge request")) == 1


async def test_a_committer_may_merge_what_waits_as_a_card(ops):
    await ops.edits_catalog(CLIENT, AT_REVIEW, declared("committer", "committer"))
    await ops.pushes("alice", "own", await ops.edits(*EDITS[MAIN_TF]))
    request = await ops.opens("alice", "own", "By myself")
    await ops.sweeps()
    card = await ops.card((await ops.newest()).id)
    await ops.on_gitlab("alice", request.iid, "/merge", sha=request.head.head_sha)

    await ops.sweeps()
    await ops.sweeps()

    names = await ops.events()
    assert await ops.state(card) is State.VOIDED
    assert names.count("committer.merged") == 1
    assert "gate.bypassed" not in names


@pytest.mark.parametrize(
    ("path", "event"),
    [(STAGING_TF, "committer.merged"), (MAIN_TF, "gate.bypassed")],
)
async def test_a_merge_that_reaches_further_than_the_trust_is_an_alarm(
    ops, path, event
):
    await ops.edits_catalog(CLIENT, AT_REVIEW, declared("committer", "review"))
    await merged_by(ops, "carol", path=path)

    await ops.sweeps()

    names = await ops.events()
    both = ("committer.merged", "gate.bypassed")
    assert [one for one in names if one in both] == [event]


async def test_a_merge_by_somebody_else_s_hand_is_an_alarm_at_any_level(ops):
    await ops.edits_catalog(CLIENT, AT_REVIEW, declared("committer", "committer"))
    await merged_by(ops, "bob")

    await ops.sweeps()

    assert (await ops.events()).count("gate.bypassed") == 1
