"""
`/api/<method>`: tokens, rate limits, contracts, faults, and the ledger around a call.

What each method does is in `chat.py`, `conversations.py` and `views.py`. One thing is
stricter than Slack: an argument that the recorded contract does not know is refused.
"""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from starlette.responses import JSONResponse, Response

from deploy.sandbox.slack import chat, conversations, views
from deploy.sandbox.slack.arguments import Arguments
from deploy.sandbox.slack.refusal import SlackRefusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pydantic import SecretStr
    from starlette.requests import Request

    from deploy.sandbox.slack.state import SlackWorld
    from deploy.sandbox.slack.workspace import Json

Token: TypeAlias = Literal["bot", "app"]
_HANG_SECONDS = 60.0
_SCOPES = "chat:write,commands,channels:history,channels:read,im:write,users:read"
_UNTYPED = frozenset({"token", "team_id"})
"""The SDK adds these to any call; the recorded contracts do not have them."""
_SPARE: dict[str, Json] = {
    "APost": {"channel": "-", "text": "-"},
    "AEph": {"channel": "-", "text": "-", "user": "-"},
    "AUpd": {"channel": "-", "text": "-", "ts": "-"},
    "AView": {"trigger_id": "-"},
}
"""What a method refuses to miss with a word of its own, such as `no_text`."""

_ECHOED = frozenset({"blocks", "attachments"})


@dataclass(frozen=True)
class Method:
    """One Web API method: how it is done, paced, and checked."""

    run: Callable[[SlackWorld, Arguments], Awaitable[Json]]
    tier: int
    token: Token = "bot"
    takes: str = ""
    gives: str = ""


METHODS: dict[str, Method] = {
    "apps.connections.open": Method(
        conversations.connections_open, tier=1, token="app"
    ),
    "auth.test": Method(conversations.auth_test, tier=4, gives="RAuth"),
    "chat.delete": Method(chat.delete, tier=3),
    "chat.getPermalink": Method(chat.permalink, tier=4),
    "chat.postEphemeral": Method(chat.post_ephemeral, tier=4, takes="AEph"),
    "chat.postMessage": Method(chat.post_message, tier=4, takes="APost", gives="RPost"),
    "chat.update": Method(chat.update, tier=3, takes="AUpd", gives="RUpd"),
    "conversations.history": Method(conversations.history, tier=3),
    "conversations.info": Method(conversations.info, tier=3),
    "conversations.members": Method(conversations.members, tier=4),
    "conversations.open": Method(conversations.open_im, tier=3),
    "conversations.replies": Method(conversations.replies, tier=3),
    "reactions.add": Method(chat.react, tier=3),
    "usergroups.users.list": Method(conversations.group_users, tier=2),
    "users.info": Method(conversations.user_info, tier=4, gives="RUser"),
    "views.open": Method(views.open_view, tier=4, takes="AView", gives="RViews"),
    "views.push": Method(views.push_view, tier=4, takes="AView", gives="RViews"),
    "views.update": Method(views.update_view, tier=4, gives="RViews"),
}


class WebApi:
    """Slack's side of every call the app makes."""

    def __init__(self, world: SlackWorld) -> None:
        self._world = world

    async def call(self, request: Request) -> Response:
        """Answer one call, and write it in the ledger whatever becomes of it."""
        world, name = self._world, str(request.path_params["method"])
        if world.faults.down:
            return await self._down(name)
        args = Arguments({})
        try:
            args = Arguments.parse(
                query=request.url.query,
                content_type=request.headers.get("Content-Type", ""),
                body=await request.body(),
            )
            answer = await self._perform(name, args, request)
        except SlackRefusal as refusal:
            self._note(name, args, refusal.error, {})
            return refused(refusal)
        if world.faults.loses_answer(name):
            self._note(name, args, "answer_lost", answer)
            return Response("upstream connect error", status_code=503)
        self._note(name, args, "ok", answer)
        return JSONResponse({"ok": True, **answer}, headers={"X-OAuth-Scopes": _SCOPES})

    async def _down(self, name: str) -> Response:
        world = self._world
        world.ledger.note("api", name, outcome=f"down:{world.faults.down_mode}")
        if world.faults.down_mode == "hang":
            await asyncio.sleep(_HANG_SECONDS)
        return Response("upstream connect error", status_code=503)

    async def _perform(self, name: str, args: Arguments, request: Request) -> Json:
        world = self._world
        failure = world.faults.failure_of(name)
        if failure is not None:
            raise SlackRefusal(failure.error, status=failure.status)
        if world.faults.storming:
            raise _limited(world.faults.retry_after)
        method = METHODS.get(name)
        given = _token(request, args)
        if method is None:
            raise SlackRefusal("unknown_method")
        self._admit(given, method.token)
        self._pace(name, method, args)
        self._check_arguments(method, args)
        answer = await method.run(world, args)
        self._check_answer(name, method, answer)
        return answer

    def _admit(self, given: str, wanted: Token) -> None:
        secrets = self._world.secrets
        known = {"bot": secrets.bot_token, "app": secrets.app_token}
        if _same(given, known[wanted]):
            return
        if any(_same(given, token) for token in known.values()):
            raise SlackRefusal("not_allowed_token_type")
        raise SlackRefusal("invalid_auth")

    def _pace(self, name: str, method: Method, args: Arguments) -> None:
        world = self._world
        wait = world.limiter.wait(name, world.rates.tiers[method.tier - 1])
        if name == "chat.postMessage":
            place = f"{name} {args.optional('channel')}"
            wait = max(wait, world.limiter.wait(place, world.rates.posts))
        if wait:
            raise _limited(wait)

    def _check_arguments(self, method: Method, args: Arguments) -> None:
        """Check all but blocks and view, whose own check, later, says more."""
        if not method.takes:
            return
        given = {k: v for k, v in args.values.items() if k not in _UNTYPED}
        if "blocks" in given:
            given["blocks"] = [{"type": "divider"}]
        if not given.get("metadata"):
            # An empty object takes metadata away; the recorded type forgot that.
            given.pop("metadata", None)
        faults = self._world.contracts.faults(
            method.takes, {**_SPARE[method.takes], **given, **_plain_view(method.takes)}
        )
        if faults:
            said = [f"[ERROR] {fault}" for fault in faults]
            raise SlackRefusal("invalid_arguments", messages=said)

    def _check_answer(self, name: str, method: Method, answer: Json) -> None:
        if not method.gives:
            return
        faults = self._world.contracts.faults(method.gives, _comparable(answer))
        if faults:
            detail: Json = {"contract": method.gives, "faults": faults}
            self._world.ledger.note("breach", name, outcome="breach", detail=detail)

    def _note(self, name: str, args: Arguments, outcome: str, answer: Json) -> None:
        channel = answer.get("channel")
        self._world.ledger.note(
            "api",
            name,
            outcome=outcome,
            channel=channel if isinstance(channel, str) else args.optional("channel"),
            user=args.optional("user"),
            ts=str(answer.get("ts") or answer.get("message_ts") or ""),
            detail=args.shown(),
        )


def refused(refusal: SlackRefusal) -> JSONResponse:
    """Slack's way to say no over HTTP."""
    body: Json = {"ok": False, "error": refusal.error}
    if refusal.messages:
        body["response_metadata"] = {"messages": refusal.messages}
    headers = {}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    return JSONResponse(body, status_code=refusal.status, headers=headers)


def _limited(seconds: int) -> SlackRefusal:
    return SlackRefusal("ratelimited", status=429, retry_after=seconds)


def _plain_view(takes: str) -> Json:
    if takes != "AView":
        return {}
    title = {"type": "plain_text", "text": "-"}
    return {"view": {"type": "modal", "title": title, "blocks": []}}


def _comparable(answer: Json) -> Json:
    """
    The answer without what the recorded types of answers are known to lack.

    They were drawn from samples: blocks are told in part (ours echo the app's own,
    checked on the way in), free-form objects as empty, and nulls as absent.
    """
    shown: Json = {"ok": True, **answer}
    view = shown.get("view")
    if view is not None:
        kept = {k: v for k, v in view.items() if v is not None}
        shown["view"] = {**kept, "blocks": [], "state": {}}
    message = shown.get("message")
    if message is not None:
        shown["message"] = {k: v for k, v in message.items() if k not in _ECHOED}
    if message is not None and "metadata" in message:
        bare = {**message["metadata"], "event_payload": {}}
        shown["message"]["metadata"] = bare
    return shown


def _token(request: Request, args: Arguments) -> str:
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    given = bearer.strip() if scheme.lower() == "bearer" else args.optional("token")
    if not given:
        raise SlackRefusal("not_authed")
    return given


def _same(given: str, wanted: SecretStr) -> bool:
    return hmac.compare_digest(given.encode(), wanted.get_secret_value().encode())
