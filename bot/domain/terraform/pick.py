"""
Picking out of what is written: an element of a collection, the directory of a call.

Refuses what cannot be told from the text alone, with its line.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from bot.domain.terraform.expression import (
    Literal,
    ObjectLiteral,
    TupleLiteral,
    classify,
)
from bot.domain.terraform.place import not_ours
from bot.domain.terraform.refusal import Reason, refused

if TYPE_CHECKING:
    from bot.domain.terraform.expression import Key
    from bot.domain.terraform.hcl import Block, Expression


def element(
    found: ObjectLiteral | TupleLiteral, path: tuple[Key, ...], *, at: Expression
) -> Expression:
    """Return the element that the first key of `path` names; refuses when unclear."""
    if not path:
        raise not_ours(Reason.COLLECTION, at)
    key = path[0]
    if isinstance(found, TupleLiteral):
        if found.is_set:
            raise not_ours(Reason.EACH_KEY, at)
        if not isinstance(key, int) or key >= len(found.items):
            raise refused(Reason.NO_KEY, file=at.file, line=at.line, what=str(key))
        return found.items[key]
    named = [each for each in found.elements if each.key == str(key)]
    computed = [each for each in found.elements if each.key is None]
    if computed:
        line = computed[0].line
        raise refused(Reason.COMPUTED_KEY, file=at.file, line=line, what=str(key))
    if len(named) > 1:
        line = named[1].line
        raise refused(Reason.DUPLICATE, file=at.file, line=line, what=str(key))
    if not named:
        raise refused(Reason.NO_KEY, file=at.file, line=at.line, what=str(key))
    return named[0].value


def callee(call: Block) -> str:
    """Return the directory a module block calls; refuses what is not in this tree."""
    source = call.attribute("source")
    meaning = classify(source.expression) if source else None
    path = meaning.value if isinstance(meaning, Literal) else None
    base = posixpath.dirname(call.file)
    if isinstance(path, str) and path.startswith(("./", "../")):
        joined = posixpath.normpath(posixpath.join(base, path))
        if joined != ".." and not joined.startswith("../"):
            return "" if joined == "." else joined
    what = source.expression.text if source else ".".join(map(str, call.labels))
    raise refused(Reason.REMOTE_MODULE, file=call.file, line=call.line, what=what)
