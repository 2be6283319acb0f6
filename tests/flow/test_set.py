"""`/infra set`: one value of a file, decided on, merged, and read back from git."""

import json

import pytest

from bot.domain.operation import State
from bot.domain.scope import Risk

WEB_YML = "ansible/group_vars/web.yml"
CHEF = "chef/environments/production.json"
TFVARS = "environments/staging/terraform.tfvars"
INVENTORY = "clients/acme/inventory.yaml"
LAST = "    max: 240\n"
SIZE = """
  - name: staging-size
    kind: parameter
    environment: staging
    description: how large the server for trying things out is
    file: environments/staging/terraform.tfvars
    format: hcl
    path: [instance_type]
    type: text
    choices: [t3.micro, t3.small, t3.medium]
"""


def changed(diff):
    lines = diff.splitlines()[2:]
    return [line for line in lines if line[:1] in {"+", "-"}]


async def test_a_value_is_reviewed_as_one_line_merged_and_read_back(ops):
    before = await ops.git.main(WEB_YML)
    card = await ops.alice.asks("set nginx-workers 8")

    proposed = await ops.state(card)
    await ops.bob.approves(card)
    await ops.works()

    proposal = card.operation.proposal
    assert proposed is State.PROPOSED
    assert changed(proposal.diff) == [
        "-nginx_workers: 4 # one a core",
        "+nginx_workers: 8 # one a core",
    ]
    assert "+nginx_workers: 8 # one a core" in card
    assert await ops.state(card) is State.DONE
    now = await ops.git.main(WEB_YML)
    assert now == before.replace("workers: 4", "workers: 8")
    assert len(ops.git.merged) == 1
    assert "effect.verified" in await ops.events(card)
    assert "when that file is next applied" in await ops.again(card)


async def test_the_digest_binds_the_diff_and_the_commit_and_no_plan(ops):
    card = await ops.alice.asks("set nginx-workers 8")

    bound = card.operation.proposal.bound
    request = ops.git.request(card.operation.progress.merge_request)
    assert bound.head_sha == request.head.head_sha
    assert [edit.file for edit in bound.edits] == [WEB_YML]
    assert (bound.plan, bound.pipeline) == ("", "-")


async def test_the_way_back_is_shown_before_anybody_decides(ops):
    card = await ops.alice.asks("set nginx-workers 8")

    assert f"/infra undo {card.operation.short}" in card
    assert "set nginx-workers 4" in card


async def test_a_chef_attribute_changes_and_its_neighbours_stay(ops):
    before = await ops.git.main(CHEF)
    card = await ops.alice.asks("set cart-timeout 45")
    await ops.bob.approves(card)
    await ops.works()

    now = await ops.git.main(CHEF)

    assert await ops.state(card) is State.DONE
    assert now == before.replace('"timeout_minutes": 30', '"timeout_minutes": 45')
    assert json.loads(now)["default_attributes"]["cart"]["timeout_minutes"] == 45


async def test_a_critical_switch_keeps_its_words_and_needs_both_companies(ops):
    card = await ops.alice.asks("set maintenance true")
    await ops.bob.approves(card)
    await ops.carol.approves(card)
    await ops.works()

    assert card.operation.risk is Risk.HIGH
    assert "  enabled: yes\n" in await ops.git.main(WEB_YML)
    assert await ops.state(card) is State.DONE


async def test_a_terraform_variable_is_planned_applied_and_read_back(ops):
    await ops.edits_catalog(INVENTORY, LAST, LAST + SIZE)
    card = await ops.alice.asks("set staging-size t3.medium")
    await ops.bob.approves(card)
    await ops.works()

    proposal = card.operation.proposal
    assert proposal.bound.plan
    assert any("aws_instance.web_staging" in line for line in proposal.plan)
    assert 't3.medium"' in await ops.git.main(TFVARS)
    assert ops.aws.type_of("web-staging") == "t3.medium"
    assert await ops.state(card) is State.DONE


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("set nginx-workers many", "refused.parameter-type"),
        ("set nginx-workers 0", "refused.parameter-range"),
        ("set nginx-workers 65", "refused.parameter-range"),
        ("set nginx-workers 1.5", "refused.parameter-type"),
        ("set nginx-log-level debug", "refused.parameter-choice"),
        ("set maintenance maybe", "refused.parameter-type"),
        ("set nginx-worker 8", "refused.no-target"),
        ("set web-2 8", "refused.other-kind"),
    ],
)
async def test_what_a_parameter_does_not_allow_is_refused_at_once(ops, line, key):
    told = await ops.alice.says(line)

    assert told.key == key
    assert ops.git.requests() == []


async def test_the_value_that_is_there_already_is_refused_with_file_and_line(ops):
    card = await ops.alice.asks("set nginx-workers 4")

    outcome = card.operation.outcome
    assert outcome.key == "refused.editing-already"
    assert (outcome.args["file"], outcome.args["line"]) == (WEB_YML, 4)


async def test_a_file_that_moved_on_voids_the_approval(ops):
    card = await ops.alice.asks("set nginx-workers 8")
    await ops.bob.approves(card)
    text = await ops.git.main(WEB_YML)
    await ops.pushes("carol", "main", {WEB_YML: text.replace("warn", "info")})

    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert "nginx_workers: 4" in await ops.git.main(WEB_YML)


async def test_a_push_to_the_branch_voids_the_approval(ops):
    card = await ops.alice.asks("set nginx-workers 8")
    await ops.bob.approves(card)
    branch = card.operation.progress.branch
    text = (await ops.git.main(WEB_YML)).replace(": 4", ": 64")
    await ops.pushes("alice", branch, {WEB_YML: text})

    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert ops.git.merged == []


async def test_what_somebody_merged_right_after_is_said_and_not_called_done(ops):
    card = await ops.alice.asks("set nginx-workers 8")
    await ops.bob.approves(card)
    forge = ops.back.forge

    class Overtaken:
        """A main on which somebody else's commit follows at once."""

        def __getattr__(self, name):
            return getattr(forge, name)

        async def merge(self, *args, **named):
            done = await forge.merge(*args, **named)
            text = (await ops.git.main(WEB_YML)).replace(": 8", ": 16")
            await ops.pushes("carol", "main", {WEB_YML: text})
            return done

    ops.back = ops.with_ports(forge=Overtaken())
    await ops.tries()

    assert await ops.state(card) is State.IN_DOUBT
    assert "effect.missing" in await ops.events(card)


async def test_a_file_that_no_job_is_for_is_refused_before_anybody_decides(ops):
    none = await ops.edits("        - ansible/**/*\n", "", path=".gitlab-ci.yml")
    await ops.pushes("carol", "main", none)

    card = await ops.alice.asks("set nginx-workers 8")

    assert card.operation.state is State.REFUSED
    assert card.operation.outcome.key == "refused.value-no-pipeline"


async def test_a_check_that_fails_is_refused_with_the_job_s_link(ops):
    text = await ops.git.main(CHEF)
    await ops.pushes("carol", "main", {CHEF: text + "{"})

    card = await ops.alice.asks("set nginx-workers 8")

    assert card.operation.outcome.key == "refused.pipeline"
