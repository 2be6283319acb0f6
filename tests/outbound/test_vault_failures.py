"""What the Vault adapter makes of failures, and what it never says."""

from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.domain.errors import Broken, OutcomeUnknown, Unavailable
from bot.domain.lease import Minted
from bot.outbound.vault import Vault
from deploy.sandbox.loopback import free_port

FIVE_MINUTES = timedelta(minutes=5)
LATER = datetime(2100, 1, 1, tzinfo=UTC)


async def mint(vault, *, client="acme", action="rds-backup", ttl=FIVE_MINUTES):
    return await vault.mint(client=client, action=action, operation="op-7", ttl=ttl)


# When Vault fails


@pytest.mark.parametrize("what", ["fail-after", "hang-after", "cut-after"])
async def test_a_mint_whose_answer_is_lost_is_an_unknown_outcome(
    openbao, meddler, what
):
    meddler.what, meddler.on = what, "/auth/token/create"
    vault = openbao.worker(address=meddler.address, timeout=timedelta(milliseconds=500))
    operation = f"op-lost-{what}"

    with pytest.raises(OutcomeUnknown, match="auth/token/create/act-acme-rds-backup"):
        await vault.mint(
            client="acme", action="rds-backup", operation=operation, ttl=FIVE_MINUTES
        )

    made = [
        line
        for line in openbao.audited()
        if line["type"] == "response"
        and operation in json.dumps(line.get("response", {}).get("auth", {}))
    ]
    assert len(made) == 1, "it was carried out, once"


async def test_a_revocation_whose_answer_is_lost_is_an_unknown_outcome(
    openbao, meddler
):
    vault = openbao.worker(address=meddler.address)
    minted = await mint(vault)
    meddler.what, meddler.on = "fail-after", "/revoke-accessor"

    with pytest.raises(OutcomeUnknown):
        await vault.revoke(minted.accessor)

    meddler.what = "pass"
    assert (await vault.revoke(minted.accessor)).already_gone


@pytest.mark.parametrize("what", ["fail", "hang", "cut", "standby", "busy", "redirect"])
async def test_a_mere_read_that_fails_is_unavailable(openbao, meddler, what):
    vault = openbao.worker(address=meddler.address, timeout=timedelta(milliseconds=500))
    minted = await mint(vault)
    meddler.what = what

    for call in (
        vault.sign(b"x"),
        vault.ping(),
        vault.alive(minted.accessor),
        vault.identity_token(minted, client="acme", action="rds-backup"),
        vault.read_kv(minted, client="acme", purpose="prepare"),
    ):
        with pytest.raises(Unavailable) as caught:
            await call
        assert type(caught.value) is Unavailable
        assert caught.value.system == "Vault"


@pytest.mark.parametrize(
    ("what", "word"),
    [("standby", "standby"), ("busy", "rate"), ("redirect", "standby")],
)
async def test_a_mint_that_vault_did_not_begin_is_unavailable(
    openbao, meddler, what, word
):
    vault = openbao.worker(address=meddler.address)
    await vault.ping()
    meddler.what = what

    with pytest.raises(Unavailable, match=word) as caught:
        await mint(vault)

    assert type(caught.value) is Unavailable


async def test_a_redirect_is_not_given_the_token(openbao, meddler):
    vault = openbao.worker(address=meddler.address)
    await vault.ping()
    meddler.what = "redirect"

    with pytest.raises(Unavailable):
        await mint(vault)

    assert "/stolen" not in meddler.seen


async def test_a_closed_port_is_unavailable_and_says_refused(openbao):
    vault = openbao.worker(address=f"http://127.0.0.1:{free_port()}")

    with pytest.raises(Unavailable, match="refused") as caught:
        await mint(vault)

    assert type(caught.value) is Unavailable


async def test_a_sealed_vault_is_named_as_such(own_openbao):
    vault = own_openbao.worker()
    minted = await mint(vault)
    await own_openbao.bao.seal()

    for call in (mint(vault), vault.revoke(minted.accessor), vault.ping()):
        with pytest.raises(Unavailable, match="sealed") as caught:
            await call
        assert type(caught.value) is Unavailable


async def test_a_role_that_gives_more_than_its_policy_is_not_used(own_openbao):
    role = "act-acme-rds-backup"
    await own_openbao.admin.write(
        f"auth/token/roles/{role}",
        {
            "allowed_policies": [role],
            "allowed_entity_aliases": [role],
            "orphan": True,
            "token_no_default_policy": False,
        },
    )

    with pytest.raises(Broken, match="more than its own policy"):
        await mint(own_openbao.worker())

    revoked = [
        line
        for line in own_openbao.audited()
        if line["type"] == "response"
        and line["request"]["path"] == "auth/token/revoke-accessor"
    ]
    assert len(revoked) == 1


# What is not let in, and what is not let out


@pytest.mark.parametrize(
    "name",
    ["", "a", "Acme", "acme/../globex", "acme\n", "*", "acme*", "é" * 3, "x" * 42],
)
async def test_a_name_that_is_not_closed_reaches_no_path(openbao, meddler, name):
    vault = openbao.worker(address=meddler.address)
    minted = Minted("accessor", SecretStr("token"), LATER)

    for call in (
        mint(vault, client=name),
        mint(vault, action=name),
        vault.identity_token(minted, client=name, action="rds-backup"),
        vault.read_kv(minted, client="acme", purpose=name),
    ):
        with pytest.raises(Broken):
            await call

    assert meddler.seen == []


@pytest.mark.parametrize(
    ("operation", "ttl"),
    [
        ("", FIVE_MINUTES),
        ("op 7", FIVE_MINUTES),
        ("op-7\n", FIVE_MINUTES),
        ("op-7", timedelta(0)),
        ("op-7", timedelta(minutes=15, seconds=1)),
    ],
)
async def test_a_loan_without_operation_or_end_is_not_asked_for(
    openbao, meddler, operation, ttl
):
    vault = openbao.worker(address=meddler.address)

    with pytest.raises(Broken):
        await vault.mint(
            client="acme", action="rds-backup", operation=operation, ttl=ttl
        )

    assert meddler.seen == []


async def test_an_accessor_from_elsewhere_is_closed_too(openbao, meddler):
    vault = openbao.worker(address=meddler.address)

    for call in (vault.revoke("a b"), vault.alive("")):
        with pytest.raises(Broken):
            await call

    assert meddler.seen == []


@pytest.mark.parametrize(
    "what",
    ["echo_200", "echo_400", "echo_403", "echo_500", "echo_503", "cut", "hang"],
)
@pytest.mark.parametrize("on", ["/login", "/v1/"])
async def test_no_secret_is_in_any_error(openbao, meddler, what, on):
    canaries = ["canary-secret-id", "canary-child"]
    vault = Vault(
        address=meddler.address,
        role_id=openbao.report.worker_role_id,
        secret_id=SecretStr("canary-secret-id"),
        now=openbao.worker()._now,
        timeout=0.2,
    )
    if on == "/v1/":
        genuine = openbao.worker()
        await genuine.ping()
        assert genuine._pass is not None
        vault._pass = genuine._pass
        canaries.append(genuine._pass.token.get_secret_value())
    minted = Minted("accessor", SecretStr("canary-child"), LATER)
    meddler.what, meddler.on = what, on

    errors = [
        await raised_by(call)
        for call in (
            mint(vault),
            vault.identity_token(minted, client="acme", action="rds-backup"),
            vault.read_kv(minted, client="acme", purpose="prepare"),
            vault.revoke("accessor"),
            vault.alive("accessor"),
            vault.sign(b"payload"),
            vault.public_keys(),
            vault.ping(),
        )
    ]

    told = "".join(everything_said(error) for error in errors if error is not None)
    assert "Vault" in told
    assert [canary for canary in canaries if canary in told] == []


async def raised_by(call):
    try:
        await call
    except (Broken, Unavailable) as error:
        return error
    return None


def everything_said(error):
    """Return all that a careless logger could write: text, chain, local variables."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    chain = f"{error.__cause__!r} {error.__context__!r}"
    return f"{error!r} {error} {error.__dict__} {chain} {''.join(shown.format())}"


def test_what_is_minted_does_not_show_its_token():
    minted = Minted("accessor", SecretStr("canary"), LATER)

    assert "canary" not in f"{minted!r} {minted}"
