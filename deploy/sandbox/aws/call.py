"""
One call as it came over the wire: service, action, parameters, who claims to call.

EC2, RDS, load balancing, IAM and STS all speak the "query" protocol: a form with an
`Action`. What is not such a form is not a call, and is refused before anything looks at
it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from deploy.sandbox.aws.answer import Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICES: Final = frozenset({"ec2", "elasticloadbalancing", "rds", "iam", "sts"})
# Nobody signs this call: the token in it says who calls.
UNSIGNED: Final = frozenset({"AssumeRoleWithWebIdentity"})
LARGEST: Final = 1 << 20

_READS: Final = re.compile(r"(Describe|Get|List)[A-Za-z0-9]*")
_CREDENTIAL: Final = re.compile(
    r"Credential=([A-Za-z0-9]{4,128})/([0-9]{8})/([a-z0-9-]{1,40})/([a-z0-9-]{1,40})"
    r"/aws4_request"
)
# Passwords, tokens and policies stay out of the ledger; names and ids go in.
_SECRET: Final = re.compile(
    r"(?i)(password|token|userdata|policy|policydocument|secret|key)"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """Who the caller says they are, before anything was checked."""

    access_key_id: str
    date: str
    region: str
    service: str


@dataclass(frozen=True, slots=True)
class Call:
    """A parsed call; the parameters are what the caller sent, as plain text."""

    service: str
    operation: str
    region: str
    parameters: Mapping[str, str]
    claim: Claim | None
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def action(self) -> str:
        """The action's name in IAM policies."""
        return f"{self.service}:{self.operation}"

    @property
    def mutating(self) -> bool:
        """Whether the call could change the world, going by its name."""
        return _READS.fullmatch(self.operation) is None

    def first(self, *names: str) -> str:
        """Return the first of these parameters that was sent, or an empty text."""
        return next((self.parameters[n] for n in names if self.parameters.get(n)), "")

    def members(self, name: str) -> tuple[str, ...]:
        """Return the values of `Name.1`, `Name.2` … in the order sent."""
        numbered = re.compile(re.escape(name) + r"\.[0-9]{1,4}")
        return tuple(v for k, v in self.parameters.items() if numbered.fullmatch(k))

    def ids(self) -> dict[str, str]:
        """Return what the ledger may keep of the parameters: nothing secret."""
        return {
            name: value[:200]
            for name, value in self.parameters.items()
            if name not in {"Action", "Version"} and not _SECRET.search(name)
        }


def parse(headers: Mapping[str, str], body: bytes) -> Call:
    """Return the call in a request; header names are lower case. Refuses the rest."""
    if len(body) > LARGEST:
        raise Rejected("RequestEntityTooLarge", "The request is too large.", 413)
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True
        )
    except ValueError:
        pairs = []
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        # Two readers of one form may take different values: moto the one, we the other.
        raise Rejected("MalformedQueryString", "A parameter was sent twice.", 400)
    operation = parameters.get("Action", "")
    claim = _claim(headers.get("authorization", ""))
    if claim is not None:
        service, region = claim.service, claim.region
    elif operation in UNSIGNED:
        service, region = "sts", "us-east-1"
    else:
        raise Rejected(
            "MissingAuthenticationToken", "Request is missing Authentication Token", 403
        )
    if service not in SERVICES or not re.fullmatch(r"[A-Za-z0-9]{2,80}", operation):
        raise Rejected("InvalidAction", "Could not find this operation.", 400)
    return Call(
        service=service,
        operation=operation,
        region=region,
        parameters=parameters,
        claim=claim,
        headers=headers,
        body=body,
    )


def _claim(header: str) -> Claim | None:
    """Return who an Authorization header claims to speak for."""
    found = _CREDENTIAL.search(header)
    return None if found is None else Claim(*found.groups())
