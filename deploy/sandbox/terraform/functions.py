"""The functions of the language that the stand-in knows; arguments are all known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from deploy.sandbox.terraform.values import StringSet, Value, as_text


class WrongArgumentError(ValueError):
    """The argument's type does not fit; the caller names the place."""


def _one(arguments: Sequence[Value]) -> Value:
    if len(arguments) != 1:
        raise WrongArgumentError("exactly one argument is taken")
    return arguments[0]


def _merge(arguments: Sequence[Value]) -> Value:
    merged: dict[str, Value] = {}
    for argument in arguments:
        if argument is None:
            continue
        if not isinstance(argument, Mapping):
            raise WrongArgumentError("arguments must be maps or objects")
        merged.update(argument)
    return merged


def _toset(arguments: Sequence[Value]) -> Value:
    only = _one(arguments)
    if not isinstance(only, Sequence) or isinstance(only, str):
        raise WrongArgumentError("the argument must be a list of strings")
    if not all(isinstance(item, str) for item in only):
        raise WrongArgumentError("the argument must be a list of strings")
    return StringSet.of(str(item) for item in only)


def _tostring(arguments: Sequence[Value]) -> Value:
    only = _one(arguments)
    if only is None:
        return None
    if not isinstance(only, str | int | float):
        raise WrongArgumentError("the argument must be a primitive value")
    return as_text(only)


FUNCTIONS: Final[Mapping[str, Callable[[Sequence[Value]], Value]]] = {
    "merge": _merge,
    "toset": _toset,
    "tostring": _tostring,
}
