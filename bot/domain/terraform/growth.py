"""What can only grow, such as a disk: the same or less is refused, with what it is."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from bot.domain.terraform.refusal import Reason, refused

if TYPE_CHECKING:
    from bot.domain.change import SetAttribute
    from bot.domain.terraform.literal import Scalar


def refuse_less(wanted: SetAttribute, *, than: Scalar | None, where: str) -> None:
    """
    Refuse a value that is not more than this one, if it may only grow.

    `where` says what has the value now: a file, or the cloud. What is no number cannot
    be compared, and is refused as well; nothing (None) was never less.
    """
    if not wanted.only_grows or than is None:
        return
    now, then = _number(than), _number(wanted.value)
    if now is None or then is None or then <= now:
        raise refused(Reason.NOT_MORE, file=where, what=str(than))


def _number(value: Scalar) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
