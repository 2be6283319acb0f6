"""The two happy routes, with their effects read back from AWS and from git."""

import json

from bot.domain.operation import State


async def test_a_resize_is_reviewed_merged_applied_and_read_back(ops):
    card = await ops.alice.asks("resize web-2 m5.large")

    answer = await ops.bob.approves(card)
    await ops.works()

    assert answer.key == "decided.approve"
    assert await ops.state(card) is State.DONE
    assert ops.aws.type_of("web-2") == "m5.large"
    assert ops.aws.type_of("web-1") == "t3.medium"
    assert '"web-2" = { instance_type = "m5.large" }' in await ops.git.main()
    assert len(ops.git.merged) == 1
    assert len(ops.aws.resized) == 1


async def test_the_card_of_a_resize_shows_diff_plan_and_who_decides(ops):
    card = await ops.alice.asks("resize web-2 m5.large")

    assert card.operation.state is State.PROPOSED
    assert '+    "web-2" = { instance_type = "m5.large" }' in card
    assert 'aws_instance.web["web-2"]' in card
    assert "<@U0BOB>" in card
    assert card.digest[:8] in card
    assert set(card.buttons) >= {"approve", "deny", "cancel"}


async def test_the_merge_commit_names_who_asked_and_the_operation(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    request = ops.git.request(card.operation.progress.merge_request)

    message = await ops.git.message(request.head.head_sha)

    assert f"Operation: {card.operation.id}" in message
    assert "Requested-by: Alice Martin" in message


async def test_the_card_says_done_and_has_no_button_to_decide_any_more(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    await ops.works()

    done = await ops.again(card)

    assert done.ts == card.ts
    assert not done.buttons
    assert "instance_type = m5.large" in done


async def test_the_thread_tells_the_story_of_a_resize(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    await ops.works()

    said = "\n".join(ops.slack.thread(card))

    assert "Bob Durand approved this" in said
    assert "Merged as" in said
    assert "Done, and read back" in said
    assert "another plan" not in said


async def test_a_backup_is_approved_taken_once_and_read_back(ops):
    card = await ops.alice.asks("backup db-prod")

    await ops.bob.approves(card)
    await ops.works()

    assert await ops.state(card) is State.DONE
    snapshot = f"tandem-acme-db-prod-{card.operation.id}"
    assert ops.aws.snapshots("acme-db-prod") == [snapshot]
    assert len(ops.aws.created) == 1


async def test_the_audit_tells_a_resize_from_asked_to_verified(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    await ops.works()

    events = await ops.events(card)

    told = [one for one in events if not one.startswith("credentials.")]
    assert told == [
        "operation.asked",
        "merge_request.opened",
        "operation.proposed",
        "decision.made",
        "operation.approved",
        "operation.started",
        "merge.announced",
        "merge.done",
        "effect.verified",
        "operation.done",
    ]
    assert events.count("credentials.lent") == events.count("credentials.ended")


async def test_the_audit_tells_a_backup_and_the_truth_about_its_credentials(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    await ops.works()

    ended = [
        json.loads(one.body)["ending"]
        for one in await ops.audit(card)
        if one.event == "credentials.ended"
    ]

    assert all("vault token revoked at" in one for one in ended)
    assert all("aws session cannot be revoked, dies at" in one for one in ended)
    assert await ops.back.store.open_leases("acme") == ()


async def test_vault_lends_each_purpose_its_own_token_and_takes_all_back(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    await ops.bob.approves(card)
    await ops.works()

    minted = ops.vault_audit.requests("auth/token/create/")
    revoked = ops.vault_audit.requests("auth/token/revoke-accessor")

    roles = {one["request"]["path"].rpartition("/")[2] for one in minted}
    assert roles == {
        "act-acme-gitlab-prepare",
        "act-acme-gitlab-read",
        "act-acme-gitlab-execute",
        "act-acme-ec2-instance-read",
    }
    assert len(revoked) == len(minted)


async def test_a_target_with_a_look_alike_is_pointed_out(ops):
    card = await ops.alice.asks("backup db-prod")

    (note,) = card.operation.proposal.notes

    assert note.key == "note.look-alikes"
    assert note.args == {"target": "db-prod", "names": "db-prod-2"}


async def test_a_target_without_a_look_alike_carries_no_note(ops):
    card = await ops.alice.asks("resize web-staging t3.medium")

    assert all(not one.key for one in card.operation.proposal.notes)


async def test_the_card_of_a_resize_tells_the_price_and_that_it_stops(ops):
    known = await ops.alice.asks("resize web-2 m5.large")
    unknown = await ops.alice.asks("resize web-staging m5.metal")

    assert "Price a month: +47.30 USD (34.46 to 81.76; on demand, Linux" in known
    assert "eu-west-3, list of 2025-03-02" in known
    assert "It is stopped and started for this" in known
    assert "Price a month: unknown" in unknown


async def test_a_value_that_lives_in_a_tfvars_file_is_changed_there(ops):
    card = await ops.alice.asks("resize web-staging t3.medium")
    await ops.bob.approves(card)
    await ops.works()

    tfvars = await ops.git.main("environments/staging/terraform.tfvars")
    assert 'instance_type = "t3.medium"             # enough for one' in tfvars
    assert ops.aws.type_of("web-staging") == "t3.medium"


async def test_the_client_next_door_hears_and_records_nothing(ops):
    card = await ops.alice.asks("backup db-prod")
    await ops.bob.approves(card)
    await ops.works()

    assert ops.slack.posts("C0GLOBEXOPS") == []
    assert await ops.audit(client="globex") == ()
