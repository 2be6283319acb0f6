"""
The baseline: Bolt itself behind FastAPI, acknowledging and doing nothing else.

The same server, the same options (`process_before_response=True`), no database: what
a bot costs before it promises anything. Run as `python -m tests.bench.bare_bolt PORT`.
"""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI, Request, Response
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

SIGNING_SECRET = "bench-signing-secret"


async def _authorize() -> AuthorizeResult:
    return AuthorizeResult(
        enterprise_id=None, team_id="T0CLARANET", bot_token="xoxb-bench", bot_id="B1"
    )


def bare() -> FastAPI:
    """Return the smallest Bolt app that answers `/infra`."""
    bolt = AsyncApp(
        signing_secret=SIGNING_SECRET,
        authorize=_authorize,
        process_before_response=True,
    )

    @bolt.command("/infra")
    async def infra(ack) -> None:
        await ack("noted")

    handler = AsyncSlackRequestHandler(bolt)
    app = FastAPI()

    @app.post("/slack/events")
    async def events(request: Request) -> Response:
        return await handler.handle(request)

    return app


if __name__ == "__main__":
    uvicorn.run(
        bare(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", workers=1
    )
