"""
What goes back over the wire: answers and refusals in the form of each service.

Codes and statuses are those of the vendor:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape

XML: Final = "text/xml; charset=UTF-8"
# One condition, two names: EC2 is older than the rules of the other services.
_EC2_NAMES: Final = {
    "AccessDenied": ("UnauthorizedOperation", 403),
    "InvalidClientTokenId": ("AuthFailure", 401),
    "SignatureDoesNotMatch": ("AuthFailure", 401),
    "ExpiredToken": ("RequestExpired", 400),
    "Throttling": ("RequestLimitExceeded", 503),
    "InternalFailure": ("InternalError", 500),
    "ServiceUnavailable": ("Unavailable", 503),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes = field(repr=False)
    content_type: str = XML


class Rejected(Exception):  # noqa: N818 - an answer of AWS, not an error of the sandbox
    """The call is refused: AWS's code, its words, the HTTP status."""

    def __init__(self, code: str, words: str, status: int = 400) -> None:
        super().__init__(f"{code}: {words}")
        self.code = code
        self.words = words
        self.status = status


def refusal(service: str, rejected: Rejected) -> Answer:
    """Return a refusal in the form of that service."""
    code, status = rejected.code, rejected.status
    request = uuid.uuid4()
    if service == "ec2":
        code, status = _EC2_NAMES.get(code, (code, status))
        return Answer(
            status=status,
            body=(
                "<Response><Errors><Error>"
                f"<Code>{escape(code)}</Code><Message>{escape(rejected.words)}</Message>"
                f"</Error></Errors><RequestID>{request}</RequestID></Response>"
            ).encode(),
        )
    fault = "Receiver" if status >= 500 else "Sender"  # noqa: PLR2004 - HTTP's own line
    return Answer(
        status=status,
        body=(
            f"<ErrorResponse><Error><Type>{fault}</Type><Code>{escape(code)}</Code>"
            f"<Message>{escape(rejected.words)}</Message></Error>"
            f"<RequestId>{request}</RequestId></ErrorResponse>"
        ).encode(),
    )


def result(operation: str, fields: dict[str, str | dict[str, str]]) -> Answer:
    """Return an answer of STS: fields in order, one level of nesting."""
    inner = "".join(_element(name, value) for name, value in fields.items())
    return Answer(
        status=200,
        body=(
            f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<{operation}Result>{inner}</{operation}Result>"
            f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId>"
            f"</ResponseMetadata></{operation}Response>"
        ).encode(),
    )


def _element(name: str, value: str | dict[str, str]) -> str:
    """Return one XML element, its text escaped."""
    if isinstance(value, dict):
        inner = "".join(_element(key, text) for key, text in value.items())
        return f"<{name}>{inner}</{name}>"
    return f"<{name}>{escape(value)}</{name}>"
