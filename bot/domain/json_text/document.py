"""
JSON source as spans: what is written where, byte for byte.

Parses with tree-sitter and finds the value at a path. What to write is for `edit`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import tree_sitter_json
from tree_sitter import Language, Node, Parser

from bot.domain.editing.refusal import Reason, refused
from bot.domain.editing.values import decoded, shown

if TYPE_CHECKING:
    from bot.domain.editing.values import Key, Path

# Far above any file people write, far below what would stall the worker.
LARGEST_FILE: Final = 2 * 1024 * 1024


@cache
def _language() -> Language:
    return Language(tree_sitter_json.language())


def text_of(node: Node) -> str:
    """Return the source of a node."""
    return (node.text or b"").decode()


def line_of(node: Node) -> int:
    """Return the line that a node starts on, counted from 1."""
    return node.start_point.row + 1


@dataclass(frozen=True)
class JsonDocument:
    """A file that parsed without error, and the one value in it."""

    file: str
    source: bytes
    top: Node

    def value(self, path: Path) -> Node:
        """Return the value at the path; refuses a missing or repeated key."""
        node = self.top
        for depth, key in enumerate(path):
            node = self._step(node, key, path[: depth + 1])
        return node

    def pairs(self, node: Node) -> tuple[tuple[str, Node], ...]:
        """Return the keys and values of an object, in order, duplicates included."""
        found = (each for each in node.named_children if each.type == "pair")
        return tuple((self.read_key(each), field(each, "value")) for each in found)

    def read_key(self, pair: Node) -> str:
        """Return the key of a pair."""
        return str(self.read(field(pair, "key")))

    def read(self, node: Node) -> object:
        """Return the value of a scalar, strictly read."""
        try:
            value: object = json.loads(text_of(node))
        except (ValueError, RecursionError) as error:
            line = line_of(node)
            raise refused(
                Reason.SYNTAX, file=self.file, line=line, what=text_of(node)
            ) from error
        return value

    def _step(self, node: Node, key: Key, path: Path) -> Node:
        what, line = shown(path), line_of(node)
        if node.type == "object" and isinstance(key, str):
            found = [value for name, value in self.pairs(node) if name == key]
        elif node.type == "array" and isinstance(key, int):
            items = [each for each in node.named_children if each.type != "comment"]
            found = items[key : key + 1] if key >= 0 else []
        else:
            raise refused(Reason.NOT_COLLECTION, file=self.file, line=line, what=what)
        if not found:
            raise refused(Reason.NO_KEY, file=self.file, line=line, what=what)
        if len(found) > 1:
            line = line_of(found[1])
            raise refused(Reason.DUPLICATE, file=self.file, line=line, what=what)
        return found[0]


def parse(file: str, source: bytes) -> JsonDocument:
    """Return the file's document; refuses what is not exactly one sound JSON value."""
    decoded(source, file=file, largest=LARGEST_FILE)
    root = Parser(_language()).parse(source).root_node
    if root.has_error:
        raise refused(Reason.SYNTAX, file=file, line=_first_error(root))
    values = [each for each in root.named_children if each.type != "comment"]
    if len(values) != 1:
        line = line_of(values[1]) if values else 1
        raise refused(Reason.SYNTAX, file=file, line=line)
    return JsonDocument(file, source, values[0])


def field(node: Node, name: str) -> Node:
    """Return the named part of a pair, which has both parts when there is no error."""
    found = node.child_by_field_name(name)
    assert found is not None  # noqa: S101 - the grammar has no pair without them
    return found


def _first_error(root: Node) -> int:
    waiting, rows = [root], [root.end_point.row]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            rows.append(node.start_point.row)
        waiting.extend(each for each in node.children if each.has_error)
    return min(rows) + 1
