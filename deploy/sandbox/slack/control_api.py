"""
The knobs and the ledger over HTTP, for tests that run this Slack as another process.

Loopback only, like all of the sandbox. Nothing here exists in the real Slack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from deploy.sandbox.slack.faults import Failure
from deploy.sandbox.slack.page_api import guarded, read

if TYPE_CHECKING:
    from starlette.requests import Request

    from deploy.sandbox.slack.state import SlackWorld


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Faults(_Closed):
    """What to break; what is not named stays as it is, unless `clear` is said."""

    clear: bool = False
    down_seconds: float = 0.0
    down_mode: Literal["refuse", "hang"] = "refuse"
    storm_seconds: float = 0.0
    retry_after: int = 30
    drop_acks: int | None = None
    duplicates: int | None = None
    delay: float | None = None
    fail: dict[str, int] = {}
    lose_answers: dict[str, int] = {}


class _Change(_Closed):
    """What to change in the workspace."""

    deactivate: list[str] = []
    reactivate: list[str] = []
    archive: list[str] = []
    unarchive: list[str] = []
    remove_bot_from: list[str] = []
    request_url: str | None = None
    refresh_sockets: bool = False


class ControlApi:
    """The routes under `/control`."""

    def __init__(self, world: SlackWorld) -> None:
        self._world = world

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/control/health", guarded(self._health)),
            Route("/control/ledger", guarded(self._ledger)),
            Route("/control/faults", guarded(self._faults), methods=["POST"]),
            Route("/control/workspace", guarded(self._change), methods=["POST"]),
        ]

    async def _health(self, request: Request) -> Response:
        del request
        world = self._world
        return JSONResponse(
            {
                "ok": True,
                "contracts": str(world.contracts),
                "breaches": len(world.ledger.breaches()),
                "sockets": world.links.connected,
            }
        )

    async def _ledger(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        since = int(after) if after.isascii() and after.isdigit() else 0
        found = self._world.ledger.since(since)
        return JSONResponse({"entries": [e.model_dump(mode="json") for e in found]})

    async def _faults(self, request: Request) -> Response:
        ask = await read(request, _Faults)
        faults = self._world.faults
        if ask.clear:
            faults.clear()
        if ask.down_seconds:
            faults.down_for(ask.down_seconds, mode=ask.down_mode)
        if ask.storm_seconds:
            faults.storm_for(ask.storm_seconds, retry_after=ask.retry_after)
        faults.drop_acks = faults.drop_acks if ask.drop_acks is None else ask.drop_acks
        if ask.duplicates is not None:
            faults.duplicates = ask.duplicates
        if ask.delay is not None:
            faults.delay = ask.delay
        for method, times in ask.fail.items():
            faults.fail(method, times=times, failure=Failure())
        for method, times in ask.lose_answers.items():
            faults.lose_answers(method, times=times)
        return JSONResponse({"ok": True})

    async def _change(self, request: Request) -> Response:
        ask = await read(request, _Change)
        world = self._world
        rooms = world.rooms
        steps = (
            (rooms.deactivate, ask.deactivate),
            (rooms.reactivate, ask.reactivate),
            (rooms.archive, ask.archive),
            (rooms.unarchive, ask.unarchive),
        )
        for step, names in steps:
            for name in names:
                step(name)
        for channel in ask.remove_bot_from:
            rooms.leave(channel, world.workspace.app.bot_user)
        if ask.request_url is not None:
            world.courier.point_at(ask.request_url)
        if ask.refresh_sockets:
            await world.links.refresh()
        return JSONResponse({"ok": True})
