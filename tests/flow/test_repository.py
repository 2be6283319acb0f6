"""The client's project as a playbook reads it, on the stand-in for GitLab."""

from __future__ import annotations

import pytest

from bot.domain.errors import Broken, Refused
from bot.flow.look import LookRun
from bot.flow.repository import ClientRepository
from bot.flow.run import WorkerRun

FOLDER = "ansible/deploy/shop"


async def repository(ops):
    """Return the project as an operation of acme's may read it."""
    card = await ops.alice.asks("backup db-staging")
    return WorkerRun(card.operation, ops.back).repository


async def test_a_version_is_a_commit_and_its_files_are_read_at_that_commit(ops):
    found = await repository(ops)

    at = await found.commit("main")
    files = await found.files(FOLDER, commit=at.sha)

    assert at.on_default_branch
    assert [path for path, _ in files] == ["site.yml", "templates/index.html.j2"]
    assert "hosts: target" in dict(files)["site.yml"]


async def test_what_is_not_there_is_refused(ops):
    found = await repository(ops)
    at = await found.commit("main")

    for reading in (
        found.commit("v9.9"),
        found.files("ansible/deploy/none", commit=at.sha),
        found.files(FOLDER, commit="0" * 40),
    ):
        with pytest.raises(Refused):
            await reading


async def test_a_folder_that_holds_more_than_text_is_refused(ops):
    found = await repository(ops)
    project = ops.day.gitlab.project("acme/infra")
    git = ops.day.gitlab.repository(project)
    blob = await git.text("hash-object", "-w", "--stdin", stdin=b"\xff\x00")
    tree = await git.text("mktree", stdin=f"100644 blob {blob}\tx.png\n".encode())
    top = await git.text("mktree", stdin=f"040000 tree {tree}\tfiles\n".encode())
    who = {
        f"GIT_{role}_{what}": "m@example.com"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    sha = await git.text("commit-tree", top, "-m", "x", env=who)

    with pytest.raises(Refused) as refused:
        await found.files("files", commit=sha)

    assert refused.value.message.key == "deploy.not-text"
    assert not (await found.commit(sha)).on_default_branch


async def test_a_client_that_left_the_catalog_has_no_project(ops):
    card = await ops.alice.asks("backup db-staging")
    gone = card.operation.model_copy(update={"client": "gone"})

    with pytest.raises(Broken):
        await ClientRepository(gone, ops.back).commit("main")


async def test_a_look_reads_no_project(ops):
    run = LookRun("look", "acme", None, ops.back)

    with pytest.raises(Broken):
        _ = run.repository
