"""`/infra deploy` on a real host: a client's playbook, of git, by Ansible over SSH."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from bot.domain.catalog import Host
from bot.domain.operation import State
from bot.domain.playbook import Happened
from playbooks.ansible.deploy import Deploy
from tests.real.test_ansible_engine import sleeping, until

# Ten plays over SSH, on a machine that may be busy.
pytestmark = pytest.mark.timeout(600)

INVENTORY = "clients/acme/inventory.yaml"
FOLDER = "ansible/deploy/shop"
NOTES = Path.home() / ".tandem" / "deployments"
SITE = f"{FOLDER}/site.yml"


class Shop:
    """The shop's folder on the host, and the branch it is deployed from."""

    def __init__(self, ops, root):
        self._ops, self.root = ops, root
        self._project = ops.day.gitlab.project("acme/infra")
        self.git = ops.day.gitlab.repository(self._project)

    @property
    def page(self):
        return self.root / "current" / "index.html"

    async def commits(self, files, *, branch="main"):
        """Commit files past everybody, and return the commit."""
        base = await self.git.resolve(branch) or await self.git.resolve("main")
        sha = await commit(self.git, base, files)
        await self.git.run("update-ref", f"refs/heads/{branch}", sha)
        return sha

    async def tags(self, name, sha):
        await self.git.run("update-ref", f"refs/tags/{name}", sha)

    async def site(self, text, *, branch="main"):
        return await self.commits({SITE: text}, branch=branch)


async def commit(git, base, files):
    """Return a commit on top of another, with these files as they are given."""
    index = {"GIT_INDEX_FILE": str(git.directory / "test-index")}
    await git.run("read-tree", base, env=index)
    for path, text in files.items():
        given = text if isinstance(text, bytes) else text.encode()
        blob = await git.text("hash-object", "-w", "--stdin", stdin=given)
        entry = f"100644,{blob},{path}"
        await git.run("update-index", "--add", "--cacheinfo", entry, env=index)
    tree = await git.text("write-tree", env=index)
    who = {
        "GIT_AUTHOR_NAME": "Mallory",
        "GIT_AUTHOR_EMAIL": "m@example.com",
        "GIT_COMMITTER_NAME": "Mallory",
        "GIT_COMMITTER_EMAIL": "m@example.com",
    }
    return await git.text("commit-tree", tree, "-p", base, "-m", "a commit", env=who)


@pytest_asyncio.fixture(loop_scope="session")
async def shop(ops, web, tmp_path):
    found = Shop(ops, tmp_path / "shop")
    await ops.edits_catalog(INVENTORY, "root: /tmp/tandem-shop", f"root: {found.root}")
    (NOTES / "shop.done").unlink(missing_ok=True)
    (NOTES / "shop.begun").unlink(missing_ok=True)
    yield found
    (NOTES / "shop.done").unlink(missing_ok=True)
    (NOTES / "shop.begun").unlink(missing_ok=True)


async def deployed(ops, words="deploy shop on web-host"):
    card = await ops.alice.asks(words)
    assert card.operation.state is State.PROPOSED, card.operation.outcome
    await ops.bob.approves(card)
    await ops.works()
    return await ops.again(card)


@pytest.mark.long
async def test_a_branch_is_deployed_at_the_commit_that_the_card_shows(ops, shop):
    head = await shop.git.resolve("main")

    card = await ops.alice.asks("deploy shop main on web-host")
    shown = shop.root.exists()
    await ops.bob.approves(card)
    await ops.works()

    ended = await ops.again(card)
    assert ended.operation.state is State.DONE, ended.operation.outcome
    assert not shown
    assert f"commit {head}" in await asyncio.to_thread(shop.page.read_text)
    assert head in card
    assert card.operation.proposal.bound.head_sha == head
    assert (NOTES / "shop.done").read_text().split() == [card.operation.id, head]


@pytest.mark.long
async def test_the_way_back_is_what_the_host_was_deployed_with_before(ops, shop):
    before = await shop.git.resolve("main")
    await shop.commits({f"{FOLDER}/templates/index.html.j2": "newer"})
    NOTES.mkdir(parents=True, exist_ok=True)
    (NOTES / "shop.done").write_text(f"an-earlier-operation {before}\n")

    card = await ops.alice.asks("deploy shop on web-host")

    line = card.operation.proposal.way_back
    assert line == f"deploy shop {before} on web-host"
    assert line in card


async def test_a_commit_that_the_project_no_longer_has_is_no_way_back(ops, shop):
    gone = "0123456789abcdef" * 2 + "01234567"
    NOTES.mkdir(parents=True, exist_ok=True)
    (NOTES / "shop.done").write_text(f"an-earlier-operation {gone}\n")

    card = await ops.alice.asks("deploy shop on web-host")

    assert not card.operation.proposal.way_back
    assert card.operation.arguments == {"playbook": "shop", "host": "web-host"}
    assert gone not in card
    assert "none of a commit that your project still has" in card


async def test_a_tag_that_moved_after_the_approval_runs_nothing(ops, shop):
    await shop.tags("v1.0", await shop.git.resolve("main"))
    card = await ops.alice.asks("deploy shop v1.0 on web-host")
    await ops.bob.approves(card)
    moved = await shop.commits({f"{FOLDER}/templates/index.html.j2": "other"})
    await shop.tags("v1.0", moved)

    await ops.works()

    ended = await ops.again(card)
    assert ended.operation.state is State.VOIDED
    assert "the commit is another one" in ended
    assert not shop.root.exists()


async def test_a_playbook_that_runs_wild_is_stopped_and_never_run_again(ops, shop):
    await shop.site(f"{HEAD}    - command: sleep 86404\n")
    card = await ops.alice.asks("deploy shop on web-host")
    await ops.bob.approves(card)
    work = asyncio.create_task(ops.works())
    await until(lambda: sleeping("86404"))
    await ops.speaks()
    running = await ops.again(card)

    told = await ops.alice.types(f"halt {card.operation.short}")
    await work

    await until(lambda: not sleeping("86404"))
    assert running.operation.state is State.RUNNING
    assert "Stop it" in running
    assert told.key == "halt.told"
    await ops.sweeps()
    await ops.works()
    ended = await ops.again(card)
    assert ended.operation.state is State.IN_DOUBT
    assert ended.operation.outcome.key == "doubt.halted"
    assert "stopped it while it was at work on web-host" in ended
    assert sleeping("86404") == []
    settled = await ops.bob.types(
        f"settle {card.operation.short} failed Half of the shop is there"
    )
    assert settled.key == "settled.failed"
    assert await ops.back.store.open_leases("acme") == ()


@pytest.mark.long
async def test_a_commit_that_nobody_merged_is_pointed_out(ops, shop):
    sha = await shop.commits({"x": "y"}, branch="feature")

    card = await ops.alice.asks(f"deploy shop {sha} on web-host")

    keys = [one.key for one in card.operation.proposal.findings]
    assert keys == ["playbook.deploy.not-merged"]


@pytest.mark.long
async def test_a_version_that_is_not_there_is_refused(ops, shop):
    card = await ops.alice.asks("deploy shop v9.9 on web-host")

    assert card.operation.state is State.REFUSED
    assert "v9.9" in card


@pytest.mark.long
async def test_a_deployment_that_is_not_declared_reaches_no_host(ops, web):
    answer = await ops.alice.says("deploy site on web-host")

    assert (answer.args["playbook"], answer.args["known"]) == ("site", "shop")


# What comes to be if any of these is ever run, here or on the host.
PWNED = Path("/tmp/tandem-pwned")  # noqa: S108 - must never exist
LOOKUP = "{{ lookup('pipe', 'touch /tmp/tandem-pwned') }}"
HEAD = "- hosts: target\n  gather_facts: false\n  tasks:\n"


@pytest.mark.long
@pytest.mark.parametrize(
    ("task", "reason"),
    [
        (f'    - debug: {{msg: "{LOOKUP}"}}\n', "function"),
        (
            "    - command: touch /tmp/tandem-pwned\n      delegate_to: localhost\n",
            "word",
        ),
        (
            """    - command: touch /tmp/tandem-pwned
      vars: {ansible_connection: local}
""",
            "name",
        ),
        (
            "    - command: touch /tmp/tandem-pwned\n      check_mode: false\n",
            "check",
        ),
        ("    - copy: {src: ../id, dest: /tmp/tandem-pwned}\n", "literal"),
    ],
)
async def test_a_playbook_that_would_act_elsewhere_or_too_early_is_refused(
    ops, shop, web, task, reason
):
    await shop.site(HEAD + task)
    before = web.visits()

    card = await ops.alice.asks("deploy shop on web-host")

    assert card.operation.state is State.REFUSED
    assert card.operation.outcome.key == f"deploy.unfit-{reason}"
    assert card.operation.outcome.args["file"] == "site.yml"
    assert not await asyncio.to_thread(PWNED.exists)
    assert web.visits() == before


async def test_a_plugin_beside_the_playbook_is_refused(ops, shop):
    await shop.commits({f"{FOLDER}/filter_plugins/evil.py": "raise SystemExit"})

    card = await ops.alice.asks("deploy shop on web-host")

    assert card.operation.outcome.key == "deploy.unfit-plugin"


@pytest.mark.long
async def test_files_that_are_no_text_are_refused(ops, shop):
    await shop.commits({f"{FOLDER}/files/logo.png": b"\xff\xfe\x00"})

    card = await ops.alice.asks("deploy shop on web-host")

    assert card.operation.outcome.key == "deploy.not-text"


@pytest.mark.long
async def test_a_playbook_that_fails_is_told_and_not_noted_as_done(ops, shop):
    await shop.site(HEAD + "    - command: /bin/false\n")

    card = await deployed(ops)

    assert card.operation.state is State.FAILED
    assert card.operation.outcome.key == "playbook.ansible.task-failed"
    assert not (NOTES / "shop.done").exists()


@pytest.mark.long
async def test_a_playbook_that_is_never_done_is_not_called_done(ops, shop):
    await shop.site(
        HEAD + "    - copy: {content: a, dest: '{{ root }}'}\n"
        "    - copy: {content: b, dest: '{{ root }}'}\n"
    )

    card = await deployed(ops)

    assert card.operation.state is State.FAILED
    assert card.operation.outcome.key == "playbook.deploy.unsteady"


@pytest.mark.long
async def test_a_health_address_that_does_not_answer_is_not_called_done(ops, shop):
    await ops.edits_catalog(
        INVENTORY,
        "entry: site.yml\n",
        "entry: site.yml\n        checks: false\n        health: http://127.0.0.1:9/\n",
    )

    card = await deployed(ops)

    assert card.operation.state is State.FAILED
    assert card.operation.outcome.key == "playbook.ansible.not-there"
    keys = [one.key for one in card.operation.proposal.findings]
    assert keys == ["playbook.deploy.untried"]


HOSTILE = (
    "{{ lookup('pipe', 'touch /tmp/tandem-pwned') }} $(touch /tmp/tandem-pwned) '\" --x"
)


@pytest.mark.long
async def test_a_variable_of_the_catalog_reaches_the_host_as_it_is(ops, shop):
    await ops.edits_catalog(
        INVENTORY,
        f"root: {shop.root}",
        f"root: {shop.root}, said: {json.dumps(HOSTILE)}",
    )
    await shop.site(
        HEAD + "    - copy: {content: '{{ said }}', dest: '{{ root }}', mode: '0644'}\n"
    )

    card = await deployed(ops)

    assert card.operation.state is State.DONE, card.operation.outcome
    assert await asyncio.to_thread(shop.root.read_text) == HOSTILE
    assert not await asyncio.to_thread(PWNED.exists)


@dataclass
class Noted:
    """Of a run, what tells operations apart, and the host."""

    operation: str
    host: object


@pytest.mark.long
async def test_what_the_host_has_noted_tells_what_happened(world):
    for left in NOTES.glob("noted.*"):
        left.unlink()
    run = Noted("00000000-op", await world.session())
    playbook = Deploy.on(
        Host(
            client="acme",
            name="web-host",
            kind="host",
            environment="staging",
            description="x",
            ssh=world.host.ssh,
        ),
        deployment="noted",
        folder=FOLDER,
        entry="site.yml",
        version="main",
        commit="a" * 40,
    )
    note = f"{run.operation} {playbook.commit}"

    seen = [await playbook.happened(run)]
    for moment in ("begun", "done"):
        await playbook.note(run, moment=moment, note=note)
        seen.append(await playbook.happened(run))

    for left in NOTES.glob("noted.*"):
        left.unlink()
    assert seen == [Happened.NO, Happened.UNKNOWN, Happened.YES]
