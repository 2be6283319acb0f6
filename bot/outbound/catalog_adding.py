"""
An inventory file with new targets in it: read, put together, and checked as a whole.

The text around them is kept byte for byte; where the list ends is taken from YAML's own
marks. What would not be a sound catalog is never returned.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from bot.domain.catalog.layout import INVENTORY_FILE, client_file
from bot.domain.discovery.inventory_text import with_targets
from bot.domain.errors import Refused, Unavailable
from bot.domain.message import Message
from bot.outbound.catalog_folder import read_folder
from bot.outbound.catalog_reading import Reading

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from bot.domain.discovery.proposing import Proposed


@dataclass(frozen=True, slots=True)
class Addition:
    """A file before and after, by its path in the catalog's folder."""

    file: str
    before: str
    after: str

    @property
    def diff(self) -> str:
        """The change as a patch; empty when there is none."""
        return "".join(
            difflib.unified_diff(
                self.before.splitlines(keepends=True),
                self.after.splitlines(keepends=True),
                f"a/{self.file}",
                f"b/{self.file}",
            )
        )

    def write(self, folder: Path) -> None:
        """Put the new text in the old one's place, whole or not at all. Blocks."""
        path = folder / self.file
        new = path.with_name(f".{path.name}.new")
        try:
            new.write_text(self.after, encoding="utf-8")
            new.replace(path)
        except OSError as error:
            raise Unavailable("catalog folder", str(error)) from error


def added(
    folder: Path,
    *,
    client: str,
    proposed: Sequence[Proposed],
    commands: Collection[str],
) -> Addition:
    """Return the client's inventory with these in it; CatalogRefused if unsound."""
    try:
        content = read_folder(folder)
    except OSError as error:
        raise Unavailable("catalog folder", str(error)) from error
    file = client_file(client, INVENTORY_FILE)
    before = content.files[file].decode()
    after = before
    if proposed:
        end, indent = _end_of_list(before, file)
        after = with_targets(before, proposed, end=end, indent=indent)
    content.files[file] = after.encode()
    Reading(content).catalog(commands)
    return Addition(file, before, after)


def _end_of_list(text: str, file: str) -> tuple[int, int]:
    """Return the last line of the last target, and how far in the dashes stand."""
    root = yaml.compose(text, Loader=yaml.BaseLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    targets = next((value for key, value in pairs if key.value == "targets"), None)
    if (
        not isinstance(targets, yaml.SequenceNode)
        or targets.flow_style
        or not targets.value
    ):
        raise Refused(Message.of("refused.discover-list", {"file": file}))
    return _last_line(targets.value[-1]), targets.start_mark.column


def _last_line(node: yaml.Node) -> int:
    """Return the last line that holds something; a block's own mark is beyond it."""
    inner: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        inner = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode) and not node.flow_style:
        inner = list(node.value)
    if inner:
        return max(_last_line(part) for part in inner)
    end = node.end_mark
    # A text over several lines ends at the start of the line after it.
    return (
        end.line - 1
        if end.column == 0 and end.line > node.start_mark.line
        else end.line
    )
