"""
STS: lending credentials against a verified token, and saying who one is.

moto's own STS lends to anyone and never ends a session; none of it is used. The calls
that are not here (AssumeRole, GetSessionToken …) are refused by name: nothing in the
sandbox needs them, and a door that is not built cannot be left open.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from deploy.sandbox.aws import policy
from deploy.sandbox.aws.answer import Answer, Rejected, result
from deploy.sandbox.aws.principal import Principal, Session
from deploy.sandbox.aws.resources import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deploy.sandbox.aws.call import Call
    from deploy.sandbox.aws.token import Claims, Issuer
    from deploy.sandbox.aws.world import World

TAGS_CLAIM: Final = "https://aws.amazon.com/tags"
SHORTEST: Final = 900
POLICY_LIMIT: Final = 2048
_ACTION: Final = "sts:AssumeRoleWithWebIdentity"


@dataclass(frozen=True, slots=True)
class Lent:
    """A session that was lent, and the token's facts that are part of the answer."""

    session: Session
    subject: str
    audience: str
    provider: str


def assume(call: Call, *, world: World, issuer: Issuer, now: datetime) -> Lent:
    """Return a session of the role, if the token and the role's trust allow it."""
    if any(name.startswith(("PolicyArns.", "ProviderId")) for name in call.parameters):
        raise Rejected("ValidationError", "Not available in the sandbox.")
    name = _session_name(call)
    text = _session_policy(call)
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer.provider}"
    claims = issuer.verify(
        call.first("WebIdentityToken"), audiences=world.audiences(provider)
    )
    role = _role_name(call.first("RoleArn"))
    trust = world.trust(role)
    if trust is None or not _trusted(trust.document, provider, claims, issuer, now):
        raise Rejected("AccessDenied", f"Not authorized to perform {_ACTION}", 403)
    session = Session(
        access_key_id="ASIA" + secrets.token_hex(8).upper(),
        secret=secrets.token_urlsafe(30),
        token=secrets.token_urlsafe(96),
        role=role,
        name=name,
        policy=text,
        expires_at=now + _duration(call, trust.longest),
        tags=_tags(claims),
    )
    audience = str(policy.listed(claims["aud"])[0])
    return Lent(session, str(claims["sub"]), audience, provider)


def lent_answer(lent: Lent) -> Answer:
    """Return STS's answer that hands the credentials over."""
    session = lent.session
    return result(
        "AssumeRoleWithWebIdentity",
        {
            "Credentials": {
                "AccessKeyId": session.access_key_id,
                "SecretAccessKey": session.secret,
                "SessionToken": session.token,
                "Expiration": session.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
            "SubjectFromWebIdentityToken": lent.subject,
            "AssumedRoleUser": {
                "AssumedRoleId": f"AROASANDBOX:{session.name}",
                "Arn": session.arn,
            },
            "Provider": lent.provider,
            "Audience": lent.audience,
        },
    )


def answer(call: Call, principal: Principal) -> Answer:
    """Answer the signed calls of STS that the sandbox knows."""
    if call.operation == "GetCallerIdentity":
        who = {"Arn": principal.arn, "UserId": principal.user_id, "Account": ACCOUNT}
        return result("GetCallerIdentity", dict(who))
    raise Rejected("InvalidAction", f"{call.action} is not in the sandbox.")


def _session_name(call: Call) -> str:
    """Return a session name as STS wants it."""
    name = call.first("RoleSessionName")
    if not re.fullmatch(r"[A-Za-z0-9_+=,.@-]{2,64}", name):
        raise Rejected(
            "ValidationError", "Value at 'roleSessionName' failed to satisfy constraint"
        )
    return name


def _role_name(arn: str) -> str:
    """Return the name in a role's ARN; STS refuses what is none."""
    found = re.fullmatch(rf"arn:aws:iam::{ACCOUNT}:role/([A-Za-z0-9+=,.@_-]+)", arn)
    if found is None:
        raise Rejected("AccessDenied", f"Not authorized to perform {_ACTION}", 403)
    return found.group(1)


def _session_policy(call: Call) -> str:
    """Return the inline session policy, or nothing; refuses what STS refuses."""
    text = call.first("Policy")
    if not text:
        return ""
    if len(text) > POLICY_LIMIT:
        raise Rejected("PackedPolicyTooLarge", "The session policy is too large.")
    try:
        document = json.loads(text)
        statements = policy.listed(document["Statement"])
        well_formed = all(
            s["Effect"] in {"Allow", "Deny"}
            and ("Action" in s or "NotAction" in s)
            and ("Resource" in s or "NotResource" in s)
            for s in statements
        )
    except (ValueError, KeyError, TypeError):
        well_formed = False
    if not well_formed:
        raise Rejected("MalformedPolicyDocument", "The policy is not in valid form.")
    return text


def _duration(call: Call, longest: int) -> timedelta:
    """Return how long the session lives; an hour if nothing was asked."""
    asked = call.first("DurationSeconds") or "3600"
    if not re.fullmatch(r"[0-9]{1,6}", asked) or int(asked) < SHORTEST:
        raise Rejected(
            "ValidationError",
            f"Value '{asked[:20]}' at 'durationSeconds' failed to satisfy constraint:"
            f" Member must have value greater than or equal to {SHORTEST}",
        )
    if int(asked) > longest:
        raise Rejected(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this"
            " role.",
        )
    return timedelta(seconds=int(asked))


def _trusted(
    document: Mapping[str, Any],
    provider: str,
    claims: Claims,
    issuer: Issuer,
    now: datetime,
) -> bool:
    """Return whether the role's trust policy lets this token in."""
    tags = _tags(claims)
    context = {
        **{f"{issuer.provider}:{k}".lower(): v for k, v in _scalars(claims)},
        **{f"aws:requesttag/{k}".lower(): (v,) for k, v in tags.items()},
        "aws:currenttime": (now.isoformat(),),
    }
    # A trust policy names who, not what; the one resource is the role itself.
    statements = [
        {**statement, "Resource": "*"}
        for statement in policy.listed(document.get("Statement", ()))
        if statement.get("Effect") != "Allow"
        or provider in policy.listed(_federated(statement))
    ]
    wanted = (_ACTION, "sts:TagSession") if tags else (_ACTION,)
    return all(
        policy.decide([{"Statement": statements}], policy.Request(action, "*", context))
        is policy.Verdict.ALLOW
        for action in wanted
    )


def _federated(statement: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Return the federated principals a trust statement names."""
    principal = statement.get("Principal", {})
    return principal.get("Federated", ()) if isinstance(principal, dict) else ()


def _scalars(claims: Claims) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return the claims that a condition can test."""
    for name, value in claims.items():
        values = policy.listed(value)
        if all(isinstance(v, str | int) for v in values):
            yield name, tuple(str(v) for v in values)


def _tags(claims: Claims) -> dict[str, str]:
    """Return the session tags in a token, in the form AWS documents for OIDC."""
    found = claims.get(TAGS_CLAIM, {})
    tags = found.get("principal_tags", {}) if isinstance(found, dict) else {}
    return {str(key): str(policy.listed(value)[0]) for key, value in tags.items()}
