"""
AWS Signature Version 4, verified as the vendor describes it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from deploy.sandbox.aws.answer import Rejected

if TYPE_CHECKING:
    from deploy.sandbox.aws.call import Call, Claim

# AWS: "the timestamp must be within 15 minutes of the AWS system time".
SKEW: Final = timedelta(minutes=15)
_HEADER: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^, ]+, ?SignedHeaders=([a-z0-9;-]{1,500}),"
    r" ?Signature=([0-9a-f]{64})"
)
# What must be signed, or a stolen signature would fit another request.
_REQUIRED: Final = frozenset({"host", "x-amz-date"})


def verify(call: Call, *, secret: str, now: datetime) -> None:
    """Return if the call was signed with this secret, lately; refuses otherwise."""
    found = _HEADER.fullmatch(call.headers.get("authorization", ""))
    if found is None or call.claim is None:
        raise Rejected("IncompleteSignature", "The signature is incomplete.", 400)
    signed, given = found.group(1).split(";"), found.group(2)
    if not _REQUIRED.issubset(signed):
        raise Rejected("IncompleteSignature", "Required headers are not signed.", 400)
    date = call.headers.get("x-amz-date", "")
    _check_date(date, call.claim, now)
    wanted = _signature(call, call.claim, signed, date=date, secret=secret)
    if not hmac.compare_digest(wanted, given):
        raise Rejected(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you"
            " provided. Check your AWS Secret Access Key and signing method.",
            403,
        )


def _check_date(date: str, claim: Claim, now: datetime) -> None:
    """Refuse a date that is not now, or not the one of the credential scope."""
    try:
        at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Rejected(
            "IncompleteSignature", "X-Amz-Date is not a date.", 400
        ) from None
    if abs(now - at) > SKEW or not date.startswith(claim.date):
        raise Rejected(
            "SignatureDoesNotMatch", f"Signature expired: {date} is now too far.", 403
        )


def _signature(
    call: Call, claim: Claim, signed: list[str], *, date: str, secret: str
) -> str:
    """Return the signature that the secret gives for this call."""
    canonical = "\n".join(
        (
            "POST",
            "/",
            "",
            *(f"{n}:{' '.join(call.headers.get(n, '').split())}" for n in signed),
            "",
            ";".join(signed),
            hashlib.sha256(call.body).hexdigest(),
        )
    )
    scope = f"{claim.date}/{claim.region}/{claim.service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()
