"""The GitLab stand-in's runner and hooks: jobs really run, hooks are really sent."""

import asyncio
import contextlib
import hashlib
import hmac
import io
import json
import os
import signal
import sys
import zipfile
from base64 import b64decode, b64encode
from pathlib import Path

import httpx
import psutil
import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot.domain.gitlab_hook import HookHint, verify
from deploy.sandbox.gitlab.faults import Fault
from deploy.sandbox.gitlab.records import Hook, Variable
from deploy.sandbox.gitlab.seeding import token_of
from deploy.sandbox.gitlab.serve import serve
from deploy.sandbox.gitlab.world import GitLabWorld

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT.parent / "shared" / "contracts" / "gitlab"
SIGNING = "whsec_" + b64encode(b"k" * 32).decode()


async def started(tmp_path, ci):
    for client in ("acme", "globex"):
        root = tmp_path / "seeds" / f"{client}-infra"
        root.mkdir(parents=True)
        (root / "main.tf").write_text("x = 1\n")
        (root / ".gitlab-ci.yml").write_text(ci)
    contracts = CONTRACTS if CONTRACTS.is_dir() else None
    return await GitLabWorld.sample(
        tmp_path / "state", seeds=tmp_path / "seeds", contracts=contracts
    )


@pytest_asyncio.fixture
async def run(tmp_path):
    """Push to main under this CI file and give the world when all jobs ended."""
    async with contextlib.AsyncExitStack() as stack:

        async def go(ci, *, branch="main", prepared=None):
            world = await started(tmp_path, ci)
            if prepared:
                prepared(world.projects[1])
            world.url = await stack.enter_async_context(serve(world))
            await world.push("acme/infra", branch, "carol", {"y.tf": "y = 2\n"}, "Go")
            await world.idle()
            return world

        yield go


def jobs(world):
    return {job.name: job for job in world.jobs.values() if not job.retried}


async def test_a_job_sees_its_checkout_and_nothing_of_ours(run):
    world = await run(
        "one:\n  script:\n    - cat main.tf y.tf\n    - env | sort\n",
    )

    job = jobs(world)["one"]
    trace = world.runner.trace(job)
    assert job.status == "success"
    assert "$ cat main.tf y.tf\nx = 1\ny = 2\n" in trace
    names = {
        line.partition("=")[0]
        for line in trace.partition("$ env | sort\n")[2].splitlines()
        if "=" in line
    }
    ours = {n for n in names if not n.startswith(("CI", "GITLAB_"))}
    assert ours <= {"HOME", "LANG", "OLDPWD", "PATH", "PWD", "SHLVL", "TMPDIR", "_"}


async def test_a_failing_line_fails_the_job_and_skips_what_follows(run):
    world = await run(
        "stages: [a, b]\n"
        "one: {stage: a, script: ['false | true', echo after]}\n"
        "two: {stage: b, script: [echo never]}\n"
    )

    found = jobs(world)
    assert (found["one"].status, found["one"].failure_reason) == (
        "failed",
        "script_failure",
    )
    assert found["two"].status == "skipped"
    assert "\nafter\n" not in world.runner.trace(found["one"])
    assert [p.status for p in world.pipelines.values()] == ["failed"]


async def test_a_failure_that_is_allowed_does_not_stop_the_pipeline(run):
    world = await run(
        "stages: [a, b]\n"
        "one: {stage: a, script: ['false'], allow_failure: true}\n"
        "two: {stage: b, script: [echo on]}\n"
    )

    assert jobs(world)["two"].status == "success"
    assert [p.status for p in world.pipelines.values()] == ["success"]


async def test_artifacts_reach_later_jobs_and_the_api(run):
    world = await run(
        "stages: [a, b]\n"
        "one:\n  stage: a\n  script: [mkdir out, echo hi > out/p.json,"
        " ln -s /etc/passwd out/link]\n"
        "  artifacts: {paths: [out]}\n"
        "two: {stage: b, script: [cat out/p.json]}\n"
    )
    headers = {"PRIVATE-TOKEN": token_of("acme", "prepare")}
    base = f"{world.url}/api/v4/projects/acme%2Finfra/jobs"
    key = jobs(world)["one"].id

    async with httpx.AsyncClient(headers=headers) as api:
        one = await api.get(f"{base}/{key}/artifacts/out/p.json")
        link = await api.get(f"{base}/{key}/artifacts/out/link")
        outside = await api.get(f"{base}/{key}/artifacts/..%2F..%2Fgitlab.sqlite")
        archive = await api.get(f"{base}/{key}/artifacts")
        named = await api.get(
            f"{base}/artifacts/main/raw/out/p.json", params={"job": "one"}
        )

    assert jobs(world)["two"].status == "success"
    assert (one.content, named.content) == (b"hi\n", b"hi\n")
    assert (link.status_code, outside.status_code) == (404, 404)
    with zipfile.ZipFile(io.BytesIO(archive.content)) as found:
        assert found.namelist() == ["out/p.json"]


@pytest.mark.parametrize(("branch", "seen"), [("main", "yes"), ("feature", "no")])
async def test_protected_variables_reach_protected_branches_only(run, branch, seen):
    def prepared(project):
        project.variables = [
            Variable(key="SECRET", value="hush-hush", protected=True, masked=True),
            Variable(key="OPEN", value="open"),
        ]

    world = await run(
        "variables: {MINE: got-$OPEN}\n"
        "one: {script: ['echo ${SECRET:+yes}', 'echo ${SECRET:-no}', 'echo $MINE']}\n",
        branch=branch,
        prepared=prepared,
    )

    trace = world.runner.trace(jobs(world)["one"])
    assert f"\n{seen}\n" in trace
    assert "\ngot-open\n" in trace
    assert "hush-hush" not in trace


async def test_a_job_that_takes_too_long_is_killed_with_its_children(run):
    world = await run("one: {timeout: 1s, script: ['sleep 600 & echo $!', 'wait']}\n")

    job = jobs(world)["one"]
    child = next(
        int(line) for line in world.runner.trace(job).splitlines() if line.isdigit()
    )
    assert (job.status, job.failure_reason) == ("failed", "job_execution_timeout")
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie"


async def test_a_wrong_file_makes_a_failed_pipeline_that_says_why(run):
    world = await run("one: {script: echo, services: [x]}\n")

    (pipeline,) = world.pipelines.values()
    assert (pipeline.status, world.jobs) == ("failed", {})
    assert "unknown keys" in pipeline.yaml_errors


async def test_jobs_of_one_resource_group_never_overlap(run):
    script = "[echo begin $(date +%s%N), sleep 0.3, echo end $(date +%s%N)]"
    world = await run(
        f"one: {{script: {script}, resource_group: x}}\n"
        f"two: {{script: {script}, resource_group: x}}\n"
    )

    spans = sorted((j.started_at, j.finished_at) for j in world.jobs.values())
    assert spans[0][1] <= spans[1][0]


async def test_cancel_and_retry(tmp_path):
    world = await started(
        tmp_path, "one: {script: ['test -e /nope || sleep ${LONG:-30}']}\n"
    )
    headers = {"PRIVATE-TOKEN": token_of("acme", "execute")}
    async with (
        serve(world) as url,
        httpx.AsyncClient(base_url=f"{url}/api/v4/projects/1", headers=headers) as api,
    ):
        await world.push("acme/infra", "main", "carol", {"y.tf": "y"}, "Go")
        canceled = await api.post("/pipelines/1/cancel")
        await world.idle()
        await api.post("/variables", json={"key": "LONG", "value": "0"})
        await api.post("/pipelines/1/retry")
        await world.idle()
        after = (await api.get("/pipelines/1")).json()
        every = await api.get("/pipelines/1/jobs", params={"include_retried": "True"})

    assert canceled.json()["status"] == "canceled"
    assert after["status"] == "success"
    assert [j["status"] for j in every.json()] == ["canceled", "success"]


async def test_kill_nine_fails_the_running_job_and_ends_its_process(tmp_path):
    world = await started(
        tmp_path,
        "one: {script: ['echo $$ > ../../../pid', sleep 600], resource_group: x}\n"
        "two: {script: [echo two], resource_group: x}\n",
    )
    world.close()
    process = await _process(tmp_path)
    try:
        await _push(await _address(process))
        file = tmp_path / "state" / "pid"
        pid = int(await _text(file))
    finally:
        process.kill()
        await process.wait()
    assert psutil.pid_exists(pid)

    again = GitLabWorld(tmp_path / "state")
    async with serve(again):
        await again.idle()
        found = jobs(again)

    assert (found["one"].status, found["one"].failure_reason) == (
        "failed",
        "runner_system_failure",
    )
    assert found["two"].status == "success"
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie"


async def _process(tmp_path):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "deploy.sandbox.gitlab",
        "--state",
        str(tmp_path / "state"),
        "--seeds",
        str(tmp_path / "seeds"),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )


async def _address(process):
    async with asyncio.timeout(20):
        line = (await process.stdout.readline()).decode()
    return line.split(" at ")[1].split(";")[0]


async def _push(url):
    form = {
        "project": "acme/infra",
        "branch": "main",
        "author": "carol",
        "files": {"y.tf": "y"},
        "message": "Go",
    }
    headers = {"PRIVATE-TOKEN": "glpat-sandbox-root"}
    async with httpx.AsyncClient(base_url=f"{url}/api/v4", headers=headers) as api:
        assert (await api.post("/sandbox/push", json=form)).status_code == 201


async def _text(file):
    async with asyncio.timeout(20):
        while not file.exists() or not file.read_text().strip():  # noqa: ASYNC110 - it is another process or library that we wait for
            await asyncio.sleep(0.05)
    return file.read_text()


async def test_the_process_says_where_it_is_and_ends_on_sigterm(tmp_path):
    world = await started(tmp_path, "one: {script: [echo]}\n")
    world.close()
    process = await _process(tmp_path)
    try:
        url = await _address(process)
        async with httpx.AsyncClient() as browser:
            page = await browser.get(f"{url}/acme/infra")
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            code = await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)

    assert (page.status_code, code) == (200, 0)


class Receiver:
    """A loopback endpoint that keeps what it is sent and fails as often as told."""

    def __init__(self):
        self.got = []
        self.failures = 0

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {k.decode(): v.decode() for k, v in scope["headers"]}
        self.got.append((headers, body))
        status = 500 if len(self.got) <= self.failures else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@contextlib.asynccontextmanager
async def receiving():
    import socket  # noqa: PLC0415 - only here

    import uvicorn  # noqa: PLC0415 - only here

    receiver = Receiver()
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(receiver, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 - it is another process or library that we wait for
        await asyncio.sleep(0.01)
    try:
        yield receiver, f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
    finally:
        server.should_exit = True
        await task
        listening.close()


async def _until(condition):
    async with asyncio.timeout(15):
        while not condition():  # noqa: ASYNC110 - it is another process or library that we wait for
            await asyncio.sleep(0.02)


EVERY = frozenset({"merge_requests", "pipeline", "note", "push", "job"})


async def test_hooks_tell_of_pushes_jobs_and_pipelines_and_verify(tmp_path):
    world = await started(tmp_path, "one: {script: [echo]}\n")
    async with receiving() as (receiver, url), serve(world):
        world.projects[1].hooks = [
            Hook(id=1, url=url, token="s3cret", events=EVERY, created_at=world.now())
        ]
        await world.push("acme/infra", "main", "carol", {"y.tf": "y"}, "Go")
        await world.idle()
        await _until(lambda: len(receiver.got) >= 6)

    hints = [
        verify(headers, body, secret=SecretStr("s3cret"), now=world.now())
        for headers, body in receiver.got
    ]
    assert all(isinstance(hint, HookHint) for hint in hints)
    assert {hint.kind for hint in hints} == {"push", "job", "pipeline"}
    assert {hint.project for hint in hints} == {"acme/infra"}
    assert {hint.pipeline for hint in hints} == {None, 1}
    states = [
        json.loads(body)["object_attributes"]["status"]
        for headers, body in receiver.got
        if headers["x-gitlab-event"] == "Pipeline Hook"
    ]
    assert set(states) >= {"pending", "running", "success"}


async def test_hooks_are_signed_and_sent_again_under_the_same_key(tmp_path):
    world = await started(tmp_path, "one: {script: [echo], rules: [{when: never}]}\n")
    async with receiving() as (receiver, url), serve(world):
        receiver.failures = 1
        world.projects[1].hooks = [
            Hook(
                id=1,
                url=url,
                signing_token=SIGNING,
                events=frozenset({"push"}),
                created_at=world.now(),
            )
        ]
        await world.push("acme/infra", "main", "carol", {"y.tf": "y"}, "Go")
        await _until(lambda: len(receiver.got) == 2)

    (first, body), (second, _) = receiver.got
    signed = f"{second['webhook-id']}.{second['webhook-timestamp']}.".encode() + body
    key = b64decode(SIGNING.removeprefix("whsec_"))
    wanted = b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert first["idempotency-key"] == second["idempotency-key"]
    assert second["webhook-signature"] == f"v1,{wanted}"
    assert isinstance(
        verify(second, body, secret=SecretStr(SIGNING), now=world.now()), HookHint
    )


async def test_hooks_can_be_dropped(tmp_path):
    world = await started(tmp_path, "one: {script: [echo], rules: [{when: never}]}\n")
    async with receiving() as (receiver, url), serve(world):
        world.faults.add(Fault(kind="drop_hooks"))
        world.projects[1].hooks = [
            Hook(id=1, url=url, events=frozenset({"push"}), created_at=world.now())
        ]
        await world.push("acme/infra", "main", "carol", {"y.tf": "y"}, "Go")
        await _until(lambda: world.ledger.of("hook.dropped"))

    assert receiver.got == []
