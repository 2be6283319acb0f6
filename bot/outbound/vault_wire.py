"""
One call to Vault's API, and what its answer means.

Owns the thread, the connection, the timeout and the translation of answers into our
errors. Which calls there are and whose token they carry is `bot/outbound/vault.py`.

What Vault answers is never quoted: a server, or a proxy before it, may echo what it was
sent, token included. Errors name a path, a status and a cause that is known here; they
are raised where no library exception is being handled, so none hangs on to them.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeVar

import requests
from hvac.adapters import RawAdapter
from pydantic import BaseModel, ConfigDict, ValidationError
from urllib3.exceptions import MaxRetryError, NewConnectionError

from bot.domain.errors import Broken, OutcomeUnknown, TandemError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydantic import SecretStr

_SYSTEM: Final = "Vault"

# Answers with which Vault says that it did nothing, whatever was asked of it.
# https://developer.hashicorp.com/vault/api-docs#http-status-codes
_NOTHING_DONE: Final = (
    (503, re.compile(r"sealed"), "it is sealed: an operator must unseal it"),
    (503, re.compile(r"standby"), "standby: no active node answers"),
    (500, re.compile(r"local node not active"), "standby: no active node answers"),
    (501, re.compile(r""), "it is not initialised"),
    (429, re.compile(r""), "it limits our rate"),
    (412, re.compile(r""), "this node lags behind: its data is not there yet"),
    (472, re.compile(r""), "standby: this node is a disaster-recovery secondary"),
    (473, re.compile(r""), "standby: this node is a performance standby"),
)


@dataclass(frozen=True, slots=True)
class Call:
    """
    One request: how it is sent and how it is spoken of.

    `lasting` says that it leaves something behind that matters if it was carried out
    and nobody heard: then silence is an unknown outcome and not a failure.
    """

    path: str
    send: Callable[[RawAdapter], requests.Response]
    lasting: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What came back. It may hold secrets, so it has no repr and is never logged."""

    status: int
    content: bytes

    def complaints(self) -> str:
        """Return Vault's own words, to look for known ones; never to be shown."""
        said = parsed(_Complaint, self.content)
        return "" if said is None else "\n".join((*said.errors, *said.warnings))


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer came; `sent` says whether the request may have arrived."""

    cause: str
    sent: bool


class Reply(BaseModel):
    """Base of what is read out of an answer."""

    # A validation error must not quote its input: it is the secret.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Complaint(Reply):
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


R = TypeVar("R", bound=Reply)


def parsed(model: type[R], content: bytes) -> R | None:
    """Read an answer as `model`, or return None when it is not one."""
    try:
        return model.model_validate_json(content)
    except ValidationError:
        return None


class Wire:
    """The way to one Vault: address, namespace, trust and patience."""

    def __init__(
        self,
        *,
        address: str,
        timeout: float,
        namespace: str | None = None,
        ca: Path | None = None,
    ) -> None:
        self._address = address.rstrip("/")
        self._timeout = timeout
        self._namespace = namespace
        self._ca = ca

    async def ask(self, call: Call, *, token: SecretStr | None) -> Answer | Silence:
        """
        Send one request and return what came of it; raises nothing of its own.

        Takes up to `timeout` seconds to connect and as long between two bytes of the
        answer. When the awaiting task is cancelled the request still runs to its end.
        """
        return await asyncio.to_thread(self._send, call, token)

    def _send(self, call: Call, token: SecretStr | None) -> Answer | Silence:
        # A session belongs to one thread, so each call has its own.
        with requests.Session() as session:
            # Neither ~/.netrc nor a proxy of the environment may see or steer this.
            session.trust_env = False
            session.verify = True if self._ca is None else str(self._ca)
            adapter = RawAdapter(
                base_uri=self._address,
                token=None if token is None else token.get_secret_value(),
                timeout=self._timeout,
                # A redirect would carry the token to whatever host it names.
                allow_redirects=False,
                session=session,
                namespace=self._namespace,
                ignore_exceptions=True,
            )
            try:
                response = call.send(adapter)
            except requests.RequestException as error:
                return _silence(error)
            return Answer(status=response.status_code, content=response.content)


def _silence(error: requests.RequestException) -> Silence:
    if isinstance(error, requests.ConnectTimeout):
        return Silence("connecting timed out", sent=False)
    if isinstance(error, requests.Timeout):
        return Silence("it timed out", sent=True)
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError) and isinstance(
        reason.reason, NewConnectionError
    ):
        return Silence("the connection was refused", sent=False)
    return Silence(f"the connection broke ({type(error).__name__})", sent=True)


def good(outcome: Answer | Silence, call: Call) -> Answer:
    """Return the answer if it is a success, else raise the error that it means."""
    if isinstance(outcome, Silence):
        detail = f"{outcome.cause}, {call.path}"
        raise _lost(call, detail) if outcome.sent else Unavailable(_SYSTEM, detail)
    if HTTPStatus.OK <= outcome.status < HTTPStatus.MULTIPLE_CHOICES:
        return outcome
    raise _nothing_done(outcome, call) or _failed(outcome.status, call)


def misunderstood(call: Call) -> Unavailable:
    """Return the error of a success whose answer cannot be read."""
    return _lost(call, f"its answer is not Vault's, {call.path}")


def _nothing_done(answer: Answer, call: Call) -> TandemError | None:
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        return Unavailable(_SYSTEM, f"standby: it redirects elsewhere, {call.path}")
    said = answer.complaints()
    for status, words, cause in _NOTHING_DONE:
        if answer.status == status and words.search(said):
            return Unavailable(_SYSTEM, f"{cause}, {call.path}")
    return None


def _failed(status: int, call: Call) -> TandemError:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # Measured: with a full audit device the call was carried out and answered 500.
        return _lost(call, f"it answered {status}, {call.path}")
    if status == HTTPStatus.FORBIDDEN:
        return Broken(
            f"vault forbids {call.path} to this token: apply the plan of deploy/vault"
        )
    return Broken(
        f"vault refused {call.path} with {status}: is it in the plan of deploy/vault?"
    )


def _lost(call: Call, detail: str) -> Unavailable:
    kind = OutcomeUnknown if call.lasting else Unavailable
    return kind(_SYSTEM, detail)
