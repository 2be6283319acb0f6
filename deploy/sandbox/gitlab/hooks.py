"""
Webhooks: signing, sending and sending again.

Headers and signature are GitLab's (app/services/web_hook_service.rb); with a signing
token also Standard Webhooks (https://www.standardwebhooks.com/). What waits to be sent
is not kept over a restart: receivers have to reconcile anyway.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import httpx

from deploy.sandbox.loopback import trust

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deploy.sandbox.gitlab.records import Hook, Project
    from deploy.sandbox.gitlab.world import GitLabWorld

VERSION: Final = "18.6.0-ee"
EVENTS: Final = {
    "merge_requests": "Merge Request Hook",
    "pipeline": "Pipeline Hook",
    "note": "Note Hook",
    "push": "Push Hook",
    "job": "Job Hook",
}
_SCHEMAS: Final = {
    "merge_requests": "WMR",
    "pipeline": "WPipe",
    "note": "WNote",
    "job": "WJob",
}
_PAUSES: Final = (0.2, 1.0, 3.0)
_TIMEOUT: Final = 10.0


class Hooks:
    """Sends the world's webhooks while `sending` is open."""

    def __init__(self, world: GitLabWorld) -> None:
        self._world = world
        self._tasks: asyncio.TaskGroup | None = None
        self._client: httpx.AsyncClient | None = None
        self._open: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def sending(self, tasks: asyncio.TaskGroup) -> AsyncIterator[None]:
        async with httpx.AsyncClient(
            timeout=_TIMEOUT, trust_env=False, verify=trust()
        ) as client:
            self._client, self._tasks = client, tasks
            try:
                yield
            finally:
                self._tasks = None
                for task in self._open:
                    task.cancel()
                await asyncio.gather(*self._open, return_exceptions=True)

    def fire(self, project: Project, event: str, payload: dict[str, object]) -> None:
        """Send `payload` to every hook that wants this kind of event."""
        if event in _SCHEMAS:
            self._world.contracts.check(_SCHEMAS[event], payload)
        for hook in project.hooks:
            if event in hook.events and self._tasks is not None:
                task = self._tasks.create_task(
                    self._deliver(project, hook, event, payload), name="gitlab hook"
                )
                self._open.add(task)
                task.add_done_callback(self._open.discard)

    async def _deliver(
        self, project: Project, hook: Hook, event: str, payload: dict[str, object]
    ) -> None:
        world = self._world
        body = json.dumps(payload).encode()
        key = str(uuid.uuid4())
        if world.faults.take({"drop_hooks"}, method="POST", path=hook.url) is not None:
            self._note("hook.dropped", project, event, "dropped", key)
            return
        for pause in (*_PAUSES, None):
            headers = self._headers(hook, event, key, body)
            status = await self._post(hook.url, body, headers)
            self._note("hook.sent", project, event, status, key)
            if status.startswith("2") or pause is None:
                return
            await asyncio.sleep(pause)

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> str:
        client = self._client
        if client is None:
            return "closed"
        try:
            answer = await client.post(url, content=body, headers=headers)
        except httpx.HTTPError as error:
            return type(error).__name__
        return str(answer.status_code)

    def _note(
        self, kind: str, project: Project, event: str, status: str, key: str
    ) -> None:
        self._world.ledger.add(
            "hook.dropped" if kind == "hook.dropped" else "hook.sent",
            actor="gitlab",
            project=project.path,
            status=status,
            detail={"event": event, "key": key},
        )

    def _headers(self, hook: Hook, event: str, key: str, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"GitLab/{VERSION}",
            "Idempotency-Key": key,
            "X-Gitlab-Event": EVENTS[event],
            "X-Gitlab-Webhook-UUID": str(uuid.uuid5(uuid.NAMESPACE_URL, hook.url)),
            "X-Gitlab-Instance": self._world.base_url,
            "X-Gitlab-Event-UUID": str(uuid.uuid4()),
        }
        if hook.token:
            headers["X-Gitlab-Token"] = hook.token
        if hook.signing_token:
            stamp = str(int(self._world.now().timestamp()))
            headers["webhook-id"] = key
            headers["webhook-timestamp"] = stamp
            headers["webhook-signature"] = signature(
                hook.signing_token, key=key, timestamp=stamp, body=body
            )
        return headers


def signature(token: str, *, key: str, timestamp: str, body: bytes) -> str:
    """Return the Standard Webhooks signature by a `whsec_` token."""
    secret = base64.b64decode(token.removeprefix("whsec_"))
    signed = f"{key}.{timestamp}.".encode() + body
    digest = hmac.new(secret, signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
