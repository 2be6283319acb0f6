"""
Response URLs: how the app speaks to a gesture without a token.

At most 5 times in 30 minutes; ephemeral unless `in_channel` is said. Source:
docs.slack.dev/interactivity/handling-user-interaction#message_responses.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, PlainTextResponse, Response

from deploy.sandbox.slack.chat import POST_TEXT, checked_blocks, checked_text
from deploy.sandbox.slack.messages import Message
from deploy.sandbox.slack.refusal import SlackRefusal
from deploy.sandbox.slack.web_api import refused

if TYPE_CHECKING:
    from starlette.requests import Request

    from deploy.sandbox.slack.handles import ResponseUrl
    from deploy.sandbox.slack.state import SlackWorld
    from deploy.sandbox.slack.workspace import Json


class ResponseApi:
    """Answers what the app posts to the response URLs it was handed."""

    def __init__(self, world: SlackWorld) -> None:
        self._world = world

    async def call(self, request: Request) -> Response:
        world = self._world
        if world.faults.down:
            world.ledger.note("response_url", "response_url", outcome="down")
            return Response("upstream connect error", status_code=503)
        body: Json = {}
        try:
            body = _body(await request.body())
            handle = self._handle(request)
            message = speak(world, handle, body)
        except SlackRefusal as refusal:
            world.ledger.note(
                "response_url", "response_url", outcome=refusal.error, detail=body
            )
            status = 400 if refusal.status == 200 else refusal.status  # noqa: PLR2004 - 200 is the Web API's way to refuse, not this one's
            answer: JSONResponse = refused(refusal)
            answer.status_code = status
            return answer
        world.ledger.note(
            "response_url",
            "response_url",
            channel=handle.channel,
            user=handle.user,
            ts=message.ts if message else "",
            detail=body,
        )
        return PlainTextResponse("ok")

    def _handle(self, request: Request) -> ResponseUrl:
        if request.path_params["team"] != self._world.workspace.team_id:
            raise SlackRefusal("no_team", status=404)
        return self._world.response_urls.use(str(request.path_params["key"]))


def _body(raw: bytes) -> Json:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise SlackRefusal("invalid_payload", status=400) from error
    if not isinstance(body, dict):
        raise SlackRefusal("invalid_payload", status=400)
    return body


def speak(world: SlackWorld, handle: ResponseUrl, body: Json) -> Message | None:
    """Do what a response says; also for the body of a command's ack."""
    original = _original(world, handle)
    if body.get("delete_original") is True:
        if original is None:
            raise SlackRefusal("message_not_found", status=404)
        world.remove(original)
        return original
    content = _content(world, body)
    if body.get("replace_original") is True and original is not None:
        edited = {**content, "edited": world.messages.next_ts()}
        return world.amend(original.model_copy(update=edited))
    return _say(world, handle, body, content)


def _original(world: SlackWorld, handle: ResponseUrl) -> Message | None:
    if not handle.original:
        return None
    return world.messages.find(handle.channel, handle.original)


def _content(world: SlackWorld, body: Json) -> Json:
    blocks = body.get("blocks") or []
    if isinstance(blocks, str):
        try:
            blocks = json.loads(blocks)
        except ValueError as error:
            raise SlackRefusal("invalid_blocks_format") from error
    attachments = body.get("attachments") or []
    alone = not blocks and not attachments
    text = checked_text(str(body.get("text") or ""), most=POST_TEXT, alone=alone)
    return {
        "text": text,
        "blocks": checked_blocks(world, blocks),
        "attachments": tuple(attachments),
    }


def _say(world: SlackWorld, handle: ResponseUrl, body: Json, content: Json) -> Message:
    in_channel = body.get("response_type") == "in_channel"
    thread = str(body.get("thread_ts") or handle.thread_ts)
    message = Message(
        channel=handle.channel,
        ts=world.messages.next_ts(),
        user=world.workspace.app.bot_user,
        thread_ts=world.messages.thread_for(handle.channel, thread),
        seen_by="" if in_channel else handle.user,
        metadata=body.get("metadata") if in_channel else None,
        **content,
    )
    world.publish(message)
    if handle.family == "commands" and not handle.original:
        # A command has no message of its own: its first answer becomes the original.
        world.response_urls.put(handle.model_copy(update={"original": message.ts}))
    return message
