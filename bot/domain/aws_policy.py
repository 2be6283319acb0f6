"""
The inline session policy that makes lent AWS credentials fit one operation.

AWS grants what the role *and* this policy allow. The policy names every action and
resource literally, holds one region, and stops allowing anything at `until`, because a
session of STS lives at least 15 minutes and cannot be called back.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bot.domain.errors import Broken

if TYPE_CHECKING:
    from bot.domain.scope import AwsScope, Statement

# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
# says 2048 characters for inline and managed session policies together. STS also has
# a packed limit that nobody can compute beforehand; short policies stay far from it.
LIMIT: Final = 2048
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")


def session_policy(scope: AwsScope, *, until: datetime, region: str) -> str:
    """
    Return the policy as canonical JSON: the same scope gives the same text.

    Raises `Broken` if the scope is empty, would be widened by IAM's own syntax, does
    not fit into `LIMIT` characters, or `until` or `region` is not what it should be.
    """
    if until.tzinfo is None:
        raise Broken("a session policy needs the end as a moment with its zone")
    if not _REGION.fullmatch(region):
        raise Broken(f"a session policy needs one region, got {region!r}")
    # Rounded down: the grant never outlives what was shown by a part of a second.
    end = until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    conditions = {
        "DateLessThan": {"aws:CurrentTime": end},
        "StringEquals": {"aws:RequestedRegion": region},
    }
    allowed = sorted({_grant(statement) for statement in scope.statements})
    if not allowed:
        raise Broken(f"scope {scope.name!r} allows nothing, so it needs no credentials")
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": list(actions),
                "Resource": list(resources),
                "Condition": {
                    **conditions,
                    "StringEquals": {**conditions["StringEquals"], **dict(when)},
                },
            }
            for actions, resources, when in allowed
        ],
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    if len(text) > LIMIT:
        raise Broken(
            f"the session policy of scope {scope.name!r} has {len(text)} characters,"
            f" AWS takes {LIMIT}: name fewer resources"
        )
    return text


_Grant = tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, str], ...]]


def _grant(statement: Statement) -> _Grant:
    """Return a statement's actions, resources and conditions in a fixed order."""
    if not statement.actions or not statement.resources:
        raise Broken("a statement of a scope names actions and resources")
    for resource in statement.resources:
        # IAM would put something else in the place of a policy variable.
        if "$" in resource:
            raise Broken(f"a scope names resources literally, got {resource!r}")
    return (
        tuple(sorted(set(statement.actions))),
        tuple(sorted(set(statement.resources))),
        tuple(sorted(set(statement.when))),
    )
