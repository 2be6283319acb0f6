"""
Every policy of the sample catalog, asked about everything: each no is explained.

The questions are made from the catalog itself, so a new policy is covered the moment it
is written down, and one without an explanation fails here.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from itertools import product

import pytest

from bot import registry
from bot.domain.catalog.rights import ROLES
from bot.domain.message import Message
from bot.domain.rights import Action, Asked, judge
from bot.domain.rights.asked import ON_TARGETS
from bot.domain.scope import Risk
from bot.domain.timing.rota import Standing
from bot.flow.explaining import NOTHING_PERMITS, refused
from bot.flow.naming import in_names
from bot.flow.rights import actor, thing
from bot.outbound import clock
from bot.outbound.catalog import load
from bot.outbound.speech import Speech
from bot.ports import Front
from tests.flow.world import CATALOG, ROOT

CLIENTS = ("acme", "globex")
SPEECH = Speech()
KEY = re.compile(r"refused\.([a-z-]+)")
PATTERN = r"^((?:refused-)?{}) =((?:.*\n)(?:[ ].*\n)*)"


@cache
def front():
    found = registry.load()
    catalog = load(CATALOG, commands=found.commands)

    class InForce:
        def current(self):
            return catalog

    return Front(
        store=None,
        catalog=InForce(),
        registry=found,
        now=clock.now,
        new_id=clock.new_id,
        new_code=clock.new_code,
    )


def questions(client):
    """Everything that anybody could ask of this client's policies."""
    catalog, at = front().catalog.current(), clock.now()
    people = [
        actor(one, client=client, at=at, front=front())
        for one in catalog.people(client)
    ]
    targets = [thing(one) for one in catalog.client(client).targets]
    requesters = [one.id for one in people]
    for who, action in product(people, Action):
        if action is Action.DELEGATE:
            for role in ROLES:
                holds = role in who.roles
                yield Asked(action, who, client, role=role, holds=holds)
        elif action not in ON_TARGETS:
            yield Asked(action, who, client)
        else:
            for what, command, risk in product(
                targets, front().registry.commands, Risk
            ):
                # A few requesters are enough: oneself and somebody else.
                for asker in {who.id, requesters[0]}:
                    yield Asked(action, who, client, what, command, risk, asker)


@cache
def answered(client):
    rules = front().catalog.current().rules(client)
    every = tuple(questions(client))
    return tuple(zip(every, judge(rules, every), strict=True))


def rules_of(client):
    return front().catalog.current().rules(client).rules


EVERY = [(client, name) for client in CLIENTS for name in rules_of(client)]


@pytest.mark.parametrize(("client", "name"), EVERY)
async def test_every_policy_says_why_it_is_there(client, name):
    words = SPEECH.say(rules_of(client)[name].because, language="en")

    assert len(words) > 20
    assert words.endswith(".")


@pytest.mark.parametrize("name", sorted({name for _, name in EVERY}))
async def test_every_policy_decides_something(name):
    # For somebody of some client: not every client has people of every role.
    found = [
        (rule.effect, ruled.allowed)
        for client in CLIENTS
        for _, ruled in answered(client)
        for rule in ruled.rules
        if rule.id == name
    ]

    assert found, f"{name} never says anything"
    assert set(found) <= {("permit", True), ("forbid", False)}


@pytest.mark.parametrize("client", CLIENTS)
async def test_no_question_at_all_makes_a_policy_fail(client):
    assert [ruled.failed for _, ruled in answered(client) if ruled.failed] == []


@pytest.mark.parametrize("client", CLIENTS)
async def test_every_no_names_its_rule_who_can_and_what_else(client):
    seen = set()
    for asked, ruled in answered(client):
        by = tuple(rule.id for rule in ruled.rules)
        kind = (asked.action, asked.actor.id, by, asked.thing)
        if ruled.allowed or kind in seen:
            continue
        seen.add(kind)
        no = refused(asked, ruled, standing=Standing(), front=front())
        words = SPEECH.say(
            in_names(no.message, team="T0CLARANET", front=front()), language="en"
        )
        if ruled.rules:
            assert no.rule == ruled.rules[0].id
            assert f"{no.rule} ({ruled.rules[0].place})" in words
        else:
            assert no.rule == NOTHING_PERMITS
            assert "No rule permits this to you." in words
        assert " can." in words or "Nobody can" in words or " more can." in words
        assert words.endswith(("do it.", "the provider."))

    assert seen


# What is no question of who may: how things stand already, or one rule said elsewhere.
NO_RULES = {
    *("decided-already", "already-decided-by-you", "not-open", "too-late-to-cancel"),
    *("not-in-doubt", "glass-not-open", "review-closed", "review-early"),
    *("not-running", "not-stoppable"),
    "glass-review-elsewhere",
}


def said_no():
    """Every rule by which the program itself says no, as its own code has them."""
    rules = ("policy", "timing_policy", "delegation", "glass")
    files = [ROOT / "bot" / "domain" / f"{name}.py" for name in rules]
    for path in (*files, *sorted((ROOT / "bot" / "flow").glob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            named = [one.value for one in node.keywords if one.arg == "rule"]
            if isinstance(node.func, ast.Name) and node.func.id == "_no":
                named += node.args[:1]
            for one in named:
                if isinstance(one, ast.Constant) and one.value:
                    yield one.value


BUILT_IN = sorted({*said_no()} - NO_RULES)


def words_of(rule):
    """What is said by a rule, whatever stands in it."""
    name, text = next(
        found.groups()
        for path in sorted((ROOT / "bot" / "messages").glob("*.en.ftl"))
        if (found := re.search(PATTERN.format(rule), path.read_text(), re.MULTILINE))
    )
    args = dict.fromkeys(re.findall(r"\$([\w-]+)", text), "Carol")
    return SPEECH.say(Message.of(name.replace("-", ".", 1), args), language="en")


async def test_the_program_s_own_rules_are_found():
    assert {"self-decision", "freeze-of-others", "deactivated", "frozen"} <= {*BUILT_IN}


@pytest.mark.parametrize("rule", BUILT_IN)
async def test_a_no_of_the_program_itself_names_its_rule_and_a_way_on(rule):
    words = words_of(rule)

    assert f"(rule {rule}, built in)" in words
    assert re.search(r"Carol|[Pp]lease|/infra", words)


# Who says no without a rule tells how things stand.
UNNAMED = {
    *("trust-same", "link-none", "undo-none", "undo-not-done", "undo-overtaken"),
}


async def test_no_other_refusal_leaves_its_rule_out_of_the_audit():
    found = set()
    for path in sorted((ROOT / "bot" / "flow").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if getattr(getattr(node, "func", None), "id", "") != "NotAllowed":
                continue
            if not any(one.arg == "rule" for one in node.keywords):
                found.add(ast.unparse(node.args[0]))

    assert {key for one in found for key in KEY.findall(one)} == UNNAMED
