"""
What the sandbox's page asks and does, as the person it sits at.

There is no login: `as` is the sandbox's person switcher. Everything else that a real
Slack would check (membership, what is on the screen) is checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from deploy.sandbox.slack import actions, commands, modals
from deploy.sandbox.slack.actions import Click
from deploy.sandbox.slack.refusal import SlackRefusal
from deploy.sandbox.slack.shapes import page_shape, person_shape

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from deploy.sandbox.slack.messages import Message
    from deploy.sandbox.slack.state import SlackWorld
    from deploy.sandbox.slack.workspace import Channel, Json

_PAGE = 200
_STATUS = {
    "user_not_found": 404,
    "channel_not_found": 404,
    "message_not_found": 404,
    "thread_not_found": 404,
    "action_not_found": 404,
    "not_found": 404,
    "not_in_channel": 403,
    "user_disabled": 403,
}


class _Ask(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    as_: str = Field(alias="as")


class _Said(_Ask):
    channel: str
    text: str
    thread_ts: str | None = None


class _State(BaseModel):
    values: dict[str, Any] = Field(default_factory=dict)


class _Did(BaseModel):
    """The page's word on an action; what was chosen rides in the extra fields."""

    model_config = ConfigDict(extra="allow")

    block_id: str
    action_id: str

    def click(self) -> Click:
        did: Json = dict(self.model_extra or {})
        return Click(block_id=self.block_id, action_id=self.action_id, did=did)


class _Action(_Ask):
    channel: str
    message_ts: str
    action: _Did
    state: _State | None = None


class _ViewAction(_Ask):
    view_id: str
    action: _Did
    state: _State | None = None


class _Submit(_Ask):
    view_id: str
    state: _State = Field(default_factory=_State)


class _Close(_Ask):
    view_id: str
    whole_stack: bool = False


class _Suggest(_Ask):
    action_id: str
    block_id: str
    value: str = ""
    view_id: str = ""
    channel: str = ""
    message_ts: str = ""


_Body = TypeVar("_Body", bound=BaseModel)


class PageApi:
    """The page's routes."""

    def __init__(self, world: SlackWorld) -> None:
        self._world = world

    def routes(self) -> list[BaseRoute]:
        """Every route of the page but its static files."""
        reads = {
            "/page/as": self._people,
            "/page/state": self._state,
            "/page/channels/{channel}/messages": self._messages,
            "/page/channels/{channel}/threads/{ts}": self._thread,
            "/page/events": self._events,
        }
        does = {
            "/page/command": self._command,
            "/page/message": self._message,
            "/page/action": self._action,
            "/page/view/submit": self._submit,
            "/page/view/close": self._close,
            "/page/view/action": self._view_action,
            "/page/suggest": self._suggest,
        }
        return [
            *(Route(path, guarded(do)) for path, do in reads.items()),
            *(Route(path, guarded(do), methods=["POST"]) for path, do in does.items()),
        ]

    async def _people(self, request: Request) -> Response:
        del request
        people = self._world.workspace.people
        active = [p for p in people if not self._world.rooms.is_deactivated(p.id)]
        return JSONResponse({"people": [person_shape(p) for p in active]})

    async def _state(self, request: Request) -> Response:
        world = self._world
        space = world.workspace
        me = world.rooms.active(_who(request))
        team = {
            "id": space.team_id,
            "name": space.team_name,
            "domain": space.team_domain,
        }
        app = {
            "id": space.app.id,
            "name": space.app.name,
            "bot_user": space.app.bot_user,
        }
        return JSONResponse(
            {
                "team": team,
                "me": person_shape(me),
                "people": [person_shape(p) for p in space.people],
                "channels": [self._room(c, me.id) for c in world.rooms.of(me.id)],
                "commands": [
                    c.model_dump(exclude={"should_escape"}) for c in space.commands
                ],
                "app": app,
            }
        )

    def _room(self, channel: Channel, user: str) -> Json:
        bot = self._world.workspace.app.bot_user
        return {
            "id": channel.id,
            "name": channel.name,
            "topic": channel.topic,
            "is_im": channel.is_im,
            "members": [m for m in channel.members if m != bot],
            "unread": self._world.unread(channel, user),
        }

    def _shape(self, message: Message) -> Json:
        replies = self._world.messages.replies(message.channel, message.ts)
        return page_shape(message, replies, self._world.workspace)

    async def _messages(self, request: Request) -> Response:
        world = self._world
        me = world.rooms.active(_who(request))
        room = world.rooms.readable(str(request.path_params["channel"]), me.id)
        limit = request.query_params.get("limit", str(_PAGE))
        if not (limit.isascii() and limit.isdigit() and int(limit)):
            raise SlackRefusal("invalid_limit")
        found = world.messages.top(room.id, reader=me.id)[-int(limit) :]
        world.mark_read(room, me.id)
        return JSONResponse({"messages": [self._shape(m) for m in found]})

    async def _thread(self, request: Request) -> Response:
        world = self._world
        me = world.rooms.active(_who(request))
        room = world.rooms.readable(str(request.path_params["channel"]), me.id)
        parent = world.messages.find(room.id, str(request.path_params["ts"]))
        if parent is None or not parent.visible_to(me.id):
            raise SlackRefusal("thread_not_found")
        found = [parent, *world.messages.replies(room.id, parent.ts, reader=me.id)]
        return JSONResponse({"messages": [self._shape(m) for m in found]})

    async def _events(self, request: Request) -> Response:
        me = self._world.rooms.active(_who(request))
        return StreamingResponse(
            self._world.stream.events(me.id),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        )

    async def _command(self, request: Request) -> Response:
        ask = await read(request, _Said)
        outcome = await commands.command(
            self._world,
            user=ask.as_,
            channel=ask.channel,
            line=ask.text,
            thread_ts=ask.thread_ts or "",
        )
        return JSONResponse(outcome.shape())

    async def _message(self, request: Request) -> Response:
        ask = await read(request, _Said)
        message = await commands.say(
            self._world,
            user=ask.as_,
            channel=ask.channel,
            text=ask.text,
            thread_ts=ask.thread_ts or "",
        )
        return JSONResponse({"ok": True, "ts": message.ts})

    async def _action(self, request: Request) -> Response:
        ask = await read(request, _Action)
        outcome = await actions.click(
            self._world,
            user=ask.as_,
            channel=ask.channel,
            ts=ask.message_ts,
            action=ask.action.click(),
            values=ask.state.values if ask.state else None,
        )
        return JSONResponse(outcome.shape())

    async def _view_action(self, request: Request) -> Response:
        ask = await read(request, _ViewAction)
        outcome = await actions.click_in_view(
            self._world,
            user=ask.as_,
            view_id=ask.view_id,
            action=ask.action.click(),
            values=ask.state.values if ask.state else None,
        )
        return JSONResponse(outcome.shape())

    async def _submit(self, request: Request) -> Response:
        ask = await read(request, _Submit)
        outcome = await modals.submit(
            self._world, user=ask.as_, view_id=ask.view_id, values=ask.state.values
        )
        return JSONResponse(outcome.shape())

    async def _close(self, request: Request) -> Response:
        ask = await read(request, _Close)
        outcome = await modals.close(
            self._world,
            user=ask.as_,
            view_id=ask.view_id,
            whole_stack=ask.whole_stack,
        )
        return JSONResponse(outcome.shape())

    async def _suggest(self, request: Request) -> Response:
        ask = await read(request, _Suggest)
        click = Click(block_id=ask.block_id, action_id=ask.action_id, did={})
        offered = await actions.suggest(
            self._world,
            user=ask.as_,
            action=click,
            typed=ask.value,
            view_id=ask.view_id,
            channel=ask.channel,
            ts=ask.message_ts,
        )
        return JSONResponse(offered)


def _who(request: Request) -> str:
    return request.query_params.get("as", "")


async def read(request: Request, model: type[_Body]) -> _Body:
    """The request's JSON body as `model`; only JSON, so no other site can forge it."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip()
    if kind != "application/json":
        raise SlackRefusal("json_expected", status=415)
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        raise SlackRefusal(
            "invalid_arguments",
            messages=[str(fault["loc"]) for fault in error.errors()],
        ) from error


def guarded(
    do: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """The handler, with refusals answered as `{ok: false, error}` and a status."""

    async def answer(request: Request) -> Response:
        try:
            return await do(request)
        except SlackRefusal as refusal:
            fallback = max(refusal.status, 400)
            status = _STATUS.get(refusal.error, fallback)
            body: Json = {"ok": False, "error": refusal.error}
            if refusal.messages:
                body["messages"] = refusal.messages
            return JSONResponse(body, status_code=status)

    return answer
