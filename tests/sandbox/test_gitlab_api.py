"""The GitLab stand-in over HTTP: what it answers, refuses, writes down."""

import asyncio
import base64
from datetime import date
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from deploy.sandbox.gitlab.faults import Fault
from deploy.sandbox.gitlab.pipelines import variables
from deploy.sandbox.gitlab.records import Level, Token
from deploy.sandbox.gitlab.seeding import person_token, token_of
from deploy.sandbox.gitlab.serve import serve
from deploy.sandbox.gitlab.world import GitLabWorld

CONTRACTS = Path(__file__).parents[3] / "shared" / "contracts" / "gitlab"
CI = """
stages: [plan, apply]
plan:
  stage: plan
  script: [cp main.tf plan.json]
  artifacts: {paths: [plan.json]}
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
apply:
  stage: apply
  script: [echo applied]
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
"""


def seeds(folder, ci=CI):
    for client in ("acme", "globex"):
        root = folder / f"{client}-infra"
        root.mkdir(parents=True)
        (root / "main.tf").write_text(f'name = "{client}"\n')
        (root / ".gitlab-ci.yml").write_text(ci)
    return folder


@pytest_asyncio.fixture
async def world(tmp_path):
    contracts = CONTRACTS if CONTRACTS.is_dir() else None
    return await GitLabWorld.sample(
        tmp_path / "state", seeds=seeds(tmp_path / "seeds"), contracts=contracts
    )


@pytest_asyncio.fixture
async def url(world):
    async with serve(world) as address:
        yield address


def client(url, token):
    return httpx.AsyncClient(
        base_url=f"{url}/api/v4", headers={"PRIVATE-TOKEN": token}, timeout=20
    )


@pytest_asyncio.fixture
async def prepare(url):
    async with client(url, token_of("acme", "prepare")) as connected:
        yield connected


@pytest_asyncio.fixture
async def execute(url):
    async with client(url, token_of("acme", "execute")) as connected:
        yield connected


async def commit(api, *, branch="tandem/op1", content="name = 2\n", message="Change"):
    return await api.post(
        "/projects/acme%2Finfra/repository/commits",
        json={
            "branch": branch,
            "start_branch": "main",
            "commit_message": message,
            "actions": [
                {"action": "update", "file_path": "main.tf", "content": content}
            ],
        },
    )


async def opened(api, world, *, branch="tandem/op1", **more):
    assert (await commit(api, branch=branch)).status_code == 201
    answer = await api.post(
        "/projects/1/merge_requests",
        json={
            "source_branch": branch,
            "target_branch": "main",
            "title": "Tandem: change",
            "labels": ["tandem"],
            **more,
        },
    )
    assert answer.status_code == 201, answer.text
    await world.idle()
    return (await api.get(f"/projects/1/merge_requests/{answer.json()['iid']}")).json()


async def test_no_token_and_a_wrong_token_are_unauthorized(url):
    async with httpx.AsyncClient(base_url=f"{url}/api/v4") as nobody:
        answer = await nobody.get("/projects/1", headers={"PRIVATE-TOKEN": "guess"})

        assert answer.status_code == 401
        assert answer.json() == {"message": "401 Unauthorized"}
        assert (await nobody.get("/user")).status_code == 401


async def test_another_clients_project_is_not_found(prepare):
    answer = await prepare.get("/projects/globex%2Finfra")

    assert answer.status_code == 404
    assert answer.json() == {"message": "404 Project Not Found"}


async def test_an_expired_token_says_so(world, prepare):
    token = next(
        t for t in world.tokens.values() if t.value == token_of("acme", "prepare")
    )
    token.expires_at = date(2020, 1, 1)

    answer = await prepare.get("/user")

    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"


async def test_a_reading_token_cannot_write(world, url):
    world.save(
        Token(
            id=99,
            value="read",
            username="tandem-prepare",
            scopes=frozenset({"read_api"}),
            levels={1: Level.DEVELOPER},
        )
    )
    async with client(url, "read") as reader:
        assert (await reader.get("/projects/1")).status_code == 200
        answer = await commit(reader)

    assert answer.status_code == 403
    assert answer.json()["error"] == "insufficient_scope"


async def test_files_come_whole_and_raw_and_by_head(prepare):
    path = "/projects/acme%2Finfra/repository/files/main.tf"

    whole = (await prepare.get(path, params={"ref": "main"})).json()
    raw = await prepare.get(f"{path}/raw", params={"ref": whole["commit_id"]})
    head = await prepare.head(path, params={"ref": "main"})

    assert base64.b64decode(whole["content"]) == b'name = "acme"\n'
    assert raw.content == b'name = "acme"\n'
    assert head.headers["x-gitlab-last-commit-id"] == whole["last_commit_id"]
    assert (await prepare.get(f"{path}x")).status_code == 404


async def test_pages_are_linked_and_counted(prepare):
    first = await prepare.get(
        "/projects/1/repository/tree", params={"recursive": "True", "per_page": 1}
    )

    assert first.headers["x-total"] == "2"
    assert first.headers["x-next-page"] == "2"
    assert 'rel="next"' in first.headers["link"]
    second = await prepare.get(first.links["next"]["url"])
    assert [e["path"] for e in first.json() + second.json()] == [
        ".gitlab-ci.yml",
        "main.tf",
    ]
    assert "next" not in second.links


async def test_a_developer_cannot_push_to_the_protected_branch(prepare, world):
    answer = await prepare.post(
        "/projects/1/repository/commits",
        json={"branch": "main", "commit_message": "x", "actions": []},
    )

    assert answer.status_code == 403
    assert world.ledger.of("branch.pushed") == []


async def test_a_commit_on_a_file_that_changed_is_refused(prepare):
    answer = await prepare.post(
        "/projects/1/repository/commits",
        json={
            "branch": "feature",
            "start_branch": "main",
            "commit_message": "x",
            "actions": [
                {
                    "action": "update",
                    "file_path": "main.tf",
                    "content": "y",
                    "last_commit_id": "0" * 40,
                }
            ],
        },
    )

    assert answer.status_code == 400
    assert "has changed" in answer.json()["message"]


async def test_a_branch_is_made_once(prepare):
    assert (await commit(prepare)).status_code == 201

    again = await commit(prepare)

    assert again.status_code == 400
    assert "already exists" in again.json()["message"]


@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", ".git/config", "a//b", "a/../b"]
)
async def test_paths_that_leave_the_repository_are_refused(prepare, path):
    answer = await prepare.post(
        "/projects/1/repository/commits",
        json={
            "branch": "f",
            "start_branch": "main",
            "commit_message": "x",
            "actions": [{"action": "create", "file_path": path, "content": "y"}],
        },
    )

    assert answer.status_code == 400


@pytest.mark.parametrize("ref", ["--output=x", "main..main", "a b", "@{u}", "HEAD~1"])
async def test_refs_that_git_would_read_otherwise_are_not_found(prepare, ref):
    answer = await prepare.get("/projects/1/repository/tree", params={"ref": ref})

    assert answer.status_code == 404


async def test_a_second_request_for_a_branch_conflicts(prepare, world):
    await opened(prepare, world)

    again = await prepare.post(
        "/projects/1/merge_requests",
        json={"source_branch": "tandem/op1", "target_branch": "main", "title": "t"},
    )

    assert again.status_code == 409
    assert "!1" in again.json()["message"][0]


async def test_a_merge_makes_a_real_merge_commit(prepare, execute, world):
    mr = await opened(prepare, world)

    answer = await execute.put(
        "/projects/1/merge_requests/1/merge", json={"sha": mr["sha"]}
    )

    assert answer.status_code == 200, answer.text
    merged = answer.json()
    assert (merged["state"], merged["merge_user"]["username"]) == (
        "merged",
        "tandem-execute",
    )
    git = world.repository(world.projects[1])
    info = await git.commit("main")
    assert info.sha == merged["merge_commit_sha"]
    assert info.parents[1] == mr["sha"]
    assert info.message.startswith("Merge branch 'tandem/op1' into 'main'")
    assert "See merge request acme/infra!1" in info.message
    assert await git.read("main", "main.tf") == b"name = 2\n"
    (entry,) = world.ledger.of("merge_request.merged")
    assert (entry.actor, entry.detail["head"]) == ("tandem-execute", mr["sha"])


@pytest.mark.parametrize("squash", [False, True])
async def test_a_merge_has_the_messages_that_were_asked_for(
    prepare, execute, world, squash
):
    mr = await opened(prepare, world)

    await execute.put(
        "/projects/1/merge_requests/1/merge",
        json={
            "sha": mr["sha"],
            "squash": squash,
            "merge_commit_message": "Merged: $x\n\nTandem-Plan: y",
            "squash_commit_message": "Squashed",
        },
    )
    await world.idle()

    git = world.repository(world.projects[1])
    info = await git.commit("main")
    assert info.message.rstrip() == "Merged: $x\n\nTandem-Plan: y"
    branch = (await git.commit(info.parents[1])).message.rstrip()
    assert (branch == "Squashed") is squash
    pipeline = next(p for p in world.pipelines.values() if p.sha == info.sha)
    (job,) = world.jobs_of(pipeline)
    found = variables(world, job, folder="/x")
    assert found["CI_COMMIT_MESSAGE"] == info.message


async def test_the_preparing_bot_cannot_merge(prepare, world):
    mr = await opened(prepare, world)

    answer = await prepare.put(
        "/projects/1/merge_requests/1/merge", json={"sha": mr["sha"]}
    )

    assert answer.status_code == 401
    assert world.ledger.of("merge_request.merged") == []


async def test_a_merge_at_another_commit_conflicts_by_query_and_by_body(
    prepare, execute, world
):
    await opened(prepare, world)
    path = "/projects/1/merge_requests/1/merge"

    by_query = await execute.put(path, params={"sha": "a" * 40}, json={})
    by_body = await execute.put(path, json={"sha": "a" * 40})

    assert (by_query.status_code, by_body.status_code) == (409, 409)
    assert by_body.json()["message"].startswith("SHA does not match HEAD")


async def test_drafts_closed_requests_and_pending_pipelines_do_not_merge(
    prepare, execute, world
):
    mr = await opened(prepare, world, title="Draft: change")
    path = "/projects/1/merge_requests/1"

    draft = await execute.put(f"{path}/merge", json={"sha": mr["sha"]})
    await prepare.put(path, json={"title": "Change", "state_event": "close"})
    closed = await execute.put(f"{path}/merge", json={"sha": mr["sha"]})

    assert mr["detailed_merge_status"] == "draft_status"
    assert (draft.status_code, closed.status_code) == (405, 405)


async def test_a_request_that_conflicts_cannot_merge(prepare, execute, world):
    mr = await opened(prepare, world)
    await world.push("acme/infra", "main", "carol", {"main.tf": "name = 3\n"}, "Other")
    await world.idle()

    answer = await execute.put(
        "/projects/1/merge_requests/1/merge", json={"sha": mr["sha"]}
    )

    assert answer.status_code == 422
    assert answer.json()["message"] == "Branch cannot be merged"
    now = (await prepare.get("/projects/1/merge_requests/1")).json()
    assert (now["detailed_merge_status"], now["has_conflicts"]) == ("conflict", True)


async def test_a_push_to_the_branch_moves_the_head_and_runs_again(prepare, world):
    before = await opened(prepare, world)

    sha = await world.push(
        "acme/infra", "tandem/op1", "alice", {"main.tf": "name = 4\n"}, "Mine"
    )
    await world.idle()

    after = (await prepare.get("/projects/1/merge_requests/1")).json()
    assert (before["sha"] != sha, after["sha"]) == (True, sha)
    assert after["head_pipeline"]["sha"] == sha
    commits = (await prepare.get("/projects/1/merge_requests/1/commits")).json()
    assert [c["author_email"] for c in commits] == [
        "alice@acme.example",
        "tandem-prepare@noreply.gitlab.example",
    ]


async def test_changes_diffs_and_versions_show_the_change(prepare, world):
    await opened(prepare, world)
    path = "/projects/1/merge_requests/1"

    (diff,) = (await prepare.get(f"{path}/diffs")).json()
    changes = (await prepare.get(f"{path}/changes")).json()
    (version,) = (await prepare.get(f"{path}/versions")).json()
    whole = (await prepare.get(f"{path}/versions/{version['id']}")).json()

    assert diff["diff"] == '@@ -1 +1 @@\n-name = "acme"\n+name = 2\n'
    assert changes["changes"] == [diff]
    assert whole["diffs"] == [diff]


async def test_notes_are_kept_and_what_gitlab_reads_in_them_is_done(prepare, world):
    await opened(prepare, world)
    path = "/projects/1/merge_requests/1/notes"

    await prepare.post(path, json={"body": "Hello @bob, closes #3\n\n/close"})

    notes = (await prepare.get(path)).json()
    mr = (await prepare.get("/projects/1/merge_requests/1")).json()
    assert (notes[0]["body"], mr["state"]) == ("Hello @bob, closes #3", "closed")
    assert [e.detail["name"] for e in world.ledger.of("mention.sent")] == ["bob"]
    assert [e.detail["name"] for e in world.ledger.of("reference.made")] == ["#3"]


async def test_skip_ci_in_a_message_skips_the_pipeline(prepare, world):
    await commit(prepare, message="Change [skip ci]")
    answer = await prepare.post(
        "/projects/1/merge_requests",
        json={"source_branch": "tandem/op1", "target_branch": "main", "title": "t"},
    )

    assert answer.json()["head_pipeline"]["status"] == "skipped"
    assert world.ledger.of("job.started") == []


async def test_hooks_variables_and_labels_are_kept(execute, prepare):
    hook = await execute.post(
        "/projects/1/hooks",
        json={"url": "http://127.0.0.1:9/x", "merge_requests_events": True},
    )
    made = await execute.post(
        "/projects/1/variables", json={"key": "A", "value": "1", "protected": True}
    )

    assert hook.status_code == 201
    assert hook.json()["merge_requests_events"] is True
    assert made.json()["protected"] is True
    assert (await prepare.get("/projects/1/variables")).status_code == 403
    assert (await prepare.get("/projects/1/hooks")).status_code == 403
    names = [
        label["name"] for label in (await prepare.get("/projects/1/labels")).json()
    ]
    assert names == ["tandem"]
    gone = await execute.delete(f"/projects/1/hooks/{hook.json()['id']}")
    assert gone.status_code == 204


async def test_the_ledger_names_who_did_what_also_when_refused(prepare, world):
    await commit(prepare)
    await prepare.post("/projects/2/merge_requests", json={})

    calls = world.ledger.of("api.called")

    assert [(c.actor, c.status, c.detail["path"]) for c in calls] == [
        ("tandem-prepare", "201", "/projects/acme%2Finfra/repository/commits"),
        ("tandem-prepare", "404", "/projects/2/merge_requests"),
    ]


async def test_faults_down_lost_locked_and_slow(prepare, world):
    world.faults.add(Fault(kind="down", times=2))
    assert (await prepare.get("/user")).status_code == 503
    assert (await commit(prepare)).status_code == 503
    world.faults.add(Fault(kind="lose", method="POST"))
    assert (await commit(prepare)).status_code == 502
    world.faults.add(Fault(kind="lock", method="PUT"))
    locked = await prepare.put("/projects/1/merge_requests/1", json={})

    performed = [c.status for c in world.ledger.of("api.called")]
    branch = await prepare.get("/projects/1/repository/branches/tandem%2Fop1")

    assert branch.status_code == 200
    assert (locked.status_code, locked.json()["message"]) == (409, "Resource lock")
    assert performed == ["503", "201", "409"]
    assert world.ledger.of("api.called")[1].detail["lost"] == 1


async def test_faults_and_pushes_can_be_ordered_from_another_process(url, world):
    form = {
        "project": "acme/infra",
        "branch": "mine",
        "author": "alice",
        "files": {"x.tf": "x"},
        "message": "From elsewhere",
    }
    async with client(url, "glpat-sandbox-root") as root:
        pushed = await root.post("/sandbox/push", json=form)
        ordered = await root.post("/sandbox/faults", json={"kind": "down"})
        down = await root.get("/user")
    async with client(url, person_token("alice")) as alice:
        refused = await alice.post("/sandbox/push", json=form)

    assert (pushed.status_code, ordered.status_code, down.status_code) == (
        201,
        201,
        503,
    )
    assert refused.status_code == 403


async def test_what_was_done_survives_a_restart(tmp_path, world, prepare, url):
    mr = await opened(prepare, world)
    again = GitLabWorld(world.directory)
    try:
        project = again.projects[1]

        kept = again.merge_request(project, 1)

        assert kept is not None
        assert kept.head.head_sha == mr["sha"]
        assert again.ledger.entries == world.ledger.entries
        assert [j.status for j in again.jobs.values()] == ["success"]
    finally:
        again.close()


async def test_a_merge_cut_off_between_git_and_the_record_is_caught_up(tmp_path, world):
    async with (
        serve(world) as address,
        client(address, token_of("acme", "prepare")) as c,
    ):
        mr = await opened(c, world)
    project = world.projects[1]
    git = world.repository(project)
    main = await git.branch("main")
    tree = await git.merge(ours=main, theirs=mr["sha"])
    who = world.signature("tandem-execute")
    sha = await git.commit_tree(
        tree,
        parents=[main, mr["sha"]],
        message="Merge",
        author=who,
        committer=who,
        when=world.now(),
    )
    await git.set_branch("main", new=sha, old=main)

    again = GitLabWorld(world.directory)
    async with serve(again):
        await again.idle()
        kept = again.merge_request(again.projects[1], 1)
        runs = [(p.sha, p.source, p.status) for p in again.pipelines.values()]

    assert (kept.state, kept.merge_commit_sha, kept.merged_by) == (
        "merged",
        sha,
        "tandem-execute",
    )
    assert runs[-1] == (sha, "push", "success")


async def test_pages_escape_what_people_wrote_and_load_nothing(prepare, world, url):
    await opened(
        prepare,
        world,
        title="<script>alert(1)</script>",
        description='"><img src=x onerror=alert(1)>',
    )
    async with httpx.AsyncClient(base_url=url) as browser:
        pages = await asyncio.gather(
            *(
                browser.get(path)
                for path in (
                    "/",
                    "/acme/infra",
                    "/acme/infra/-/merge_requests",
                    "/acme/infra/-/merge_requests/1",
                    "/acme/infra/-/pipelines",
                    "/acme/infra/-/pipelines/1",
                    "/acme/infra/-/jobs/1",
                    "/acme/infra/-/tree/tandem/op1",
                    "/acme/infra/-/blob/main/main.tf",
                )
            )
        )
        missing = await browser.get("/acme/infra/-/jobs/99")

    for page in pages:
        assert page.status_code == 200, page.url
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "<script" not in page.text
        assert "<img src=x" not in page.text
    assert "&lt;script&gt;" in pages[3].text
    assert '<span class="add">+name = 2</span>' in pages[3].text
    assert missing.status_code == 404
    assert "<h1>404 Not Found</h1>" in missing.text


@pytest.mark.skipif(not CONTRACTS.is_dir(), reason="no contracts beside the repository")
async def test_payloads_are_held_to_the_contracts(prepare, world):
    await opened(prepare, world)

    assert world.contracts.on
    assert world.contracts.checked >= 10


# -- issues ------------------------------------------------------------------------

ISSUES = "/projects/acme%2Finfra/issues"


@pytest_asyncio.fixture
async def alice(url):
    async with client(url, person_token("alice")) as connected:
        yield connected


async def test_what_is_written_under_an_issue_is_there_newest_first(alice, prepare):
    made = (await alice.post(ISSUES, json={"title": "Help"})).json()
    for text in ("one", "two"):
        answer = await prepare.post(f"{ISSUES}/1/notes", json={"body": text})

    notes = (await alice.get(f"{ISSUES}/1/notes")).json()
    oldest = (await alice.get(f"{ISSUES}/1/notes", params={"sort": "asc"})).json()

    assert answer.status_code == 201
    assert [one["body"] for one in notes] == ["two", "one"]
    assert [one["body"] for one in oldest] == ["one", "two"]
    assert (notes[0]["noteable_type"], notes[0]["noteable_id"]) == ("Issue", made["id"])
    assert notes[0]["author"]["username"] == "tandem-prepare"
    assert (await alice.get(f"{ISSUES}/1")).json()["user_notes_count"] == 2


async def test_what_is_written_under_an_issue_is_not_under_a_merge_request(
    alice, prepare, world
):
    await opened(prepare, world)
    await alice.post(ISSUES, json={"title": "Help"})
    await prepare.post(f"{ISSUES}/1/notes", json={"body": "text"})

    path = "/projects/acme%2Finfra/merge_requests/1/notes"
    assert (await alice.get(path)).json() == []


async def test_nothing_is_written_under_no_issue_and_no_blank_text(alice):
    await alice.post(ISSUES, json={"title": "Help"})

    missing = await alice.post(f"{ISSUES}/7/notes", json={"body": "text"})
    blank = await alice.post(f"{ISSUES}/1/notes", json={"body": "  "})

    assert (missing.status_code, blank.status_code) == (404, 400)
    assert (await alice.get(f"{ISSUES}/1")).status_code == 200


@pytest.mark.parametrize(
    ("texts", "field", "value"),
    [
        (["/close"], "state", "closed"),
        (["/close", "/reopen"], "state", "opened"),
        (["/title Other"], "title", "Other"),
        (['/label ~"mine"'], "labels", ["mine"]),
        (["/label ~mine", "/unlabel ~mine"], "labels", []),
        (["/merge"], "state", "opened"),
        (["```\n/close\n```"], "state", "opened"),
    ],
)
async def test_quick_actions_under_an_issue_are_done(alice, texts, field, value):
    await alice.post(ISSUES, json={"title": "Help"})
    for text in texts:
        await alice.post(f"{ISSUES}/1/notes", json={"body": f"Hello\n{text}"})

    issue = (await alice.get(f"{ISSUES}/1")).json()

    assert issue[field] == value


async def test_an_issue_is_opened_in_the_browser_as_somebody_and_shows_its_answers(
    prepare, world, url
):
    async with httpx.AsyncClient(base_url=url, follow_redirects=True) as browser:
        form = await browser.get("/acme/infra/-/issues/new")
        said = {"who": "alice", "title": "<b>tandem link x</b>", "description": "y"}
        page = await browser.post("/acme/infra/-/issues", data=said)
        await prepare.post(f"{ISSUES}/1/notes", json={"body": "<i>answer</i>"})
        answered = await browser.get("/acme/infra/-/issues/1")

    (issue,) = world.issues.values()
    assert '<option value="alice">' in form.text
    assert "tandem-prepare" not in form.text
    assert "form-action 'self'" in form.headers["content-security-policy"]
    assert (issue.author, issue.title) == ("alice", "<b>tandem link x</b>")
    assert "&lt;b&gt;tandem link x" in page.text
    assert 'http-equiv="refresh"' in page.text
    assert "&lt;i&gt;answer" in answered.text
    assert 'http-equiv="refresh"' not in answered.text


@pytest.mark.parametrize(
    ("said", "headers", "status"),
    [
        ({"who": "gina", "title": "x"}, {}, 400),
        ({"who": "tandem-prepare", "title": "x"}, {}, 400),
        ({"who": "alice", "title": " "}, {}, 400),
        ({"who": "alice", "title": "x" * 256}, {}, 400),
        ({"who": "alice", "title": "x"}, {"sec-fetch-site": "cross-site"}, 403),
    ],
)
async def test_the_form_takes_nobody_else_and_nothing_from_elsewhere(
    world, url, said, headers, status
):
    async with httpx.AsyncClient(base_url=url) as browser:
        answer = await browser.post("/acme/infra/-/issues", data=said, headers=headers)

    assert answer.status_code == status
    assert not world.issues


FILE = "main.tf"
EDIT = f"/acme/infra/-/edit/{FILE}"


async def test_a_file_edited_in_the_browser_opens_a_merge_request(world, url):
    async with httpx.AsyncClient(base_url=url, follow_redirects=True) as browser:
        shown = await browser.get(f"/acme/infra/-/blob/main/{FILE}")
        form = await browser.get(EDIT)
        said = {"who": "alice", "title": "<b>mine</b>", "content": "# a\r\n<b>\r\n"}
        page = await browser.post(EDIT, data=said)

    (request,) = world.merge_requests.values()
    git = world.repository(world.project("acme/infra"))
    assert f'href="{EDIT}"' in shown.text
    assert 'name="content"' in form.text
    assert (request.author, request.title) == ("alice", "<b>mine</b>")
    head = await git.branch(request.source_branch)
    assert await git.read(head, FILE) == b"# a\n<b>\n"
    assert "&lt;b&gt;mine" in page.text


@pytest.mark.parametrize(
    ("place", "said", "status"),
    [
        (EDIT, {"who": "gina", "title": "x"}, 400),
        (EDIT, {"who": "tandem-prepare", "title": "x"}, 400),
        (EDIT, {"who": "alice", "title": ""}, 400),
        ("/acme/infra/-/edit/no/such", {"who": "alice", "title": "x"}, 404),
    ],
)
async def test_the_editor_takes_nobody_else_and_no_file_that_is_not_there(
    world, url, place, said, status
):
    async with httpx.AsyncClient(base_url=url) as browser:
        answer = await browser.post(place, data=said)
        foreign = {"sec-fetch-site": "cross-site"}
        elsewhere = await browser.post(place, data=said, headers=foreign)

    assert (answer.status_code, elsewhere.status_code) == (status, 403)
    assert not world.merge_requests
