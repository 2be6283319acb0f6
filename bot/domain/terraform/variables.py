"""
One variable of one Terraform variables file: read, and given a value.

For a parameter whose file the operator's catalog names. Which file Terraform would
listen to is not asked here: the plan shows whether the value arrives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.editing.edit import Edit, Step
from bot.domain.errors import Broken
from bot.domain.terraform.expression import (
    Literal,
    ObjectLiteral,
    Opaque,
    TupleLiteral,
    classify,
    value_span,
)
from bot.domain.terraform.hcl import parse
from bot.domain.terraform.literal import (
    NotWritableError,
    Scalar,
    canonical,
    same,
    write,
)
from bot.domain.terraform.pick import element
from bot.domain.terraform.place import not_ours
from bot.domain.terraform.refusal import Reason, excerpt, refused
from bot.domain.terraform.splice import splice

if TYPE_CHECKING:
    from bot.domain.terraform.expression import Key
    from bot.domain.terraform.hcl import Expression


def variable(source: bytes, *, file: str, path: tuple[Key, ...]) -> Scalar | None:
    """Return the plain value at the path, whose first key is the variable's name."""
    return _value(_found(source, file, path))


def set_variable(
    source: bytes, *, file: str, path: tuple[Key, ...], value: Scalar
) -> Edit:
    """Return the edit after which the value at the path is `value`."""
    at = _found(source, file, path)
    old = _value(at)
    if old is not None and canonical(old) == canonical(value):
        raise refused(Reason.ALREADY, file=file, line=at.line, what=at.text)
    try:
        written = write(value).encode()
    except NotWritableError as error:
        raise refused(Reason.VALUE, file=file, what=str(error)) from error
    after = splice(at.document, value_span(at), written)
    must_read_back(after, file=file, path=path, value=value)
    return Edit(
        file=file,
        line=at.line,
        before=source,
        after=after,
        old_value=old,
        new_value=value,
        via=(Step(file, at.line, excerpt(at.text)),),
    )


def must_read_back(
    after: bytes, *, file: str, path: tuple[Key, ...], value: Scalar
) -> None:
    """Raise Broken where the file, once edited, says another value than was written."""
    if not same(variable(after, file=file, path=path), value):
        raise Broken(f"an edit of {file} does not read back")


def _found(source: bytes, file: str, path: tuple[Key, ...]) -> Expression:
    document = parse(file, source)
    name, *keys = path
    attribute = document.attribute(str(name))
    if attribute is None:
        raise refused(Reason.NO_KEY, file=file, line=1, what=str(name))
    at = attribute.expression
    for depth, _ in enumerate(keys):
        found = classify(at)
        if not isinstance(found, ObjectLiteral | TupleLiteral):
            raise not_ours(Reason.NOT_COLLECTION, at)
        at = element(found, tuple(keys[depth:]), at=at)
    return at


def _value(at: Expression) -> Scalar | None:
    match classify(at):
        case Literal(value):
            return value
        case Opaque(reason):
            raise not_ours(reason, at)
        case ObjectLiteral() | TupleLiteral():
            raise not_ours(Reason.COLLECTION, at)
    raise not_ours(Reason.REFERENCE, at)
