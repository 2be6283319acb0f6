"""Who somebody is in GitLab: said in Slack, proved there, said back, and audited."""

from __future__ import annotations

import itertools
import json
import logging

import httpx
import pytest
import structlog

from bot.domain.errors import OutcomeUnknown, Refused, Unavailable
from bot.domain.link import digest
from bot.domain.message import Message
from bot.domain.operation import State
from bot.domain.scope import Risk
from bot.domain.writes import Links, Task, Writes
from bot.flow.link import link
from bot.outbound import clock
from deploy.sandbox.gitlab.seeding import person_token
from tests.flow.people import ACME
from tests.flow.test_client_requests import noticed, opens

PROVIDER = "claranet"


@pytest.fixture
def codes(ops):
    """Every code there was, in order."""
    made = []

    def new_code():
        made.append(clock.new_code())
        return made[-1]

    ops.back = ops.with_ports(new_code=new_code)
    return made


async def opens_issue(ops, who, title, *, project=1):
    """Open an issue as a person does, and return its number."""
    url = f"{ops.day.town.places.gitlab_url}/api/v4/projects/{project}/issues"
    async with httpx.AsyncClient(
        headers={"PRIVATE-TOKEN": person_token(who)}, trust_env=False, timeout=10
    ) as http:
        answer = await http.post(url, json={"title": title})
        answer.raise_for_status()
    return answer.json()["iid"]


def answers(ops):
    """What was written under issues, oldest first."""
    return [one.body for one in ops.day.gitlab.notes.values() if one.issue_iid]


def whispers(ops, user="U0INES"):
    return [one.text for one in ops.slack.posts(ACME) if one.seen_by == user]


def in_words(ops, told):
    return ops.day.town.speech.say(told, language="en")


async def asks(person, name="ines"):
    """Ask to be linked, and return the title that the issue has to have."""
    told = await person.types(f"link {name}")
    assert told.key == "link.asked", told
    return str(told.args["title"])


async def answered(ops, person, name="ines"):
    """Ask, open the issue, and let Tandem answer it."""
    await opens_issue(ops, name, await asks(person, name))
    await ops.tries()


async def linked(ops, person, codes, name="ines"):
    await answered(ops, person, name)
    told = await person.types(f"link confirm {codes[-1]}")
    assert told.key == "link.made", told


async def standing(ops, client="acme"):
    found = await ops.back.store.links(client, after=ops.back.now())
    return [(one.member, one.gitlab) for one in found]


async def kept(ops, member="ines", client="acme"):
    return await ops.back.store.link_asked(client, member=member)


async def refusals(ops, client="acme"):
    """Why links were refused, as the chain has it."""
    return [
        json.loads(one.body)["reason"]["key"]
        for one in await ops.audit(client=client)
        if one.event == "link.refused"
    ]


# Ines is in the catalog without a GitLab name, and somebody in GitLab (see its seeds).


def joins(ops, username, name):
    world = ops.day.gitlab
    like = world.user("alice")
    token = next(t for t in world.tokens.values() if t.username == "alice")
    world.save(
        like.model_copy(
            update={
                "id": world.store.next("user") + 900,
                "username": username,
                "name": name,
                "email": f"{username}@acme.example",
            }
        ),
        token.model_copy(
            update={
                "id": world.store.next("token") + 900,
                "username": username,
                "value": person_token(username),
            }
        ),
    )


async def test_who_says_both_codes_is_linked(ops, codes):
    await answered(ops, ops.ines)

    told = await ops.ines.types(f"link confirm {codes[-1]}")

    assert told == Message.of("link.made", {"name": "ines"})
    assert await standing(ops) == [("ines", "ines")]


async def test_each_step_is_in_the_chain_of_the_member_s_organisation(ops, codes):
    await linked(ops, ops.ines, codes)

    assert [one for one in await ops.events() if one.startswith("link.")] == [
        "link.asked",
        "link.answered",
        "link.noted",
        "link.made",
    ]
    assert await ops.back.store.open_leases("acme") == ()


async def test_the_answer_says_where_with_which_title_and_how_long(ops, codes):
    told = await ops.ines.types("link ines")

    said = in_words(ops, told)
    assert "within 15 minutes" in said
    assert f"tandem link {codes[0]}" in said
    assert f"{ops.day.town.places.gitlab_url}/acme/infra/-/issues/new" in said


async def test_the_answer_in_gitlab_names_who_would_be_linked(ops, codes):
    await answered(ops, ops.ines)

    (note,) = answers(ops)
    assert "Ines Faure of acme" in note
    assert f"```\n/infra link confirm {codes[-1]}\n```" in note
    assert not ops.day.gitlab.ledger.of("quick_action.performed")
    assert "/acme/infra/-/issues/1" in whispers(ops)[-1]


async def test_somebody_of_the_provider_is_linked_in_the_provider_s_own_chain(
    ops, codes
):
    await linked(ops, ops.bob, codes, "bob")

    assert await standing(ops, PROVIDER) == [("bob", "bob")]
    assert await standing(ops) == []
    assert "link.made" in await ops.events(client=PROVIDER)
    assert not any(one.startswith("link.") for one in await ops.events())


async def test_a_name_may_be_typed_as_gitlab_shows_it(ops, codes):
    told = await ops.ines.types("link @ines")

    assert (told.key, told.args["name"]) == ("link.asked", "ines")


async def test_gitlab_s_own_spelling_of_a_name_is_the_same_name(ops, codes):
    await opens_issue(ops, "ines", await asks(ops.ines, "Ines"))
    await ops.tries()

    told = await ops.ines.types(f"link confirm {codes[-1]}")

    assert told.key == "link.made"


# --- who one is


async def test_alone_it_shows_who_tandem_takes_one_for(ops, codes):
    before = in_words(ops, await ops.ines.types("link"))
    await linked(ops, ops.ines, codes)
    after = in_words(ops, await ops.ines.types("link"))

    assert "You are Ines Faure (ines) of Acme: trainee." in before
    assert "The catalog does not say who you are in GitLab." in before
    assert "You have proved no GitLab user yourself." in before
    assert "You proved to be ines in GitLab, since" in after


async def test_it_shows_what_the_catalog_says_to_people_of_the_provider_too(ops):
    said = in_words(ops, await ops.bob.types("link"))

    assert "You are Bob Durand (bob) of Claranet: engineer." in said
    assert "In GitLab you are bob, says the catalog." in said


async def test_looking_at_oneself_writes_nothing(ops):
    await ops.ines.types("link")

    assert await ops.events() == []


async def test_who_is_linked_may_take_it_back(ops, codes):
    await linked(ops, ops.ines, codes)

    told = await ops.ines.types("link remove")

    assert told.key == "link.removed"
    assert await standing(ops) == []
    assert (await ops.events())[-1] == "link.removed"


async def test_what_is_not_there_is_not_taken_back(ops):
    told = await ops.ines.types("link remove")

    assert told.key == "refused.link-none"
    assert await refusals(ops) == ["refused.link-none"]


async def test_after_taking_it_back_one_is_linked_anew(ops, codes):
    await linked(ops, ops.ines, codes)
    await ops.ines.types("link remove")

    await linked(ops, ops.ines, codes)

    assert await standing(ops) == [("ines", "ines")]


# --- who is refused, and why


@pytest.mark.parametrize(
    ("who", "name", "why"),
    [
        ("ines", "bob", "refused.link-other-person"),
        ("alice", "alicia", "refused.link-other-name"),
        ("ines", "no,name", "refused.link-usage"),
        ("ines", "-x", "refused.link-usage"),
        ("ines", "two words", "refused.link-usage"),
        ("ines", "confirm", "refused.link-usage"),
        ("ines", "\u202ename", "refused.link-usage"),
        ("ines", "x" * 200, "refused.link-usage"),
    ],
)
async def test_a_name_that_cannot_be_theirs_is_refused_and_audited(ops, who, name, why):
    told = await getattr(ops, who).types(f"link {name}")

    assert told.key == why
    assert await refusals(ops) == [why]
    assert await ops.jobs() == []


async def test_a_user_that_somebody_else_proved_to_be_is_refused(ops, codes):
    await linked(ops, ops.ines, codes)

    told = await ops.oscar.types("link INES")

    assert told.key == "refused.link-taken"


async def test_a_user_that_somebody_of_the_provider_proved_to_be_is_refused(ops, codes):
    joins(ops, "erin2", "Erin")
    await ops.edits_catalog("provider.yaml", "    gitlab: erin\n", "")
    await linked(ops, ops.erin, codes, "erin2")

    told = await ops.ines.types("link erin2")

    assert told.key == "refused.link-taken"


async def test_of_two_who_ask_for_the_same_user_the_first_to_confirm_has_it(ops, codes):
    await opens_issue(ops, "ines", await asks(ops.ines))
    await opens_issue(ops, "ines", await asks(ops.oscar))
    await ops.tries()
    await ops.ines.types(f"link confirm {codes[2]}")

    told = await ops.oscar.types(f"link confirm {codes[3]}")

    assert told.key == "refused.link-taken"
    assert await standing(ops) == [("ines", "ines")]


async def test_who_is_linked_is_not_linked_to_a_second_user(ops, codes):
    await linked(ops, ops.ines, codes)

    told = await ops.ines.types("link ines2")

    assert told.key == "refused.link-already"


@pytest.mark.parametrize("line", ["link mallory", "link", "link confirm x"])
@pytest.mark.parametrize("who", ["mallory", "henri"])
async def test_who_is_nobody_here_is_turned_away(ops, who, line):
    told = await getattr(ops, who).types(line)

    assert told.key in ("refused.unknown-person", "refused.deactivated")
    assert await ops.events() == ["request.refused"]
    assert await ops.jobs() == []


async def test_it_is_asked_for_in_a_client_s_channel(ops):
    told = await ops.bob.at("C0ONCALL").types("link bob")

    assert told.key == "refused.provider-channel"


async def test_a_catalog_that_says_otherwise_meanwhile_is_heard(ops, codes):
    await answered(ops, ops.ines)
    await ops.edits_catalog("provider.yaml", "    gitlab: erin\n", "    gitlab: ines\n")

    told = await ops.ines.types(f"link confirm {codes[-1]}")

    assert told.key == "refused.link-other-person"
    assert await standing(ops) == []


# --- the code under the issue


async def test_a_second_time_the_code_makes_nothing(ops, codes):
    await linked(ops, ops.ines, codes)

    told = await ops.ines.types(f"link confirm {codes[-1]}")

    assert told.key == "refused.link-used"
    assert (await ops.events()).count("link.made") == 1


async def test_a_wrong_code_is_refused_with_how_many_tries_are_left(ops, codes):
    await answered(ops, ops.ines)

    told = await ops.ines.types(f"link confirm {codes[0]}")

    assert told == Message.of("refused.link-wrong-code", {"left": 4})
    assert await refusals(ops) == ["refused.link-wrong-code"]


async def test_after_five_wrong_codes_the_right_one_is_void(ops, codes):
    await answered(ops, ops.ines)
    told = [(await ops.ines.types(f"link confirm no-{n}")).key for n in range(5)]

    last = await ops.ines.types(f"link confirm {codes[-1]}")

    assert told == [*["refused.link-wrong-code"] * 4, "refused.link-wrong-codes"]
    assert last.key == "refused.link-wrong-codes"
    assert await standing(ops) == []


async def test_after_a_quarter_of_an_hour_the_code_is_void(ops, codes):
    await answered(ops, ops.ines)
    ops.clock.passes(minutes=15)

    told = await ops.ines.types(f"link confirm {codes[-1]}")
    again = await ops.ines.types(f"link confirm {codes[-1]}")
    await ops.works()

    assert told.key == again.key == "refused.link-expired"
    assert (await kept(ops)).ending == "expired"
    assert await standing(ops) == []


async def test_somebody_else_cannot_say_the_code(ops, codes):
    await answered(ops, ops.ines)
    await asks(ops.oscar, "oscar")

    waiting = await ops.oscar.types(f"link confirm {codes[1]}")
    nothing = await ops.carol.types(f"link confirm {codes[1]}")

    assert waiting.key == "refused.link-not-answered"
    assert nothing.key == "refused.link-nothing-asked"
    assert await standing(ops) == []


async def test_the_same_person_s_other_account_cannot_say_the_code(ops, codes):
    await ops.edits_catalog(
        "clients/acme/client.yaml",
        "user: U0INES }]",
        "user: U0INES }, { team: T0CLARANET, user: U0INES2 }]",
    )
    await answered(ops, ops.ines)
    other = type(ops.ines)(ops, "U0INES2")

    told = await other.types(f"link confirm {codes[-1]}")

    assert told.key == "refused.link-other-account"
    assert await standing(ops) == []


async def test_before_tandem_answered_there_is_no_code_to_say(ops, codes):
    await asks(ops.ines)

    told = await ops.ines.types(f"link confirm {codes[0]}")

    assert told.key == "refused.link-not-answered"
    assert (await kept(ops)).tries == 0


async def test_asking_anew_voids_what_was_asked_before(ops, codes):
    await answered(ops, ops.ines)
    await asks(ops.ines)

    told = await ops.ines.types(f"link confirm {codes[1]}")
    await ops.tries()

    assert told.key == "refused.link-not-answered"
    assert await standing(ops) == []


async def test_a_code_typed_as_a_name_is_no_name(ops, codes):
    await answered(ops, ops.ines)

    told = await ops.ines.types(f"link {codes[-1]}")

    assert told.key == "refused.link-usage"


# --- the issue


async def test_the_right_code_of_another_author_ends_it_and_is_told(ops, codes):
    await opens_issue(ops, "alice", await asks(ops.ines))

    await ops.tries()
    told = await ops.ines.types(f"link confirm {codes[-1]}")

    assert answers(ops) == []
    assert "opened by alice and not by ines" in whispers(ops)[-1]
    assert await refusals(ops) == ["link.other-author", "refused.link-nothing-asked"]
    assert told.key == "refused.link-nothing-asked"
    assert await ops.jobs() == []


async def test_who_copies_the_title_does_not_hinder_who_wrote_it(ops, codes):
    title = await asks(ops.ines)
    await opens_issue(ops, "ines", title)
    await opens_issue(ops, "alice", title)

    await ops.tries()

    assert len(answers(ops)) == 1


@pytest.mark.parametrize("title", ["{0}x", "x {0}", "tandem link ", "Tandem Link abc"])
async def test_an_issue_with_another_title_is_not_answered(ops, codes, title):
    await opens_issue(ops, "ines", title.format(await asks(ops.ines)))

    await ops.tries()

    assert answers(ops) == []
    ((_, task, _, _),) = await ops.jobs()
    assert task is Task.LINK


async def test_an_issue_of_another_client_s_project_is_not_looked_at(ops, codes):
    token = next(
        t for t in ops.day.gitlab.tokens.values() if t.value == person_token("ines")
    )
    token.levels[2] = token.levels[1]
    await opens_issue(ops, "ines", await asks(ops.ines), project=2)

    await ops.tries()

    assert answers(ops) == []


async def test_what_nobody_proves_expires_by_itself(ops, codes):
    await asks(ops.ines)
    await ops.tries()
    ops.clock.passes(minutes=15)
    await ops.works()

    assert (await ops.events())[-1] == "link.expired"
    assert "Nobody proved in time that you are ines" in whispers(ops)[-1]
    assert await ops.jobs() == []


async def test_what_nobody_confirms_expires_by_itself(ops, codes):
    await answered(ops, ops.ines)
    await ops.tries()
    ops.clock.passes(minutes=15)
    await ops.works()

    assert (await ops.events())[-1] == "link.expired"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    roles: [trainee]\n", "    roles: [trainee]\n    deactivated: true\n"),
        ("  - id: ines\n", "  - id: ines2\n"),
    ],
)
async def test_who_is_gone_meanwhile_is_answered_nothing(ops, codes, old, new):
    await opens_issue(ops, "ines", await asks(ops.ines))
    await ops.edits_catalog("clients/acme/client.yaml", old, new)

    await ops.tries()

    assert answers(ops) == []
    assert await refusals(ops) == ["link.gone"]


async def test_a_job_that_runs_again_after_the_end_does_nothing(ops, codes):
    await linked(ops, ops.ines, codes)
    ((number, task, client, found),) = await ops.jobs()

    await ops.runs(number, task, client, found)
    await ops.runs(0, task, client, "a" * 20)

    assert len(answers(ops)) == 1
    assert await ops.jobs() == []


# --- what goes wrong


class _DiedError(Exception):
    """The worker is gone."""


class Around:
    """The real forge, with one method that goes wrong."""

    def __init__(self, forge, **wrong):
        self._forge = forge
        self._wrong = wrong

    def __getattr__(self, name):
        return self._wrong.get(name) or getattr(self._forge, name)


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_worker_that_dies_with_the_code_makes_a_new_one(ops, codes, arrives):
    real = ops.back

    async def answer_issue(project, **more):
        if arrives:
            await real.forge.answer_issue(project, **more)
        raise _DiedError

    ops.back = ops.with_ports(forge=Around(real.forge, answer_issue=answer_issue))
    await opens_issue(ops, "ines", await asks(ops.ines))
    with pytest.raises(_DiedError):
        await ops.tries()
    ops.back = real
    await ops.tries()

    old = await ops.ines.types(f"link confirm {codes[1]}")
    new = await ops.ines.types(f"link confirm {codes[2]}")

    assert old.key == "refused.link-wrong-code"
    assert new.key == "link.made"
    assert (await ops.events()).count("link.answered") == 2


async def test_the_code_is_committed_before_it_is_written_under_the_issue(ops, codes):
    real, seen = ops.back, []

    async def answer_issue(project, **more):
        seen.append((await kept(ops)).answer_code)
        seen.append((await ops.events())[-1])
        await real.forge.answer_issue(project, **more)

    ops.back = ops.with_ports(forge=Around(real.forge, answer_issue=answer_issue))
    await answered(ops, ops.ines)

    assert seen == [digest(codes[1]), "link.answered"]


async def test_an_answer_that_may_have_arrived_is_given_again_with_another_code(
    ops, codes
):
    real, calls = ops.back, []

    async def answer_issue(project, **more):
        calls.append(more)
        await real.forge.answer_issue(project, **more)
        if len(calls) == 1:
            raise OutcomeUnknown("GitLab", "the line went dead")

    ops.back = ops.with_ports(forge=Around(real.forge, answer_issue=answer_issue))
    await opens_issue(ops, "ines", await asks(ops.ines))
    await ops.tries()
    await ops.tries()

    told = await ops.ines.types(f"link confirm {codes[-1]}")

    assert len(calls) == 2
    assert told.key == "link.made"


async def test_an_issue_that_cannot_be_answered_ends_it_with_the_reason(ops, codes):
    async def answer_issue(project, **more):
        raise Refused(Message.of("refused.gitlab-absent", {"what": "issue 1"}))

    ops.back = ops.with_ports(forge=Around(ops.back.forge, answer_issue=answer_issue))
    await answered(ops, ops.ines)

    assert await refusals(ops) == ["refused.gitlab-absent"]
    assert "You are not linked to ines" in whispers(ops)[-1]
    assert await ops.jobs() == []


async def test_an_outage_is_waited_out(ops, codes):
    real = ops.back

    async def out(*args, **more):
        raise Unavailable("GitLab", "down")

    ops.back = ops.with_ports(forge=Around(real.forge, titled_issues=out))
    await opens_issue(ops, "ines", await asks(ops.ines))
    await ops.tries()
    ops.back = real

    await ops.tries()

    assert len(answers(ops)) == 1


async def test_an_issue_deleted_meanwhile_is_said(ops, codes):
    real = ops.back

    async def answer_issue(project, **more):
        ops.day.gitlab.issues.clear()
        await real.forge.answer_issue(project, **more)

    ops.back = ops.with_ports(forge=Around(real.forge, answer_issue=answer_issue))
    await answered(ops, ops.ines)

    assert await refusals(ops) == ["refused.gitlab-absent"]


async def test_who_is_overtaken_by_another_replica_decides_again(ops, codes):
    await answered(ops, ops.ines)
    real, first = ops.back.store, await kept(ops)

    class Overtaking:
        """The real store; once, another replica is a little faster."""

        def __init__(self):
            self.left = 1

        def __getattr__(self, name):
            return getattr(real, name)

        async def write(self, writes):
            if self.left:
                self.left -= 1
                missed = Links(saves=(first.missed(at=ops.back.now()),))
                at = ops.back.now()
                await real.write(Writes(client="acme", at=at, links=missed))
            await real.write(writes)

    ops.back = ops.with_ports(store=Overtaking())
    told = await ops.ines.types("link confirm wrong")

    assert told == Message.of("refused.link-wrong-code", {"left": 3})


async def test_who_is_overtaken_again_and_again_is_told_so(ops, codes):
    await answered(ops, ops.ines)
    real = ops.back.store

    class AlwaysFaster:
        def __getattr__(self, name):
            return getattr(real, name)

        async def write(self, writes):
            latest = await kept(ops)
            noted = Links(saves=(latest.noted(at=ops.back.now()),))
            await real.write(Writes(client="acme", at=ops.back.now(), links=noted))
            await real.write(writes)

    ops.back = ops.with_ports(store=AlwaysFaster())
    with pytest.raises(Unavailable):
        await ops.ines.types(f"link confirm {codes[-1]}")


# --- codes are secrets


async def test_the_same_delivery_twice_shows_no_code(ops, codes):
    knock = ops.ines._knock("link ines")

    first = await link(knock, front=ops.back)
    again = await link(knock, front=ops.back)

    assert first.key == "link.asked"
    assert again == Message.of("link.told", {"name": "ines"})
    assert (await kept(ops)).asked_code == digest(codes[0])
    assert (await ops.events()).count("link.asked") == 1


async def test_a_delivery_of_another_client_s_key_says_it_came_before(ops, codes):
    knock = ops.gina._knock("link remove")
    await link(knock, front=ops.back)
    mine = type(knock)("T0CLARANET", "U0INES", ACME, "link remove", knock.delivery)

    told = await link(mine, front=ops.back)

    assert told.key == "decided.already-delivered"


async def everything_stored(ops):
    """Every row of every table, as text."""
    names = await ops._sql(
        "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname = 'public' AND relkind = 'r'"
    )
    rows = [await ops._sql(f"SELECT t::text FROM {name} t") for (name,) in names]  # noqa: S608 - a table of ours
    return "\n".join(one for (one,) in itertools.chain(*rows))


async def test_no_code_is_in_the_database_or_in_the_logs(ops, codes, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as logged:
        await opens_issue(ops, "alice", await asks(ops.ines))
        await ops.tries()
        await answered(ops, ops.ines)
        for line in (
            "link confirm {0} twice",
            "link {0}",
            "confirm {0}",
            "Link confirm {0}",
            'link confirm "{0}',
            "link confirm {0}x",
        ):
            await ops.ines.types(line.format(codes[-1]))
            await ops.mallory.types(line.format(codes[-1]))
        await ops.ines.types(f"link confirm {codes[0]}")
        await ops.ines.types(f"link confirm {codes[-1]}")
        await ops.ines.types(f"link confirm {codes[-1]}")
        await ops.works()

    said = [one.text for one in ops.slack.posts()]
    kept = await everything_stored(ops)
    found = "\n".join((kept, str(logged), caplog.text, *said, *capsys.readouterr()))
    assert await standing(ops) == [("ines", "ines")]
    assert len(codes) == 3
    for code in codes:
        assert code not in found
        assert digest(code) in kept


# --- what a link is for


async def test_who_is_linked_to_an_author_may_not_decide(ops, codes):
    await ops.edits_catalog("provider.yaml", "    gitlab: bob\n", "")
    await linked(ops, ops.bob, codes, "bob")
    await opens(ops, "alice")
    await ops.pushes("bob", "bigger-web-2", {"notes.md": "Mine\n"})
    card = await noticed(ops)

    answer = await ops.bob.approves(card)

    assert answer.key == "refused.author-decision"
    assert await ops.state(card) is State.PROPOSED


async def test_taking_the_link_back_makes_nobody_a_decider(ops, codes):
    await ops.edits_catalog("provider.yaml", "    gitlab: bob\n", "")
    await linked(ops, ops.bob, codes, "bob")
    await ops.bob.types("link remove")
    await opens(ops, "alice")
    await ops.pushes("bob", "bigger-web-2", {"notes.md": "Mine\n"})
    card = await noticed(ops)

    answer = await ops.bob.approves(card)

    assert answer.key == "refused.author-decision"


async def test_a_linked_author_is_nobody_unknown_on_a_card(ops, codes):
    await linked(ops, ops.ines, codes)
    await opens(ops, "alice")
    await ops.pushes("ines", "bigger-web-2", {"notes.md": "Mine\n"})

    card = await noticed(ops)

    assert card.operation.proposal.authors == ("alice", "ines")
    assert card.operation.risk is not Risk.HIGH


async def test_a_merge_request_of_who_is_linked_is_theirs(ops, codes):
    await ops.edits_catalog("clients/acme/client.yaml", "    gitlab: alice\n", "")
    await linked(ops, ops.alice, codes, "alice")
    await opens(ops, "alice")

    card = await noticed(ops)

    assert card.operation.requester == "alice"


async def test_who_was_deactivated_gains_nothing_by_a_link(ops, codes):
    await ops.edits_catalog("clients/acme/client.yaml", "    gitlab: alice\n", "")
    await linked(ops, ops.alice, codes, "alice")
    await ops.edits_catalog(
        "clients/acme/client.yaml",
        "    roles: [developer]\n",
        "    roles: [developer]\n    deactivated: true\n",
    )
    await opens(ops, "alice")

    await ops.sweeps()

    assert (await ops.events())[-1] == "request.refused"
    assert "operation.asked" not in await ops.events()


async def test_a_link_of_another_client_says_nothing_here(ops, codes):
    joins(ops, "zoe", "Zoe")
    token = next(
        t for t in ops.day.gitlab.tokens.values() if t.value == person_token("zoe")
    )
    token.levels[2] = token.levels[1]
    await ops.edits_catalog("clients/globex/client.yaml", "    gitlab: gina\n", "")
    await opens_issue(ops, "zoe", await asks(ops.gina, "zoe"), project=2)
    await ops.tries()
    await ops.gina.types(f"link confirm {codes[-1]}")
    await opens(ops, "zoe")

    await ops.sweeps()

    assert await standing(ops, "globex") == [("gina", "zoe")]
    assert await ops.events() == ["request.refused"]
