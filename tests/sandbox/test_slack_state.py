"""The stand-in's memory: what a kill leaves, and what the ledger says of it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import httpx
import pytest

from deploy.sandbox.slack.ledger import read_entries
from deploy.sandbox.slack.limits import Limiter, Rate
from deploy.sandbox.slack.state import SlackWorld
from tests.sandbox.slack_support import (
    SUBMIT,
    TurnedClock,
    counter,
    desk,
    modal,
    needs_contracts,
    text_input,
)

ROOT = Path(__file__).parents[2]


class _Process:
    """The stand-in as the sandbox runs it."""

    def __init__(self, folder, *more):
        self._line = [
            sys.executable,
            "-m",
            "deploy.sandbox.slack",
            "--state",
            str(folder),
            *more,
        ]

    async def __aenter__(self):
        self.child = await asyncio.create_subprocess_exec(
            *self._line, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(30):
            line = await self.child.stdout.readline()
        self.http = httpx.AsyncClient(base_url=json.loads(line)["url"])
        return self

    async def api(self, method, **arguments):
        headers = {"Authorization": "Bearer xoxb-sandbox-bot-token"}
        answer = await self.http.post(f"/api/{method}", json=arguments, headers=headers)
        return answer.json()

    async def stop(self, number):
        if self.child.returncode is None:
            self.child.send_signal(number)
        async with asyncio.timeout(10):
            return await self.child.wait()

    async def __aexit__(self, *error):
        await self.http.aclose()
        await self.stop(signal.SIGKILL)
        self.child._transport.close()


async def test_a_kill_loses_no_message_and_no_number(tmp_path):
    async with _Process(tmp_path) as first:
        sent = await first.api("chat.postMessage", channel="C0ACMEOPS", text="kept")
        await first.stop(signal.SIGKILL)
    async with _Process(tmp_path) as second:
        history = await second.api("conversations.history", channel="C0ACMEOPS")
        after = await second.api("chat.postMessage", channel="C0ACMEOPS", text="new")
        code = await second.stop(signal.SIGTERM)

    assert [m["text"] for m in history["messages"]] == ["kept"]
    assert after["ts"] > sent["ts"]
    assert code in {0, -signal.SIGTERM}
    assert [e.n for e in read_entries(tmp_path / "ledger.jsonl")] == [1, 2, 3]


async def test_secrets_come_from_files(tmp_path):
    token = tmp_path / "token"
    token.write_text("xoxb-from-a-file\n", encoding="utf-8")

    async with _Process(tmp_path / "s", "--bot-token-file", str(token)) as child:
        answer = await child.http.post(
            "/api/auth.test", headers={"Authorization": "Bearer xoxb-from-a-file"}
        )

    assert answer.json()["ok"]


async def test_a_restart_remembers_people_channels_forms_and_response_urls(tmp_path):
    async with desk(folder=tmp_path) as slack:
        slack.world.rooms.deactivate("U0DAVE")
        slack.world.rooms.archive("C0ONCALL")
        slack.world.rooms.leave("C0ACMEOPS", "U0CAROL")
        trigger = slack.world.triggers.issue("U0BOB")
        view = modal(text_input(), submit=SUBMIT)
        await slack.api("views.open", view=view, trigger_id=trigger)
        handle = slack.world.response_urls.issue(
            "commands", user="U0ALICE", channel="C0ACMEOPS"
        )
        deleted = await slack.post(text="gone")
        await slack.api("chat.delete", channel="C0ACMEOPS", ts=deleted)

    world = SlackWorld.sample(folder=tmp_path)

    assert world.rooms.is_deactivated("U0DAVE")
    assert world.rooms.is_archived("C0ONCALL")
    assert "U0CAROL" not in world.rooms.find("C0ACMEOPS").members
    assert len(world.forms.stack("U0BOB")) == 1
    assert world.response_urls.use(handle.key).uses == 1
    assert world.messages.all("C0ACMEOPS") == []


async def test_a_line_that_was_cut_short_is_left_out(tmp_path):
    async with desk(folder=tmp_path) as slack:
        await slack.post(text="whole")
    for name in ("world.jsonl", "ledger.jsonl"):
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write('{"kind":"message","id":"C0ACME')

    async with desk(folder=tmp_path) as slack:
        await slack.post(text="after")
    world = SlackWorld.sample(folder=tmp_path)

    assert [m.text for m in world.messages.all("C0ACMEOPS")] == ["whole", "after"]
    assert [e.n for e in world.ledger.entries] == [1, 2]


async def test_without_the_recorded_contracts_that_layer_says_it_is_off(tmp_path):
    world = SlackWorld.sample(contracts=tmp_path)

    assert not world.contracts.on
    assert str(world.contracts).startswith("off")
    assert world.contracts.faults("PSlash", {}) == []


async def test_what_the_stand_in_sends_wrongly_is_its_own_breach():
    async with counter() as slack:
        needs_contracts(slack.world)

        assert slack.world.contracts.faults("PSlash", {"command": "/infra"})
        assert slack.world.contracts.faults("PBlock", {"type": "block_actions"})


async def test_no_secret_is_in_what_the_world_shows_of_itself():
    async with counter() as slack:
        shown = repr(slack.world.secrets) + str(vars(slack.world))

    assert "sandbox-signing-secret" not in shown
    assert "xoxb" not in shown


@pytest.mark.parametrize(("per_second", "wait"), [(1.0, 1), (0.1, 10)])
def test_a_limiter_says_how_long_to_wait(per_second, wait):
    clock = TurnedClock()
    limiter = Limiter(clock)
    rate = Rate(per_second=per_second, burst=2)

    waits = [limiter.wait("a", rate) for _ in range(3)]
    clock.forward(wait)

    assert waits == [0, 0, wait]
    assert limiter.wait("a", rate) == 0
