"""Each rule of governance.md as people meet it on the page, in a real browser."""

from __future__ import annotations

import subprocess

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import start, stop
from tests.e2e.page import ALICE, BOB, CAROL, ERIN, approves, asks, cards, says, shot
from tests.e2e.test_page_governance import named, whisper
from tests.e2e.test_page_stories import places

pytestmark = [pytest.mark.page, pytest.mark.timeout(300)]
DAVE, INES, GINA = "U0DAVE", "U0INES", "U0GINA"


@pytest.fixture(scope="module")
def sandbox(folder):
    """
    A world of its own: trust and on-call are everybody's.

    What grows trust in staging may run first: what must wait is asked of production.
    """
    started = start(folder / "rules")
    yield started
    stop(started)


@pytest.fixture
def gitlab(become, sandbox):
    """The stand-in's own pages, in a tab of somebody's."""

    def at(page, path):
        tab = page.context.new_page()
        tab.goto(f"http://127.0.0.1:{places(sandbox)['gitlab']}{path}")
        return tab

    return at


def answered(page, line):
    """Type a line, and return what is whispered to whoever typed it."""
    there = page.locator('article.message[data-ephemeral="true"]')
    fresh = there.nth(there.count())
    says(page, line)
    expect(fresh).to_be_visible()
    return fresh


def test_who_may_is_told_beforehand_and_with_the_rule(become):
    alice, ines = become(ALICE), become(INES)

    may = answered(alice, "/infra can-i resize web-2 m5.large")
    expect(may).to_contain_text("on-call")
    shot(alice, "rules-1-can-i")
    no = answered(ines, "/infra resize web-2 m5.large")
    expect(no).to_contain_text("trainees-stay-out-of-production")
    expect(no).to_contain_text("everybody.cedar")
    expect(no).to_contain_text("web-staging")
    shot(ines, "rules-2-refused-by-a-rule")
    expect(answered(ines, "/infra can-i restart web-1")).to_contain_text(
        "trainees-stay-out-of-production"
    )


def test_the_provider_s_own_request_is_decided_by_somebody_else(become):
    bob, dave = become(BOB), become(DAVE)

    card = asks(bob, "/infra backup db-prod", seen_by=dave)
    mine = cards(bob).filter(has_text=named(card)[0])
    approves(bob, mine)
    expect(whisper(bob)).to_contain_text("You asked for this")
    expect(card).to_contain_text("Waiting for approval")
    says(bob, "/infra cancel " + named(card)[0])
    expect(card).to_contain_text("↩️")


def test_on_call_is_handed_over_and_the_card_names_who_has_it(become):
    alice, bob, dave = become(ALICE), become(BOB), become(DAVE)

    says(bob, "/infra oncall give @dave until tomorrow 09:00")
    expect(bob.locator("[data-testid=messages]")).to_contain_text("Dave")
    expect(answered(alice, "/infra oncall")).to_contain_text("Dave")
    card = asks(alice, "/infra backup db-prod", seen_by=dave)
    expect(card).to_contain_text("@Dave Leroy")
    shot(dave, "rules-3-on-call")
    approves(dave, card)
    expect(card).to_contain_text("✅ Done")
    says(dave, "/infra oncall give @bob until tomorrow 09:00")
    expect(answered(alice, "/infra oncall")).to_contain_text("Bob")


def test_what_is_to_happen_later_is_decided_now_and_says_when(become):
    alice, bob = become(ALICE), become(BOB)

    card = asks(alice, '/infra backup db-prod --at "tomorrow 03:00"', seen_by=bob)
    expect(card).to_contain_text("03:00")
    approves(bob, card)
    expect(card).to_contain_text("👍")
    shot(bob, "rules-4-scheduled")
    says(alice, "/infra cancel " + named(card)[0])
    expect(card).to_contain_text("↩️")


def test_a_role_is_lent_and_taken_back(become):
    carol, alice = become(CAROL), become(ALICE)
    channel = alice.locator("[data-testid=messages]")

    says(carol, "/infra delegate client.owner to @alice until friday 18:00")
    expect(channel).to_contain_text("lends being")
    expect(answered(alice, "/infra delegate")).to_contain_text("Alice Martin")
    shot(alice, "rules-5-lent")
    says(carol, "/infra delegate client.owner back")
    expect(channel).to_contain_text("back from")
    expect(answered(alice, "/infra delegate")).to_contain_text("Nobody has lent")


def test_a_merge_request_of_one_s_own_comes_to_the_same_gate(become, gitlab, sandbox):
    alice, bob = become(ALICE), become(BOB)
    file = "environments/staging/terraform.tfvars"
    there = bob.locator("[data-testid=messages] article.message").filter(
        has=bob.locator("[data-block-type=header]")
    )
    card = there.nth(there.count())

    tab = gitlab(alice, f"/acme/infra/-/edit/{file}")
    tab.locator('select[name="who"]').select_option("alice")
    text = tab.locator("textarea").input_value()
    assert "t3.small" in text
    tab.locator("textarea").fill(text.replace("t3.small", "t3.large"))
    tab.locator('input[name="title"]').fill("Staging needs more memory")
    tab.get_by_role("button", name="Create merge request").click()
    expect(tab.locator("h1")).to_contain_text("Staging needs more memory")

    expect(card).to_contain_text("Staging needs more memory")
    expect(card).to_contain_text("t3.large")
    shot(bob, "rules-6-own-merge-request")
    approves(bob, card)
    expect(card).to_contain_text("✅ Done")
    repository = sandbox.state / "gitlab" / "repositories" / "1.git"
    main = subprocess.run(
        ["/usr/bin/git", "-C", repository, "show", f"main:{file}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "t3.large" in main


def test_who_one_is_in_gitlab_is_proven_both_ways(become, gitlab):
    ines = become(INES)

    told = answered(ines, "/infra link ines")
    title = told.get_by_text("tandem link").inner_text().splitlines()
    (title,) = [one for one in title if one.startswith("tandem link")]
    tab = gitlab(ines, "/acme/infra/-/issues/new")
    tab.locator('select[name="who"]').select_option("ines")
    tab.locator('input[name="title"]').fill(title)
    tab.get_by_role("button", name="Create issue").click()
    line = tab.get_by_text("/infra link confirm").first
    expect(line).to_be_visible(timeout=60_000)
    said = line.inner_text()
    at = said.index("/infra link confirm")
    confirmed = answered(ines, said[at:].splitlines()[0].strip(" `"))
    expect(confirmed).to_contain_text("You are linked to ines")
    shot(ines, "rules-7-link")


def test_trust_grows_by_agreement_and_then_small_things_pass_by_themselves(become):
    alice, bob, carol, erin = (become(who) for who in (ALICE, BOB, CAROL, ERIN))

    shown = answered(carol, "/infra trust")
    expect(shown).to_contain_text("staging")
    shot(carol, "rules-8-trust")
    card = asks(carol, "/infra trust staging self-serve it went well", seen_by=erin)
    approves(erin, card)
    expect(card).to_contain_text("✅ Done")
    shot(erin, "rules-9-trust-agreed")
    foretold = answered(alice, "/infra can-i backup db-staging")
    shot(alice, "rules-10-envelope")
    passed = asks(alice, "/infra backup db-staging", seen_by=bob)
    # Nothing passes by itself while nobody is there, and that is said beforehand.
    if "the provider's on-call" in foretold.inner_text():
        expect(passed).to_contain_text("Needs 1")
    else:
        expect(passed).to_contain_text("✅ Done")
    shot(bob, "rules-11-envelope")


def test_a_client_sees_nothing_of_another_s(become):
    gina = become(GINA, channel="C0GLOBEXOPS")

    listed = answered(gina, "/infra list")
    expect(listed).to_contain_text("shop-1")
    expect(listed).not_to_contain_text("web-2")
    expect(answered(gina, "/infra show web-2")).not_to_contain_text("production")
    shot(gina, "rules-12-another-client")
