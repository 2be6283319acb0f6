"""What a child token may have certified: names of one host's domains, nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from cryptography import x509

from bot.domain.errors import Broken
from bot.domain.scope import SshScope, TlsScope
from bot.outbound.ssh_key import new_key
from bot.outbound.tls import Tls
from deploy.vault.bootstrap import bootstrap
from deploy.vault.plan import VaultPlan
from tests.outbound.conftest import now, plan_for

if TYPE_CHECKING:
    from bot.domain.lease import Minted

MINUTE = timedelta(minutes=1)
SHOP = "shop.acme.example"
PATH = "pki-acme/issue/act-acme-tls-web-host"
LOGIN = {
    "host": "web-host",
    "address": "127.0.0.1",
    "port": 22,
    "user": "tandem",
    "principal": "web-host",
    "host_key": new_key().public,
    "python": "/usr/bin/python3",
    "become": False,
}


def with_sites(address, **more):
    plan = plan_for(address).model_dump(mode="json")
    for client in plan["clients"][:2]:
        client["actions"] += [
            {"kind": "ssh", "principal": "web-host"},
            {"kind": "ssh", "principal": "db-host"},
            {
                "kind": "tls",
                "principal": "web-host",
                "domains": [f"{client['name']}.example"],
            },
        ]
    return VaultPlan.model_validate(plan | more)


@pytest_asyncio.fixture
async def vault(openbao):
    """The worker's Vault, with sites in its plan; the report of the last bootstrap."""
    report = await bootstrap(openbao.admin, with_sites(openbao.bao.address))
    return openbao.worker(), report


async def minted_by(worker, *, client="acme", action="tls-web-host"):
    return await worker.mint(
        client=client, action=action, operation="op-7", ttl=5 * MINUTE
    )


def session(worker, minted: Minted, *, domain=SHOP, client="acme", issues=True):
    scope = TlsScope(
        login=SshScope.model_validate(LOGIN), domain=domain, https=443, issues=issues
    )
    return Tls(vault=worker, minted=minted, client=client, scope=scope)


async def test_a_certificate_is_for_the_one_name_and_from_the_client_s_authority(vault):
    worker, _ = vault
    tls = session(worker, await minted_by(worker))

    issued = await tls.issue()

    (found,) = x509.load_pem_x509_certificates(issued.chain.encode())
    authority = x509.load_pem_x509_certificate((await tls.issuer()).pem.encode())
    found.verify_directly_issued_by(authority)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert [str(one.value) for one in names.value] == [SHOP]
    assert f"{found.serial_number:x}" == issued.serial
    assert found.not_valid_after_utc == issued.until
    assert timedelta(days=89) < issued.until - now() <= timedelta(days=90)
    assert authority.subject.rfc4514_string() == "CN=Tandem acme"


async def test_the_key_is_shown_by_nothing_that_prints_what_was_issued(vault):
    worker, _ = vault

    issued = await session(worker, await minted_by(worker)).issue()

    body = issued.private_key.get_secret_value().splitlines()[1]
    assert body not in repr(issued)
    assert "BEGIN EC PRIVATE KEY" in issued.private_key.get_secret_value()


async def test_a_certificate_outlives_the_token_that_asked_for_it(openbao, vault):
    worker, _ = vault
    minted = await minted_by(worker)
    issued = await session(worker, minted).issue()

    await worker.revoke(minted.accessor)

    # OpenBao names it by whole bytes; a number begins with no nought.
    whole = issued.serial.zfill(len(issued.serial) + len(issued.serial) % 2)
    dashed = "-".join(whole[at : at + 2] for at in range(0, len(whole), 2))
    kept = await openbao.admin.read(f"pki-acme/cert/{dashed}")
    assert kept is not None
    assert kept["revocation_time"] == 0


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (PATH, {"common_name": SHOP}, 200),
        (PATH, {"common_name": "acme.example"}, 200),
        (PATH, {"common_name": "shop.globex.example"}, 400),
        (PATH, {"common_name": "*.acme.example"}, 400),
        (PATH, {"common_name": "notacme.example"}, 400),
        (PATH, {"common_name": "127.0.0.1"}, 400),
        (PATH, {"common_name": SHOP, "alt_names": "x.acme.example"}, 403),
        (PATH, {"common_name": SHOP, "ip_sans": "127.0.0.1"}, 403),
        (PATH, {"common_name": SHOP, "ttl": "10y"}, 403),
        (PATH, {}, 403),
        ("pki-globex/issue/act-globex-tls-web-host", {"common_name": SHOP}, 403),
        ("pki-acme/sign/act-acme-tls-web-host", {"common_name": SHOP}, 403),
        ("pki-acme/root/generate/internal", {"common_name": SHOP}, 403),
        ("pki-acme/roles/act-acme-tls-web-host", {}, 403),
        ("pki-acme/revoke", {"serial_number": "1"}, 403),
    ],
)
async def test_a_child_token_has_certified_what_it_was_lent_for(
    openbao, vault, path, body, code
):
    worker, _ = vault
    minted = await minted_by(worker)

    found = await openbao.status("POST", path, token=minted.token, body=body)

    assert found == code


@pytest.mark.parametrize(
    ("principal", "code"), [("web-host", 200), ("db-host", 403), ("root", 403)]
)
async def test_beside_that_it_logs_in_on_its_own_host_alone(
    openbao, vault, principal, code
):
    worker, _ = vault
    minted = await minted_by(worker)
    body = {
        "public_key": new_key().public,
        "cert_type": "user",
        "key_id": "x",
        "ttl": "1m",
        "valid_principals": principal,
    }

    found = await openbao.status(
        "POST",
        f"ssh-acme/sign/act-acme-ssh-{principal}",
        token=minted.token,
        body=body,
    )

    assert found == code


async def test_the_token_of_a_login_certifies_nothing(openbao, vault):
    worker, _ = vault
    minted = await minted_by(worker, action="ssh-web-host")

    found = await openbao.status(
        "POST", PATH, token=minted.token, body={"common_name": SHOP}
    )

    assert found == 403


async def test_the_worker_itself_certifies_nothing(openbao, vault):
    token = await openbao.worker_token()

    found = await openbao.status("POST", PATH, token=token, body={"common_name": SHOP})

    assert found == 403


async def test_a_scope_that_only_looks_issues_nothing(vault):
    worker, _ = vault
    looking = session(worker, await minted_by(worker), issues=False)

    with pytest.raises(Broken, match="no right"):
        await looking.issue()


async def test_another_client_s_token_is_broken_and_gets_nothing(vault):
    worker, _ = vault
    theirs = session(worker, await minted_by(worker, client="globex"))

    with pytest.raises(Broken, match="pki-acme/issue"):
        await theirs.issue()


async def test_each_client_has_an_authority_which_is_never_made_anew(openbao, vault):
    worker, _ = vault
    first = [await worker.authority(one) for one in ("acme", "globex")]

    again = await bootstrap(openbao.admin, with_sites(openbao.bao.address))

    assert [await worker.authority(one) for one in ("acme", "globex")] == first
    assert first[0] != first[1]
    assert {one.state for one in again.items} == {"unchanged"}


async def test_a_dry_run_on_an_empty_vault_says_what_it_would_make(own_openbao):
    plan = with_sites(own_openbao.bao.address)

    report = await bootstrap(own_openbao.admin, plan, dry_run=True)

    made = {one.path: one.state for one in report.items}
    assert made["sys/mounts/pki-acme"] == "created"
    assert made["pki-acme/root/generate/internal"] == "created"
    assert made["pki-acme/roles/act-acme-tls-web-host"] == "created"
    assert "pki-acme-eu/root/generate/internal" not in made


def test_a_plan_with_certificates_for_a_host_nobody_logs_into_is_refused():
    action = {"kind": "tls", "principal": "web-host", "domains": ["acme.example"]}
    client = {"name": "acme", "actions": [action]}

    with pytest.raises(ValueError, match="no ssh action for web-host"):
        VaultPlan.model_validate({"issuer": "http://x", "clients": [client]})
