"""The bootstrap makes Vault hold its plan: once, again, and after somebody meddled."""

from __future__ import annotations

import asyncio
import io
import sys

import jwt
import pytest
import pytest_asyncio
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from bot.domain.errors import Broken
from bot.outbound.vault_wire import Call, Wire, good
from deploy.sandbox.openbao import OpenBao
from deploy.vault.__main__ import main
from deploy.vault.admin import Admin
from deploy.vault.bootstrap import BootstrapError, bootstrap
from deploy.vault.plan import VaultPlan
from deploy.vault.policy import worker_policy

BACKUP = {"kind": "aws", "name": "rds-backup"}
PREPARE = {"kind": "kv", "name": "gitlab-prepare", "purpose": "prepare"}


def raw_plan(**changes):
    clients = [{"name": "acme", "actions": [BACKUP, PREPARE]}]
    return {"issuer": "http://127.0.0.1:8200", "clients": clients} | changes


def plan(**changes):
    return VaultPlan.model_validate(raw_plan(**changes))


@pytest_asyncio.fixture
async def bao(tmp_path):
    server = OpenBao(tmp_path / "bao", durable=False)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def admin(bao):
    return Admin(address=bao.address, token=bao.admin_token())


def states(report):
    return {item.path: item.state for item in report.items}


async def test_a_second_bootstrap_changes_nothing(admin):
    first = await bootstrap(admin, plan())

    second = await bootstrap(admin, plan())

    assert set(states(second).values()) == {"unchanged"}
    assert set(states(second)) == set(states(first))
    assert second.entities == first.entities
    assert second.worker_role_id == first.worker_role_id
    assert second.audited is True


async def test_a_dry_run_writes_nothing_and_says_what_it_would(admin):
    dry = await bootstrap(admin, plan(), dry_run=True)

    again = await bootstrap(admin, plan(), dry_run=True)
    wet = await bootstrap(admin, plan())
    assert states(dry) == states(again) == states(wet)
    assert dry.entities == ()
    assert dry.worker_role_id is None


async def test_what_somebody_changed_is_put_right_and_reported(admin):
    await bootstrap(admin, plan())
    role, policy = "auth/token/roles/act-acme-rds-backup", "sys/policies/acl/act-acme-"
    await admin.write(role, {"token_explicit_max_ttl": 86400})
    await admin.write(f"{policy}gitlab-prepare", {"policy": 'path "kv/*" {}'})
    await admin.write("transit/keys/tandem-audit/config", {"min_decryption_version": 1})
    await admin.write("transit/keys/tandem-audit/config", {"deletion_allowed": True})

    report = await bootstrap(admin, plan())

    changed = [path for path, state in states(report).items() if state == "changed"]
    assert sorted(changed) == [
        role,
        f"{policy}gitlab-prepare",
        "transit/keys/tandem-audit/config",
    ]
    key = await admin.read("transit/keys/tandem-audit")
    assert (await admin.read(role))["token_explicit_max_ttl"] == 900
    assert key["deletion_allowed"] is False


async def test_what_left_the_plan_is_reported_and_can_no_more_be_minted(admin):
    await bootstrap(admin, plan())
    smaller = plan(clients=[{"name": "acme", "actions": [BACKUP]}])

    report = await bootstrap(admin, smaller)

    policy = (await admin.read("sys/policies/acl/tandem-worker"))["policy"]
    assert report.unplanned == ("act-acme-gitlab-prepare",)
    assert "act-acme-gitlab-prepare" not in policy


async def test_an_engine_of_the_wrong_kind_is_refused_and_left_alone(admin):
    await admin.write("sys/mounts/kv", {"type": "kv", "options": {"version": "1"}})

    with pytest.raises(BootstrapError, match="sys/mounts/kv"):
        await bootstrap(admin, plan())

    mounts = await admin.read("sys/mounts")
    assert mounts["kv/"]["options"] == {"version": "1"}


async def test_an_exportable_audit_key_is_refused(admin):
    await admin.write("sys/mounts/transit", {"type": "transit"})
    await admin.write(
        "transit/keys/tandem-audit", {"type": "ed25519", "exportable": True}
    )

    with pytest.raises(BootstrapError, match="unexportable"):
        await bootstrap(admin, plan())


async def test_the_audit_key_cannot_be_exported_or_deleted_even_by_the_admin(
    admin, bao
):
    await bootstrap(admin, plan())
    wire = Wire(address=bao.address, timeout=5)
    path = "transit/keys/tandem-audit"
    delete = Call(path, lambda adapter: adapter.delete(f"/v1/{path}"))

    with pytest.raises(Broken):
        good(await wire.ask(delete, token=bao.admin_token()), delete)
    with pytest.raises(Broken):
        await admin.read("transit/export/signing-key/tandem-audit")

    assert await admin.read(path) is not None


async def test_session_tags_are_in_the_token_when_the_plan_says_so(admin, bao):
    await bootstrap(admin, plan(session_tags=True))
    role = "act-acme-rds-backup"
    await admin.write(
        f"auth/token/roles/{role}", {"allowed_policies": [role], "orphan": True}
    )
    reply = await minted_by_admin(bao, role)

    claims = jwt.decode(reply, options={"verify_signature": False})

    assert claims["https://aws.amazon.com/tags"]["principal_tags"] == {
        "client": ["acme"],
        "action": ["rds-backup"],
    }


async def minted_by_admin(bao, role):
    wire = Wire(address=bao.address, timeout=5)
    body = {"policies": [role], "entity_alias": role}
    path = f"/v1/auth/token/create/{role}"
    create = Call(path, lambda adapter: adapter.post(path, json=body))
    made = good(await wire.ask(create, token=bao.admin_token()), create)
    token = SecretStr(yaml.safe_load(made.content)["auth"]["client_token"])
    read = Call(role, lambda adapter: adapter.get(f"/v1/identity/oidc/token/{role}"))
    answer = good(await wire.ask(read, token=token), read)
    return yaml.safe_load(answer.content)["data"]["token"]


async def test_bound_networks_are_compared_as_networks(admin):
    bound = plan(worker={"bound_cidrs": ["127.0.0.1/32", "10.0.0.0/8"]})
    await bootstrap(admin, bound)

    report = await bootstrap(admin, bound)

    assert set(states(report).values()) == {"unchanged"}


# The plan


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {
                "clients": [
                    {"name": "acme-eu", "actions": [BACKUP]},
                    {
                        "name": "acme",
                        "actions": [{"kind": "aws", "name": "eu-rds-backup"}],
                    },
                ]
            },
            "make one role: act-acme-eu-rds-backup",
        ),
        (
            {"clients": [{"name": "acme", "actions": [BACKUP, BACKUP]}]},
            "make one role",
        ),
        (
            {
                "clients": [
                    {"name": "acme", "actions": [BACKUP]},
                    {"name": "acme", "actions": [PREPARE]},
                ]
            },
            "listed twice: acme",
        ),
        ({"loan": "PT16M"}, "loan"),
        ({"identity_token": "PT11M"}, "identity_token"),
        ({"issuer": "https://vault.example/v1"}, "issuer"),
        ({"isuer": "x"}, "isuer"),
    ],
)
def test_a_plan_that_is_not_safe_is_refused(changes, reason):
    with pytest.raises(ValidationError, match=reason):
        plan(**changes)


@given(name=st.text())
def test_no_name_brings_a_wildcard_or_a_second_path_into_a_policy(name):
    try:
        given_plan = plan(clients=[{"name": name, "actions": [BACKUP, PREPARE]}])
    except ValidationError:
        return

    text = worker_policy(given_plan)

    paths = [line for line in text.splitlines() if line.startswith("path ")]
    assert len(paths) == 5 + 2
    assert not any(sign in line for line in paths for sign in "*+")


# The operator's command


async def run(*argv):
    return await asyncio.to_thread(main, [str(word) for word in argv])


async def test_the_command_bootstraps_and_writes_a_private_secret_id(
    bao, admin, tmp_path, capsys
):
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(raw_plan()))
    secret = tmp_path / "worker.secret-id"

    code = await run(
        *("--address", bao.address, "--token-file", bao.token_file),
        *("--plan", tmp_path / "plan.yaml", "--worker-secret-id-file", secret),
    )

    shown = capsys.readouterr().out
    assert code == 0
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.read_text() not in shown
    assert bao.admin_token().get_secret_value() not in shown
    assert "created    auth/token/roles/act-acme-rds-backup" in shown
    assert "subject    acme/rds-backup " in shown


async def test_the_command_does_not_overwrite_a_secret_id(bao, tmp_path, capsys):
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(raw_plan()))
    secret = tmp_path / "worker.secret-id"
    secret.write_text("in use")

    code = await run(
        *("--address", bao.address, "--token-file", bao.token_file),
        *("--plan", tmp_path / "plan.yaml", "--worker-secret-id-file", secret),
    )

    assert code == 1
    assert secret.read_text() == "in use"
    assert "exists" in capsys.readouterr().err


async def test_the_command_reads_the_token_from_standard_input_and_may_be_dry(
    bao, admin, tmp_path, capsys
):
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(raw_plan()))
    token = bao.admin_token().get_secret_value()

    kept, sys.stdin = sys.stdin, io.StringIO(f"{token}\n")
    try:
        code = await run(
            *("--address", bao.address, "--plan", tmp_path / "plan.yaml", "--dry-run")
        )
    finally:
        sys.stdin = kept

    assert code == 0
    assert "created    sys/mounts/kv" in capsys.readouterr().out
    assert "kv/" not in await admin.read("sys/mounts")


async def test_the_command_names_what_is_wrong_with_a_plan(bao, tmp_path, capsys):
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(raw_plan(loan="PT16M")))

    code = await run(
        *("--address", bao.address, "--token-file", bao.token_file),
        *("--plan", tmp_path / "plan.yaml"),
    )

    assert code == 1
    assert "loan" in capsys.readouterr().err
