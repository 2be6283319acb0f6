"""
Code in JSON (`.tf.json`) as the same documents and blocks as HCL has.

Without a provider's schema JSON does not tell whether an object in a resource is a
block or a value, so all of them are attributes here but the blocks that Terraform
itself knows. Labels and blocks may stand in objects or in lists of objects; `//` is a
comment wherever arguments are.
https://developer.hashicorp.com/terraform/language/syntax/json
https://github.com/hashicorp/hcl/blob/main/json/structure.go
"""

from __future__ import annotations

import bisect
import json
import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from bot.domain.editing.values import writable
from bot.domain.errors import Refused
from bot.domain.terraform.expression import Reference, reference
from bot.domain.terraform.hcl import (
    Attribute,
    Block,
    Document,
    Expression,
    json_pair,
    text_of,
)
from bot.domain.terraform.json_vars import read_json
from bot.domain.terraform.refusal import Reason, refused
from bot.domain.terraform.template import names_in, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_COMMENT: Final = "//"
# Top-level blocks by their count of labels; what is not named here has none.
_LABELS: Final = {
    "resource": 2,
    "data": 2,
    "ephemeral": 2,
    "action": 2,
    "module": 1,
    "variable": 1,
    "output": 1,
    "provider": 1,
    "check": 1,
}
_OF_RESOURCES: Final = {"lifecycle": 0, "connection": 0, "provisioner": 1, "dynamic": 1}
_CONDITIONS: Final = {"precondition": 0, "postcondition": 0}
# The blocks that Terraform itself knows inside of others.
_INNER: Final = {
    "resource": _OF_RESOURCES,
    "data": _OF_RESOURCES,
    "ephemeral": _OF_RESOURCES,
    "lifecycle": _CONDITIONS,
    "output": _CONDITIONS,
    "variable": {"validation": 0},
}

# What Terraform reads as names in a list of plain texts, other than `depends_on` and
# `ignore_changes`, which read no value.
_NAMES: Final = "replace_triggered_by"
_WORDS: Final = re.compile(r"[^\W\d][\w-]*(?:\.[^\W\d][\w-]*)+")


class CodeBlock(Block):
    """A block of code in JSON; its node is the object (or list of them) it is."""

    __slots__ = ()

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """Its own arguments, and the blocks that cannot be told from them, in order."""
        known = _INNER.get(self.type, {})
        # Terraform evaluates what a variable is declared with in no scope: no template.
        verbatim = self.type == "variable"
        return tuple(
            Attribute(
                name,
                pair.start_point.row + 1,
                Expression(self.document, value, verbatim=verbatim),
            )
            for pair in _pairs(self.document, self.node)
            for name, value in (json_pair(pair),)
            if name not in known and name != _COMMENT
        )

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks directly inside it that Terraform itself knows, in order."""
        known = _INNER.get(self.type, {})
        return tuple(
            block
            for pair in _pairs(self.document, self.node)
            for name, value in (json_pair(pair),)
            if name in known
            for block in _blocks(self.document, name, value, known[name])
        )


class CodeDocument(Document):
    """A `.tf.json` file in which no key is written twice."""

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The top-level blocks, in order."""
        return tuple(
            block
            for pair in _pairs(self, self.root)
            for name, value in (json_pair(pair),)
            if name != _COMMENT
            for block in _blocks(self, name, value, _LABELS.get(name, 0))
        )

    @cached_property
    def references(self) -> tuple[tuple[Node, Reference], ...]:
        """Every reference of the file and the text it stands in, in order of place."""
        texts = sorted(_every(self.root, "string"), key=lambda node: node.start_byte)
        return tuple((node, named) for node in texts for named in _named(self, node))

    def references_in(self, within: Node) -> tuple[tuple[Node, Reference], ...]:
        """Return those whose text begins inside a node."""
        ends = (within.start_byte, within.end_byte)
        first, last = (
            bisect.bisect_left(self.references, end, key=lambda one: one[0].start_byte)
            for end in ends
        )
        return self.references[first:last]


def parse_code(file: str, source: bytes) -> CodeDocument:
    """Return the file's document; refuses one that is not sound, with its line."""
    _, root = read_json(file, source)
    document = CodeDocument(file, source, root, is_json=True)
    for node in _every(root, "object"):
        _sound_keys(document, node)
    return document


def _every(root: Node, kind: str) -> Iterator[Node]:
    waiting = [root]  # no recursion: a file may be nested deeper than Python's stack
    while waiting:
        node = waiting.pop()
        if node.type == kind:
            yield node
        waiting.extend(node.named_children)


def _sound_keys(document: Document, node: Node) -> None:
    seen: set[str] = set()
    for pair in node.named_children:
        name, _ = json_pair(pair)
        file, line = document.file, pair.start_point.row + 1
        if not writable(name):
            raise refused(Reason.SYNTAX, file=file, line=line)
        if name in seen and name != _COMMENT:
            raise refused(Reason.DUPLICATE, file=file, line=line, what=name)
        seen.add(name)


def _pairs(document: Document, node: Node) -> Iterator[Node]:
    """Yield the pairs of an object, or of every object of a list."""
    for each in node.named_children if node.type == "array" else (node,):
        if each.type != "object":
            line = each.start_point.row + 1
            raise refused(Reason.SYNTAX, file=document.file, line=line)
        yield from each.named_children


def _blocks(
    document: Document, kind: str, node: Node, count: int, labels: tuple[str, ...] = ()
) -> Iterator[Block]:
    """Yield the blocks under a key: labels level by level, then one body or a list."""
    if count:
        for pair in _pairs(document, node):
            name, value = json_pair(pair)
            yield from _blocks(document, kind, value, count - 1, (*labels, name))
        return
    bodies = node.named_children if node.type == "array" else [node]
    for body in bodies if node.type != "null" else ():
        tuple(_pairs(document, body))
        yield CodeBlock(document, kind, labels, body)


def _named(document: Document, node: Node) -> Iterator[Reference]:
    """Yield the references of one text."""
    text = str(json.loads(text_of(node)))
    if _is_name(node):
        text = f"${{{text}}}"
    if plain_text(text) is not None:
        return
    try:
        names = names_in(text, file=document.file)
        found = (reference(name.parent) for name in names if name.parent)
        yield from (named for named in found if named)
    except Refused:
        # No template as known here; rather a reader too many than one too few.
        for words in _WORDS.findall(text):
            root, *steps = words.split(".")
            yield Reference(root, tuple(steps))


def _is_name(node: Node) -> bool:
    """Return whether the text is one of a list of names."""
    pair = node.parent.parent if node.parent else None
    return pair is not None and pair.type == "pair" and json_pair(pair)[0] == _NAMES
