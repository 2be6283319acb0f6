"""
Vault as its administrator uses it: read a path, write a path.

Owns the administrator's token for as long as the bootstrap runs. Sending and the
meaning of answers are the product's own (`bot/outbound/vault_wire.py`), so a mistake is
told in the same words.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue, SecretStr, TypeAdapter

from bot.outbound.vault_wire import Answer, Call, Reply, Wire, good, parsed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import requests
    from hvac.adapters import RawAdapter


_NO_KEY: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)


class _Data(Reply):
    data: dict[str, JsonValue] | None = None


class _SecretId(Reply):
    secret_id: SecretStr


class _SecretIdReply(Reply):
    data: _SecretId


class _Authority(Reply):
    public_key: str


class _AuthorityReply(Reply):
    data: _Authority


class Admin:
    """A Vault that may be changed; raises the errors of `bot.domain.errors`."""

    def __init__(
        self,
        *,
        address: str,
        token: SecretStr,
        timeout: float = 10.0,
        namespace: str | None = None,
        ca: Path | None = None,
    ) -> None:
        self._wire = Wire(address=address, timeout=timeout, namespace=namespace, ca=ca)
        self._token = token

    async def read(self, path: str) -> Mapping[str, JsonValue] | None:
        """Return what is at the path, or None when nothing is."""
        return await self._data(Call(path, lambda adapter: adapter.get(f"/v1/{path}")))

    async def names(self, path: str) -> tuple[str, ...]:
        """Return the names that are listed under the path."""
        call = Call(path, lambda adapter: adapter.list(f"/v1/{path}"))
        data = await self._data(call) or {}
        return TypeAdapter(tuple[str, ...]).validate_python(data.get("keys", ()))

    async def write(self, path: str, data: Mapping[str, JsonValue]) -> None:
        """Write to the path; on `OutcomeUnknown` it may be repeated."""

        def send(adapter: RawAdapter) -> requests.Response:
            response: requests.Response = adapter.post(f"/v1/{path}", json=dict(data))
            return response

        call = Call(path, send, lasting=True)
        good(await self._wire.ask(call, token=self._token), call)

    async def ssh_authority(self, path: str) -> str | None:
        """Return the public key of an SSH engine, or None while it has no key."""
        call = Call(path, lambda adapter: adapter.get(f"/v1/{path}"))
        outcome = await self._wire.ask(call, token=self._token)
        # Vault and OpenBao say "400" for "no key yet", in words of their own.
        if isinstance(outcome, Answer) and outcome.status in _NO_KEY:
            return None
        reply = parsed(_AuthorityReply, good(outcome, call).content)
        return None if reply is None else reply.data.public_key.strip()

    async def put_gitlab_token(
        self, *, client: str, purpose: str, token: SecretStr
    ) -> None:
        """Keep the token that `Vault.read_kv` will lend for this client's purpose."""
        path = f"kv/data/gitlab/{client}/{purpose}"
        await self.write(path, {"data": {"token": token.get_secret_value()}})

    async def issue_secret_id(self, role: str) -> SecretStr:
        """Return a new secret id of an AppRole; the older ones keep working."""
        path = f"auth/approle/role/{role}/secret-id"
        call = Call(path, lambda adapter: adapter.post(f"/v1/{path}"), lasting=True)
        answer = good(await self._wire.ask(call, token=self._token), call)
        reply = parsed(_SecretIdReply, answer.content)
        if reply is None:
            raise RuntimeError(f"{path} did not answer with a secret id")
        return reply.data.secret_id

    async def _data(self, call: Call) -> Mapping[str, JsonValue] | None:
        outcome = await self._wire.ask(call, token=self._token)
        if isinstance(outcome, Answer) and outcome.status == HTTPStatus.NOT_FOUND:
            return None
        reply = parsed(_Data, good(outcome, call).content)
        return None if reply is None else reply.data
