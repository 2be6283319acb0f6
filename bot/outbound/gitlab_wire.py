"""
How a request to GitLab is sent and what an answer means.

One `Connection` is one token's, used by one thread for one piece of work with one
deadline. It knows HTTP, pages and errors; what is asked, and why, is
`bot/outbound/gitlab.py`. Nothing is sent twice: what may have been done is
OutcomeUnknown, and the caller looks.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import quote

import gitlab
import requests
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from bot.domain.errors import OutcomeUnknown, Refused, Unavailable
from bot.domain.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SYSTEM: Final = "GitLab"
_CHUNK: Final = 65_536
_DETAIL: Final = 200
Query = dict[str, str | int | bool]


class Reply(BaseModel):
    """The keys of an answer that we read; GitLab may add others."""

    model_config = ConfigDict(frozen=True, extra="ignore")


M = TypeVar("M", bound=Reply)


class Absent(Exception):  # noqa: N818 - says what is so, like our own errors
    """404: it is not there, or not ours to see."""


class Rejected(Exception):  # noqa: N818 - says what is so, like our own errors
    """GitLab understood the request and did not do it."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail


class Connection:
    """GitLab's REST API with one token, until a deadline."""

    def __init__(
        self,
        url: str,
        *,
        token: SecretStr,
        call_timeout: float,
        deadline: float,
        ca_file: Path | None,
    ) -> None:
        session = requests.Session()
        # Nothing of the host's environment decides where a token goes, and it is never
        # carried along to wherever an answer points.
        session.trust_env = False
        session.max_redirects = 0
        self._session = session
        self._deadline = deadline
        self._api = gitlab.Gitlab(
            url,
            private_token=token.get_secret_value(),
            timeout=call_timeout,
            ssl_verify=str(ca_file) if ca_file else True,
            user_agent="Tandem",
            session=session,
        )

    def close(self) -> None:
        self._session.close()

    def get(self, path: str, kind: type[M], **query: str | int | bool) -> M:
        """Return one thing; Absent, Rejected, Unavailable."""
        with self._errors(f"GET {path}", changes=False):
            found = self._api.http_get(path, query_data=query, obey_rate_limit=False)
            return _read(kind, found)

    def find(self, path: str, kind: type[M], **query: str | int | bool) -> M | None:
        """Return one thing, None when it is not there."""
        try:
            return self.get(path, kind, **query)
        except Absent:
            return None

    def many(
        self,
        path: str,
        kind: type[M],
        *,
        most: int,
        query: Mapping[str, str | int | bool] | None = None,
    ) -> list[M]:
        """Return the first `most` things of a list, over as many pages as it takes."""
        with self._errors(f"GET {path}", changes=False):
            pages = self._api.http_list(
                path,
                query_data={"per_page": 100, **(query or {})},
                iterator=True,
                obey_rate_limit=False,
            )
            return [_read(kind, item) for item in islice(pages, most)]

    def headers(self, path: str, **query: str | int | bool) -> Mapping[str, str]:
        with self._errors(f"HEAD {path}", changes=False):
            found: Mapping[str, str] = self._api.http_head(
                path, query_data=query, obey_rate_limit=False
            )
            return found

    def content(self, path: str, *, most: int, query: Query | None = None) -> bytes:
        """Return raw bytes; Refused when there are more than `most`."""
        with self._errors(f"GET {path}", changes=False):
            answer = self._api.http_request(
                "get",
                path,
                query_data=query or {},
                streamed=True,
                obey_rate_limit=False,
            )
            found = b""
            try:
                for chunk in answer.iter_content(_CHUNK):
                    found += chunk
                    if len(found) > most:
                        what = path.rpartition("/")[2]
                        raise too_large(what, f"{most} bytes")
                    self._in_time()
            finally:
                answer.close()
            return found

    def post(self, path: str, kind: type[M], *, body: Mapping[str, object]) -> M:
        """Create something; OutcomeUnknown when no trustworthy answer came."""
        with self._errors(f"POST {path}", changes=True):
            found = self._api.http_post(
                path, post_data=dict(body), obey_rate_limit=False
            )
            return _read(kind, found)

    def put(self, path: str, kind: type[M], *, body: Mapping[str, object]) -> M:
        """Change something; OutcomeUnknown when no trustworthy answer came."""
        with self._errors(f"PUT {path}", changes=True):
            found = self._api.http_put(
                path, post_data=dict(body), obey_rate_limit=False
            )
            return _read(kind, found)

    def patch(self, path: str, kind: type[M], *, body: Mapping[str, object]) -> M:
        """Change a part of something; OutcomeUnknown as above."""
        with self._errors(f"PATCH {path}", changes=True):
            found = self._api.http_patch(
                path, post_data=dict(body), obey_rate_limit=False
            )
            return _read(kind, found)

    def delete(self, path: str) -> None:
        """Take something away; OutcomeUnknown when no trustworthy answer came."""
        with self._errors(f"DELETE {path}", changes=True):
            self._api.http_delete(path, obey_rate_limit=False)

    def _in_time(self) -> None:
        if time.monotonic() > self._deadline:
            raise Unavailable(SYSTEM, "the time for this piece of work is up")

    @contextmanager
    def _errors(self, call: str, *, changes: bool) -> Iterator[None]:
        self._in_time()
        lost = OutcomeUnknown if changes else Unavailable
        try:
            yield
        except requests.exceptions.TooManyRedirects as error:
            raise Unavailable(SYSTEM, f"{call} was redirected") from error
        except requests.exceptions.ConnectTimeout as error:
            raise Unavailable(SYSTEM, f"{call}: no connection") from error
        except requests.RequestException as error:
            raise lost(SYSTEM, f"{call}: {type(error).__name__}") from error
        except (ValidationError, gitlab.exceptions.GitlabParsingError) as error:
            raise lost(SYSTEM, f"{call}: an answer that was not understood") from error
        except gitlab.exceptions.GitlabError as error:
            raise _meaning(call, error, lost=lost) from error


def _meaning(
    call: str, error: gitlab.exceptions.GitlabError, *, lost: type[Unavailable]
) -> Exception:
    """Return which of our errors an error answer is."""
    status = error.response_code or 0
    detail = str(error.error_message)[:_DETAIL]
    if status == HTTPStatus.NOT_FOUND:
        return Absent(call)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Unavailable(SYSTEM, f"{call}: too many requests")
    if "Resource lock" in detail:
        return Unavailable(SYSTEM, f"{call}: locked for the moment")
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Rejected(status, detail)
    return lost(SYSTEM, f"{call}: {status}")


def _read(kind: type[M], found: object) -> M:
    return kind.model_validate(found)


def too_large(what: str, limit: str) -> Refused:
    args: dict[str, str | int | Message] = {"what": what, "limit": limit}
    return Refused(Message.of("refused.gitlab-too-large", args))


def segment(text: str) -> str:
    """Return `text` as one segment of an API path (`acme%2Finfra`)."""
    return quote(text, safe="")


def absent(what: str) -> Refused:
    return Refused(Message.of("refused.gitlab-absent", {"what": what}))


def rejected(action: str, refusal: Rejected) -> Refused:
    """Return GitLab's refusal for a person; a right we lack is nobody's typing."""
    args: dict[str, str | int | Message] = {
        "action": action,
        "reason": refusal.detail or str(refusal.status),
    }
    return Refused(Message.of("refused.gitlab-rejected", args))
