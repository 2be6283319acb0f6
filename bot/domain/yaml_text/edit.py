"""
Changing one scalar of a YAML file, and nothing else.

The result is read again before it is given: the path leads to the new value, with its
type, and every other node is as it was.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from yaml.constructor import ConstructorError, SafeConstructor

from bot.domain.editing.edit import Edit, Step
from bot.domain.editing.refusal import Reason, refused
from bot.domain.editing.values import check_fits, shown
from bot.domain.errors import Broken
from bot.domain.yaml_text.document import line_of, parse
from bot.domain.yaml_text.scalar import TEMPLATE, write

if TYPE_CHECKING:
    from yaml.nodes import ScalarNode

    from bot.domain.editing.edit import Scalar
    from bot.domain.editing.values import Path
    from bot.domain.yaml_text.document import YamlDocument

_ANCHOR: Final = re.compile(r"&[^\s,\[\]{}]+\s+")


def set_value(source: bytes, *, file: str, path: Path, value: Scalar) -> Edit:
    """
    Return the edit after which the value at `path` is `value`.

    A key of the path is a text for a mapping, a number for a sequence. Refuses, with
    file and line: what is shared by an anchor or merge key, tagged (`!vault`), computed
    by Jinja, written as a block or over several documents, missing or repeated, and a
    value of another type than the one that stands there, or that looks like Jinja.
    """
    document = parse(file, source)
    node = document.scalar(path)
    line = line_of(node)
    start, end = _span(document, node, path)
    old = _read(document, node, path)
    check_fits(value, old=old, file=file, line=line, path=path)
    text = document.text
    raw = text[start:end]
    written = write(value, like=raw, file=file)
    # An empty value stands right behind its colon or dash.
    after = text[:start] + (written if raw else f" {written}") + text[end:]
    edit = Edit(
        file=file,
        line=line,
        before=source,
        after=after.encode(),
        old_value=old if isinstance(old, str | int | float | bool) else None,
        new_value=value,
        via=(Step(file, line, shown(path)),),
    )
    must_read_back(document, edit, path=path)
    return edit


def read_value(source: bytes, *, file: str, path: Path) -> object:
    """Return the scalar at `path` as YAML 1.1 reads it; refuses like `set_value`."""
    document = parse(file, source)
    return _read(document, document.scalar(path), path)


def _span(document: YamlDocument, node: ScalarNode, path: Path) -> tuple[int, int]:
    """Return where the scalar itself stands, without the anchor before it."""
    file, line = document.file, line_of(node)
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    if anchor := _ANCHOR.match(document.text, start, end):
        start = anchor.end()
    raw = document.text[start:end]
    if raw.startswith("!"):
        raise refused(Reason.TAGGED, file=file, line=line, what=raw)
    odd = node.style in {"|", ">"} or raw.startswith("&")
    if odd or (not raw and document.text[start - 1 : start] not in {":", "-"}):
        raise refused(Reason.STYLE, file=file, line=line, what=shown(path))
    return start, end


def _read(document: YamlDocument, node: ScalarNode, path: Path) -> object:
    """Return the value as YAML 1.1 and Ansible read it; refuses what Jinja computes."""
    file, line = document.file, line_of(node)
    if TEMPLATE.search(node.value):
        raise refused(Reason.JINJA, file=file, line=line, what=node.value)
    try:
        value: object = SafeConstructor().construct_object(node)
    except (ConstructorError, ValueError, IndexError, KeyError) as error:
        what = shown(path)
        raise refused(Reason.STYLE, file=file, line=line, what=what) from error
    return value


def must_read_back(document: YamlDocument, edit: Edit, *, path: Path) -> None:
    """Raise Broken unless the new value, and nothing else, is what the edit made."""
    again = parse(edit.file, edit.after)
    node = again.scalar(path)
    found = _read(again, node, path)
    same = type(found) is type(edit.new_value) and found == edit.new_value
    was, now = list(document.leaves()), list(again.leaves())
    changed = [new for old, new in zip(was, now, strict=False) if old != new]
    if not same or len(was) != len(now) or changed != [(node.tag, node.value)]:
        raise Broken(f"an edit of {edit.file} does not read back")
