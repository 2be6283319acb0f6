"""
The lender: Vault says who asks; AWS, GitLab or a host lets in for what was approved.

A child token of Vault is minted for one operation. From it comes either the GitLab
token kept for that purpose, or an identity token that AWS STS takes for a session whose
inline policy is the operation's scope, with an end written into the policy itself, or a
certificate of a key made here, for the one principal of one host, where it was lent for
a domain with keys that the client's authority certifies for it; or a user of one
database server that is dropped with the token.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.aws_policy import session_policy
from bot.domain.errors import Broken
from bot.outbound.ansible.engine import Ansible, Login
from bot.outbound.aws import SHORTEST
from bot.outbound.databases.server import Databases
from bot.outbound.ssh_key import new_key
from bot.outbound.tls import Tls

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from pydantic import SecretStr

    from bot.domain.catalog import Aws as ClientAws
    from bot.domain.certificate import TlsSession
    from bot.domain.database import DatabaseSession
    from bot.domain.host import HostSession
    from bot.domain.lease import Minted, Revoked, Wrapped
    from bot.domain.playbook import AwsSession
    from bot.domain.scope import AwsScope, DatabaseScope, SshScope, TlsScope
    from bot.outbound.aws import Aws
    from bot.outbound.vault import Vault
    from bot.ports import ForgePurpose


class Lender:
    """Vault and AWS STS, put together."""

    def __init__(
        self,
        *,
        vault: Vault,
        aws: Aws,
        now: Callable[[], datetime],
        ansible: Ansible | None = None,
        databases: Databases | None = None,
    ) -> None:
        self._vault = vault
        self._aws = aws
        self._now = now
        self._ansible = ansible or Ansible()
        self._databases = databases or Databases()

    async def mint(
        self, *, client: str, action: str, operation: str, ttl: timedelta
    ) -> Minted:
        """Return a child token that can do `action` for `client` and nothing else."""
        return await self._vault.mint(
            client=client, action=action, operation=operation, ttl=ttl
        )

    async def forge_token(
        self, minted: Minted, *, client: str, purpose: ForgePurpose
    ) -> SecretStr:
        """Return the GitLab token that is kept for this purpose."""
        return await self._vault.read_kv(minted, client=client, purpose=purpose)

    async def aws_session(
        self,
        minted: Minted,
        *,
        client: str,
        aws: ClientAws,
        scope: AwsScope,
        operation: str,
        until: datetime,
    ) -> AwsSession:
        """
        Return AWS, as far as `scope` reaches and until `until`.

        STS lends for 15 minutes at least; the policy's own date ends it when it should.
        """
        if f"arn:{aws.partition}:iam::{aws.account}:" not in aws.role_arn:
            raise Broken(f"the role of {client} is not in its own account")
        jwt = await self._vault.identity_token(minted, client=client, action=scope.name)
        credentials = await self._aws.assume(
            role_arn=aws.role_arn,
            session_name=f"tandem-{operation}",
            jwt=jwt,
            policy=session_policy(scope, until=until, region=aws.region),
            duration=max(SHORTEST, until - self._now() + timedelta(minutes=1)),
            region=aws.region,
        )
        # The policy ends before STS does: told as an end, not as a missing right.
        ends = min(credentials.expires_at, until)
        dated = credentials.model_copy(update={"expires_at": ends})
        return self._aws.session(dated, region=aws.region)

    async def host_session(
        self,
        minted: Minted,
        *,
        client: str,
        scope: SshScope,
        operation: str,
        until: datetime,
        halted: Callable[[], Awaitable[bool]] | None = None,
    ) -> HostSession:
        """
        Return the one host of the scope, until the certificate ends at `until`.

        A play on it ends early, its outcome unknown, once `halted` says so.
        """
        key = new_key()
        certificate = await self._vault.sign_ssh_key(
            minted,
            client=client,
            principal=scope.principal,
            public_key=key.public,
            operation=operation,
            ttl=until - self._now(),
        )
        return self._ansible.session(
            Login(scope=scope, private_key=key.private, certificate=certificate),
            lasts=until - self._now(),
            halted=halted,
        )

    async def database_session(
        self, minted: Minted, *, client: str, scope: DatabaseScope
    ) -> DatabaseSession:
        """Return the one server of the scope, as a user that Vault just made there."""
        account = await self._vault.database_user(
            minted, client=client, server=scope.server, make=scope.make
        )
        return self._databases.session(
            scope, user=account.username, password=account.password
        )

    async def wrap(self, minted: Minted, secret: SecretStr) -> Wrapped:
        """Return a token that opens the secret once; the loan must allow it."""
        return await self._vault.wrap(minted, secret)

    async def tls_session(
        self, minted: Minted, *, client: str, scope: TlsScope
    ) -> TlsSession:
        """Return the one domain of the scope; it asks Vault for nothing yet."""
        return Tls(vault=self._vault, minted=minted, client=client, scope=scope)

    async def revoke(self, accessor: str) -> Revoked:
        """End a child token and every lease Vault holds for it."""
        return await self._vault.revoke(accessor)
