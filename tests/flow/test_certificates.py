"""A right to certify one domain: lent for one operation, written down, given back."""

from __future__ import annotations

import json

import pytest

from bot.domain.audit import EventName
from bot.domain.certificate import Shown
from bot.domain.errors import Broken
from bot.domain.scope import SshScope, TlsScope
from bot.flow.changes.observing import lent_run
from deploy.sandbox.loopback import free_port

SHOP = "shop.acme.example"


async def asked(ops):
    """Return an operation that was asked, and the right that it would be lent."""
    answer = await ops.alice.says(f"cert install {SHOP} on web-host")
    short = str(answer.args["id"])
    (operation,) = await ops.back.store.operations_like("acme", short=short)
    host = ops.back.catalog.current().client("acme").target("web-host")
    login = SshScope.model_validate({"host": host.name, **host.ssh.model_dump()})
    scope = TlsScope(login=login, domain=SHOP, https=free_port(), issues=True)
    return operation, scope


async def bodies(ops, operation, event):
    records = await ops.back.store.records("acme", operation=operation.id)
    return [json.loads(one.body) for one in records if one.event == event]


async def test_what_is_issued_is_in_the_audit_by_its_serial_and_without_its_key(ops):
    operation, scope = await asked(ops)

    async with lent_run(operation, scope=scope, back=ops.back) as run:
        issued = await run.tls.issue()
        issuer = await run.tls.issuer()

    (written,) = await bodies(ops, operation, EventName.CERTIFICATE_ISSUED)
    assert (written["domain"], written["serial"]) == (SHOP, issued.serial)
    assert issuer.subject == "CN=Tandem acme"
    body = issued.private_key.get_secret_value().splitlines()[1]
    records = await ops.back.store.records("acme", operation=operation.id)
    assert not [one for one in records if body in one.body]


async def test_the_right_is_given_back_and_what_cannot_be_is_told_with_its_end(ops):
    operation, scope = await asked(ops)

    async with lent_run(operation, scope=scope, back=ops.back) as run:
        hands = await run.tls.shake_hands()

    (lent,) = await bodies(ops, operation, EventName.CREDENTIALS_LENT)
    (ended,) = await bodies(ops, operation, EventName.CREDENTIALS_ENDED)
    assert lent["role"] == "act-acme-tls-web-host"
    assert "ssh certificate cannot be revoked, dies at" in ended["ending"]
    assert hands.shown is Shown.UNREACHED


async def test_a_login_alone_certifies_nothing(ops):
    operation, scope = await asked(ops)

    async with lent_run(operation, scope=scope.login, back=ops.back) as run:
        assert run.host is not None
        with pytest.raises(Broken, match="no domain was lent"):
            await run.tls.issue()
        with pytest.raises(Broken, match="no AWS session"):
            await run.aws.call("rds", "DescribeDBInstances", {})


async def test_a_domain_of_somebody_else_is_refused_by_vault_too(ops):
    operation, scope = await asked(ops)
    theirs = scope.model_copy(update={"domain": "shop.globex.example"})

    async with lent_run(operation, scope=theirs, back=ops.back) as run:
        with pytest.raises(Broken, match="pki-acme/issue"):
            await run.tls.issue()

    assert await bodies(ops, operation, EventName.CERTIFICATE_ISSUED) == []
