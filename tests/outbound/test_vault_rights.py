"""What a child token, the worker and the front may do in a bootstrapped Vault."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.errors import Broken

FIVE_MINUTES = timedelta(minutes=5)


async def mint(vault, *, client="acme", action="rds-backup", ttl=FIVE_MINUTES):
    return await vault.mint(client=client, action=action, operation="op-7", ttl=ttl)


@pytest.mark.parametrize("action", ["rds-backup", "gitlab-prepare"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "identity/oidc/token/act-globex-rds-backup"),
        ("GET", "identity/oidc/token/act-acme-ec2-resize"),
        ("GET", "kv/data/gitlab/globex/prepare"),
        ("GET", "kv/data/gitlab/acme/execute"),
        ("POST", "kv/data/gitlab/acme/prepare"),
        ("LIST", "kv/metadata/gitlab"),
        ("GET", "sys/policies/acl/act-acme-rds-backup"),
        ("POST", "auth/token/create"),
        ("POST", "auth/token/create/act-acme-rds-backup"),
        ("POST", "auth/token/renew-self"),
        ("POST", "transit/sign/tandem-audit"),
        ("GET", "identity/entity/id"),
    ],
)
async def test_a_child_token_is_refused_everything_else(openbao, action, method, path):
    minted = await mint(openbao.worker(), action=action)

    code = await openbao.status(method, path, token=minted.token, body={"ttl": "1m"})

    assert code == 403


async def test_a_foreign_clients_secret_is_broken_and_not_read(openbao):
    vault = openbao.worker()
    minted = await mint(vault, action="gitlab-prepare")

    with pytest.raises(Broken, match="kv/data/gitlab/globex/prepare"):
        await vault.read_kv(minted, client="globex", purpose="prepare")


async def test_two_splits_of_one_role_name_are_told_apart_by_vault(openbao):
    vault = openbao.worker()

    await mint(vault, client="acme-eu", action="rds-backup")
    with pytest.raises(Broken, match="act-acme-eu-rds-backup"):
        await mint(vault, client="acme", action="eu-rds-backup")


# What the worker and the front may do themselves


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "sys/policies/acl/act-acme-rds-backup", {"policy": 'path "*" {}'}),
        ("POST", "sys/policies/acl/anything", {"policy": ""}),
        ("GET", "sys/policies/acl/tandem-worker", None),
        ("POST", "identity/entity", {"name": "x"}),
        ("POST", "identity/entity/name/act-acme-rds-backup", {"policies": ["root"]}),
        ("POST", "identity/entity-alias", {"name": "x"}),
        ("POST", "identity/oidc/role/act-acme-rds-backup", {"key": "tandem-aws"}),
        ("POST", "auth/token/roles/act-acme-rds-backup", {"orphan": False}),
        ("POST", "auth/token/roles/act-new", {"allowed_policies": "root"}),
        ("POST", "auth/token/create", {}),
        ("POST", "auth/token/create-orphan", {}),
        ("POST", "auth/token/create/act-acme-unplanned", {"ttl": "1m"}),
        ("POST", "auth/token/create/act-acme-rds-backup", {"ttl": "1m"}),
        ("POST", "auth/approle/role/tandem-worker/secret-id", {}),
        ("LIST", "auth/token/accessors", None),
        ("GET", "auth/token/lookup-self", None),
        ("GET", "kv/data/gitlab/acme/prepare", None),
        ("GET", "identity/oidc/token/act-acme-rds-backup", None),
        ("DELETE", "transit/keys/tandem-audit", None),
        ("POST", "transit/keys/tandem-audit/rotate", None),
        ("POST", "transit/keys/tandem-audit/config", {"deletion_allowed": True}),
        ("GET", "transit/export/signing-key/tandem-audit", None),
        ("POST", "sys/seal", None),
        ("GET", "sys/mounts", None),
        ("GET", "cubbyhole/x", None),
    ],
)
async def test_the_worker_itself_is_refused(openbao, method, path, body):
    worker = await openbao.worker_token()

    code = await openbao.status(method, path, token=worker, body=body)

    assert code == 403


async def test_the_front_sees_its_own_token_and_can_do_nothing(openbao):
    front = await openbao.front_token()
    asked = [
        ("GET", "auth/token/lookup-self"),
        ("POST", "auth/token/create/act-acme-rds-backup"),
        ("POST", "auth/token/create"),
        ("POST", "auth/token/revoke-accessor"),
        ("POST", "transit/sign/tandem-audit"),
        ("GET", "kv/data/gitlab/acme/prepare"),
        ("GET", "identity/oidc/token/act-acme-rds-backup"),
    ]

    codes = [
        await openbao.status(method, path, token=front, body={})
        for method, path in asked
    ]

    assert codes == [200, 403, 403, 403, 403, 403, 403]


async def test_vaults_audit_log_names_the_operation_and_no_secret(openbao):
    vault = openbao.worker()

    minted = await vault.mint(
        client="acme",
        action="gitlab-prepare",
        operation="op-in-the-log",
        ttl=FIVE_MINUTES,
    )
    secret = await vault.read_kv(minted, client="acme", purpose="prepare")

    written = openbao.bao.audit_file.read_text()
    reads = [
        line["auth"].get("metadata", {}).get("operation")
        for line in openbao.audited()
        if line["type"] == "response"
        and line["request"]["path"] == "kv/data/gitlab/acme/prepare"
        and line["request"]["operation"] == "read"
    ]
    assert "op-in-the-log" in reads
    assert minted.token.get_secret_value() not in written
    assert secret.get_secret_value() not in written
    assert openbao.worker_secret_id.get_secret_value() not in written
