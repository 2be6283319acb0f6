"""Policies: taken apart, held to their schema and names, and asked."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Broken
from bot.domain.rights import (
    Action,
    Actor,
    Asked,
    Known,
    Policies,
    PolicyFile,
    Thing,
    flaws,
    judge,
)
from bot.domain.rights.rules import compiled
from bot.domain.rights.source import pieces, place
from bot.domain.scope import Environment, Risk
from bot.outbound.catalog_policies import shipped

SCHEMA = shipped().schema_text
KNOWN = Known(
    of={
        None: {
            "Action": list(Action),
            "Client": ["acme", "globex"],
            "Environment": ["staging", "production"],
            "Kind": ["instance", "database"],
            "Member": ["alice", "bob", "gina"],
            "Organisation": ["claranet", "acme", "globex"],
            "Role": ["client.developer", "client.owner", "provider.oncall"],
            "Target": ["acme/db-prod", "globex/shop-db"],
        },
        "acme": {
            "Action": list(Action),
            "Client": ["acme"],
            "Environment": ["staging", "production"],
            "Kind": ["instance", "database"],
            "Member": ["alice", "bob"],
            "Organisation": ["claranet", "acme"],
            "Role": ["client.developer", "client.owner", "provider.oncall"],
            "Target": ["acme/db-prod"],
        },
    },
    commands=["backup", "resize"],
)
DB = Thing("db-prod", Environment.PRODUCTION, "database", critical=True)
ALICE = Actor("alice", "acme", frozenset({"client.developer"}))
GINA = Actor("gina", "globex", frozenset({"client.developer"}))


def named(name, policy):
    return f'@id("{name}")\n@because("Because it is so.")\n{policy}\n'


def policies(text, *, client=None, **more):
    files = [PolicyFile(file="policies/x.cedar", text=text, client=client)]
    for file, words in more.items():
        files.append(PolicyFile(file=f"{file}.cedar", text=words, client=file))
    return Policies(schema_text=SCHEMA, files=tuple(files))


def rules(*texts, client="acme", **more):
    every = policies("\n".join(texts), **more)
    return compiled(every, clients=("acme", "globex"))[client]


def asked(**changes):
    found = {
        "action": Action.ASK,
        "actor": ALICE,
        "client": "acme",
        "thing": DB,
        "command": "backup",
        "risk": Risk.MEDIUM,
    }
    return Asked(**(found | changes))


def ruled(of, **changes):
    (found,) = judge(of, (asked(**changes),))
    return found


ANY_ASK = named("any", 'permit (principal, action == Action::"ask", resource);')
NO_DATABASES = named(
    "no-databases",
    'forbid (principal, action == Action::"ask", resource in Kind::"database");',
)

STRANGE = (asked(client="globex"),)

# --- asking


def test_without_any_policy_the_answer_is_no():
    answer = ruled(rules())

    assert not answer.allowed
    assert answer.rules == ()


def test_a_permit_is_named_with_its_place_and_reason():
    answer = ruled(rules("// a remark\n\n", ANY_ASK))

    (rule,) = answer.rules
    assert answer.allowed
    assert (rule.id, rule.place) == ("any", "policies/x.cedar:4")
    assert rule.because.args == {"words": "Because it is so."}
    assert answer.failed == ""


def test_one_forbid_outweighs_every_permit():
    answer = ruled(rules(ANY_ASK, NO_DATABASES))

    assert not answer.allowed
    assert [one.id for one in answer.rules] == ["no-databases"]


def test_a_question_that_a_policy_cannot_be_asked_is_answered_no():
    # Cedar itself would leave the failing forbid out, and permit.
    found = rules(
        ANY_ASK,
        named(
            "risky",
            'forbid (principal, action == Action::"ask", resource)'
            " when { context.risk >= 3 };",
        ),
    )

    without_a_risk = ruled(found, risk=None)

    assert not without_a_risk.allowed
    assert "risk" in without_a_risk.failed


def test_a_policy_that_fails_while_it_is_asked_makes_it_a_no():
    most = 2**63 - 1
    found = rules(
        ANY_ASK,
        named(
            "overflows",
            'forbid (principal, action == Action::"ask", resource)'
            f" when {{ context.risk + {most} > 0 }};",
        ),
    )

    answer = ruled(found)

    assert not answer.allowed
    assert "overflows" in answer.failed


def test_a_client_s_permit_never_reaches_another_client():
    every = policies("", acme=ANY_ASK)
    found = compiled(every, clients=("acme", "globex"))

    own = ruled(found["acme"])
    other = ruled(found["globex"], client="globex", actor=GINA)

    assert own.allowed
    assert not other.allowed
    assert found["globex"].rules == {}


def test_a_client_s_permit_does_not_outweigh_what_is_forbidden_to_all():
    every = policies(NO_DATABASES, acme=ANY_ASK)

    answer = ruled(compiled(every, clients=("acme",))["acme"])

    assert [one.id for one in answer.rules] == ["no-databases"]


def test_the_rules_of_one_client_answer_nothing_about_another():
    of = rules(ANY_ASK)

    # One such question, and nothing is said to those that come with it.
    for found in (judge(of, [asked(client="globex")]), judge(of, [asked(), *STRANGE])):
        assert {(one.allowed, one.failed) for one in found} == {(False, "other client")}


def test_an_answer_by_a_rule_that_is_not_ours_is_none():
    of = dataclasses.replace(rules(ANY_ASK), rules={})

    answer = ruled(of)

    assert (answer.allowed, answer.rules) == (False, ())


@pytest.mark.parametrize(
    ("policy", "changes"),
    [
        ('permit (principal, action, resource == Target::"acme/db-prod");', {}),
        ('permit (principal in Organisation::"acme", action, resource);', {}),
        (
            (
                'permit (principal, action == Action::"ask", resource)'
                " when { context.risk == 1 };"
            ),
            {"risk": Risk.LOW},
        ),
        (
            (
                'permit (principal, action == Action::"cancel", resource)'
                " when { context.requester == principal };"
            ),
            {"action": Action.CANCEL},
        ),
        (
            (
                'permit (principal, action == Action::"cancel", resource)'
                ' when { context.requester == Member::"bob" };'
            ),
            {"action": Action.CANCEL, "requester": "bob"},
        ),
    ],
    ids=["target", "organisation", "lowest risk", "own", "another's"],
)
def test_what_a_question_is_about_can_be_asked_by_its_name(policy, changes):
    assert ruled(rules(named("it", policy)), **changes).allowed


def test_several_questions_are_answered_each_by_itself():
    staging = dataclasses.replace(DB, name="x", kind="instance")

    found = judge(
        rules(ANY_ASK, NO_DATABASES), (asked(), asked(thing=staging), asked())
    )

    assert [one.allowed for one in found] == [False, True, False]
    assert judge(rules(ANY_ASK), ()) == ()


def test_of_two_questions_with_other_roles_each_is_answered_with_its_own():
    role = 'permit (principal in Role::"client.developer", action, resource);'
    nobody = dataclasses.replace(ALICE, roles=frozenset())
    changed = dataclasses.replace(DB, critical=False)
    of = rules(named("developers", role))

    found = judge(of, (asked(), asked(actor=nobody), asked(thing=changed)))

    assert [one.allowed for one in found] == [True, False, True]


def test_of_a_target_that_left_the_catalog_nothing_is_known_but_where_it_was():
    gone = Thing("old", Environment.PRODUCTION, None, critical=True)
    found = rules(
        named(
            "there",
            'permit (principal, action == Action::"decide",'
            ' resource in Environment::"production") when { resource.critical };',
        )
    )

    answer = ruled(found, action=Action.DECIDE, thing=gone, requester="bob")

    assert answer.allowed


@pytest.mark.parametrize("action", set(Action) - {Action.DELEGATE})
def test_every_action_can_be_asked_about(action):
    found = rules(
        named("it", f'permit (principal, action == Action::"{action}", resource);')
    )

    answer = ruled(found, action=action)

    assert answer.allowed
    assert not ruled(rules(), action=action).allowed


@pytest.mark.parametrize("holds", [True, False])
def test_delegating_asks_whether_the_role_is_one_s_own(holds):
    found = rules(
        named(
            "own",
            'permit (principal, action == Action::"delegate", resource)'
            ' when { context.holds && context.role == Role::"provider.oncall" };',
        )
    )

    answer = ruled(found, action=Action.DELEGATE, role="provider.oncall", holds=holds)

    assert answer.allowed is holds


# --- the version


def version(*texts, **more):
    return rules(*texts, **more).version


def test_a_remark_a_reason_and_the_order_do_not_change_the_version():
    plain = version(ANY_ASK, NO_DATABASES)

    assert version("// why\n", NO_DATABASES, ANY_ASK) == plain
    assert version(ANY_ASK.replace("so.", "not."), NO_DATABASES) == plain


@pytest.mark.parametrize(
    ("old", "new"),
    [("permit", "forbid"), ('"any"', '"other"'), ("ask", "decide")],
)
def test_another_rule_is_another_version(old, new):
    assert version(ANY_ASK.replace(old, new)) != version(ANY_ASK)


def test_another_client_s_rules_leave_the_version_alone():
    assert version(ANY_ASK, globex=NO_DATABASES) == version(ANY_ASK)
    assert version(ANY_ASK, acme=NO_DATABASES) != version(ANY_ASK)


def test_targets_that_a_rule_names_are_known():
    found = rules(
        named(
            "one",
            'permit (principal, action == Action::"ask",'
            ' resource == Target::"acme/db-prod");',
        )
    )

    assert found.named == {"acme/db-prod"}


def test_policies_that_were_never_checked_are_not_asked():
    with pytest.raises(Broken, match="never checked"):
        rules("permit (")


# --- what is wrong, and where

OK = 'permit (principal, action == Action::"ask", resource);'
WRONG = [
    # policy, line, column, key, what is said of it
    (named("a-b", "permit (principal, action == , resource);"), 3, 30, "unreadable", 0),
    (named("a-b", "permit (princpal, action, resource);"), 3, 9, "unreadable", 0),
    (named("a-b", "permit (principal, action"), 3, 20, "unreadable", 0),
    (named("a-b", 'permit (principal, action, resource) when { "x };'), 3, 45, 0, 0),
    (named("a-b", f"{OK[:-1]});"), 3, len(OK), "unreadable", "unexpected token `)`"),
    (
        named("a-b", f"{OK[:-1].replace(', res', ' res')} 1"),
        3,
        54,
        "unreadable",
        "unexpected token `1`",
    ),
    (f'@because("x")\n{OK}\n', 2, 1, "no-id", 0),
    (f'@id("A b")\n@because("x")\n{OK}', 1, 5, "bad-id", "A b"),
    (f'@id("a-b")\n{OK}', 2, 1, "no-because", 0),
    (f'@id("a-b")\n@because(" ")\n{OK}', 3, 1, "no-because", 0),
    (f'@id("a-b")\n@because("{"x" * 301}")\n{OK}', 2, 2, "bad-because", 300),
    (named("a-b", f'@reason("x")\n{OK}'), 3, 2, "unknown-annotation", "reason"),
    (named("a-b", "permit (principal, action, resource);"), 3, 1, "permits-all", 0),
    (named("a-b", OK) + named("a-b", OK), 4, 5, "repeated-id", "a-b"),
    (named("a-b", "permit (principal == ?principal, action, resource);"), 3, 1, 0, 0),
    (
        named("a-b", OK.replace("principal", 'principal == Member::"alcie"')),
        3,
        30,
        "unknown-name",
        "alcie",
    ),
    (
        named("a-b", OK.replace("resource", 'resource in Client::"initech"')),
        3,
        65,
        "unknown-name",
        "initech",
    ),
    (
        named("a-b", OK[:-1] + ' when { context.command == Command::"rezise" };'),
        3,
        90,
        "unknown-name",
        "rezise",
    ),
    (named("a-b", OK.replace('"ask"', '"aks"')), 3, 38, "unknown-name", "aks"),
    (named("a-b", OK[:-1] + " when { resource.size == 3 };"), 3, 71, "misfit", 0),
    (
        named("a-b", OK.replace("Action", "Action::Action")),
        3,
        46,
        "misfit",
        'unrecognized action `Action::Action::"ask"`',
    ),
    (named("a-b", OK[:-1] + " when { context.risk == true };"), 3, 1, "misfit", 0),
    (
        named(
            "a-b", 'permit (principal, action == Action::"see", resource is Target);'
        ),
        3,
        1,
        "misfit",
        0,
    ),
]


@pytest.mark.parametrize(("text", "line", "column", "key", "got"), WRONG)
def test_a_wrong_policy_is_told_with_its_place(text, line, column, key, got):
    found = flaws(policies(text), known=KNOWN)

    (flaw,) = found
    assert (flaw.file, flaw.line, flaw.column) == ("policies/x.cedar", line, column)
    if key:
        assert flaw.message.key == f"catalog.policy-{key}"
    if got:
        assert got in flaw.message.args.values()


def test_sound_policies_have_no_flaw():
    assert flaws(policies(ANY_ASK + NO_DATABASES), known=KNOWN) == ()
    assert flaws(shipped(), known=KNOWN) != ()  # roles that this small world lacks


def test_every_wrong_policy_is_told_at_once():
    text = named("a-b", "permit (;") + named("c-d", OK.replace('"ask"', '"aks"'))

    found = flaws(policies(text), known=KNOWN)

    assert [one.line for one in found] == [3, 6]


def test_a_client_s_policy_names_nothing_of_another_client():
    text = named("a-b", OK.replace("resource", 'resource == Target::"globex/shop-db"'))

    (own,) = flaws(policies(text, client="acme"), known=KNOWN)
    everybody = flaws(policies(text), known=KNOWN)

    assert own.message.key == "catalog.policy-other-client"
    assert own.message.args["client"] == "acme"
    assert "globex" not in str(own.message.args["known"])
    assert everybody == ()


def test_a_name_is_taken_across_files_too():
    found = flaws(policies(ANY_ASK, acme=ANY_ASK), known=KNOWN)

    (flaw,) = found
    assert flaw.file == "acme.cedar"
    assert flaw.message.args["first"] == "policies/x.cedar"


def test_two_clients_may_use_the_same_name():
    known = dataclasses.replace(KNOWN, of=KNOWN.of | {"globex": KNOWN.of[None]})

    found = flaws(policies("", acme=ANY_ASK, globex=ANY_ASK), known=known)

    assert found == ()


def test_commands_that_are_not_known_are_not_checked():
    text = named("a-b", OK[:-1] + ' when { context.command == Command::"soon" };')

    assert flaws(policies(text), known=dataclasses.replace(KNOWN, commands=None)) == ()


# --- taking apart

gaps = st.sampled_from([" ", "\n", "// forbid; everything\n", "\t", "\r\n"])
texts = st.text(alphabet='ab;"\\/', max_size=6).map(
    lambda raw: '"' + raw.replace("\\", "\\\\").replace('"', '\\"') + '"'
)


@given(
    st.lists(st.lists(st.tuples(gaps, st.one_of(texts, st.just("word"))), min_size=1))
)
def test_a_file_falls_apart_at_its_semicolons_and_nowhere_else(policies):
    text = "".join(
        "".join(gap + one for gap, one in policy) + ";" for policy in policies
    )

    found = pieces(text)

    assert len(found) == len(policies)
    for piece in found:
        assert text[piece.start :].startswith(piece.text)
        assert piece.text.endswith(";")
        assert piece.upto(len(piece.tokens)) == piece.text


@given(st.text(alphabet="ab\n", max_size=30), st.integers(0, 30))
def test_a_place_is_the_one_an_editor_shows(text, start):
    start = min(start, len(text))

    line, column = place(text, start)

    lines = text.split("\n")
    assert sum(len(one) + 1 for one in lines[: line - 1]) + column - 1 == start


@given(st.text(max_size=80))
def test_any_text_at_all_is_read_or_refused_with_a_place(text):
    found = flaws(policies(text), known=KNOWN)

    lines = text.count("\n") + 1
    assert all(1 <= one.line <= lines and one.column >= 1 for one in found)
    assert bool(found) == bool(pieces(text))
