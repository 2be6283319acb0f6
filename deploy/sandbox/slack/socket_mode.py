"""
Socket Mode: the app dials in, and deliveries go down its WebSocket.

Source: docs.slack.dev/apis/events-api/using-socket-mode. A ticket from
`apps.connections.open` opens one socket within 30 seconds; with several sockets open,
each delivery goes down one of them.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocket, WebSocketDisconnect

if TYPE_CHECKING:
    from deploy.sandbox.slack.workspace import Json

TICKET_SECONDS = 30.0


class Link:
    """One open socket of the app."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._acks: dict[str, asyncio.Future[Any]] = {}

    async def send(self, message: Json) -> None:
        await self._socket.send_text(json.dumps(message))

    async def deliver(self, envelope: Json) -> Any:  # noqa: ANN401 - what the app acks with
        """Send one envelope and wait for its ack; the caller sets the time limit."""
        name = str(envelope["envelope_id"])
        ack: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._acks[name] = ack
        try:
            await self.send(envelope)
            return await ack
        finally:
            self._acks.pop(name, None)

    def acknowledged(self, text: str) -> None:
        """Take one message of the app; what is no known envelope's ack is ignored."""
        try:
            message = json.loads(text)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        ack = self._acks.get(str(message.get("envelope_id")))
        if ack is not None and not ack.done():
            ack.set_result(message.get("payload"))

    def lost(self) -> None:
        """The socket is gone: whoever waits for an ack on it is told so."""
        for ack in self._acks.values():
            if not ack.done():
                ack.set_exception(ConnectionResetError("the app's socket closed"))

    async def close(self) -> None:
        await self._socket.close()


class Links:
    """The app's open sockets."""

    def __init__(self) -> None:
        self._tickets: dict[str, float] = {}
        self._open: list[Link] = []
        self._next = 0
        self.opened = 0

    @property
    def connected(self) -> bool:
        return bool(self._open)

    def ticket(self) -> str:
        """A key that opens one socket, soon."""
        key = secrets.token_urlsafe(24)
        self._tickets[key] = time.monotonic() + TICKET_SECONDS
        return key

    def pick(self) -> Link | None:
        """The socket whose turn it is."""
        if not self._open:
            return None
        self._next = (self._next + 1) % len(self._open)
        return self._open[self._next]

    async def serve(self, socket: WebSocket, *, app_id: str) -> None:
        """Hold one socket until it closes."""
        until = self._tickets.pop(socket.query_params.get("ticket", ""), 0.0)
        if time.monotonic() > until:
            await socket.close(code=1008)
            return
        await socket.accept()
        link = Link(socket)
        self._open.append(link)
        self.opened += 1
        try:
            await link.send(self._hello(app_id))
            while True:
                link.acknowledged(await socket.receive_text())
        except WebSocketDisconnect:
            return
        finally:
            self._open.remove(link)
            link.lost()

    def _hello(self, app_id: str) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "connection_info": {"app_id": app_id},
            "debug_info": {
                "host": "applink-sandbox",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
        }

    async def refresh(self) -> None:
        """Ask every socket to come back anew, as Slack does every few hours."""
        for link in list(self._open):
            debug = {"host": "applink-sandbox"}
            await link.send(
                {
                    "type": "disconnect",
                    "reason": "refresh_requested",
                    "debug_info": debug,
                }
            )

    async def close(self) -> None:
        for link in list(self._open):
            await link.close()
