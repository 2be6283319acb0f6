"""The web server itself: routes, headers, health, hooks, starting and stopping."""

from __future__ import annotations

import asyncio
import contextlib

import httpx
import pytest
from starlette.responses import PlainTextResponse

from bot.domain.errors import Unavailable
from bot.inbound.web import LARGEST_HOOK, serve, serving, web


async def _down():
    raise Unavailable("the database")


async def _up():
    return


async def _hangs():
    await asyncio.sleep(30)


@contextlib.asynccontextmanager
async def visiting(app):
    async with serving(app, host="127.0.0.1", port=0) as port:
        base = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=base, trust_env=False) as http:
            yield http


class Hooks:
    def __init__(self):
        self.seen = []

    async def __call__(self, headers, body):
        self.seen.append((headers, body))
        return 204


async def test_it_is_alive_and_every_answer_is_guarded():
    async with visiting(web()) as http:
        answer = await http.get("/healthz")

    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


async def test_readiness_names_what_fails():
    async with visiting(web(pings={"database": _down, "slack": _up})) as http:
        failing = await http.get("/readyz")
    async with visiting(web(pings={"database": _up})) as http:
        ready = await http.get("/readyz")

    assert (failing.status_code, failing.json()) == (503, {"failing": ["database"]})
    assert (ready.status_code, ready.json()) == (200, {"failing": []})


async def test_a_system_that_hangs_is_not_ready():
    async with visiting(web(pings={"database": _hangs})) as http:
        answer = await http.get("/readyz")

    assert answer.status_code == 503


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/", "/slack"])
async def test_nothing_else_is_served(path):
    async with visiting(web()) as http:
        assert (await http.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/healthz"),
        ("GET", "/gitlab/hooks"),
        ("HEAD", "/gitlab/hooks"),
        ("PUT", "/gitlab/hooks"),
    ],
)
async def test_a_route_has_its_own_methods_only(method, path):
    async with visiting(web(hook=Hooks())) as http:
        assert (await http.request(method, path)).status_code == 405


async def test_what_is_posted_for_slack_goes_straight_there_and_is_guarded():
    paths = []

    async def slack(scope, receive, send):
        paths.append(scope["path"])
        await PlainTextResponse("noted")(scope, receive, send)

    async with visiting(web(slack=slack)) as http:
        answer = await http.post("/slack/events")
        others = [
            await http.request(method, path)
            for method, path in (("GET", "/slack/events"), ("POST", "/slack/events/x"))
        ]

    assert (answer.status_code, answer.text, paths) == (200, "noted", ["/slack/events"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [other.status_code for other in others] == [405, 404]


async def test_a_hook_is_handed_on_with_its_headers_and_raw_body():
    hooks = Hooks()
    async with visiting(web(hook=hooks)) as http:
        answer = await http.post(
            "/gitlab/hooks", content=b'{"a": 1}', headers={"X-Gitlab-Token": "t"}
        )

    ((headers, body),) = hooks.seen
    assert answer.status_code == 204
    assert (headers["x-gitlab-token"], body) == ("t", b'{"a": 1}')


async def test_a_hook_too_large_is_not_handed_on():
    hooks = Hooks()
    async with visiting(web(hook=hooks)) as http:
        answer = await http.post("/gitlab/hooks", content=b"x" * (LARGEST_HOOK + 1))

    assert (answer.status_code, hooks.seen) == (413, [])


async def test_a_hook_that_cannot_be_noted_is_asked_for_again():
    async def hook(headers, body):
        raise Unavailable("the database")

    async with visiting(web(hook=hook)) as http:
        assert (await http.post("/gitlab/hooks")).status_code == 503


async def test_it_says_its_port_and_stops_at_once():
    bound = asyncio.Queue()
    task = asyncio.create_task(
        serve(web(), host="127.0.0.1", port=0, ready=bound.put_nowait)
    )
    port = await asyncio.wait_for(bound.get(), 5)

    task.cancel()
    async with asyncio.timeout(2):
        with contextlib.suppress(asyncio.CancelledError):
            await task

    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient(trust_env=False) as http:
            await http.get(f"http://127.0.0.1:{port}/healthz")
