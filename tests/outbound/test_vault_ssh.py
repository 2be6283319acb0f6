"""What a child token may have signed: one principal, for minutes, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.serialization import load_ssh_public_identity

from bot.domain.errors import Broken
from bot.outbound.ssh_key import new_key
from deploy.vault.bootstrap import bootstrap
from deploy.vault.plan import VaultPlan
from tests.outbound.conftest import now, plan_for

MINUTE = timedelta(minutes=1)


def with_hosts(address):
    plan = plan_for(address).model_dump(mode="json")
    for client in plan["clients"]:
        client["actions"] += [
            {"kind": "ssh", "principal": "web-host"},
            {"kind": "ssh", "principal": "db-host"},
        ]
    return VaultPlan.model_validate(plan)


@pytest_asyncio.fixture
async def vault(openbao):
    """The worker's Vault, with hosts in its plan; the report of the last bootstrap."""
    report = await bootstrap(openbao.admin, with_hosts(openbao.bao.address))
    return openbao.worker(), report


async def minted_by(worker, *, client="acme", action="ssh-web-host"):
    return await worker.mint(
        client=client, action=action, operation="op-7", ttl=5 * MINUTE
    )


async def test_a_certificate_names_the_principal_and_the_operation(vault):
    worker, _ = vault
    key = new_key()
    minted = await minted_by(worker)

    text = await worker.sign_ssh_key(
        minted,
        client="acme",
        principal="web-host",
        public_key=key.public,
        operation="op-7",
        ttl=5 * MINUTE,
    )

    found = load_ssh_public_identity(text.encode())
    assert found.valid_principals == [b"web-host"]
    assert found.key_id == b"tandem-op-7"
    assert found.extensions == {b"permit-pty": b""}
    assert found.critical_options == {}
    left = datetime.fromtimestamp(found.valid_before, UTC) - now()
    assert left <= 5 * MINUTE


FIT = {
    "cert_type": "user",
    "key_id": "x",
    "ttl": "1m",
    "valid_principals": "web-host",
}


@pytest.mark.parametrize(
    ("path", "changes", "code"),
    [
        ("ssh-acme/sign/act-acme-ssh-web-host", {}, 200),
        ("ssh-acme/sign/act-acme-ssh-web-host", {"valid_principals": "db-host"}, 403),
        ("ssh-acme/sign/act-acme-ssh-web-host", {"valid_principals": "*"}, 403),
        (
            "ssh-acme/sign/act-acme-ssh-web-host",
            {"valid_principals": "web-host,root"},
            403,
        ),
        ("ssh-acme/sign/act-acme-ssh-web-host", {"valid_principals": None}, 403),
        ("ssh-acme/sign/act-acme-ssh-web-host", {"cert_type": "host"}, 403),
        (
            "ssh-acme/sign/act-acme-ssh-web-host",
            {"extensions": {"permit-port-forwarding": ""}},
            403,
        ),
        ("ssh-acme/sign/act-acme-ssh-db-host", {"valid_principals": "db-host"}, 403),
        ("ssh-globex/sign/act-globex-ssh-web-host", {}, 403),
        ("ssh-acme/config/ca", {}, 403),
        ("ssh-acme/roles/act-acme-ssh-web-host", {}, 403),
        ("ssh-acme/issue/act-acme-ssh-web-host", {}, 403),
    ],
)
async def test_a_child_token_signs_what_it_was_lent_for(
    openbao, vault, path, changes, code
):
    worker, _ = vault
    minted = await minted_by(worker)
    body = {"public_key": new_key().public, **FIT, **changes}
    body = {name: value for name, value in body.items() if value is not None}

    found = await openbao.status("POST", path, token=minted.token, body=body)

    assert found == code


async def test_no_certificate_lasts_longer_than_the_plan_says(openbao, vault):
    worker, _ = vault
    minted = await minted_by(worker)
    body = {"public_key": new_key().public, **FIT, "ttl": "8h"}

    found = await openbao.status(
        "POST", "ssh-acme/sign/act-acme-ssh-web-host", token=minted.token, body=body
    )

    assert found == 400


async def test_the_worker_itself_signs_nothing(openbao, vault):
    token = await openbao.worker_token()
    body = {"public_key": new_key().public, **FIT}

    found = await openbao.status(
        "POST", "ssh-acme/sign/act-acme-ssh-web-host", token=token, body=body
    )

    assert found == 403


async def test_another_client_s_token_is_broken_and_signs_nothing(vault):
    worker, _ = vault
    minted = await minted_by(worker, client="globex")

    with pytest.raises(Broken, match="ssh-acme/sign"):
        await worker.sign_ssh_key(
            minted,
            client="acme",
            principal="web-host",
            public_key=new_key().public,
            operation="op-7",
            ttl=MINUTE,
        )


async def test_each_client_has_an_authority_which_is_never_made_anew(openbao, vault):
    _, first = vault

    again = await bootstrap(openbao.admin, with_hosts(openbao.bao.address))

    keys = {one.client: one.public_key for one in again.authorities}
    assert set(keys) == {"acme", "globex", "acme-eu"}
    assert len(set(keys.values())) == 3
    assert again.authorities == first.authorities
    assert {one.state for one in again.items} == {"unchanged"}
