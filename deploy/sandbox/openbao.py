"""
A real OpenBao that belongs to one directory: start it, adopt it, stop it.

Owns the server's configuration, its first initialisation and the truth about whether it
is ready. What is inside it (policies, roles, keys) is `deploy/vault`; the process and
its files are `deploy/sandbox/openbao_process.py`.

The seal is "static": the unseal key is a file beside the data, so that the sandbox
comes back by itself after kill -9. That is for a sandbox on one machine; in production
the seal is a KMS or people, and this module is not used.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import time
from string import Template
from typing import TYPE_CHECKING, Final, Literal

import httpx
from pydantic import BaseModel, SecretStr

from deploy.sandbox.loopback import free_port, port_is_free
from deploy.sandbox.openbao_process import Child, Owner, write_private

if TYPE_CHECKING:
    from pathlib import Path

Start = Literal["created", "started", "adopted"]

# HCL wants each attribute of a block on its own line. Only our own paths and numbers
# are filled in, never text of a person.
_CONFIG: Final = Template("""\
api_addr     = "http://127.0.0.1:$port"
cluster_addr = "https://127.0.0.1:$cluster_port"
ui           = false
$storage
listener "tcp" {
  address         = "127.0.0.1:$port"
  cluster_address = "127.0.0.1:$cluster_port"
  tls_disable     = true
}
seal "static" {
  current_key_id = "sandbox"
  current_key    = "file://$root/unseal.key"
}
audit "file" "file" {
  options {
    file_path = "$root/audit.log"
  }
}
""")
_RAFT: Final = Template("""\
storage "raft" {
  path                   = "$root/raft"
  node_id                = "sandbox"
  performance_multiplier = 1
}""")
_MEMORY: Final = 'storage "inmem" {\n}'

_READY: Final = 200
_NOT_INITIALISED: Final = 501


class OpenBaoFailedError(RuntimeError):
    """The server did not come up, or its directory cannot be used."""


class _Ports(BaseModel):
    api: int
    cluster: int


class _Init(BaseModel):
    root_token: SecretStr


class OpenBao:
    """
    OpenBao on 127.0.0.1 with its state in `root`.

    `port` 0 takes a free one at the first start and keeps it for the next starts.
    With `durable` the data is on disk (raft) and a server left behind by kill -9 of its
    owner is adopted by the next start. Without it everything is in memory, for tests:
    the server is ready in a fraction of a second. `dies_with_parent` (by default: when
    not durable) ends the server with the thread that started it, even by kill -9 where
    the system is Linux, so start it from a thread that you keep.
    """

    def __init__(
        self,
        root: Path,
        port: int = 0,
        *,
        durable: bool = True,
        dies_with_parent: bool | None = None,
    ) -> None:
        self._root = root.resolve()
        self._asked_port = port
        self._durable = durable
        self._dies_with_parent = (
            not durable if dies_with_parent is None else dies_with_parent
        )
        self._port = 0
        self._owner = Owner(self._root)
        self._child = Child(self._root, config=self._root / "openbao.hcl")

    @property
    def address(self) -> str:
        """The URL of the API; known once `start` has returned."""
        if not self._port:
            raise OpenBaoFailedError("OpenBao was not started")
        return f"http://127.0.0.1:{self._port}"

    @property
    def token_file(self) -> Path:
        """The file (0600) with the administrator's token."""
        return self._root / "admin.token"

    @property
    def audit_file(self) -> Path:
        """The file in which the server's audit device writes JSON lines."""
        return self._root / "audit.log"

    def admin_token(self) -> SecretStr:
        """Return the administrator's token."""
        return SecretStr(self.token_file.read_text().strip())

    async def start(self, *, patience: float = 30.0) -> Start:
        """
        Bring the server up and return how; it answers when this returns.

        Raises `AlreadyOwnedError` when another process owns the directory and
        `OpenBaoFailedError` when the server is not ready after `patience` seconds.
        """
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._owner.take()
        try:
            return await self._start(until=time.monotonic() + patience)
        except BaseException:
            await self._child.stop(patience=0)
            self._owner.release()
            raise

    async def stop(self, *, patience: float = 5.0) -> None:
        """Stop the server in order, by force after `patience` seconds; data stays."""
        await self._child.stop(patience=patience)
        self._owner.release()

    async def ready(self) -> bool:
        """
        Say whether the server does real work at this moment.

        `sys/health` alone answers 200 while a full audit device fails every call, so a
        call that must be audited is made too.
        """
        async with self._http() as http:
            try:
                health = await http.get("/v1/sys/health")
                if health.status_code != _READY:
                    return False
                token = self.admin_token().get_secret_value()
                answer = await http.get(
                    "/v1/auth/token/lookup-self", headers={"X-Vault-Token": token}
                )
            except (httpx.HTTPError, OSError):
                return False
            return answer.status_code == _READY

    async def seal(self) -> None:
        """Seal the server, as an operator in an emergency would; restart unseals it."""
        token = self.admin_token().get_secret_value()
        async with self._http() as http:
            answer = await http.put(
                "/v1/sys/seal", headers={"X-Vault-Token": token}, timeout=10
            )
            answer.raise_for_status()

    async def _start(self, *, until: float) -> Start:
        if self._child.find():
            self._port = self._stored_ports().api
            if self._durable and await self.ready():
                return "adopted"
            # Sealed, stuck or in memory only: what is worth keeping is on disk.
            await self._child.stop()
        how: Start = "started" if self._was_initialised() else "created"
        while True:
            try:
                await self._launch(created=how == "created", until=until)
            except OpenBaoFailedError:
                if self._asked_port or not self._child.lost_its_port():
                    raise
            else:
                return how

    async def _launch(self, *, created: bool, until: float) -> None:
        if created:
            self._clear()
        self._configure()
        self._child.spawn(dies_with_parent=self._dies_with_parent)
        if created:
            await self._initialise(until=until)
        while not await self.ready():
            await self._again(until=until)

    def _was_initialised(self) -> bool:
        """Tell a finished first start from one that was cut: only it left the mark."""
        if not (self._durable and (self._root / "initialised").exists()):
            return False
        if not self.token_file.exists():
            raise OpenBaoFailedError(
                f"{self.token_file} is gone; restore it or remove {self._root}"
            )
        return True

    def _clear(self) -> None:
        # A first start that was cut has handed nothing out, so nothing of it is kept.
        for name in ("raft", "admin.token", "initialised", "audit.log"):
            path = self._root / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        write_private(self._root / "unseal.key", secrets.token_bytes(32))

    def _configure(self) -> None:
        ports = self._choose_ports()
        self._port = ports.api
        storage = _MEMORY
        if self._durable:
            (self._root / "raft").mkdir(mode=0o700, exist_ok=True)
            storage = _RAFT.substitute(root=self._root)
        config = _CONFIG.substitute(
            port=ports.api, cluster_port=ports.cluster, root=self._root, storage=storage
        )
        write_private(self._root / "ports.json", ports.model_dump_json().encode())
        write_private(self._root / "openbao.hcl", config.encode())

    def _choose_ports(self) -> _Ports:
        kept = self._stored_ports()
        api = self._asked_port or kept.api
        if not self._asked_port and not (api and port_is_free(api)):
            api = free_port()
        cluster = kept.cluster
        if not (cluster and cluster != api and port_is_free(cluster)):
            cluster = free_port()
        return _Ports(api=api, cluster=cluster)

    def _stored_ports(self) -> _Ports:
        path = self._root / "ports.json"
        if path.exists():
            return _Ports.model_validate_json(path.read_bytes())
        return _Ports(api=0, cluster=0)

    async def _initialise(self, *, until: float) -> None:
        async with self._http() as http:
            while await self._status(http) != _NOT_INITIALISED:
                await self._again(until=until)
            answer = await http.put(
                "/v1/sys/init",
                json={"recovery_shares": 1, "recovery_threshold": 1},
                timeout=max(1.0, until - time.monotonic()),
            )
        if answer.status_code != _READY:
            raise OpenBaoFailedError(f"sys/init answered {answer.status_code}")
        token = _Init.model_validate_json(answer.content).root_token
        write_private(self.token_file, token.get_secret_value().encode())
        write_private(self._root / "initialised", b"")

    async def _status(self, http: httpx.AsyncClient) -> int:
        try:
            return (await http.get("/v1/sys/health")).status_code
        except httpx.HTTPError:
            return 0

    async def _again(self, *, until: float) -> None:
        if not self._child.alive() or time.monotonic() > until:
            words = self._child.last_words()
            raise OpenBaoFailedError(f"OpenBao did not get ready:\n{words}")
        await asyncio.sleep(0.02)

    def _http(self) -> httpx.AsyncClient:
        # trust_env would send loopback calls to a proxy named in the environment.
        return httpx.AsyncClient(base_url=self.address, timeout=2, trust_env=False)
