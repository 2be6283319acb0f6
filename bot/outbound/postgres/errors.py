"""What goes wrong in the database, as errors of ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.domain.errors import TandemError, Unacknowledged, Unavailable
from bot.domain.writes import Overtaken
from bot.outbound.postgres.engine import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterator

# Raised by `tandem_write` when an operation's version is not the expected one.
_MOVED_ON: Final = "TD409"
_UNIQUE: Final = "23505"
OVERTAKEN: Final = (_MOVED_ON, _UNIQUE)


def _is_loss(state: str | None) -> bool:
    """Whether the connection was lost: no state, class 08, or the server going down."""
    return state is None or state[:2] == "08" or state[:3] == "57P"


def state_of(error: BaseException | None) -> str | None:
    """Return the server's code for an error, whoever it came through."""
    state: str | None = getattr(getattr(error, "orig", error), "sqlstate", None)
    return state


def _told(error: BaseException | None, *, sent: bool) -> TandemError:
    state = state_of(error)
    if state in OVERTAKEN:
        return Overtaken(state)
    detail = f"{type(error).__name__} {state or ''}"
    if sent and _is_loss(state):
        return Unacknowledged(SYSTEM, detail)
    return Unavailable(SYSTEM, detail)


@contextmanager
def ours(*, writing: bool = False) -> Iterator[None]:
    """
    Let out only our errors; the driver's own text may hold what it was sent.

    When `writing`, a connection lost after the statement went out is Unacknowledged: it
    may have been committed. One that failed before is plainly Unavailable.
    """
    try:
        yield
    except DBAPIError as error:
        sent = writing and error.statement is not None
        raise _told(error.orig, sent=sent) from error
    except psycopg.Error as error:  # from a statement that went past SQLAlchemy
        raise _told(error, sent=writing) from error
    except PoolTimeout as error:
        raise Unavailable(SYSTEM, "no connection was free within 5 s") from error
    except (SQLAlchemyError, OSError) as error:
        raise Unavailable(SYSTEM, type(error).__name__) from error
