"""
A small double of the Slack stand-in's page API, for the page's own tests.

It owns canned people, messages and answers that show every block the page draws. What
a real stand-in does with Slack's rules is tested with the real one; this one only
notes what the page sent.
"""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tests.sandbox.page_samples import (
    APP,
    CHANNELS,
    COMMANDS,
    EVERYONE,
    MODAL,
    messages,
)

PAGE = Path(__file__).resolve().parents[2] / "deploy/sandbox/slack/page"
CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:"
HEADERS = {"Content-Security-Policy": f"{CSP}; connect-src 'self'"}
START = 1_795_428_000.0  # An hour of the sandbox's days, far from a change of day.


class PageDouble:
    """Holds what the page is shown, and `sent`: every (path, body) it posted."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, dict[str, Any]] = {}
        self.delay = 0.0
        self.reset()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queues: dict[asyncio.Queue[str | None], str] = {}
        self.app = Starlette(
            routes=[
                Route("/", self._index),
                Mount("/assets", StaticFiles(directory=PAGE / "assets")),
                Route("/page/as", self._as),
                Route("/page/state", self._state),
                Route("/page/channels/{id}/messages", self._messages),
                Route("/page/channels/{id}/threads/{ts}", self._thread),
                Route("/page/events", self._events),
                Route("/page/{what:path}", self._post, methods=["POST"]),
            ]
        )

    def reset(self) -> None:
        """Put the canned messages back, and forget what was sent."""
        self.rooms = {name: messages(name, START) for name, *_ in CHANNELS}
        self.sent.clear()
        self.answers.clear()
        self.delay = 0.0
        self._ts = START + 5000

    def tick(self) -> str:
        self._ts += 1
        return f"{self._ts:.6f}"

    def tell(self, event: str, data: dict[str, Any], *, to: str | None = None) -> None:
        """Send an event to every open page (or to one person's), from any thread."""
        line = f"event: {event}\ndata: {json.dumps(data)}\n\n"
        self._each(line, to)

    def cut(self) -> None:
        """End every open stream, as a server that stops does."""
        self._each(None, None)

    def _each(self, line: str | None, to: str | None) -> None:
        for queue, user in list(self._queues.items()):
            if to in {None, user} and self._loop is not None:
                self._loop.call_soon_threadsafe(queue.put_nowait, line)

    def put(self, channel: str, message: dict[str, Any], *, event: str) -> None:
        """Store a message (by its ts) and tell pages."""
        room = [m for m in self.rooms[channel] if m["ts"] != message["ts"]]
        self.rooms[channel] = sorted([*room, message], key=lambda m: m["ts"])
        self.tell(event, {"channel": channel, "message": message})

    async def _index(self, _: Any) -> FileResponse:
        return FileResponse(PAGE / "index.html", headers=HEADERS)

    async def _as(self, _: Any) -> JSONResponse:
        return JSONResponse({"people": EVERYONE})

    async def _state(self, request: Any) -> JSONResponse:
        user = request.query_params["as"]
        rooms = [
            {
                "id": room,
                "name": name,
                "topic": topic,
                "is_im": room.startswith("D"),
                "members": members,
                "unread": 2 if room == "C0ONCALL" else 0,
            }
            for room, name, topic, members in CHANNELS
            if user in members
        ]
        return JSONResponse(
            {
                "team": {
                    "id": "T0CLARANET",
                    "name": "Claranet Tandem",
                    "domain": "claranet-tandem",
                },
                "me": next(p for p in EVERYONE if p["id"] == user),
                "people": EVERYONE,
                "channels": rooms,
                "commands": COMMANDS,
                "app": APP,
            }
        )

    async def _messages(self, request: Any) -> JSONResponse:
        return JSONResponse({"messages": self.rooms[request.path_params["id"]]})

    async def _thread(self, request: Any) -> JSONResponse:
        ts = request.path_params["ts"]
        room = self.rooms[request.path_params["id"]]
        found = [m for m in room if ts in {m["ts"], m.get("thread_ts")}]
        return JSONResponse({"messages": found})

    async def _events(self, request: Any) -> StreamingResponse:
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._queues[queue] = request.query_params["as"]
        self._loop = asyncio.get_running_loop()

        async def lines() -> Any:
            yield ": hello\n\n"
            try:
                while (line := await queue.get()) is not None:
                    yield line
            finally:
                self._queues.pop(queue, None)

        return StreamingResponse(lines(), media_type="text/event-stream")

    async def _post(self, request: Any) -> JSONResponse:
        path, body = request.path_params["what"], await request.json()
        self.sent.append((path, body))
        await asyncio.sleep(self.delay)
        if path == "message":
            self._say(body)
        if path == "command" and body["text"].endswith("form"):
            self.tell("view", {"op": "open", "view": MODAL}, to=body["as"])
        if path == "suggest":
            return JSONResponse({"options": _suggested(body["value"])})
        return JSONResponse(self.answers.get(path, {"ok": True}))

    def _say(self, body: dict[str, Any]) -> None:
        text = body["text"].replace("&", "&amp;")
        text = text.replace("<", "&lt;").replace(">", "&gt;")
        message = {"ts": self.tick(), "user": body["as"], "text": text}
        if thread := body.get("thread_ts"):
            message["thread_ts"] = thread
        self.put(body["channel"], message, event="message")
        if thread:
            room = self.rooms[body["channel"]]
            parent = next(m for m in room if m["ts"] == thread)
            count = sum(m.get("thread_ts") == thread != m["ts"] for m in room)
            fresh = {**parent, "reply_count": count}
            self.put(body["channel"], fresh, event="message_changed")


def _suggested(typed: str) -> list[dict[str, Any]]:
    names = ("web-1", "web-2", "db-prod", "<b>bold</b>")
    return [
        {"text": {"type": "plain_text", "text": name}, "value": name}
        for name in names
        if typed in name
    ]


@contextmanager
def served(double: PageDouble) -> Any:
    """Serve the double on a free loopback port; yields its address."""
    config = uvicorn.Config(
        double.app, host="127.0.0.1", port=0, log_level="warning", lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    waited = threading.Event()
    for _ in range(500):
        if server.started:
            break
        waited.wait(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        double.cut()
        server.should_exit = True
        thread.join(10)
