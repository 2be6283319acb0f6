"""
YAML source as spans: which scalar stands where, and whether it stands there alone.

PyYAML composes the text into nodes with marks; no tag is acted on and no object made.
A node that several places share (anchor and alias, merge key) is told apart here. What
to write is for `edit`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.domain.editing.refusal import Reason, refused
from bot.domain.editing.values import decoded, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.editing.values import Key, Path

# PyYAML reads some 100 KiB a second; variables of people are a few.
LARGEST_FILE: Final = 256 * 1024
MERGE: Final = "tag:yaml.org,2002:merge"


def line_of(node: Node) -> int:
    """Return the line that a node starts on, counted from 1."""
    return int(node.start_mark.line) + 1


@dataclass(frozen=True)
class YamlDocument:
    """A file with one document that parsed without error."""

    file: str
    text: str
    top: Node
    uses: Counter[int]

    def scalar(self, path: Path) -> ScalarNode:
        """
        Return the scalar at the path.

        Refuses what is missing, repeated, shared or tagged on the way there.
        """
        node = self.top
        self._sole(node, path)
        for depth, key in enumerate(path):
            node = self._step(node, key, path[: depth + 1])
            self._sole(node, path[: depth + 1])
        if not isinstance(node, ScalarNode):
            what, line = shown(path), line_of(node)
            raise refused(Reason.NOT_SCALAR, file=self.file, line=line, what=what)
        return node

    def leaves(self) -> Iterator[tuple[str, str]]:
        """Yield tag and text of every scalar, and the tag of every collection."""
        waiting: list[Node] = [self.top]
        seen: set[int] = set()
        while waiting:
            node = waiting.pop()
            yield node.tag, node.value if isinstance(node, ScalarNode) else ""
            if id(node) not in seen:
                seen.add(id(node))
                waiting.extend(_inside(node))

    def _sole(self, node: Node, path: Path) -> None:
        what, line = shown(path), line_of(node)
        if self.uses[id(node)] > 1:
            raise refused(Reason.SHARED, file=self.file, line=line, what=what)
        if node.tag.startswith("!"):
            raise refused(Reason.TAGGED, file=self.file, line=line, what=node.tag)

    def _step(self, node: Node, key: Key, path: Path) -> Node:
        what, line = shown(path), line_of(node)
        if isinstance(node, MappingNode):
            return self._entry(node, str(key), what)
        if isinstance(node, SequenceNode) and isinstance(key, int):
            if 0 <= key < len(node.value):
                found: Node = node.value[key]
                return found
            raise refused(Reason.NO_KEY, file=self.file, line=line, what=what)
        raise refused(Reason.NOT_COLLECTION, file=self.file, line=line, what=what)

    def _entry(self, node: MappingNode, key: str, what: str) -> Node:
        entries: list[tuple[Node, Node]] = node.value
        found = [(k, v) for k, v in entries if _named(k, key)]
        if len(found) > 1:
            line = line_of(found[1][0])
            raise refused(Reason.DUPLICATE, file=self.file, line=line, what=what)
        if found:
            return found[0][1]
        for name, _ in entries:
            if name.tag == MERGE:
                line = line_of(name)
                raise refused(Reason.MERGED, file=self.file, line=line, what=what)
        line = line_of(node)
        raise refused(Reason.NO_KEY, file=self.file, line=line, what=what)


def _named(node: Node, key: str) -> bool:
    return isinstance(node, ScalarNode) and node.value == key and node.tag != MERGE


def _inside(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [each for pair in node.value for each in pair]
    return list(node.value) if isinstance(node, SequenceNode) else []


def parse(file: str, source: bytes) -> YamlDocument:
    """Return the file's document; refuses what is not exactly one sound document."""
    text = decoded(source, file=file, largest=LARGEST_FILE)
    try:
        found = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = int(mark.line) + 1 if mark else 1
        raise refused(Reason.SYNTAX, file=file, line=line) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise refused(Reason.SYNTAX, file=file, line=line) from error
    except (RecursionError, ValueError) as error:
        raise refused(Reason.SYNTAX, file=file, line=1) from error
    if len(found) > 1:
        raise refused(Reason.DOCUMENTS, file=file, line=line_of(found[1]))
    if not found:
        raise refused(Reason.NO_KEY, file=file, line=1, what=file)
    return YamlDocument(file, text, found[0], _uses(found[0]))


def _uses(top: Node) -> Counter[int]:
    """Count how many places lead to each node; a merge key counts as one."""
    uses, waiting = Counter([id(top)]), [top]
    while waiting:
        for each in _inside(waiting.pop()):
            uses[id(each)] += 1
            if uses[id(each)] == 1:
                waiting.append(each)
    return uses
