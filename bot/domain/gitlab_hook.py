"""
A webhook of GitLab's: is it really GitLab's, and what does it hint at.

A hook never says what is so, only where to look: everything is read again from GitLab
by whoever follows the hint. Pure: headers, body, secret and the time in; a hint or the
reason of a refusal out. The reason is for our log, the sender gets one answer for all.

With a signing token (`whsec_…`) only the Standard Webhooks signature counts; a hook
that carries a signature is never taken for its plain token instead.
https://docs.gitlab.com/user/project/integrations/webhooks/
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pydantic import SecretStr

HookKind = Literal["merge_request", "pipeline", "job", "note", "push", "other"]
TOLERANCE: Final = timedelta(minutes=5)
LARGEST_BODY: Final = 2_000_000
_SIGNING: Final = "whsec_"
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
# A group and more below it, as in the catalog; only ever compared with what is there.
_PATH: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,500}")
_KINDS: Final[dict[str, HookKind]] = {
    "Merge Request Hook": "merge_request",
    "Pipeline Hook": "pipeline",
    "Job Hook": "job",
    "Note Hook": "note",
    "Push Hook": "push",
}


@dataclass(frozen=True, slots=True)
class HookHint:
    """
    Where something may have changed. `delivery` is the same for every repetition.

    `project` is its path with its group. What this kind of hook does not say is None.
    """

    kind: HookKind
    project: str | None
    merge_request: int | None
    pipeline: int | None
    delivery: str


@dataclass(frozen=True, slots=True)
class HookRefused:
    """Not GitLab's, or not readable; the sender learns nothing more than that."""

    reason: str


def verify(
    headers: Mapping[str, str], body: bytes, *, secret: SecretStr, now: datetime
) -> HookHint | HookRefused:
    """Return the hint of an authentic hook, else why it is refused."""
    lowered = {name.lower(): value for name, value in headers.items()}
    if len(body) > LARGEST_BODY:
        return HookRefused("body too large")
    value = secret.get_secret_value()
    if value.startswith(_SIGNING):
        problem = _signature_problem(lowered, body, value, now)
    else:
        problem = _token_problem(lowered, value)
    if problem is not None:
        return HookRefused(problem)
    return _hint(lowered, body)


def _token_problem(headers: Mapping[str, str], secret: str) -> str | None:
    if not secret:
        return "no secret is configured"
    if "webhook-signature" in headers:
        return "signed, but no signing token is configured"
    given = headers.get("x-gitlab-token", "")
    # Bytes, since compare_digest refuses text that is not ASCII.
    if not hmac.compare_digest(
        given.encode("utf-8", "replace"), secret.encode("utf-8", "replace")
    ):
        return "wrong token"
    return None


def _signature_problem(
    headers: Mapping[str, str], body: bytes, secret: str, now: datetime
) -> str | None:
    key, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not _ID.fullmatch(key) or not _SECONDS.fullmatch(stamp):
        return "signature headers missing or malformed"
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        return "signed too long ago or in the future"
    try:
        signing_key = base64.b64decode(secret.removeprefix(_SIGNING), validate=True)
    except binascii.Error:
        return "the configured signing token is not base64"
    if not signing_key:
        return "no secret is configured"
    signed = f"{key}.{stamp}.".encode() + body
    digest = hmac.new(signing_key, signed, hashlib.sha256).digest()
    wanted = b"v1," + base64.b64encode(digest)
    given = headers.get("webhook-signature", "").encode("utf-8", "replace").split()
    # Several may be sent while a key is being changed. All are compared.
    if not sum(hmac.compare_digest(one, wanted) for one in given[:8]):
        return "wrong signature"
    return None


def _hint(headers: Mapping[str, str], body: bytes) -> HookHint | HookRefused:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return HookRefused("body is not JSON")
    if not isinstance(payload, dict):
        return HookRefused("body is not an object")
    delivery = headers.get("idempotency-key") or headers.get("webhook-id", "")
    if not _ID.fullmatch(delivery):
        return HookRefused("no delivery id")
    kind = _KINDS.get(headers.get("x-gitlab-event", ""), "other")
    attributes = _object(payload, "object_attributes")
    request = _object(payload, "merge_request")
    numbers = {
        "merge_request": (_number(attributes, "iid"), None),
        "pipeline": (_number(request, "iid"), _number(attributes, "id")),
        "job": (None, _number(payload, "pipeline_id")),
        "note": (_number(request, "iid"), None),
    }
    iid, pipeline = numbers.get(kind, (None, None))
    return HookHint(
        kind=kind,
        project=_path(_object(payload, "project")),
        merge_request=iid,
        pipeline=pipeline,
        delivery=delivery,
    )


def _object(payload: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = payload.get(name)
    return found if isinstance(found, dict) else {}


def _path(project: Mapping[str, object]) -> str | None:
    value = project.get("path_with_namespace")
    if not isinstance(value, str) or not _PATH.fullmatch(value):
        return None
    return value


def _number(found: Mapping[str, object], name: str) -> int | None:
    value = found.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value < 2**53 else None
