"""
Against two real fronts: what is not Slack's, not fresh, not theirs, changes nothing.

What bears no valid signature is only logged: anybody could fill the audit otherwise.
What Slack signed and the rules refuse is in the audit of whom it was tried on.
"""

from __future__ import annotations

import json

import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot.domain.operation import State
from bot.outbound import clock
from deploy.sandbox.loopback import free_port
from deploy.sandbox.slack.signing import signed_headers
from tests.storm.ledgers import Book, audited
from tests.storm.signed import Signed, click, slash
from tests.storm.world import a_world

pytestmark = [
    pytest.mark.world,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
]


class Fortress:
    """Two fronts on one database, and whoever knows or does not know the secret."""

    def __init__(self, world, ports, fronts):
        self.world = world
        self.ports = ports
        self.fronts = fronts
        self.slack = Signed(world.sandbox.state)
        self.proposed = {}

    async def post(self, body, *, front=0, **wishes):
        """Post these bytes to a front as Slack would, or almost."""
        return await self.slack.post(body, port=self.ports[front], **wishes)

    async def again(self, sent, *, front):
        """Post the very same bytes with the very same headers."""
        return await self.slack.again(sent, port=self.ports[front])

    async def holds(self):
        """Return all that a request could have changed."""
        store = self.world.front.store
        found = []
        for client in ("acme", "globex"):
            operations = await store.unfinished(client)
            decisions = [
                await store.decisions(client, operation=one.id) for one in operations
            ]
            found += [operations, decisions]
        return found

    async def heads(self):
        """Return how long each chain of the audit is."""
        store = self.world.front.store
        return {
            chain: (await store.head(chain))[0]
            for chain in ("acme", "globex", "claranet")
        }

    async def newest(self, chain):
        length, _ = await self.world.front.store.head(chain)
        (found,) = await self.world.front.store.records(chain, after=length - 1)
        return found, json.loads(found.body)

    def logged(self):
        """Return how many requests the fronts have turned away, by their logs."""
        return sum(
            log.read_text().count("slack.turned_away")
            for log in self.world.sandbox.logs.glob("serve-*.log")
        )


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def fortress():
    async with a_world() as world:
        ports = [free_port(), free_port()]
        fronts = [await world.front_on(port) for port in ports]
        worker = await world.bot("work")
        found = Fortress(world, ports, fronts)
        for client, line in (
            ("acme", "backup db-staging"),
            ("globex", "backup shop-db"),
        ):
            operation = await world.asks(line, client=client)
            found.proposed[client] = await world.until(
                operation, State.PROPOSED, client=client
            )
        # From here on only the fronts could change anything.
        await worker.stop()
        yield found
        for client in ("acme", "globex"):
            book = Book()
            await audited(world, client, book)
            assert not book.broken


STRANGER = SecretStr("another-secret-than-slack-has")
FORGERIES = {
    "signed by a stranger": {"key": STRANGER},
    "not signed": {"drop": ("X-Slack-Signature",)},
    "not dated": {"drop": ("X-Slack-Request-Timestamp",)},
    "too old": {"at": -301},
    "from the future": {"at": 310},
    "a signature of another shape": {"headers": {"X-Slack-Signature": "v0=abc"}},
    "an older scheme": {"headers": {"X-Slack-Signature": f"v1={'0' * 64}"}},
    "a date that is no number": {"headers": {"X-Slack-Request-Timestamp": "now"}},
    "a date after the signing": {
        "headers": {"X-Slack-Request-Timestamp": "1767225600"}
    },
}


@pytest.mark.parametrize("how", FORGERIES)
@pytest.mark.parametrize("what", ["ask", "approve"])
async def test_a_forged_request_is_logged_and_changes_nothing(fortress, how, what):
    body = slash() if what == "ask" else click(fortress.proposed["acme"])
    before, heads = await fortress.holds(), await fortress.heads()
    logged = fortress.logged()

    answer = await fortress.post(body, **FORGERIES[how])

    assert (answer.status_code, answer.text) == (401, "")
    assert await fortress.holds() == before
    assert await fortress.heads() == heads
    assert fortress.logged() == logged + 1


async def test_a_body_changed_after_signing_changes_nothing(fortress):
    before, heads = await fortress.holds(), await fortress.heads()
    body = slash()
    stamp = int(clock.now().timestamp())
    taken = signed_headers(body, secret=fortress.slack.secret, at=stamp)

    answer = await fortress.post(body.replace(b"U0ALICE", b"U0CAROL"), headers=taken)

    assert answer.status_code == 401
    assert await fortress.holds() == before
    assert await fortress.heads() == heads


@pytest.mark.parametrize("what", ["ask", "approve"])
async def test_another_apps_request_is_turned_away(fortress, what):
    acme = fortress.proposed["acme"]
    body = slash(api_app_id="A0OTHER")
    if what == "approve":
        body = click(acme, api_app_id="A0OTHER")
    before, heads = await fortress.holds(), await fortress.heads()
    logged = fortress.logged()

    answer = await fortress.post(body)

    assert answer.status_code == 401
    assert await fortress.holds() == before
    assert await fortress.heads() == heads
    assert fortress.logged() == logged + 1


async def test_the_same_bytes_again_ask_for_nothing_more(fortress):
    before = len((await fortress.holds())[0])

    first = await fortress.post(slash("backup db-prod-2"))
    here = await fortress.again(first, front=0)
    there = await fortress.again(first, front=1)
    fortress.fronts[0].strike()
    await fortress.fronts[0].child.answers(
        f"http://127.0.0.1:{fortress.ports[0]}/readyz"
    )
    reborn = await fortress.again(first, front=0)

    told = [answer.json()["text"] for answer in (first, here, there, reborn)]
    assert "Noted as" in told[0]
    assert told == [told[0]] * 4
    assert len((await fortress.holds())[0]) == before + 1


async def test_a_click_that_comes_twice_decides_once(fortress):
    operation = await fortress.world.asks("backup db-prod")
    worker = await fortress.world.bot("work")
    proposed = await fortress.world.until(operation, State.PROPOSED)
    await worker.stop()

    first = await fortress.post(click(proposed))
    here = await fortress.again(first, front=0)
    there = await fortress.again(first, front=1)

    assert {one.status_code for one in (first, here, there)} == {200}
    store = fortress.world.front.store
    assert len(await store.decisions("acme", operation=operation)) == 1
    records = await store.records("acme", operation=operation)
    made = [one for one in records if one.event.value == "decision.made"]
    assert len(made) == 1


STRANGERS = {
    "an unknown workspace": ({"team_id": "T0EVIL"}, "claranet", "T0EVIL/U0ALICE"),
    "an unknown channel": ({"channel_id": "C0EVIL"}, "claranet", "alice"),
    "the provider's channel": ({"channel_id": "C0ONCALL"}, "claranet", "alice"),
    "an unknown person": ({"user_id": "U0MALLORY"}, "acme", "T0CLARANET/U0MALLORY"),
    "another client's person": ({"user_id": "U0GINA"}, "acme", "gina"),
}


@pytest.mark.parametrize("who", STRANGERS)
async def test_a_signed_request_of_a_stranger_is_refused_and_audited(fortress, who):
    other, chain, actor = STRANGERS[who]
    before, heads = await fortress.holds(), await fortress.heads()

    answer = await fortress.post(slash("backup db-prod-2", **other))

    assert answer.status_code == 200
    assert "Noted" not in answer.text
    assert await fortress.holds() == before
    record, body = await fortress.newest(chain)
    assert (record.event.value, record.actor) == ("request.refused", actor)
    assert body["line"] == "backup db-prod-2"
    heads[chain] += 1
    assert await fortress.heads() == heads


async def test_a_button_copied_into_another_clients_channel_decides_nothing(fortress):
    acme = fortress.proposed["acme"]
    before, heads = await fortress.holds(), await fortress.heads()

    for user in ("U0BOB", "U0GREG"):
        answer = await fortress.post(click(acme, user=user, channel="C0GLOBEXOPS"))
        assert answer.status_code == 200

    assert await fortress.holds() == before
    record, body = await fortress.newest("globex")
    assert (record.event.value, record.actor) == ("request.refused", "greg")
    assert body["reason"]["key"] == "refused.no-operation"
    # Acme's own chain is not told of it, and learns nothing of Globex.
    assert (await fortress.heads())["acme"] == heads["acme"]


# Who is let in at all is refused a decision, on that operation; others a request.
CLICKS = {
    "their own": ({"user": "U0ALICE"}, "decision.refused", "refused.self-decision"),
    "no decider": ({"user": "U0ERIN"}, "decision.refused", "refused.not-a-decider"),
    "unknown": ({"user": "U0MALLORY"}, "request.refused", "refused.unknown-person"),
    "a stranger": ({"user": "U0GREG"}, "request.refused", "refused.other-client"),
    "a guest": ({"home": "T0EVIL"}, "request.refused", "refused.other-workspace"),
    "another digest": (
        {"digest": "0" * 64},
        "decision.refused",
        "refused.other-digest",
    ),
}


@pytest.mark.parametrize("who", CLICKS)
async def test_a_signed_click_without_the_right_decides_nothing(fortress, who):
    other, event, reason = CLICKS[who]
    before = await fortress.holds()

    answer = await fortress.post(click(fortress.proposed["acme"], **other))

    assert answer.status_code == 200
    assert await fortress.holds() == before
    record, body = await fortress.newest("acme")
    assert record.event.value == event
    assert body["reason"]["key"] == reason


async def test_the_digest_of_another_operation_approves_neither(fortress):
    acme, globex = fortress.proposed["acme"], fortress.proposed["globex"]
    before = await fortress.holds()

    await fortress.post(click(acme, digest=globex.digest))
    await fortress.post(click(globex, digest=acme.digest, channel="C0GLOBEXOPS"))

    assert await fortress.holds() == before


async def test_a_text_that_spells_a_payload_is_only_a_text(fortress):
    acme = fortress.proposed["acme"]
    before = await fortress.holds()
    hidden = click(acme).decode()

    answer = await fortress.post(slash(f"backup payload={hidden}"[:2000]))

    assert answer.status_code == 200
    assert await fortress.holds() == before
