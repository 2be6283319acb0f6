"""
Logs: one JSON line an event, with secrets masked whatever the caller did.

Masking by name is the second net; the first is that secrets are `SecretStr` everywhere.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

_LONGEST: Final = 4_000
_SECRET_NAME: Final = re.compile(
    r"(?i).*(token|secret|password|authorization|cookie).*"
)
# Shapes of secrets that could travel inside a text: Slack, GitLab, Vault, AWS, JWT.
_SECRET_TEXT: Final = re.compile(
    r"xox[a-z]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}|glpat-[A-Za-z0-9_-]{8,}"
    r"|\b(?:hvs|hvb|s)\.[A-Za-z0-9_-]{16,}|\b(?:ASIA|AKIA)[A-Z0-9]{12,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+"
)
_MASK: Final = "********"
_DEEPEST: Final = 4
# What structlog hands from one of its halves to the other.
_NOT_SHOWN: Final = frozenset({"_record", "_from_structlog"})


def masked(text: str) -> str:
    """Return the text with everything that looks like a secret covered."""
    return _SECRET_TEXT.sub(_MASK, text)


def _cover(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if name not in _NOT_SHOWN:
            event[name] = _covered(name, value)
    return event


def _covered(name: str, value: object, *, depth: int = 0) -> object:
    """Return the value as it may be shown: bounded, and with secrets covered."""
    if _SECRET_NAME.fullmatch(name):
        return _MASK
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        # Covered before it is cut, or half a secret at the cut would be shown.
        whole = masked(value)
        # A traceback says at its end what happened.
        return whole[-_LONGEST:] if name == "exception" else whole[:_LONGEST]
    if isinstance(value, Mapping) and depth < _DEEPEST:
        return {
            str(key): _covered(str(key), one, depth=depth + 1)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset) and depth < _DEEPEST:
        return [_covered("", one, depth=depth + 1) for one in value]
    return masked(repr(value))[:_LONGEST]


def observe(*, level: str, as_json: bool) -> None:
    """Set logging up for this process; libraries' logs pass through the same masks."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _cover,
    ]
    last: Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                last,
            ],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # These write whole requests, or a line for every job, at INFO.
    for name in (
        "slack_bolt",
        "slack_sdk",
        "procrastinate",
        "uvicorn.access",
        "urllib3",
    ):
        logging.getLogger(name).setLevel(logging.WARNING)
