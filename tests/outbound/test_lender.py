"""The lender: what is asked of Vault and of AWS is what was approved, and no more."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from pydantic import SecretStr

from bot.domain.catalog import Aws as ClientAws
from bot.domain.errors import Broken
from bot.domain.lease import Minted, Revoked
from bot.outbound.aws import SHORTEST, AwsCredentials
from bot.outbound.lender import Lender
from tests.domain.core_samples import NOW, scope

ACME = ClientAws(
    account="123456789012",
    region="eu-west-3",
    role_arn="arn:aws:iam::123456789012:role/tandem-acme",
)
MINTED = Minted(
    accessor="accessor-1",
    token=SecretStr("hvs.child"),
    expires_at=NOW + timedelta(minutes=10),
)


@dataclass
class Vault:
    """Vouches for a client and an action by the child token that was minted."""

    asked: list = field(default_factory=list)

    async def mint(self, *, client, action, operation, ttl):
        self.asked.append(("mint", client, action, operation, ttl))
        return MINTED

    async def read_kv(self, minted, *, client, purpose):
        self.asked.append(("read", minted.accessor, client, purpose))
        return SecretStr(f"glpat-{client}-{purpose}")

    async def identity_token(self, minted, *, client, action):
        self.asked.append(("identity", minted.accessor, client, action))
        return SecretStr(f"jwt-{client}-{action}")

    async def revoke(self, accessor):
        self.asked.append(("revoke", accessor))
        return Revoked(at=NOW)


@dataclass
class Sts:
    """Lends for 15 minutes at least, as STS does, and for as long as was asked."""

    lent: list = field(default_factory=list)

    async def assume(self, **asked):
        assert asked["duration"] >= SHORTEST
        self.lent.append(asked)
        return AwsCredentials(
            access_key_id="ASIA",
            secret_access_key="secret",
            session_token="token",
            expires_at=NOW + asked["duration"],
        )

    def session(self, credentials, *, region):
        return credentials, region


@pytest.fixture
def vault():
    return Vault()


@pytest.fixture
def sts():
    return Sts()


@pytest.fixture
def lender(vault, sts):
    return Lender(vault=vault, aws=sts, now=lambda: NOW)


async def lend(lender, *, aws=ACME, minutes=5):
    return await lender.aws_session(
        MINTED,
        client="acme",
        aws=aws,
        scope=scope(),
        operation="op7",
        until=NOW + timedelta(minutes=minutes),
    )


async def test_a_session_is_of_the_client_s_role_and_shrunk_to_the_scope(
    lender, vault, sts
):
    await lend(lender)

    (asked,) = sts.lent
    assert vault.asked == [("identity", "accessor-1", "acme", "rds-backup")]
    assert asked["jwt"].get_secret_value() == "jwt-acme-rds-backup"
    assert asked["role_arn"] == ACME.role_arn
    assert asked["session_name"] == "tandem-op7"
    policy = json.loads(asked["policy"])
    allowed = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
    assert [one["Action"] for one in allowed] == [["rds:CreateDBSnapshot"]]
    assert "arn:aws:rds:eu-west-3:123456789012:db:acme-db-prod" in asked["policy"]
    assert "2026-11-23T09:05:00Z" in asked["policy"]


@pytest.mark.parametrize(
    ("minutes", "lasts"),
    [(5, SHORTEST), (14, SHORTEST), (40, timedelta(minutes=41))],
)
async def test_sts_lends_as_shortly_as_it_can(lender, sts, minutes, lasts):
    credentials, region = await lend(lender, minutes=minutes)

    assert sts.lent[0]["duration"] == lasts
    # What is told is when the rights end, which the policy says and not STS.
    assert credentials.expires_at == NOW + timedelta(minutes=minutes)
    assert region == "eu-west-3"


async def test_a_role_of_another_account_is_not_even_asked_for(lender, vault, sts):
    other = ACME.model_copy(
        update={"role_arn": "arn:aws:iam::210987654321:role/tandem-acme"}
    )

    with pytest.raises(Broken, match="the role of acme is not in its own account"):
        await lend(lender, aws=other)

    assert (vault.asked, sts.lent) == ([], [])


async def test_what_vault_does_is_asked_by_name(lender, vault):
    minutes = timedelta(minutes=3)

    minted = await lender.mint(
        client="acme", action="rds-backup", operation="op7", ttl=minutes
    )
    token = await lender.forge_token(minted, client="acme", purpose="gitlab-execute")
    revoked = await lender.revoke(minted.accessor)

    assert token.get_secret_value() == "glpat-acme-gitlab-execute"
    assert revoked == Revoked(at=NOW)
    assert vault.asked == [
        ("mint", "acme", "rds-backup", "op7", minutes),
        ("read", "accessor-1", "acme", "gitlab-execute"),
        ("revoke", "accessor-1"),
    ]
