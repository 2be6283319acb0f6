"""
Vault as the worker uses it: mint a child token, use it, end it, sign the audit.

Works with HashiCorp Vault and OpenBao alike. The rights behind it are written by
`deploy/vault`, which this process could not change if it wanted to. How a request is
sent and what an answer means is `bot/outbound/vault_wire.py`.

One child token belongs to one operation and to one pair of client and action: it
carries the policy `act-<client>-<action>` and nothing else, so what it may read is
decided by the operator's plan and not by anything in this process.

Longer than most: whoever reviews what a loan can do finds its whole life in one place.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Mapping  # noqa: TC003 - pydantic reads it from the fields
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeVar

from hvac.api.auth_methods import AppRole, Token
from hvac.api.secrets_engines import Identity, KvV2, Transit
from pydantic import SecretStr, TypeAdapter, ValidationError

from bot.domain.errors import Broken, Refused
from bot.domain.lease import WRAPPED, Minted, Revoked, Wrapped
from bot.domain.message import Message
from bot.domain.scope import (
    DomainName,
    ScopeName,
    database_action,
    ssh_action,
    tls_action,
)
from bot.outbound.vault_replies import (
    Account,
    AccountReply,
    Certified,
    CertifiedReply,
    JwtReply,
    KeysReply,
    Login,
    PemReply,
    SecretReply,
    SignatureReply,
    SignedReply,
    WrapReply,
)
from bot.outbound.vault_wire import (
    Answer,
    Call,
    Reply,
    Silence,
    Wire,
    good,
    misunderstood,
    parsed,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AUDIT_KEY: Final = "tandem-audit"
LONGEST_LOAN: Final = timedelta(minutes=15)

_OPERATION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_ACCESSOR: Final = re.compile(r"[A-Za-z0-9_.-]{1,200}")
# A worker's token is changed for a new one this long before it ends by itself.
_MARGIN: Final = timedelta(seconds=30)
# Revoking warns with the first on a 200, looking up answers 4xx with the second. No
# other words count: "gone" said in error would leave a credential alive unnoticed.
_UNKNOWN_ACCESSOR: Final = re.compile(
    r"no token found with this accessor|invalid accessor", re.IGNORECASE
)

# The operator has not told Vault how to log into this database server.
_NO_WAY_IN: Final = re.compile(
    r"failed to find entry for connection|not an allowed role"
)

R = TypeVar("R", bound=Reply)


@dataclass(frozen=True, slots=True)
class _Pass:
    """The worker's own token, and until when it is used."""

    token: SecretStr
    until: datetime


class Vault:
    """
    The worker's access to one Vault.

    Lets out only our errors: `Unavailable` when nothing was done (refused, sealed,
    standby, or a mere read that failed), `OutcomeUnknown` when something that lasts
    may have been done, `Broken` when Vault's set-up and this program disagree. No
    message holds a secret or words of the server. Belongs to one event loop.
    """

    def __init__(
        self,
        *,
        address: str,
        role_id: str,
        secret_id: SecretStr,
        now: Callable[[], datetime],
        timeout: float = 5.0,
        namespace: str | None = None,
        ca: Path | None = None,
    ) -> None:
        self._wire = Wire(address=address, timeout=timeout, namespace=namespace, ca=ca)
        self._address = address.rstrip("/")
        self._role_id = role_id
        self._secret_id = secret_id
        self._now = now
        self._names: TypeAdapter[str] = TypeAdapter(ScopeName)
        self._pass: _Pass | None = None
        self._logging_in = asyncio.Lock()

    async def mint(
        self, *, client: str, action: ScopeName, operation: str, ttl: timedelta
    ) -> Minted:
        """
        Return a child token that can do `action` for `client` and nothing else.

        It lives for `ttl`, at most 15 minutes, and cannot be renewed. On
        `OutcomeUnknown` a token may exist whose accessor nobody knows: it is usable by
        nobody and dead after `ttl`. Vault's own audit log names the `operation`.
        """
        role = self._role(client=client, action=action)
        if not _OPERATION.fullmatch(operation):
            raise Broken("vault: an operation's id holds letters, digits, . _ and -")
        if not timedelta(seconds=1) <= ttl <= LONGEST_LOAN:
            raise Broken(f"vault: a loan lasts 1 s to {LONGEST_LOAN}, got {ttl}")
        call = Call(
            path=f"auth/token/create/{role}",
            send=lambda adapter: Token(adapter).create(
                role_name=role,
                policies=[role],
                entity_alias=role,
                # The role's name alone is ambiguous: a-b + c is a + b-c. Vault compares
                # this one with the plan, where the two are told apart.
                display_name=f"{client}/{action}",
                meta={"operation": operation, "client": client, "action": action},
                ttl=f"{int(ttl.total_seconds())}s",
                renewable=False,
                no_parent=None,
                no_default_policy=None,
                num_uses=None,
            ),
            lasting=True,
        )
        auth = self._read(Login, await self._as_worker(call), call).auth
        minted = Minted(
            accessor=auth.accessor,
            token=auth.client_token,
            expires_at=self._now() + timedelta(seconds=auth.lease_duration),
        )
        if auth.policies != (role,):
            await self.revoke(minted.accessor)
            raise Broken(f"vault's token role {role} gives more than its own policy")
        return minted

    async def identity_token(
        self, minted: Minted, *, client: str, action: ScopeName
    ) -> SecretStr:
        """Return a signed JWT that tells AWS STS who asks: aud, sub, client, action."""
        role = self._role(client=client, action=action)
        call = Call(
            path=f"identity/oidc/token/{role}",
            send=lambda adapter: Identity(adapter).generate_signed_id_token(name=role),
        )
        outcome = await self._wire.ask(call, token=minted.token)
        return self._read(JwtReply, good(outcome, call), call).data.token

    async def sign_ssh_key(
        self,
        minted: Minted,
        *,
        client: str,
        principal: str,
        public_key: str,
        operation: str,
        ttl: timedelta,
    ) -> str:
        """
        Return a certificate of this public key for one principal of the client.

        Nobody can take it back: it is good until `ttl` is over, at most as long as the
        operator's plan says. Its id, which the host writes into its log, is the
        operation's. One that never arrived opens nothing without the private key.
        """
        role = self._role(client=client, action=ssh_action(principal))
        path = f"ssh-{client}/sign/{role}"
        body = {
            "cert_type": "user",
            "key_id": f"tandem-{operation}",
            "public_key": public_key,
            "ttl": f"{int(ttl.total_seconds())}s",
            "valid_principals": principal,
        }
        call = Call(path, lambda adapter: adapter.post(f"/v1/{path}", json=body))
        outcome = await self._wire.ask(call, token=minted.token)
        return self._read(SignedReply, good(outcome, call), call).data.signed_key

    async def certify(
        self, minted: Minted, *, client: str, principal: str, domain: DomainName
    ) -> Certified:
        """
        Return a new key with a certificate of the client's authority for the domain.

        Vault keeps the certificate and not the key. One that never arrived is of use to
        nobody, so being asked again is no repetition of anything.
        """
        role = self._role(client=client, action=tls_action(principal))
        path = f"pki-{client}/issue/{role}"
        body = {"common_name": domain}
        call = Call(path, lambda adapter: adapter.post(f"/v1/{path}", json=body))
        outcome = await self._wire.ask(call, token=minted.token)
        return self._read(CertifiedReply, good(outcome, call), call).data

    async def authority(self, client: str) -> str:
        """Return the certificate of the client's authority, PEM; it is public."""
        path = f"pki-{self._name(client)}/cert/ca"
        call = Call(path, lambda adapter: adapter.get(f"/v1/{path}"))
        outcome = await self._wire.ask(call, token=None)
        return self._read(PemReply, good(outcome, call), call).data.certificate

    async def database_user(
        self, minted: Minted, *, client: str, server: str, make: bool
    ) -> Account:
        """
        Return a user that Vault makes on this server of the client.

        It is dropped with the token. One whose answer was lost is known to nobody.
        Raises `Refused` where Vault was never told how to log into the server.
        """
        role = self._role(client=client, action=database_action(server, make=make))
        path = f"database-{client}/creds/{role}"
        call = Call(path, lambda adapter: adapter.get(f"/v1/{path}"))
        outcome = await self._wire.ask(call, token=minted.token)
        if isinstance(outcome, Answer) and _NO_WAY_IN.search(outcome.complaints()):
            raise Refused(Message.of("database.unknown", {"server": server}))
        return self._read(AccountReply, good(outcome, call), call).data

    async def wrap(self, minted: Minted, secret: SecretStr) -> Wrapped:
        """
        Return a token that opens the secret once, within the hour, for whoever has it.

        It outlives the loan. On `OutcomeUnknown` there may be one that nobody has.
        """
        path = "sys/wrapping/wrap"
        body = {"password": secret.get_secret_value()}
        headers = {"X-Vault-Wrap-TTL": f"{int(WRAPPED.total_seconds())}s"}
        call = Call(
            path,
            lambda adapter: adapter.post(f"/v1/{path}", json=body, headers=headers),
            lasting=True,
        )
        outcome = await self._wire.ask(call, token=minted.token)
        info = self._read(WrapReply, good(outcome, call), call).wrap_info
        return Wrapped(
            token=info.token,
            accessor=info.accessor,
            expires_at=self._now() + timedelta(seconds=info.ttl),
            address=self._address,
        )

    async def read_kv(
        self, minted: Minted, *, client: str, purpose: ScopeName
    ) -> SecretStr:
        """Return the GitLab token that the operator keeps for this client's purpose."""
        path = f"gitlab/{self._name(client)}/{self._name(purpose)}"
        call = Call(
            path=f"kv/data/{path}",
            send=lambda adapter: KvV2(adapter).read_secret_version(
                path=path, mount_point="kv", raise_on_deleted_version=True
            ),
        )
        outcome = await self._wire.ask(call, token=minted.token)
        return self._read(SecretReply, good(outcome, call), call).data.data.token

    async def revoke(self, accessor: str) -> Revoked:
        """
        End a child token at once, with all leases Vault holds for it.

        May be repeated: a token that is already gone is said to be so. It ends nothing
        that AWS made from the token (`bot.domain.lease.DiesAt`).
        """
        known = _closed_accessor(accessor)
        call = Call(
            path="auth/token/revoke-accessor",
            send=lambda adapter: Token(adapter).revoke_accessor(known),
            lasting=True,
        )
        outcome = await self._ask_as_worker(call)
        gone = _accessor_is_unknown(outcome)
        if not gone:
            good(outcome, call)
        return Revoked(at=self._now(), already_gone=gone)

    async def alive(self, accessor: str) -> bool:
        """Say whether the child token still lives."""
        known = _closed_accessor(accessor)
        call = Call(
            path="auth/token/lookup-accessor",
            send=lambda adapter: Token(adapter).lookup_accessor(known),
        )
        outcome = await self._ask_as_worker(call)
        if _accessor_is_unknown(outcome):
            return False
        good(outcome, call)
        return True

    async def sign(self, payload: bytes) -> str:
        """Return Vault's Ed25519 signature, `vault:v<key version>:<base64>`."""
        text = base64.b64encode(payload).decode()
        call = Call(
            path=f"transit/sign/{AUDIT_KEY}",
            send=lambda adapter: Transit(adapter).sign_data(AUDIT_KEY, hash_input=text),
        )
        answer = await self._as_worker(call)
        return self._read(SignatureReply, answer, call).data.signature

    async def public_keys(self) -> Mapping[int, str]:
        """Return the audit key's versions: 32 raw Ed25519 bytes each, in base64."""
        call = Call(
            path=f"transit/keys/{AUDIT_KEY}",
            send=lambda adapter: Transit(adapter).read_key(AUDIT_KEY),
        )
        versions = self._read(KeysReply, await self._as_worker(call), call).data.keys
        return {version: key.public_key for version, key in versions.items()}

    async def ping(self) -> None:
        """
        Return if Vault can work for us now, else raise.

        `sys/health` would not do: it is 200 while a full audit device fails every call.
        """
        await self.public_keys()

    def _name(self, name: str) -> str:
        try:
            return self._names.validate_python(name)
        except ValidationError:
            # Not chained: the library's error quotes what it was given.
            raise Broken(
                "vault: a client, action or purpose is [a-z][a-z0-9-]{1,40}"
            ) from None

    def _role(self, *, client: str, action: str) -> str:
        return f"act-{self._name(client)}-{self._name(action)}"

    def _read(self, model: type[R], answer: Answer, call: Call) -> R:
        reply = parsed(model, answer.content)
        if reply is None:
            raise misunderstood(call)
        return reply

    async def _as_worker(self, call: Call) -> Answer:
        return good(await self._ask_as_worker(call), call)

    async def _ask_as_worker(self, call: Call) -> Answer | Silence:
        """Ask with the worker's token; on 403 once more with a fresh one."""
        token = await self._token(stale=None)
        outcome = await self._wire.ask(call, token=token)
        if isinstance(outcome, Answer) and outcome.status == HTTPStatus.FORBIDDEN:
            # Vault says 403 for a dead token and for a missing right alike, and has
            # carried nothing out in either case.
            token = await self._token(stale=token)
            outcome = await self._wire.ask(call, token=token)
        return outcome

    async def _token(self, *, stale: SecretStr | None) -> SecretStr:
        """Return the worker's token, which is not `stale` and not about to end."""
        async with self._logging_in:
            held = self._pass
            if held is None or held.token == stale or self._now() >= held.until:
                held = self._pass = await self._log_in()
            return held.token

    async def _log_in(self) -> _Pass:
        call = Call(
            path="auth/approle/login",
            send=lambda adapter: AppRole(adapter).login(
                role_id=self._role_id,
                secret_id=self._secret_id.get_secret_value(),
                use_token=False,
            ),
        )
        asked = self._now()
        answer = good(await self._wire.ask(call, token=None), call)
        auth = self._read(Login, answer, call).auth
        lasts = timedelta(seconds=auth.lease_duration)
        return _Pass(auth.client_token, until=asked + lasts - min(_MARGIN, lasts / 2))


def _accessor_is_unknown(outcome: Answer | Silence) -> bool:
    if isinstance(outcome, Silence):
        return False
    if outcome.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return False
    return _UNKNOWN_ACCESSOR.search(outcome.complaints()) is not None


def _closed_accessor(accessor: str) -> str:
    if not _ACCESSOR.fullmatch(accessor):
        raise Broken("vault: this is no token accessor")
    return accessor
