"""
Changing one value of a JSON file, or putting one key in, and nothing else.

The result is read again before it is given: the path leads to the new value, and every
byte outside of the span is as it was.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final

from bot.domain.editing.edit import Edit, Step
from bot.domain.editing.refusal import Reason, refused
from bot.domain.editing.values import check_fits, code_point, shown, writable
from bot.domain.errors import Broken
from bot.domain.json_text.document import field, line_of, parse

if TYPE_CHECKING:
    from tree_sitter import Node

    from bot.domain.editing.edit import Scalar
    from bot.domain.editing.values import Path
    from bot.domain.json_text.document import JsonDocument

_SCALARS: Final = frozenset({"string", "number", "true", "false", "null"})


def set_value(source: bytes, *, file: str, path: Path, value: Scalar) -> Edit:
    """
    Return the edit after which the value at `path` is `value`.

    A key of the path is a text for an object, a number for an array. Refuses, with file
    and line, a missing or repeated key, a collection, and a value of another type than
    the one that stands there.
    """
    document = parse(file, source)
    node = document.value(path)
    line = line_of(node)
    if node.type not in _SCALARS:
        raise refused(Reason.NOT_SCALAR, file=file, line=line, what=shown(path))
    old = document.read(node)
    check_fits(value, old=old, file=file, line=line, path=path)
    written = write(value, file=file).encode()
    after = source[: node.start_byte] + written + source[node.end_byte :]
    return proven(document, after, path=path, old=old, value=value)


def read_value(source: bytes, *, file: str, path: Path) -> object:
    """Return the scalar at `path`; refuses like `set_value`."""
    document = parse(file, source)
    node = document.value(path)
    if node.type not in _SCALARS:
        line = line_of(node)
        raise refused(Reason.NOT_SCALAR, file=file, line=line, what=shown(path))
    return document.read(node)


def insert_key(source: bytes, *, file: str, path: Path, value: Scalar) -> Edit:
    """
    Return the edit that puts a new key, the last of `path`, into the object before it.

    It goes after the object's last key and is laid out like it. Refuses a key that is
    there already.
    """
    document = parse(file, source)
    *parents, key = path
    holder = document.value(tuple(parents))
    if holder.type != "object" or not isinstance(key, str):
        line = line_of(holder)
        raise refused(Reason.NOT_COLLECTION, file=file, line=line, what=shown(path))
    for name, there in document.pairs(holder):
        if name == key:
            line = line_of(there)
            raise refused(Reason.PRESENT, file=file, line=line, what=shown(path))
    name, written = (write(each, file=file) for each in (key, value))
    after = with_pair(source, holder, key=name.encode(), value=written.encode())
    return proven(document, after, path=path, old=None, value=value)


def with_pair(source: bytes, holder: Node, *, key: bytes, value: bytes) -> bytes:
    """Return the source with a written pair put after the last one of an object."""
    at, before, between = _gap(source, holder)
    return source[:at] + before + key + between + value + source[at:]


def write(value: Scalar, *, file: str) -> str:
    """Return the JSON of a value; what cannot be seen is written as its code point."""
    if isinstance(value, str):
        if not writable(value):
            raise refused(Reason.VALUE, file=file, what=ascii(value))
        plain = json.dumps(value, ensure_ascii=False)
        return "".join(c if c.isprintable() else code_point(c) for c in plain)
    if isinstance(value, float) and not math.isfinite(value):
        raise refused(Reason.VALUE, file=file, what=str(value))
    # tree-sitter-json knows no plus in an exponent; JSON needs none.
    return json.dumps(value).replace("e+", "e")


def _gap(source: bytes, holder: Node) -> tuple[int, bytes, bytes]:
    """Return where a new pair goes, what stands before it, and what after its key."""
    pairs = [each for each in holder.named_children if each.type == "pair"]
    if not pairs:
        return holder.start_byte + 1, b"", b": "
    last = pairs[-1]
    between = source[field(last, "key").end_byte : field(last, "value").start_byte]
    begin = source.rfind(b"\n", 0, last.start_byte) + 1
    lead = source[begin : last.start_byte]
    if lead.strip():  # it shares its line with what is before it
        return last.end_byte, b", ", between
    end = b"\r\n" if source[:begin].endswith(b"\r\n") else b"\n"
    return last.end_byte, b"," + end + lead, between


def proven(
    document: JsonDocument,
    after: bytes,
    *,
    path: Path,
    old: object,
    value: Scalar,
) -> Edit:
    """Return the edit; raises Broken where its file does not read back as written."""
    again = parse(document.file, after)
    node = again.value(path)
    found, line = again.read(node), line_of(node)
    if type(found) is not type(value) or found != value:
        raise Broken(f"an edit of {document.file} does not read back")
    return Edit(
        file=document.file,
        line=line,
        before=document.source,
        after=after,
        old_value=old if isinstance(old, str | int | float | bool) else None,
        new_value=value,
        via=(Step(document.file, line, shown(path)),),
    )
