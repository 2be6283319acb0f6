"""
IAM's decision, pure: policy documents and a request in, a verdict out.

Where this sandbox does not know a part of the language (an operator, a policy
variable) it decides against the caller: such an Allow never matches, such a Deny
always does.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Document = Mapping[str, Any]
Context = Mapping[str, tuple[str, ...]]


class Verdict(Enum):
    """What the policies of one kind say together."""

    ALLOW = auto()
    SILENT = auto()
    DENY = auto()


class UnknownPart(Exception):  # noqa: N818 - a part of the language, not an error
    """The statement uses something this sandbox does not decide on."""


@dataclass(frozen=True, slots=True)
class Request:
    """One action on one resource; context keys are lower case."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


def decide(documents: Iterable[Document], request: Request) -> Verdict:
    """Return what these documents say: a Deny anywhere wins."""
    verdict = Verdict.SILENT
    for document in documents:
        for statement in listed(document.get("Statement", ())):
            denies = statement.get("Effect") != "Allow"
            try:
                matches = applies(statement, request)
            except UnknownPart:
                matches = denies
            if matches and denies:
                return Verdict.DENY
            if matches:
                verdict = Verdict.ALLOW
    return verdict


def allowed(
    identity: Sequence[Document], session: Sequence[Document] | None, request: Request
) -> bool:
    """Return whether identity policies and, if any, session policies both allow it."""
    if decide(identity, request) is not Verdict.ALLOW:
        return False
    return session is None or decide(session, request) is Verdict.ALLOW


def applies(statement: Document, request: Request) -> bool:
    """Return whether the statement speaks about this request."""
    return (
        _names(statement, "Action", request.action, fold=True)
        and _names(statement, "Resource", request.resource, fold=False)
        and conditions_hold(statement.get("Condition", {}), request.context)
    )


def conditions_hold(conditions: Mapping[str, Any], context: Context) -> bool:
    """Return whether every condition holds; raises `UnknownPart`."""
    return all(
        _holds(operator, key, tuple(str(v) for v in listed(wanted)), context)
        for operator, tests in conditions.items()
        for key, wanted in tests.items()
    )


def matches(pattern: str, text: str, *, fold: bool = False) -> bool:
    """Return whether `*` and `?` of IAM fit the text."""
    if "${" in pattern:
        raise UnknownPart(pattern)
    parts = (
        ".*" if c == "*" else "." if c == "?" else re.escape(c)
        for c in re.sub(r"\*+", "*", pattern)
    )
    flags = re.DOTALL | (re.IGNORECASE if fold else re.NOFLAG)
    return re.fullmatch("".join(parts), text, flags) is not None


def listed(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - JSON
    """Return one thing or a list of things as a tuple."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _names(statement: Document, element: str, text: str, *, fold: bool) -> bool:
    """Return whether `Element` or `NotElement` covers the text."""
    if element in statement:
        return any(matches(p, text, fold=fold) for p in listed(statement[element]))
    if f"Not{element}" in statement:
        patterns = listed(statement[f"Not{element}"])
        return not any(matches(p, text, fold=fold) for p in patterns)
    raise UnknownPart(f"neither {element} nor Not{element}")


def _holds(operator: str, key: str, wanted: tuple[str, ...], context: Context) -> bool:
    """Return whether one test of one condition holds."""
    name = operator.removesuffix("IfExists")
    if name not in _OPERATORS:
        raise UnknownPart(operator)
    test, negated = _OPERATORS[name]
    have = context.get(key.lower(), ())
    if not have:
        # An absent key fails every test but a negated one, or one that may be absent.
        return negated or name != operator
    if negated:
        return not any(test(h, w) for h in have for w in wanted)
    return any(test(h, w) for h in have for w in wanted)


def _moment(text: str) -> datetime:
    """Return the moment that an ISO 8601 text names."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnknownPart(text) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_OPERATORS: Final[Mapping[str, tuple[Callable[[str, str], bool], bool]]] = {
    "StringEquals": (lambda have, want: have == want, False),
    "StringNotEquals": (lambda have, want: have == want, True),
    "StringLike": (lambda have, want: matches(want, have), False),
    "ArnLike": (lambda have, want: matches(want, have), False),
    "DateLessThan": (lambda have, want: _moment(have) < _moment(want), False),
    "DateGreaterThan": (lambda have, want: _moment(have) > _moment(want), False),
}
