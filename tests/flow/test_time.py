"""What time does: reminders, expiry, loans nobody gave back, signed checkpoints."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.domain.errors import Unavailable
from bot.domain.operation import State
from bot.domain.writes import Lent, Writes
from bot.flow.sweep import sweep
from tests.flow.people import ONCALL


async def test_who_decides_is_reminded_once_before_it_expires(ops):
    card = await ops.alice.asks("backup db-prod-2")
    ops.clock.passes(minutes=46)
    await ops.sweeps()
    await ops.sweeps()

    for user in ("D0BOB", "D0DAVE"):
        (told,) = ops.slack.posts(user)
        assert "still waits for a decision" in told.text
    assert ops.slack.posts("D0ALICE") == []
    assert any("still waits" in one for one in ops.slack.thread(card))
    assert (await ops.events(card)).count("operation.reminded") == 1


async def test_nobody_is_reminded_early(ops):
    card = await ops.alice.asks("backup db-prod-2")
    ops.clock.passes(minutes=30)

    await ops.sweeps()

    assert "operation.reminded" not in await ops.events(card)


async def test_the_requester_is_not_asked_to_decide(ops):
    await ops.bob.asks("backup db-prod-2")
    ops.clock.passes(minutes=46)

    await ops.sweeps()

    assert ops.slack.posts("D0BOB") == []
    assert len(ops.slack.posts("D0DAVE")) == 1


async def test_what_nobody_decides_expires_and_its_request_is_closed(ops):
    card = await ops.alice.asks("resize web-2 m5.large")
    ops.clock.passes(hours=1, minutes=1)

    await ops.sweeps()

    assert await ops.state(card) is State.EXPIRED
    assert "Nobody decided in time" in await ops.again(card)
    assert ops.git.requests()[0].state == "closed"


async def test_what_cannot_be_prepared_in_time_expires_too(ops):
    ops.loses_vault()
    await ops.alice.says("resize web-2 m5.large")
    await ops.tries()
    ops.clock.passes(hours=5)
    ops.finds_vault()
    await ops.sweeps()

    assert (await ops.newest()).state is State.EXPIRED
    assert ops.git.requests() == []


async def test_what_expired_is_not_prepared_any_more(ops):
    await ops.alice.says("backup db-prod-2")
    ops.clock.passes(hours=5)

    await ops.works()

    assert (await ops.newest()).state is State.ASKED


async def test_a_loan_that_a_crash_left_is_taken_back(ops):
    card = await ops.alice.asks("backup db-prod-2")
    minted = await ops.back.lender.mint(
        client="acme",
        action="rds-snapshot",
        operation=card.operation.id,
        ttl=timedelta(minutes=5),
    )
    lent = Lent(
        accessor=minted.accessor,
        operation=card.operation.id,
        purpose="rds-snapshot",
        expires_at=minted.expires_at,
    )
    await ops.back.store.write(Writes(client="acme", at=ops.clock.now(), lent=(lent,)))
    await ops.sweeps()
    while_open = await ops.back.store.open_leases("acme")
    await ops.alice.cancels(card)
    ops.clock.passes(minutes=2)
    await ops.sweeps()

    assert len(while_open) == 1
    assert await ops.back.store.open_leases("acme") == ()
    assert not await ops.back.notary.alive(minted.accessor)


async def test_a_loan_whose_time_is_over_is_closed_in_the_books(ops):
    card = await ops.alice.asks("backup db-prod-2")
    lent = Lent(
        accessor="never-minted",
        operation=card.operation.id,
        purpose="rds-snapshot",
        expires_at=ops.clock.now() + timedelta(minutes=1),
    )
    await ops.back.store.write(Writes(client="acme", at=ops.clock.now(), lent=(lent,)))
    ops.clock.passes(minutes=2)

    await ops.sweeps()

    ended = await ops.told(card, "credentials.ended")
    assert "vault token had ended by" in ended["ending"]


async def test_a_loan_that_vault_cannot_take_back_stays_in_the_books(ops):
    card = await ops.alice.asks("backup db-prod-2")
    lender = ops.back.lender

    class Unwilling:
        def __getattr__(self, name):
            return getattr(lender, name)

        async def revoke(self, accessor):
            raise Unavailable("Vault", "not now")

    ops.back = ops.with_ports(lender=Unwilling())
    await ops.bob.approves(card)
    await ops.works()
    left = await ops.back.store.open_leases("acme")
    ops.back = ops.with_ports(lender=lender)
    ops.clock.passes(minutes=2)
    await ops.sweeps()

    assert await ops.state(card) is State.DONE
    assert len(left) >= 1
    assert await ops.back.store.open_leases("acme") == ()


async def test_a_checkpoint_is_signed_by_vault_and_published_to_the_client(ops):
    await ops.alice.asks("backup db-prod-2")
    ops.clock.passes(hours=1, minutes=1)

    await ops.sweeps()

    (signed,) = await ops.back.store.checkpoints("acme")
    version, signature = signed.signature.removeprefix("vault:v").split(":")
    key = (await ops.back.notary.public_keys())[int(version)]
    Ed25519PublicKey.from_public_bytes(base64.b64decode(key)).verify(
        base64.b64decode(signature), signed.payload()
    )
    published = [one.text for one in ops.slack.posts() if "Checkpoint" in one.text]
    assert published == [
        (
            f"Checkpoint of this client's audit: {signed.seq} records, last hash"
            f" {signed.head[:16]}."
        )
    ]


async def test_a_chain_that_did_not_grow_is_not_signed_again(ops):
    await ops.alice.asks("backup db-prod-2")
    ops.clock.passes(hours=1, minutes=1)
    await ops.sweeps()
    await ops.sweeps()
    ops.clock.passes(hours=2)
    await ops.sweeps()

    signed = await ops.back.store.checkpoints("acme")
    seqs = [one.seq for one in signed]
    assert seqs == sorted(set(seqs))
    assert len(seqs) <= 2


async def test_a_young_chain_is_not_signed_yet(ops):
    await ops.alice.asks("backup db-prod-2")

    await ops.sweeps()

    assert await ops.back.store.checkpoints("acme") == ()


async def test_the_provider_s_own_chain_is_signed_and_published_to_the_provider(ops):
    await ops.alice.at("C0NOWHERE").says("backup db-prod")
    ops.clock.passes(hours=1, minutes=1)

    await ops.sweeps()

    (signed,) = await ops.back.store.checkpoints("claranet")
    assert ops.slack.posts() == []
    (published,) = ops.slack.posts(ONCALL)
    assert published.text == (
        f"Checkpoint of the provider's own audit: {signed.seq} records, last hash"
        f" {signed.head[:16]}."
    )


async def test_two_replicas_do_not_sweep_at_once(ops):
    await ops.alice.says("backup db-prod-2")
    ops.clock.passes(hours=5)

    async with ops.back.store.exclusive("tandem sweep"):
        await sweep(back=ops.back)

    assert (await ops.newest()).state is State.ASKED


async def test_a_sweep_that_is_overtaken_goes_on_with_the_next(ops):
    from bot.domain.writes import Overtaken  # noqa: PLC0415 - the one test of it

    first = await ops.alice.asks("backup db-prod-2")
    second = await ops.alice.asks("backup db-staging")
    ops.clock.passes(hours=20)
    real = ops.back.store

    class Faster:
        def __getattr__(self, name):
            return getattr(real, name)

        async def write(self, writes):
            if any(one.id == first.operation.id for one in writes.saves):
                raise Overtaken("by somebody")
            await real.write(writes)

    await sweep(back=replace(ops.back, store=Faster()))

    assert await ops.state(first) is State.PROPOSED
    assert await ops.state(second) is State.EXPIRED


@pytest.mark.parametrize("line", ["backup db-prod-2", "resize web-2 m5.large"])
async def test_jobs_that_got_lost_are_made_again(ops, line):
    await ops.alice.says(line)
    await ops._sql("DELETE FROM procrastinate_jobs")
    await ops.sweeps()
    card = await ops.card((await ops.newest()).id)
    await ops.bob.approves(card)
    await ops._sql("DELETE FROM procrastinate_jobs")
    await ops.sweeps()

    assert await ops.state(card) is State.DONE
