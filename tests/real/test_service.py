"""
`/infra service` on a real host: OpenSSH, Ansible, and nginx under its init script.

There is no systemd in a container, so this is Debian's own /etc/init.d/nginx; asking
systemd is the same playbook with another `manager`, and was not tried here.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
import pytest_asyncio

from bot.domain.operation import State
from tests.flow.test_undo import types, undoes

SCRIPT = Path("/etc/init.d/nginx")
PID = Path("/run/nginx.pid")

pytestmark = pytest.mark.skipif(
    os.getuid() != 0 or not SCRIPT.exists(),
    reason="only root may use /etc/init.d/nginx, and it must be there",
)


async def init(verb):
    process = await asyncio.create_subprocess_exec(
        SCRIPT, verb, stdout=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


@pytest_asyncio.fixture(loop_scope="session")
async def nginx():
    """Nginx, running as Debian runs it."""
    assert await init("start") == 0
    yield PID
    await init("stop")


@pytest.mark.long
async def test_a_restart_ends_with_another_process_that_runs(ops, web, nginx):
    before = nginx.read_text()
    card = await ops.alice.asks("service restart nginx on web-host")
    shown = nginx.read_text()
    await ops.bob.approves(card)

    await ops.works()

    ended = await ops.again(card)
    assert ended.operation.state is State.DONE, ended.operation.outcome
    assert shown == before
    assert nginx.read_text() != before
    assert await init("status") == 0
    assert "restart nginx (sysvinit) on web-host" in card
    told = await ops.told(card, "credentials.ended")
    assert "ssh certificate cannot be revoked, dies at" in told["ending"]


@pytest.mark.long
async def test_a_stop_is_shown_with_the_way_back_and_stops_it(ops, web, nginx):
    card = await ops.alice.asks("service stop nginx on web-host")
    await ops.bob.approves(card)

    await ops.works()

    assert await ops.state(card) is State.DONE
    assert await init("status") == 3
    assert "which is “service start nginx on web-host”" in card
    assert [one.key for one in card.operation.proposal.findings] == [
        "playbook.service.will-stop"
    ]


async def test_an_undone_stop_starts_it_again(ops, web, nginx):
    stopped = await ops.alice.asks("service stop nginx on web-host")
    await ops.bob.approves(stopped)
    await ops.works()
    away = await init("status")

    back = await undoes(ops.alice, stopped)
    await ops.bob.approves(back)
    await ops.works()

    assert away == 3
    assert back.operation.line == "service start nginx on web-host"
    assert await ops.state(back) is State.DONE
    assert await init("status") == 0


@pytest.mark.long
async def test_a_restart_of_what_runs_is_not_undone_and_says_why(ops, web, nginx):
    card = await ops.alice.asks("service restart nginx on web-host")
    await ops.bob.approves(card)
    await ops.works()

    answer = await types(ops.alice, f"undo {card.operation.short}")

    assert answer.key == "refused.undo-none"
    assert "A restart has no way back" in card


async def test_an_undone_restart_of_what_was_down_stops_it(ops, web, nginx):
    await init("stop")
    card = await ops.alice.asks("service restart nginx on web-host")
    await ops.bob.approves(card)
    await ops.works()
    up = await init("status")

    back = await undoes(ops.alice, card)
    await ops.bob.approves(back)
    await ops.works()

    assert up == 0
    assert back.operation.line == "service stop nginx on web-host"
    assert await init("status") == 3


async def test_starting_what_runs_is_refused_before_anybody_is_asked(ops, web, nginx):
    card = await ops.alice.asks("service start nginx on web-host")

    assert card.operation.state is State.REFUSED
    assert card.operation.outcome.key == "playbook.service.runs-already"


async def test_a_service_that_moved_after_the_approval_is_left_alone(ops, web, nginx):
    card = await ops.alice.asks("service restart nginx on web-host")
    await ops.bob.approves(card)
    await init("restart")
    moved = nginx.read_text()

    await ops.works()

    assert await ops.state(card) is State.VOIDED
    assert nginx.read_text() == moved


async def test_a_service_that_is_not_listed_reaches_no_host(ops, web):
    answer = await ops.alice.says("service restart ssh on web-host")

    assert (answer.args["service"], answer.args["known"]) == ("ssh", "nginx")
