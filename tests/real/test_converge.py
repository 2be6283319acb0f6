"""
`/infra converge` on a real host, with a test double in Chef's place.

No Chef client can be had here. `DOUBLE` is not Chef: it takes the same flags and ends
with the codes that https://docs.chef.io/ctl_chef_client/ documents. What is tried is
what Tandem does about them; that a real client converges a host was not tried.
"""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from bot.domain.operation import State

# Ten plays over SSH, on a machine that may be busy.
pytestmark = pytest.mark.timeout(600)

INVENTORY = "clients/acme/inventory.yaml"
DOUBLE = """\
#!/bin/sh
# A test double, not Chef: it changes nothing and ends as it is told to.
if [ "$1" = --version ]; then echo "Test double, in Chef's place: 0"; exit 0; fi
echo "$@" >> "$0.calls"
exit "$(cat "$0.code")"
"""


@pytest_asyncio.fixture(loop_scope="session")
async def double(ops, data, tmp_path):
    program = tmp_path / "chef-client"
    program.write_text(DOUBLE)
    program.chmod(0o755)
    await ops.edits_catalog(
        INVENTORY, "client: /usr/bin/chef-client", f"client: {program}"
    )
    return program


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (0, State.DONE),
        pytest.param(35, State.DONE, marks=pytest.mark.long),
        (1, State.FAILED),
    ],
)
async def test_the_client_runs_once_and_its_code_tells_how_it_ended(
    ops, double, code, state
):
    (double.parent / "chef-client.code").write_text(str(code))
    calls = double.parent / "chef-client.calls"
    card = await ops.alice.asks("converge data-host")
    shown = calls.exists()
    await ops.bob.approves(card)

    await ops.works()

    ended = await ops.again(card)
    assert ended.operation.state is state, ended.operation.outcome
    assert not shown
    assert "Test double, in Chef's place: 0" in card
    assert await asyncio.to_thread(calls.read_text) == "--once --no-color\n"
    if state is State.FAILED:
        assert ended.operation.outcome.args["code"] == code


@pytest.mark.long
async def test_a_host_without_the_client_is_refused(ops, data):
    await ops.edits_catalog(INVENTORY, "/usr/bin/chef-client", "/nowhere/chef-client")

    card = await ops.alice.asks("converge data-host")

    assert card.operation.state is State.REFUSED
    assert card.operation.outcome.key == "playbook.converge.absent"


@pytest.mark.long
async def test_a_host_that_chef_does_not_keep_is_refused(ops, data):
    answer = await ops.alice.says("converge web-host")

    assert answer.args["host"] == "web-host"
