"""
The way in by HTTP: a request is Slack's before a byte of its body is looked into.

Order: headers, size, signature over the raw body, then parsing, then our app's id, then
Bolt. Whatever fails before the signature holds is answered alike. What Bolt 1.30 gets
wrong in parsing (a text that contains "payload", a timestamp that is no number, bytes
that are no UTF-8) does not reach it: it is given the parsed body.
https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hmac
import json
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import structlog
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_internals import build_async_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from pydantic import SecretStr
    from slack_bolt.async_app import AsyncApp
    from slack_bolt.response import BoltResponse
    from starlette.types import Receive, Scope, Send

_log = structlog.get_logger()

LARGEST: Final = 256 * 1024
TOLERANCE: Final = 300
_MOST_FIELDS: Final = 60
_STAMP_NAME: Final = b"x-slack-request-timestamp"
_SIGNATURE_NAME: Final = b"x-slack-signature"
_TYPE: Final = b"content-type"
_STAMP: Final = re.compile(rb"[0-9]{1,12}")
_SIGNATURE: Final = re.compile(rb"v0=[0-9a-f]{64}")
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"


class _Turned(Exception):  # noqa: N818 - names what happens to the request
    """A request that goes no further; `reason` is for our log only."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class SlackDoor:
    """An ASGI endpoint that lets in what Slack signed for our app, and nothing else."""

    def __init__(
        self,
        app: AsyncApp,
        *,
        signing_secret: SecretStr,
        now: Callable[[], datetime],
        app_id: str | None = None,
    ) -> None:
        self._app = app
        self._secret = signing_secret
        self._now = now
        self._app_id = app_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            stamp, given, kind = _wanted(scope)
            body = await self._authentic(receive, stamp=stamp, given=given)
            parsed = _parsed(body, _content_type(kind))
            if parsed.get("ssl_check") == "1" and "command" not in parsed:
                await _answer(send, 200)
                return
            self._check_app(parsed)
        except _Turned as turned:
            _log.warning("slack.turned_away", reason=turned.reason)
            await _answer(send, turned.status)
            return
        response = await self._app.async_dispatch(Parsed(parsed))
        await _forward(send, response)

    async def _authentic(
        self, receive: Receive, *, stamp: bytes, given: bytes
    ) -> bytes:
        if abs(self._now().timestamp() - int(stamp)) > TOLERANCE:
            raise _Turned(401, "signed too long ago, or in the future")
        body = await _read(receive)
        secret = self._secret.get_secret_value().encode()
        made = hmac.digest(secret, b"v0:" + stamp + b":" + body, "sha256")
        if not hmac.compare_digest(b"v0=" + made.hex().encode(), given):
            raise _Turned(401, "wrong signature")
        return body

    def _check_app(self, body: dict[str, Any]) -> None:
        """Refuse another app's request, should two share a secret by mistake."""
        if self._app_id is None or body.get("type") == "url_verification":
            return
        if body.get("api_app_id") != self._app_id:
            raise _Turned(401, "meant for another app")


class Parsed(AsyncBoltRequest):
    """A request as Bolt wants it, from a body that is parsed already."""

    def __init__(self, body: dict[str, Any]) -> None:
        # Not Bolt's own constructor: it parses again, wrongly, and obeys headers
        # (x-slack-bolt-lazy-only) that no signature covers.
        self.raw_body = ""
        self.body = body
        self.query = {}
        self.headers = {}
        self.content_type = _JSON
        self.lazy_only = False
        self.lazy_function_name = None
        self.mode = "http"

    @cached_property
    def context(self) -> AsyncBoltContext:  # type: ignore[override]  # when it is read
        """Return what Bolt looks a request's people and places up in, when it does."""
        return build_async_context(AsyncBoltContext({}), self.body)


def _wanted(scope: Scope) -> tuple[bytes, bytes, list[bytes]]:
    """Return the time and the signature, each there once, and all content types."""
    found: dict[bytes, list[bytes]] = {_STAMP_NAME: [], _SIGNATURE_NAME: [], _TYPE: []}
    for key, value in scope["headers"]:
        if key in found:
            found[key].append(value)
    stamp = _only(found, _STAMP_NAME, _STAMP)
    return stamp, _only(found, _SIGNATURE_NAME, _SIGNATURE), found[_TYPE]


def _only(
    headers: Mapping[bytes, list[bytes]], name: bytes, shape: re.Pattern[bytes]
) -> bytes:
    """Return the header's value, which must be there once and have this shape."""
    found = headers[name]
    if len(found) != 1 or shape.fullmatch(found[0]) is None:
        raise _Turned(401, f"{name.decode()} is missing, doubled or malformed")
    return found[0]


def _content_type(found: list[bytes]) -> str:
    if len(found) != 1:
        raise _Turned(400, "content-type is missing or doubled")
    return found[0].decode("latin-1").partition(";")[0].strip().lower()


async def _read(receive: Receive) -> bytes:
    """Return the whole body; what is larger than anything Slack sends is not read."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Turned(400, "the sender hung up")
        part = message.get("body", b"")
        size += len(part)
        if size > LARGEST:
            raise _Turned(413, "body too large")
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def _parsed(body: bytes, content_type: str) -> dict[str, Any]:
    """Return what the body says; a field that is there twice is no field of Slack's."""
    if content_type == _JSON:
        return _object(body)
    if content_type != _FORM:
        raise _Turned(400, "neither a form nor JSON")
    try:
        fields = _fields(body.decode("ascii"))
    except ValueError as error:
        raise _Turned(400, "the form is malformed") from error
    # A command's own text may contain anything; only this field makes it a payload.
    if "payload" in fields and "command" not in fields:
        return _object(fields["payload"].encode())
    return fields


def _fields(form: str) -> dict[str, str]:
    """
    Return the fields of a form; ValueError for what no form of Slack's is.

    As `parse_qsl` would, in a third of its time: this is on the way to every answer.
    """
    pieces = [piece for piece in form.split("&") if piece]
    if len(pieces) > _MOST_FIELDS:
        raise ValueError("too many fields")
    fields: dict[str, str] = {}
    for piece in pieces:
        name, _, value = piece.partition("=")
        fields[_plain(name)] = value if value.isalnum() else _plain(value)
    if len(fields) != len(pieces):
        raise _Turned(400, "a field is doubled")
    return fields


def _plain(text: str) -> str:
    spaced = text.replace("+", " ")
    return unquote(spaced, errors="strict") if "%" in spaced else spaced


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise _Turned(400, "the JSON is malformed") from error
    if not isinstance(found, dict):
        raise _Turned(400, "the JSON is no object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is doubled")
    return found


async def _forward(send: Send, response: BoltResponse) -> None:
    kind = response.headers.get("content-type", ["text/plain"])[0]
    await _answer(send, response.status, response.body.encode(), kind=kind)


async def _answer(
    send: Send, status: int, body: bytes = b"", *, kind: str = "text/plain"
) -> None:
    headers = [
        (b"content-type", kind.encode("latin-1")),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
