"""The main job, in a real browser: two operations from a typed line to a read-back."""

from __future__ import annotations

import json
import subprocess

import boto3
import pytest
from botocore.config import Config
from playwright.sync_api import expect

from deploy.sandbox.aws.principal import ADMIN_KEY, ADMIN_SECRET
from deploy.sandbox.aws.seed import REGION
from tests.e2e.page import ALICE, BOB, approves, asks, says, shot

pytestmark = [pytest.mark.page, pytest.mark.timeout(300)]


def places(sandbox):
    return json.loads((sandbox.state / "ports.json").read_text())


def aws(sandbox, service):
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{places(sandbox)['aws']}",
        aws_access_key_id=ADMIN_KEY,
        aws_secret_access_key=ADMIN_SECRET,
        region_name=REGION,
        config=Config(proxies={}),
    )


def test_a_resize_goes_from_a_typed_line_to_the_cloud(become, sandbox):
    """Alice types, Bob approves, the instance is what the card promised."""
    alice, bob = become(ALICE), become(BOB)

    card = asks(alice, "/infra resize web-2 m5.large", seen_by=bob)
    expect(card.locator('[data-action-id="approve"]')).to_be_visible()
    expect(card).to_contain_text("m5.large")
    expect(card).to_contain_text('aws_instance.web["web-2"]')
    shot(bob, "resize-1-card")
    approves(bob, card)
    expect(card).to_contain_text("✅ Done")
    shot(bob, "resize-2-done")

    found = aws(sandbox, "ec2").describe_instances(
        Filters=[
            {"Name": "tag:Name", "Values": ["web-2"]},
            {"Name": "tag:Client", "Values": ["acme"]},
        ]
    )
    assert found["Reservations"][0]["Instances"][0]["InstanceType"] == "m5.large"
    repository = sandbox.state / "gitlab" / "repositories" / "1.git"
    file = "main:environments/production/main.tf"
    main = subprocess.run(
        ["/usr/bin/git", "-C", repository, "show", file],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert '"web-2" = { instance_type = "m5.large" }' in main


def test_a_backup_goes_from_a_typed_line_to_a_snapshot(become, sandbox):
    alice, bob = become(ALICE), become(BOB)
    rds = aws(sandbox, "rds")
    before = rds.describe_db_snapshots(DBInstanceIdentifier="acme-db-prod")

    card = asks(alice, "/infra backup db-prod", seen_by=bob)
    expect(card).to_contain_text("db-prod")
    expect(card.locator('[data-action-id="approve"]')).to_be_visible()
    shot(bob, "backup-1-card")
    approves(bob, card)
    expect(card).to_contain_text("✅ Done")
    shot(bob, "backup-2-done")

    after = rds.describe_db_snapshots(DBInstanceIdentifier="acme-db-prod")
    assert len(after["DBSnapshots"]) == len(before["DBSnapshots"]) + 1


def test_the_person_who_asked_is_told_that_somebody_else_decides(become):
    alice = become(ALICE)

    card = asks(alice, "/infra backup db-staging")
    expect(card.locator('[data-action-id="approve"]')).to_be_visible()
    approves(alice, card)

    whisper = alice.locator('article.message[data-ephemeral="true"]').last
    expect(whisper).to_contain_text("You asked for this")
    shot(alice, "self-approval-refused")


def test_a_denial_asks_for_its_reason_and_shows_it(become):
    alice, bob = become(ALICE), become(BOB)

    card = asks(alice, "/infra resize web-1 m5.xlarge", seen_by=bob)
    card.locator('[data-action-id="deny"]').click()
    modal = bob.get_by_test_id("modal")
    modal.locator("textarea").fill("Black Friday: not today.")
    shot(bob, "deny-modal")
    bob.get_by_test_id("view-submit").click()

    expect(card).to_contain_text("🛑")
    expect(card).to_contain_text("Black Friday")


def test_the_audit_answers_in_chat(become):
    alice = become(ALICE, width=390, height=844)

    card = asks(alice, "/infra backup db-prod-2")
    expect(card).to_contain_text("Back up db-prod-2")
    says(alice, "/infra audit db-prod-2")
    answer = alice.locator('article.message[data-ephemeral="true"]').last
    expect(answer).to_contain_text("asked by Alice Martin")
    shot(alice, "audit-on-a-phone")
    says(alice, "/infra help resize")
    helped = alice.locator('article.message[data-ephemeral="true"]').last
    expect(helped).to_contain_text("resize")
    shot(alice, "help-on-a-phone")


def test_what_is_there_is_listed_and_shown_and_its_live_state_follows(become):
    alice = become(ALICE)
    messages = alice.locator("[data-testid=messages]")

    says(alice, "/infra list")
    expect(messages).to_contain_text("web-2 · production")
    shot(alice, "reading-1-list")
    says(alice, "/infra show web-1")
    expect(messages).to_contain_text("Who decides today")
    expect(messages).to_contain_text("web-1 as of")
    expect(messages).to_contain_text("The code says instance_type t3.medium: no drift.")
    shot(alice, "reading-2-show")


def test_what_no_command_does_becomes_an_issue_that_everybody_sees(become, sandbox):
    alice, bob = become(ALICE), become(BOB)

    says(alice, "/infra ticket please move the nightly reports to 05:00, @all")
    messages = bob.locator("[data-testid=messages]")
    expect(messages).to_contain_text("Alice Martin asked for something no command")
    shot(bob, "reading-3-ticket")

    gitlab = f"http://127.0.0.1:{places(sandbox)['gitlab']}"
    bob.goto(f"{gitlab}/acme/infra/-/issues/1")
    expect(bob.locator("main")).to_contain_text("please move the nightly reports")
    shot(bob, "reading-4-issue")
