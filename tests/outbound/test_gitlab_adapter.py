"""The GitLab adapter against the stand-in, also when GitLab is slow, down or lossy."""

import asyncio
from datetime import timedelta

import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot.domain.errors import Broken, OutcomeUnknown, Refused, Unavailable
from bot.domain.forge import (
    Draft,
    HeadMoved,
    Merged,
    NewFile,
    NotMergeable,
    PipelineStatus,
    RequestState,
)
from bot.domain.gitlab_text import fenced, one_line
from bot.outbound import clock
from bot.outbound.gitlab import GitLab
from deploy.sandbox.gitlab.faults import Fault
from deploy.sandbox.gitlab.seeding import person_token, token_of
from deploy.sandbox.gitlab.serve import serve
from deploy.sandbox.gitlab.world import GitLabWorld

CI = """
stages: [plan, apply]
plan:
  stage: plan
  script: ['sleep ${SLOW:-0}', cp production/main.tf plan.json, test ! -e fail]
  artifacts: {paths: [plan.json], when: always}
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
apply:
  stage: apply
  script: [echo applied]
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
"""
PREPARE = SecretStr(token_of("acme", "prepare"))
EXECUTE = SecretStr(token_of("acme", "execute"))
NEW = b'type = "m5.large"\n'


@pytest_asyncio.fixture
async def world(tmp_path):
    for client in ("acme", "globex"):
        root = tmp_path / "seeds" / f"{client}-infra"
        (root / "production" / "network").mkdir(parents=True)
        (root / "production" / "main.tf").write_bytes(b'type = "t3.medium"\n')
        (root / "production" / "network" / "vpc.tf").write_bytes(b"# vpc\n")
        (root / "production" / "live.tfvars").write_bytes(b"size = 1\n")
        (root / "production" / "README.md").write_bytes(b"read me\n")
        (root / ".gitlab-ci.yml").write_text(CI)
    found = await GitLabWorld.sample(tmp_path / "state", seeds=tmp_path / "seeds")
    async with serve(found) as url:
        found.url = url
        yield found


@pytest.fixture
def forge(world):
    return GitLab(
        world.url,
        timeout=timedelta(seconds=10),
        work_timeout=timedelta(seconds=30),
    )


def draft(operation="op1", **more):
    return Draft(
        **{
            "branch": f"tandem/{operation}",
            "target_branch": "main",
            "title": "Tandem: resize web-2",
            "description": "Why and what.",
            "commit_message": f"Resize web-2\n\nOperation: {operation}\n",
            "files": (NewFile("production/main.tf", NEW),),
            "labels": ("tandem", "environment::production"),
            **more,
        }
    )


async def opened(forge, world, operation="op1", **more):
    state = await forge.ensure_merge_request(
        "acme/infra",
        draft=draft(operation, **more),
        operation_id=operation,
        token=PREPARE,
    )
    await world.idle()
    return await forge.merge_request("acme/infra", iid=state.iid, token=PREPARE)


def requests(world):
    return list(world.merge_requests.values())


def posted(world, what):
    return [
        c.status
        for c in world.ledger.of("api.called")
        if c.detail["method"] == "POST" and str(c.detail["path"]).endswith(what)
    ]


# -- reading -----------------------------------------------------------------------


async def test_the_tree_holds_terraform_files_of_one_commit(forge, world):
    files = await forge.read_tree(
        "acme/infra", directory="production", ref="main", token=PREPARE
    )

    head = await forge.default_branch_head("acme/infra", branch="main", token=PREPARE)
    assert {f.path: f.content for f in files} == {
        "production/live.tfvars": b"size = 1\n",
        "production/main.tf": b'type = "t3.medium"\n',
        "production/network/vpc.tf": b"# vpc\n",
    }
    assert {f.commit for f in files} == {head}


async def test_more_or_larger_files_than_we_read_are_refused(forge, world):
    await world.push(
        "acme/infra", "main", "carol", {"production/big.tf": b"#" * 1_000_001}, "Big"
    )

    with pytest.raises(Refused) as refusal:
        await forge.read_tree(
            "acme/infra", directory="production", ref="main", token=PREPARE
        )

    assert refusal.value.message.key == "refused.gitlab-too-large"


async def test_a_token_that_only_reads_is_enough_to_look(forge, world):
    read = SecretStr(token_of("acme", "read"))
    await opened(forge, world)

    state = await forge.merge_request("acme/infra", iid=1, token=read)
    files = await forge.read_tree(
        "acme/infra", directory="production", ref="main", token=read
    )

    assert (state.authors, len(files)) == ({"tandem-prepare"}, 3)


async def test_what_the_token_cannot_see_is_not_there(forge):
    with pytest.raises(Refused) as refusal:
        await forge.read_tree(
            "globex/infra", directory="production", ref="main", token=PREPARE
        )

    assert refusal.value.message.key == "refused.gitlab-absent"


async def test_a_wrong_token_is_a_system_that_failed_and_is_not_told(forge):
    with pytest.raises(Unavailable) as failure:
        await forge.merge_request("acme/infra", iid=1, token=SecretStr("wrong-token"))

    assert "401" in str(failure.value)
    assert "wrong-token" not in str(failure.value)


@pytest.mark.parametrize("project", ["acme", "acme/../globex", "a b/c", "/acme", "1"])
async def test_a_project_is_a_path(forge, project):
    if project == "acme/../globex":
        with pytest.raises(Refused):
            await forge.merge_request(project, iid=1, token=PREPARE)
        return
    with pytest.raises(Broken):
        await forge.merge_request(project, iid=1, token=PREPARE)


@pytest.mark.parametrize("path", ["../x", "a/../b", "/etc", "a//b", "a\nb", "."])
async def test_a_path_stays_inside(forge, path):
    with pytest.raises(Broken):
        await forge.job_artifact("acme/infra", job_id=1, path=path, token=PREPARE)


# -- opening -----------------------------------------------------------------------


async def test_a_draft_becomes_one_branch_commit_request_and_pipeline(forge, world):
    state = await opened(forge, world)

    assert (state.state, state.source_branch, state.target_branch) == (
        RequestState.OPENED,
        "tandem/op1",
        "main",
    )
    assert (state.opened_by, state.merge_status) == ("tandem-prepare", "mergeable")
    assert state.changed_paths == {"production/main.tf"}
    assert state.authors == {"tandem-prepare"}
    assert state.pipeline.status is PipelineStatus.SUCCESS
    assert state.pipeline.sha == state.head_sha
    assert [(j.name, j.status) for j in state.pipeline.jobs] == [
        ("plan", PipelineStatus.SUCCESS)
    ]
    assert requests(world)[0].labels == ["environment::production", "tandem"]


async def test_asking_again_opens_nothing_more(forge, world):
    first = await opened(forge, world)

    again = await opened(forge, world)

    assert again == first
    assert posted(world, "/commits") == ["201"]
    assert posted(world, "/merge_requests") == ["201"]


async def test_two_workers_at_once_open_one_request(forge, world):
    states = await asyncio.gather(
        *(
            forge.ensure_merge_request(
                "acme/infra", draft=draft(), operation_id="op1", token=PREPARE
            )
            for _ in range(4)
        )
    )

    assert len({(s.iid, s.head_sha) for s in states}) == 1
    assert len(requests(world)) == 1


@pytest.mark.parametrize("path", ["/commits", "/merge_requests"])
async def test_a_lost_answer_is_looked_up_and_not_asked_again(forge, world, path):
    world.faults.add(Fault(kind="lose", method="POST", path=path))

    state = await opened(forge, world)

    assert (state.iid, len(requests(world))) == (1, 1)
    assert posted(world, path) == ["201"]


@pytest.mark.parametrize("path", ["/commits", "/merge_requests"])
async def test_nothing_done_and_no_answer_is_unknown_and_heals(forge, world, path):
    world.faults.add(Fault(kind="down", method="POST", path=path))

    with pytest.raises(OutcomeUnknown):
        await opened(forge, world)
    state = await opened(forge, world)

    assert (state.iid, len(requests(world))) == (1, 1)


async def test_an_answer_that_is_too_late_is_looked_up(world):
    forge = GitLab(
        world.url,
        timeout=timedelta(seconds=1),
        work_timeout=timedelta(seconds=30),
    )
    world.faults.add(Fault(kind="slow", method="POST", path="/commits", seconds=2))

    state = await opened(forge, world)

    assert (state.iid, posted(world, "/commits")) == (1, ["201"])


async def test_gitlab_being_down_is_unavailable(forge, world):
    world.faults.add(Fault(kind="down", times=3))

    with pytest.raises(Unavailable) as failure:
        await forge.merge_request("acme/infra", iid=1, token=PREPARE)

    assert not isinstance(failure.value, OutcomeUnknown)


async def test_work_has_a_deadline(world):
    forge = GitLab(
        world.url,
        timeout=timedelta(seconds=10),
        work_timeout=timedelta(seconds=0.5),
    )
    world.faults.add(Fault(kind="slow", method="GET", seconds=0.6))

    with pytest.raises(Unavailable, match="time"):
        await forge.ensure_merge_request(
            "acme/infra", draft=draft(), operation_id="op1", token=PREPARE
        )

    assert requests(world) == []


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"production/main.tf": b"evil\n"}, "Resize\n\nOperation: op1\n"),
        (
            {"production/main.tf": NEW, ".gitlab-ci.yml": b"x: {script: evil}\n"},
            "Resize\n\nOperation: op1\n",
        ),
        ({"production/main.tf": NEW}, "No trailer\n"),
        ({"production/main.tf": NEW}, "Trailer\n\nOperation: op1\n\nnot last\n"),
    ],
)
async def test_a_branch_that_is_not_exactly_ours_is_never_adopted(
    forge, world, files, message
):
    await world.push("acme/infra", "tandem/op1", "alice", files, message)

    with pytest.raises(Refused) as refusal:
        await opened(forge, world)

    assert refusal.value.message.key == "refused.gitlab-branch-taken"
    assert requests(world) == []


async def test_a_commit_hidden_before_ours_is_not_adopted(forge, world):
    await world.push("acme/infra", "tandem/op1", "alice", {"evil.tf": b"x\n"}, "Sneak")
    await world.push(
        "acme/infra",
        "tandem/op1",
        "alice",
        {"production/main.tf": NEW},
        "Resize\n\nOperation: op1\n",
    )

    with pytest.raises(Refused) as refusal:
        await opened(forge, world)

    assert refusal.value.message.key == "refused.gitlab-branch-taken"


async def test_somebody_elses_request_of_that_branch_is_not_taken_for_ours(
    forge, world
):
    mine = GitLab(
        world.url, timeout=timedelta(seconds=9), work_timeout=timedelta(seconds=30)
    )
    theirs = await mine.ensure_merge_request(
        "acme/infra",
        draft=draft(),
        operation_id="op1",
        token=SecretStr(person_token("alice")),
    )

    with pytest.raises(Refused) as refusal:
        await opened(forge, world)

    assert theirs.opened_by == "alice"
    assert refusal.value.message.key == "refused.gitlab-rejected"
    found = await forge.find_merge_request(
        "acme/infra", operation_id="op1", token=PREPARE
    )
    assert found is None


async def test_what_was_merged_meanwhile_is_kept(forge, world):
    base = await forge.default_branch_head("acme/infra", branch="main", token=PREPARE)
    await world.push(
        "acme/infra", "main", "carol", {"production/live.tfvars": b"size = 2\n"}, "More"
    )

    state = await opened(forge, world, base_sha=base)
    await forge.merge(
        "acme/infra", iid=state.iid, sha=state.head_sha, message="Merged", token=EXECUTE
    )

    git = world.repository(world.projects[1])
    assert await git.read("main", "production/live.tfvars") == b"size = 2\n"
    assert await git.read("main", "production/main.tf") == NEW


async def test_a_new_file_and_bytes_that_are_no_text_arrive_as_they_are(forge, world):
    content = bytes(range(256))
    await opened(forge, world, files=(NewFile("production/new.tf", content),))

    git = world.repository(world.projects[1])
    assert await git.read("tandem/op1", "production/new.tf") == content


@pytest.mark.parametrize(
    ("operation", "branch"),
    [("op1", "main"), ("op1", "tandem/op2"), ("../x", "tandem/../x")],
)
async def test_only_the_operations_own_branch_is_written(forge, operation, branch):
    with pytest.raises(Broken):
        await forge.ensure_merge_request(
            "acme/infra",
            draft=draft("op1", branch=branch),
            operation_id=operation,
            token=PREPARE,
        )


async def test_what_people_wrote_triggers_nothing_in_gitlab(forge, world):
    said = "x\n/merge\n/close\n@bob closes #1 [skip ci]\n```\n/approve"
    await opened(
        forge,
        world,
        title=f"Tandem: {one_line(said)}",
        description=f"Said:\n\n{fenced(said)}\n",
        commit_message=f"{one_line(said)}\n\nOperation: op1\n",
    )
    await forge.note(
        "acme/infra", iid=1, body=fenced(said), key="tandem:1", token=PREPARE
    )

    for kind in ("quick_action.performed", "mention.sent", "reference.made"):
        assert world.ledger.of(kind) == []
    assert requests(world)[0].state == "opened"
    assert [p.status for p in world.pipelines.values()] == ["success"]


# -- looking -----------------------------------------------------------------------


async def test_whoever_pushed_is_an_author_whatever_the_commit_says(forge, world):
    await opened(forge, world)
    alice = world.user("alice")
    alice.email, kept = "bob@claranet.example.fake", alice.email

    await world.push("acme/infra", "tandem/op1", "alice", {"evil.tf": b"x\n"}, "Mine")
    alice.email = kept
    await world.idle()
    state = await forge.merge_request("acme/infra", iid=1, token=PREPARE)

    assert {"alice", "bob@claranet.example.fake"} <= state.authors
    assert state.changed_paths == {"production/main.tf", "evil.tf"}
    assert state.pipeline.sha == state.head_sha


async def test_a_pipeline_of_another_commit_is_not_shown(forge, world):
    await opened(forge, world)
    await world.push(
        "acme/infra", "tandem/op1", "alice", {"x.tf": b"x\n"}, "Quiet [skip ci]"
    )
    await world.idle()

    state = await forge.merge_request("acme/infra", iid=1, token=PREPARE)

    assert state.pipeline.status is PipelineStatus.SKIPPED


async def test_an_artifact_comes_from_a_job_that_succeeded(forge, world):
    state = await opened(forge, world)

    found = await forge.job_artifact(
        "acme/infra",
        job_id=state.pipeline.job("plan").id,
        path="plan.json",
        token=PREPARE,
    )

    assert found == NEW
    with pytest.raises(Refused) as absent:
        await forge.job_artifact(
            "acme/infra", job_id=1, path="nope.json", token=PREPARE
        )
    assert absent.value.message.key == "refused.gitlab-absent"
    with pytest.raises(Refused) as large:
        await forge.job_artifact(
            "acme/infra", job_id=1, path="plan.json", token=PREPARE, max_bytes=5
        )
    assert large.value.message.key == "refused.gitlab-too-large"


async def test_an_artifact_of_a_failed_job_is_not_used(forge, world):
    state = await opened(
        forge,
        world,
        files=(NewFile("production/main.tf", NEW), NewFile("fail", b"")),
    )

    assert state.pipeline.status is PipelineStatus.FAILED
    with pytest.raises(Refused) as refusal:
        await forge.job_artifact(
            "acme/infra",
            job_id=state.pipeline.job("plan").id,
            path="plan.json",
            token=PREPARE,
        )
    assert refusal.value.message.key == "refused.gitlab-job-not-green"


async def test_what_a_failed_job_left_is_read_when_it_is_asked_for(forge, world):
    state = await opened(forge, world)
    job = state.pipeline.job("plan").id

    async def left(*, failed):
        return await forge.job_artifact(
            "acme/infra", job_id=job, path="plan.json", token=PREPARE, failed=failed
        )

    green = await left(failed=False)
    with pytest.raises(Refused):
        await left(failed=True)
    world.jobs[job].status = "failed"

    assert await left(failed=True) == green
    with pytest.raises(Refused):
        await left(failed=False)


# -- merging -----------------------------------------------------------------------


async def test_the_approved_commit_is_merged_and_its_pipeline_followed(forge, world):
    state = await opened(forge, world)

    outcome = await forge.merge(
        "acme/infra", iid=1, sha=state.head_sha, message="Merged", token=EXECUTE
    )
    await world.idle()

    assert isinstance(outcome, Merged)
    assert outcome.by == "tandem-execute"
    pipeline = await forge.pipeline_of(
        "acme/infra", sha=outcome.sha, ref="main", token=PREPARE
    )
    assert pipeline.status is PipelineStatus.SUCCESS
    assert pipeline.job("apply").status is PipelineStatus.SUCCESS
    after = await forge.merge_request("acme/infra", iid=1, token=PREPARE)
    assert (after.state, after.merge_sha) == (RequestState.MERGED, outcome.sha)


async def test_the_target_branch_gets_the_message_that_was_handed_in(forge, world):
    state = await opened(forge, world)
    said = "Bigger\n\nTandem-Operation: op1\nTandem-Plan: production 0"

    outcome = await forge.merge(
        "acme/infra", iid=1, sha=state.head_sha, message=said, token=EXECUTE
    )

    git = world.repository(world.projects[1])
    assert (await git.commit(outcome.sha)).message.rstrip() == said


async def test_merging_again_says_merged_and_merges_nothing(forge, world):
    state = await opened(forge, world)
    first = await forge.merge(
        "acme/infra", iid=1, sha=state.head_sha, message="Merged", token=EXECUTE
    )

    again = await forge.merge(
        "acme/infra", iid=1, sha=state.head_sha, message="Merged", token=EXECUTE
    )

    assert again == first
    assert len(world.ledger.of("merge_request.merged")) == 1


async def test_a_push_after_the_approval_is_not_merged(forge, world):
    state = await opened(forge, world)
    sha = await world.push(
        "acme/infra", "tandem/op1", "alice", {"x.tf": b"x\n"}, "More"
    )
    await world.idle()

    outcome = await forge.merge(
        "acme/infra", iid=1, sha=state.head_sha, message="Merged", token=EXECUTE
    )

    assert outcome == HeadMoved(head_sha=sha)
    assert world.ledger.of("merge_request.merged") == []


async def test_another_commit_that_somebody_merged_is_not_ours(forge, world):
    state = await opened(forge, world)
    sha = await world.push(
        "acme/infra", "tandem/op1", "alice", {"x.tf": b"x\n"}, "More"
    )
    await world.idle()
    await forge.merge("acme/infra", iid=1, sha=sha, message="Merged", token=EXECUTE)

    outcome = await forge.merge(
        "acme/infra", iid=1, sha=state.head_sha, message="Merged", token=EXECUTE
    )

    assert outcome == HeadMoved(head_sha=sha)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ("draft", "draft_status"),
        ("close", "closed"),
        ("conflict", "conflict"),
        ("pipeline", "ci_still_running"),
    ],
)
async def test_what_is_in_the_way_of_a_merge_is_named(forge, world, spoil, reason):
    state = await opened(forge, world)
    mr = requests(world)[0]
    if spoil == "draft":
        mr.title = f"Draft: {mr.title}"
    elif spoil == "close":
        mr.state = "closed"
    elif spoil == "conflict":
        files = {"production/main.tf": b"other\n"}
        await world.push("acme/infra", "main", "carol", files, "Other")
    else:
        world.pipelines[1].status = "running"

    outcome = await forge.merge(
        "acme/infra", iid=1, sha=state.head_sha, message="Merged", token=EXECUTE
    )

    assert outcome == NotMergeable(reason=reason)
    assert world.ledger.of("merge_request.merged") == []


async def test_a_token_that_may_not_merge_does_not(forge, world):
    state = await opened(forge, world)

    outcome = await forge.merge(
        "acme/infra", iid=1, sha=state.head_sha, message="Merged", token=PREPARE
    )

    assert outcome == NotMergeable(reason="401 Unauthorized")


async def test_a_merge_whose_answer_was_lost_is_seen_to_be_merged(forge, world):
    state = await opened(forge, world)
    world.faults.add(Fault(kind="lose", method="PUT"))

    outcome = await forge.merge(
        "acme/infra", iid=1, sha=state.head_sha, message="Merged", token=EXECUTE
    )

    assert isinstance(outcome, Merged)
    assert len(world.ledger.of("merge_request.merged")) == 1


async def test_a_merge_without_answer_that_is_not_seen_is_unknown(forge, world):
    state = await opened(forge, world)
    world.faults.add(Fault(kind="down", method="PUT"))

    with pytest.raises(OutcomeUnknown):
        await forge.merge(
            "acme/infra", iid=1, sha=state.head_sha, message="Merged", token=EXECUTE
        )


async def test_a_locked_merge_was_not_done_and_may_be_tried_again(forge, world):
    state = await opened(forge, world)
    world.faults.add(Fault(kind="lock", method="PUT"))

    with pytest.raises(Unavailable) as failure:
        await forge.merge(
            "acme/infra", iid=1, sha=state.head_sha, message="Merged", token=EXECUTE
        )

    assert not isinstance(failure.value, OutcomeUnknown)
    outcome = await forge.merge(
        "acme/infra", iid=1, sha=state.head_sha, message="Merged", token=EXECUTE
    )
    assert isinstance(outcome, Merged)


@pytest.mark.parametrize("sha", ["", "abc", "A" * 40, "main"])
async def test_a_merge_names_a_whole_commit(forge, sha):
    with pytest.raises(Broken):
        await forge.merge("acme/infra", iid=1, sha=sha, message="Merged", token=EXECUTE)


async def test_an_open_request_is_closed_once_with_its_reason(forge, world):
    await opened(forge, world)

    first = await forge.close("acme/infra", iid=1, note="Denied.", token=PREPARE)
    again = await forge.close("acme/infra", iid=1, note="Denied.", token=PREPARE)

    assert (first, again) == (True, False)
    assert requests(world)[0].state == "closed"
    assert [n.body for n in world.notes.values()] == ["Denied."]


async def test_the_branch_is_gone_after_the_merge(forge, world):
    state = await opened(forge, world)
    await forge.merge(
        "acme/infra", iid=1, sha=state.head_sha, message="Merged", token=EXECUTE
    )

    assert await world.repository(world.projects[1]).branch("tandem/op1") is None


# -- issues ------------------------------------------------------------------------


async def wrote(forge, title, *, who="alice", description="why"):
    """Open an issue as a person."""
    return await forge.open_issue(
        "acme/infra",
        title=title,
        description=description,
        labels=(),
        token=SecretStr(person_token(who)),
    )


async def listed(forge, *, words="tandem link", author=None, ago=timedelta(hours=1)):
    return await forge.titled_issues(
        "acme/infra",
        words=words,
        since=clock.now() - ago,
        author=author,
        token=SecretStr(token_of("acme", "read")),
    )


async def test_issues_are_found_by_words_of_their_title_newest_first(forge, world):
    await wrote(forge, "tandem link one")
    await wrote(forge, "something else", description="tandem link two")
    await wrote(forge, "tandem link three", who="bob")

    found = await listed(forge)

    assert [(one.iid, one.title, one.author) for one in found] == [
        (3, "tandem link three", "bob"),
        (1, "tandem link one", "alice"),
    ]
    assert found[0].url.endswith("/acme/infra/-/issues/3")


async def test_issues_are_found_by_their_author_without_regard_to_case(forge, world):
    await wrote(forge, "tandem link one")
    await wrote(forge, "tandem link two", who="bob")

    found = await listed(forge, author="ALICE")

    assert [one.iid for one in found] == [1]
    assert await listed(forge, author="nobody") == ()


async def test_older_issues_are_left_out(forge, world):
    await wrote(forge, "tandem link one")

    assert await listed(forge, ago=timedelta(seconds=-5)) == ()


async def test_an_issue_is_answered(forge, world):
    issue = await wrote(forge, "tandem link one")

    await forge.answer_issue(
        "acme/infra", iid=issue.iid, body="The answer", token=PREPARE
    )

    (note,) = world.notes.values()
    assert (note.issue_iid, note.mr_iid, note.body) == (1, 0, "The answer")
    assert note.author == "tandem-prepare"


@pytest.mark.parametrize(("iid", "body"), [(9, "x"), (1, " ")])
async def test_an_answer_that_gitlab_refuses_is_refused(forge, world, iid, body):
    await wrote(forge, "tandem link one")

    with pytest.raises(Refused):
        await forge.answer_issue("acme/infra", iid=iid, body=body, token=PREPARE)


async def test_an_answer_of_unknown_fate_is_not_given_twice(forge, world):
    issue = await wrote(forge, "tandem link one")
    world.faults.add(Fault(kind="lose", method="POST", path="/notes"))

    with pytest.raises(OutcomeUnknown):
        await forge.answer_issue("acme/infra", iid=issue.iid, body="x", token=PREPARE)

    assert len(world.notes) == 1
