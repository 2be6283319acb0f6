"""The product's Vault adapter on a real OpenBao: what it lends, signs and ends."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta

import jwt
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import SecretStr

from bot.domain.errors import Broken
from bot.outbound.vault import Vault
from deploy.vault.admin import Admin
from deploy.vault.bootstrap import bootstrap

FIVE_MINUTES = timedelta(minutes=5)


async def mint(vault, *, client="acme", action="rds-backup", ttl=FIVE_MINUTES):
    return await vault.mint(client=client, action=action, operation="op-7", ttl=ttl)


# What a child token may do


async def test_an_identity_token_names_client_action_and_entity(openbao):
    vault = openbao.worker()
    minted = await mint(vault)

    token = await vault.identity_token(minted, client="acme", action="rds-backup")

    issuer = f"{openbao.bao.address}/v1/identity/oidc"
    keys = jwt.PyJWKClient(f"{issuer}/.well-known/keys")
    key = await asyncio.to_thread(
        keys.get_signing_key_from_jwt, token.get_secret_value()
    )
    claims = jwt.decode(
        token.get_secret_value(),
        key.key,
        algorithms=["RS256"],
        audience="sts.amazonaws.com",
        issuer=issuer,
    )
    (entity,) = (
        one
        for one in openbao.report.entities
        if (one.client, one.action) == ("acme", "rds-backup")
    )
    assert claims["sub"] == entity.subject
    assert (claims["client"], claims["action"]) == ("acme", "rds-backup")
    assert claims["exp"] - claims["iat"] <= 600


async def test_a_child_token_reads_the_one_gitlab_token_of_its_action(openbao):
    vault = openbao.worker()
    minted = await mint(vault, action="gitlab-prepare")

    token = await vault.read_kv(minted, client="acme", purpose="prepare")

    assert token.get_secret_value() == "glpat-acme-prepare"


# How long it lives


async def test_a_loan_ends_by_itself_when_it_said(openbao):
    vault = openbao.worker()
    before = openbao.worker()._now()

    minted = await mint(vault, ttl=timedelta(seconds=1))

    assert await vault.alive(minted.accessor)
    assert timedelta(0) < minted.expires_at - before < timedelta(seconds=3)
    await asyncio.sleep((minted.expires_at - vault._now()).total_seconds() + 0.2)
    assert not await vault.alive(minted.accessor)


async def test_the_plan_caps_what_a_worker_may_ask_for(openbao):
    worker = await openbao.worker_token()
    role = "act-acme-rds-backup"

    async with openbao.http() as http:
        answer = await http.post(
            f"/v1/auth/token/create/{role}",
            json={
                "display_name": "acme/rds-backup",
                "entity_alias": role,
                "policies": [role],
                "meta": {"operation": "op-7"},
                "ttl": "10h",
            },
            headers={"X-Vault-Token": worker.get_secret_value()},
        )

    assert answer.json()["auth"]["lease_duration"] == 900
    assert answer.json()["auth"]["renewable"] is False


async def test_a_revoked_token_is_dead_at_once(openbao):
    vault = openbao.worker()
    minted = await mint(vault, action="gitlab-prepare")
    await vault.read_kv(minted, client="acme", purpose="prepare")

    ending = await vault.revoke(minted.accessor)

    assert not ending.already_gone
    assert not await vault.alive(minted.accessor)
    with pytest.raises(Broken, match="forbids"):
        await vault.read_kv(minted, client="acme", purpose="prepare")


async def test_revoking_twice_says_that_it_was_gone(openbao):
    vault = openbao.worker()
    minted = await mint(vault)
    await vault.revoke(minted.accessor)

    ending = await vault.revoke(minted.accessor)

    assert ending.already_gone


async def test_an_ended_worker_does_not_take_its_loans_along(openbao):
    worker = await openbao.worker_token()
    vault = openbao.worker()
    minted = await mint(vault)
    assert vault._pass is not None
    await openbao.admin.write(
        "auth/token/revoke", {"token": vault._pass.token.get_secret_value()}
    )

    alive = await openbao.worker().alive(minted.accessor)

    assert alive, "the stages end a loan; the end of a worker does not"
    assert worker != vault._pass.token


# Signing


async def test_a_signature_verifies_with_the_published_key_alone(openbao):
    vault = openbao.worker()

    signature = await vault.sign(b"checkpoint 7")

    vendor, version, encoded = signature.split(":")
    raw = (await vault.public_keys())[int(version.removeprefix("v"))]
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(raw))
    key.verify(base64.b64decode(encoded), b"checkpoint 7")
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(encoded), b"checkpoint 8")
    assert vendor == "vault"


# Its own login


async def test_many_calls_at_once_share_one_login(openbao, meddler):
    vault = openbao.worker(address=meddler.address)

    await asyncio.gather(*(vault.ping() for _ in range(8)))

    assert meddler.seen.count("/v1/auth/approle/login") == 1


async def test_a_login_that_ended_is_renewed_within_the_call(openbao, meddler):
    vault = openbao.worker(address=meddler.address)
    await vault.ping()
    assert vault._pass is not None
    await openbao.admin.write(
        "auth/token/revoke", {"token": vault._pass.token.get_secret_value()}
    )

    await vault.ping()

    assert meddler.seen.count("/v1/auth/approle/login") == 2


async def test_a_login_is_renewed_before_it_ends(openbao, meddler):
    ahead = [timedelta(0)]
    clock = openbao.worker()._now
    vault = openbao.worker(address=meddler.address, clock=lambda: clock() + ahead[0])
    await vault.ping()
    ahead[0] = timedelta(minutes=59, seconds=31)

    await vault.ping()

    assert meddler.seen.count("/v1/auth/approle/login") == 2


async def test_a_missing_right_is_our_mistake_and_tried_twice_only(openbao, meddler):
    vault = openbao.worker(address=meddler.address)

    with pytest.raises(Broken) as caught:
        await mint(vault, action="unplanned")

    assert "auth/token/create/act-acme-unplanned" in str(caught.value)
    assert meddler.seen.count("/v1/auth/approle/login") == 2
    assert len(meddler.seen) == 4


async def test_a_wrong_secret_id_is_our_mistake(openbao):
    vault = Vault(
        address=openbao.bao.address,
        role_id=openbao.report.worker_role_id,
        secret_id=SecretStr("wrong"),
        now=openbao.worker()._now,
    )

    with pytest.raises(Broken, match="auth/approle/login with 400"):
        await vault.ping()


async def test_it_works_inside_a_namespace(own_openbao):
    world = own_openbao
    await world.admin.write("sys/namespaces/msp", {})
    admin = Admin(
        address=world.bao.address, token=world.bao.admin_token(), namespace="msp"
    )
    report = await bootstrap(admin, world.plan)
    vault = Vault(
        address=world.bao.address,
        role_id=report.worker_role_id,
        secret_id=await admin.issue_secret_id("tandem-worker"),
        now=world.worker()._now,
        namespace="msp",
    )

    minted = await mint(vault)
    token = await vault.identity_token(minted, client="acme", action="rds-backup")

    claims = jwt.decode(token.get_secret_value(), options={"verify_signature": False})
    assert claims["client"] == "acme"
