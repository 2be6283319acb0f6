"""
Serving one world on loopback: `serve()` for tests, `__main__` for the sandbox.

`POST /` is AWS. `/sandbox-api/…` is the sandbox's own: health, the ledger, the faults.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter, ValidationError
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from deploy.sandbox.aws.answer import Answer, Rejected, refusal
from deploy.sandbox.aws.call import LARGEST
from deploy.sandbox.aws.faults import Fault, Faults
from deploy.sandbox.aws.front import Dropped, Front
from deploy.sandbox.aws.token import Issuer
from deploy.sandbox.aws.world import World
from deploy.sandbox.clock import now as wall_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from deploy.sandbox.aws.ledger import Ledger

HOST: Final = "127.0.0.1"
SNAPSHOT_TAKES: Final = timedelta(seconds=2)
_LOG: Final = logging.getLogger(__name__)
_JSON: Final = "application/json"
_FAULTS: Final = TypeAdapter(list[Fault])
_PHRASES: Final = {200: "OK", 400: "Bad Request"}


@dataclass(frozen=True, slots=True)
class Cloud:
    """A world that is being served, and its oracle and its knobs."""

    endpoint: str
    ledger: Ledger
    faults: Faults


@contextmanager
def serve(
    state: Path,
    *,
    issuer: str,
    port: int = 0,
    snapshot_takes: timedelta = SNAPSHOT_TAKES,
    now: Callable[[], datetime] = wall_clock,
) -> Iterator[Cloud]:
    """Serve the world kept in `state` until the block ends; port 0 is any free one."""
    world = World(state, snapshot_takes=snapshot_takes)
    faults = Faults()
    front = Front(world, issuer=Issuer(issuer), faults=faults, now=now)
    app = _App(front, ledger=world.ledger, faults=faults)
    try:
        server = make_server(
            HOST, port, app, threaded=True, request_handler=_QuietHandler
        )
        cloud = Cloud(f"http://{HOST}:{server.server_port}", world.ledger, faults)
        with _running(server):
            yield cloud
    finally:
        world.close()


@contextmanager
def _running(server: BaseWSGIServer) -> Iterator[None]:
    """Let a server answer in a thread of its own."""
    # It looks this often whether it is to stop, and `shutdown` waits for the look.
    thread = threading.Thread(
        target=server.serve_forever, args=(0.05,), name="sandbox-aws"
    )
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _QuietHandler(WSGIRequestHandler):
    """Answers without a line a request, and without waiting to fill a packet."""

    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the ledger has it."""


class _App:
    """The WSGI application."""

    def __init__(self, front: Front, *, ledger: Ledger, faults: Faults) -> None:
        self._front = front
        self._ledger = ledger
        self._faults = faults

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        """Answer one request."""
        try:
            answer = self._answer(environ)
        except Dropped:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return []
        except Exception:  # noqa: BLE001 - the edge: logged whole, answered as a 500
            _LOG.exception("the sandbox's AWS failed on a call")
            broken = Rejected("InternalFailure", "The sandbox itself failed.", 500)
            answer = refusal("sts", broken)
        start_response(
            f"{answer.status} {_PHRASES.get(answer.status, 'Status')}",
            [
                ("Content-Type", answer.content_type),
                ("Content-Length", str(len(answer.body))),
            ],
        )
        return [answer.body]

    def _answer(self, environ: dict[str, Any]) -> Answer:
        """Return the answer of AWS, or of the sandbox's own pages."""
        path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > LARGEST:
            return Answer(413, b"", _JSON)
        body = environ["wsgi.input"].read(length)
        if path.startswith("/sandbox-api/"):
            return self._own(method, path, body, environ)
        if (method, path, environ.get("QUERY_STRING", "")) != ("POST", "/", ""):
            return refusal("sts", Rejected("InvalidAction", "Only POST to / is here."))
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_") or name in {"CONTENT_TYPE", "CONTENT_LENGTH"}
        }
        return self._front.handle(headers, body)

    def _own(
        self, method: str, path: str, body: bytes, environ: dict[str, Any]
    ) -> Answer:
        """Answer the sandbox's own requests, from programs of this machine alone."""
        # A web page of elsewhere can neither send this type nor leave out its origin.
        if "HTTP_ORIGIN" in environ or (
            method == "POST" and environ.get("CONTENT_TYPE") != _JSON
        ):
            return Answer(403, b"", _JSON)
        status, found = 200, b""
        match method, path:
            case "GET", "/sandbox-api/health":
                found = b'{"ok":true}'
            case "GET", "/sandbox-api/ledger":
                kept = [e.model_dump(mode="json") for e in self._ledger.entries()]
                found = json.dumps({"entries": kept}).encode()
            case "GET", "/sandbox-api/faults":
                found = _FAULTS.dump_json(list(self._faults.remaining()))
            case "DELETE", "/sandbox-api/faults":
                self._faults.clear()
            case "POST", "/sandbox-api/faults":
                return self._set_faults(body)
            case _:
                status = 404
        return Answer(status, found, _JSON)

    def _set_faults(self, body: bytes) -> Answer:
        """Set the faults in a JSON list, all of them or none."""
        try:
            faults = _FAULTS.validate_json(body)
        except ValidationError as error:
            return Answer(400, error.json(include_url=False).encode(), _JSON)
        for fault in faults:
            self._faults.add(fault)
        return Answer(200, b"", _JSON)
