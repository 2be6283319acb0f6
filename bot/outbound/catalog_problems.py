"""
What pydantic says of a catalog file → what a person is told, at file:line:column.

Says what was got and what is wanted in the words of `bot/messages/catalog.en.ftl`;
pydantic's own English is shown only for an error that has no text of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.domain.catalog.examples import EXAMPLES
from bot.domain.catalog.layout import Problem, Steps
from bot.domain.catalog.schema import keys_at
from bot.domain.decode import visible
from bot.domain.message import Message
from bot.domain.suggest import near

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from bot.outbound.catalog_yaml import Marked, Spot

Args = dict[str, str | int | Message]

_MAPPING: Final = "catalog.kind-mapping"
_WANTED: Final = {
    "string_type": "text",
    "int_type": "number",
    "int_parsing": "number",
    "tuple_type": "list",
    "list_type": "list",
    "dict_type": "mapping",
    "model_type": "mapping",
    "model_attributes_type": "mapping",
}
_ONE_OF: Final = {
    "enum": "expected",
    "literal_error": "expected",
    "union_tag_invalid": "expected_tags",
}
_BOUNDS: Final = {
    "greater_than_equal": ("too-small", "ge"),
    "less_than_equal": ("too-big", "le"),
    "too_short": ("too-few", "min_length"),
    "string_too_long": ("too-long", "max_length"),
}


def problem(file: str, spot: Spot, message: Message) -> Problem:
    """Return one problem at a spot of a file."""
    return Problem(file=file, line=spot.line, column=spot.column, message=message)


def problems_of(
    error: ValidationError, *, file: str, kind: str, marked: Marked
) -> Iterator[Problem]:
    """Yield each of pydantic's errors; `kind` is the file's name in the layout."""
    for detail in error.errors(include_url=False):
        if _is_echo(detail):
            continue
        steps = _in_data(detail["loc"], marked)
        if detail["type"] in ("missing", "union_tag_not_found"):
            message = Message.of("catalog.missing", {"name": _missing(detail)})
            yield problem(file, marked.spot(steps), message)
        elif detail["type"] == "extra_forbidden":
            yield _unknown_key(detail, file=file, kind=kind, marked=marked)
        else:
            yield problem(file, marked.spot(_at_tag(steps, detail)), _message(detail))


def _at_tag(steps: Steps, detail: ErrorDetails) -> Steps:
    """Return where the wrong tag itself stands, where a tag is what is wrong."""
    if detail["type"] != "union_tag_invalid":
        return steps
    return (*steps, _discriminator(detail))


def _is_echo(detail: ErrorDetails) -> bool:
    """Tell whether a list is called too short only for what is wrong in it."""
    # pydantic leaves wrong items out before it counts.
    long_enough = detail.get("ctx", {}).get("min_length", 0)
    kept = detail["input"]
    return (
        detail["type"] == "too_short"
        and isinstance(kept, list)
        and len(kept) >= long_enough
    )


def described(value: object) -> str | Message:
    """Return a value as it may be shown: short, one line; a list is only called so."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return visible(str(value))
    if isinstance(value, list):
        return Message.of("catalog.kind-list")
    return Message.of("catalog.kind-nothing" if value is None else _MAPPING)


def _in_data(loc: Steps, marked: Marked) -> Steps:
    """Return pydantic's location without its union tags, as far as the data goes."""
    here: Steps = ()
    for step in loc:
        if (*here, step) in marked.values:
            here = (*here, step)
    return here


def _missing(detail: ErrorDetails) -> str:
    if detail["type"] == "missing":
        return str(detail["loc"][-1])
    return _discriminator(detail)


def _discriminator(detail: ErrorDetails) -> str:
    return str(detail.get("ctx", {}).get("discriminator", "")).strip("'")


def _unknown_key(
    detail: ErrorDetails, *, file: str, kind: str, marked: Marked
) -> Problem:
    *around, key = detail["loc"]
    steps = (*_in_data(tuple(around), marked), key)
    known = keys_at(kind, tuple(around))
    shown = ", ".join(near(str(key), known) or known)
    spot = marked.keys.get(steps) or marked.spot(steps)
    args: Args = {"got": visible(str(key)), "known": shown}
    return problem(file, spot, Message.of("catalog.unknown-key", args))


def _message(detail: ErrorDetails) -> Message:
    """Return what to say of one error, by its kind."""
    kind, value = detail["type"], detail["input"]
    args: Args = {"got": described(value)}
    if kind in _WANTED and not (kind == "string_type" and isinstance(value, int)):
        args["wanted"] = Message.of(f"catalog.kind-{_WANTED[kind]}")
        return Message.of("catalog.wrong-kind", args)
    if kind == "string_type":
        return Message.of("catalog.quote-it", args)
    return _of_value(kind, detail.get("ctx", {}), args, said=detail["msg"])


def _of_value(kind: str, context: dict[str, Any], args: Args, *, said: str) -> Message:
    """Return what to say of a value of the right kind that does not fit."""
    if kind.startswith("catalog."):
        own = {name: str(what) for name, what in context.items()}
        return Message.of(kind, {**args, **own})
    if kind == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        like: Args = {"example": EXAMPLES[pattern], "pattern": pattern}
        return Message.of("catalog.not-like", {**args, **like})
    if kind in _ONE_OF:
        wanted = str(context[_ONE_OF[kind]]).replace("'", "").replace(" or ", ", ")
        got = context.get("tag", args["got"])
        return Message.of("catalog.one-of", {"got": got, "wanted": wanted})
    if kind in _BOUNDS:
        key, name = _BOUNDS[kind]
        return Message.of(f"catalog.{key}", {**args, "limit": int(context[name])})
    return Message.of("catalog.not-valid", {**args, "wanted": said})
